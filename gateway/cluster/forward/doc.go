// Package forward has a request answered by the node that decides it: whole, as it came, and
// its answer is the one that the client gets. It knows slots and their owners, and nothing of
// what requests ask for.
//
//	Do      here, or at the owner: it waits for one where there is none, and asks the next
//	        one where the request was certainly not taken
//	Serve   what another node passes on, as if it had come in here
//	ways    how many are under way to one node, shared among tenants and clients
//
// What goes over is the head as the client wrote it, the body, and what the connection knew:
// the client's address, whether it came over TLS, the certificates it showed, the id of the
// request, and who asks, where somebody has proved that already. A request that came from another
// node is never passed on again: it is decided here, or sent back (peers.ErrNotHere).
//
// Of a request whose answer did not come nobody knows whether it was taken. One that only
// reads is asked again; any other is answered 503, never with success.
package forward
