// Package client asks a hookgate that runs, through its internal API (SPEC 3 to 15), for
// programs in Go and for hookgate's own command line (SPEC-operations O7).
//
//	client     a Client, and how one request goes out, again and again where that is safe
//	retry      when it goes out again, and after which pause
//	problem    what a refusal says
//	ask        the answer as a value, and lists page by page
//	body       what is sent, with its secrets in the clear
//	resources  tenants, sources, endpoints, webhooks, tokens
//	waits, events, deliveries, reads, stream, pull
//	           what happens
//
// A request is sent again where it was not answered, and where the answer is 429 or 503:
// after the pause that Retry-After asks for, else after one that grows. That is done only
// where doing it twice is doing it once: reads, PUT, DELETE, and what carries an
// Idempotency-Key, which is made here and stays the same over all of it. Any other request
// is sent again only where it cannot have arrived.
//
// Options.Patience and Options.Tries bound it; so does the context.
package client
