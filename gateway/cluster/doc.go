// Package cluster says which node owns each slot, and moves slots while nodes come, go and
// die (SPEC-cluster). It knows no way: it is given parts that acquire and release slots, a
// store in which the nodes see each other, and a way to ask them.
//
//	beat       each second: a counter in the store, with what this node says of itself
//	look       read all nodes and owners; whatever a message should have told is found here
//	rescue     declare dead whose counter stands, and give its slots to the living
//	take       acquire what the store says is ours
//	give       calm down what others should have, release it, assign it, and tell the new owner
//	leave      tell all others that nothing is here any more, and wait until nothing is on its way
//
// Who is dead. A node is, when one that looked itself all the while has seen no beat of it for
// deadAfter of its own monotonic clock. So an outage of the database moves nothing: nobody looks
// meanwhile, and who is back begins to watch anew. Taking over first ends all writing of
// the dead (the store's matter), then assigns: whoever was only slow writes nothing, is
// told so (Fenced), forgets everything and comes back as a new node.
//
// Who answers. The owner does, once its parts have acquired the slot, as long as nobody can have
// taken it over. Writing needs no such care, it is fenced; this is for what is read from memory
// (SPEC-cluster K2, K5). Two never answer for one slot, because:
//
//   - A hand-over: the old owner stops answering, then assigns; the new one acquires after that.
//   - The lease: a node answers until leaseTime after it sent the last beat that succeeded, by
//     its own clock. Another saw that beat after it was sent, declares it dead deadAfter (or
//     replacedAfter, both are longer) after it saw it, by its own clock, and only if the counter
//     in the store stands there still. So a beat that was late is either seen, or fails, or comes
//     first, and then the take-over comes to nothing. One that is started in the place of another
//     takes over at once where the other's process has surely ended. Only durations are compared: clocks may
//     differ, but for how fast they go (by a tenth).
//   - The database is away: a node whose beat has failed asks all others that it knows, and goes
//     on until leaseTime after it asked, if each says that it cannot beat either, has not
//     declared this node dead, and spares it for leaseTime from then. It keeps to that when it
//     is back before. One that does not answer, has come back as another node, or does not know
//     whether its last take-over was done, spares nobody. Whoever comes anew watches for
//     deadAfter first, which is longer than any promise of who it was before.
//
// There is one gap in that, and it cannot be closed without an agreement of more than two: where
// a node and all that it knows are cut off from the database and from each node that came
// since, it cannot be told from an outage. It reads from memory then what another may have
// changed, until one of the newer ones reaches it; they ask it each second, and wait longer
// than it then goes on.
//
// A slot has an epoch, which rises with each change of its owner. What is assigned is
// compared by it, and of two that say who the owner is the higher one counts; a message
// that comes late, or an assignment, changes nothing. After one whose outcome nobody knows,
// and after the database was started anew or promoted, a slot is unsure: it is answered and
// read for no more until the store has confirmed it (claim).
//
// Who should have what is a function of who is there (plan.go), the same in each node; each
// gives away what it has too much of, and nobody takes but from the dead.
//
//	cluster.go  what others ask       options.go  what it is given
//	state.go    what is known         view.go     who owns a slot, for each request
//	watch.go    beat, look            observe.go  what a look shows: the living and the dead
//	rescue.go   take over             plan.go     who should have what
//	take.go     acquire, claim        give.go     hand over
//	reach.go    who reaches whom      nodes.go    the list of nodes
//	drain.go    to leave              alone.go    one node, without any of it
package cluster
