// Package cluster says which node owns each slot, and moves slots while nodes come, go and
// die (SPEC-cluster). It knows no way: it is given parts that acquire and release slots, a
// store in which the nodes see each other, and a way to ask them.
//
//	beat       each second: a counter in the store, with what this node says of itself
//	look       read all nodes and owners; whatever a message should have told is found here
//	rescue     declare dead whose counter stands, and give its slots to the living
//	take       acquire what the store says is ours
//	give       release what others should have, assign it, and tell the new owner
//
// Who is dead. A node is, when one that looked itself all the while has seen no beat of it for
// deadAfter of its own monotonic clock. So an outage of the database moves nothing: nobody looks
// meanwhile, and who is back begins to watch anew. Taking over first ends all writing of
// the dead (the store's matter), then assigns: whoever was only slow writes nothing, is
// told so (Fenced), forgets everything and comes back as a new node.
//
// Who answers. The owner does, once its parts have acquired the slot. A node that could not
// beat for leaseTime stops by itself, unless all others that it can ask cannot beat either:
// then nobody takes anything over, and it goes on to answer from memory. Writing needs no such
// care, it is fenced.
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
