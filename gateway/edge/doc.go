// Package edge is what all HTTP that comes in shares, on both listeners.
//
// fasthttp alone takes about two thirds of the requests that a gateway must
// refuse, and keeps too little of a request to judge it afterwards: a lone LF
// behind the request line is gone once it has parsed. So the judging is done on
// the bytes themselves, before fasthttp sees them. One request goes this way:
//
//	Listener  accepts, within bounds for all and for one address; where all connections
//	          are taken, it closes some on which nothing is asked (room.go)
//	Conn      hands fasthttp one request at a time, and only a head that passed
//	incoming  follows the request as it comes, to its end or to a fault
//	checkHead request line, fields, framing: a fault is a gateway.Error
//	Limits    the body's size, rate and share of memory, while it arrives
//	guard     runs what was asked for; recovers, drains or closes, gives back
//	ReadBody  the whole body as bytes, for a server that streams
//	Front     how the client called, as far as proxies in front are believed
//	Caller    who sent it, for those who verify it and for paths
//	Share     which web pages may read the answer, and what OPTIONS tells
//	Problem   turns an error into RFC 9457 problem+json
//	RequestID the id of a request, which its answer bears
//
// Because the pass is strict, Conn and fasthttp cannot disagree on where a
// request ends: whatever two parsers could read in two ways is refused, and the
// connection closed. Nothing is decoded or normalised on the way: what is
// matched (Path, Query) is what the client sent. What the bytes are is read by
// gateway/wire; what is refused, and why, is decided here.
//
// A request that waits for an outcome is Held: its handler returns, its goroutine
// and buffers go, and whoever brings the outcome answers on the connection, which
// then goes on, and stays open as long as any other. Nobody reads from it meanwhile, so a Watcher, one goroutine, asks
// the sockets of all that wait whether their client has left.
package edge
