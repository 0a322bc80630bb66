// Package inbound carries a callback to the session that waits for it.
//
//	accept        find the source; check method and size
//	authenticate  answer a provider's handshake, or who only looks (HEAD, OPTIONS), or
//	              verify who calls
//	limit         hold back what is too much for the source or its tenant
//	parse         undo the coding, understand the body
//	extract       read delivery id, conversation key and all paths in one walk
//	take          hand it to waiting: the one atomic step
//	reply         say what became of it, in body, header and metric
//
// Each step ends the way with an outcome, or lets it go on. Nothing of a request
// is kept before it is verified; what outlives the handler is copied once, in
// extract, for fasthttp uses a request's memory again.
package inbound
