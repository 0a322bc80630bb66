// Package peers lets the nodes of one cluster ask each other: a verb, a body, an answer.
//
//	Ask      proves who asks, sends, proves who has answered
//	Handle   says what answers a verb
//	Serve    refuses who is none of us, has the verb answered, proves the answer
//
// Nodes prove themselves by the secret that they share, and by no token: each request bears
// an HMAC over its method and path, the digest of its body, the moment, who asks, who is
// asked, and a number that no other request has. An answer bears one over the request's and its
// own bytes, so an address that somebody else has meanwhile answers nothing that is believed.
// What is secret of a body is another's to protect: TLS does so between machines.
//
//	credential   what a request shows, how it is made and judged
//	replay       which numbers were seen
//	client       connections to the others, one pool each and one for what may wait for nothing else
//	serve        the paths of a node
//	errors       errors as they travel, and what is known of a request that failed
//
// A request is taken once, though it may be sent twice. Whether it was taken by the other is known or not, and who asks
// is told which (NotTaken): what may have been done is not asked for again here.
package peers
