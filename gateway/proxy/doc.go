// Package proxy stands in front of the platform: what arrives at a route goes to
// one of its upstreams, and the answer back.
//
//	match         find the route by host, path and method
//	receive       take a body into memory that is verified, kept or small
//	authenticate  answer a provider's handshake, or who only looks at a relay (HEAD,
//	              OPTIONS), or verify who calls
//	admit         hold back what is too much
//	relay         store it for its delivery, where the route says so: the way ends
//	choose        the upstream with the least in flight, of those that are well
//	forward       write the head anew, send it and the body, wait for the answer's head
//	answer        pass the answer on, while it comes
//
// What the steps share is an exchange: the request as it goes on (outgoing), the way
// to an upstream and back (leg), and the answer as the client gets it (reply).
//
// A request is matched in one reading of its path, escapes decoded and parameters
// left out, so that no spelling leads around a route's verification; what is
// forwarded is the path as it was sent.
//
// Both heads are copied line by line, without what belongs to one connection
// alone; no map of fields is made. Both bodies are framed anew, in one framing, so
// that no two parsers can read them in two ways: what the framing of either side
// leaves open is refused (the edge has done that for requests).
//
// An upstream knows its own address, and not the one that was called: where an answer
// leads there (Location, Content-Location, Refresh) it leads to the public one instead.
//
// A failure is told with 502, 503 or 504 as long as nothing of an answer was
// passed on; after that the client's connection is cut. A request goes to another
// upstream, once, when nothing of it can have been done: no connection could be
// made, or its method is idempotent, its body is in memory, and not a byte of an
// answer came.
//
// An upstream is left out while its breaker is open (what counts are requests
// that got no answer, whatever the status of the answers), or while it fails the
// checks of its route. What lives longer than a snapshot, such as connections and
// breakers, stands in Proxy; Refresh takes over what a new snapshot still names.
//
// A request to a route of mode relay is stored as it came, its body in memory, and
// answered; its delivery is another's business (Options.Relay).
package proxy
