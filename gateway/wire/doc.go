// Package wire is the bytes of HTTP/1.1, once, for all who read or write them: the
// edge, the proxy and the transport.
//
//	Class       what a byte may be part of (RFC 9110 5.5 and 5.6.2, RFC 3986)
//	CutLine     a head is lines, and HeadEnd is where it ends
//	ParseField  a line is a name and a value; Fields walks over those that were judged
//	CutItem     a value may be a list
//	Length      how long a body is; Bodiless and TakesBody, when there is none
//	Chunks      or where it ends; AppendChunk and Frame write it so
//
// It says what is there and what is out of place, and never what becomes of it: what
// is refused, dropped or passed on, and with which words, is the business of who asks.
// Nothing here allocates, waits, or knows a connection.
package wire
