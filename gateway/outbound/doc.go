// Package outbound carries to every endpoint what was published for it (package
// publishing), and to the platform what hookgate itself has to say: at-least-once
// deliveries, each on the lane of its endpoint.
//
//	lease    take what is due from the lane's window in memory
//	permit   hold back while the endpoint rests, or its circuit breaker is open
//	load     read the delivery and its event from the store
//	merge    let it carry what may travel with it
//	weigh    take room in memory for what it carries
//	prepare  write headers and signature, or what a relay received
//	send     make one attempt, bounded in time and in bytes
//	settle   succeeded, due again later, or dead letter
//
// The schedule does the first two (turn.go): it knows which lane's turn it is. The
// carrier takes an attempt through the others. Steering is what is done by hand.
//
// A delivery is sent at least once: a crash between send and settle repeats it
// under the same webhook-id, by which the receiver can drop the repeat. Whoever
// promises a delivery stores it together with the promise, then wakes its lane;
// the lanes only ever see what is durable.
//
// A relay's deliveries are requests that came from outside: stored as an event, then
// made again, byte for byte, to one of the route's upstreams (relaysend.go,
// upstreams.go). All else about them is as with events.
//
// # Lanes
//
// A lane holds the soonest of its deliveries in memory, their ids and due times
// alone; the rest stays in the store behind a cursor and is read when the window
// runs low. So a million deliveries for a dead endpoint cost disk, not memory.
// A lane with nothing due costs an entry in a heap: one timer serves all lanes,
// goroutines live only while there is something to send, and nothing polls.
//
// What an endpoint asks for is its lane's business: its rate, how many attempts at
// once, that events travel in batches (batch.go) or keep their order within a
// conversation (order.go). What happened to it outlives a restart as its status: a
// pause, a disablement, what its handshake proved (proof.go), until when its
// breaker is open. While it is paused, disabled or not proved, everything waits.
//
// # Pulling
//
// From a lane that is pulled (Target.Pull) nothing is sent. Who pulls takes what is due
// through the same steps as far as prepare, and has it lent (pull.go); what he says of it
// settles it (said.go). A delivery that is lent is one that is due again when its lease
// runs out: its record has the attempt that is under way, so that a restart, or the next
// owner of the slot, knows it, and memory need not. What ends by itself, a lease or what
// nobody came for, is ended in the lane's turn (lapse.go). Those who wait stand in a line
// at the lane, without a goroutine, and the first is called when there is something
// (call.go). There is no breaker: nobody is called who could fail.
//
// Operators act on single deliveries, too (cancel.go, retry.go): a lane never
// leases what is being moved, and what is being sent when it is cancelled is not
// written.
//
// # Slots
//
// A lane has one owner at a time, the one that has its slot (owned.go): who takes a
// slot over finds in the store what the owner before left, as after a restart; who
// gives it away ends what is under way first.
//
// Where other processes put something into the store, too, a lane that keeps an order takes
// what comes from there alone (came.go): who was to tell it may have died before.
//
// # Fairness
//
// Attempts under way are bounded over all lanes. A tree of tenants may use a share of
// that bound which leaves room for one more tree, a tenant such a share of its tree's,
// and a lane of its tenant's; among those below their share, trees take turns, then
// their tenants, then the lanes.
// An endpoint that hangs takes from no other more than that.
package outbound
