// Package publishing takes in what is to be delivered: events for every endpoint that
// wants their type, and the requests of relay routes. Any node may publish for any
// tenant; who owns a lane is told of what is durable, and sends it (package outbound).
//
//	accept       check every event of a request, find its tenant
//	deduplicate  answer a repeated Idempotency-Key, and a repeated event, as the first time
//	filter       look at the events with the endpoints' filters
//	measure      refuse what would make too many deliveries
//	admit        hold back what is too much for a tenant
//	fanout       make one delivery for each endpoint
//	learn        find which names the events give their conversations
//	enqueue      store all of it in one commit; only then is the answer 202
//	wake         tell the lanes
//
// A publish that makes very many deliveries goes the same way, but has them made by
// and by (many.go). What is known by a key is stored in the term of its tenant's slot in which
// it was looked up (terms.go). A relay's requests came from outside (relay.go): each is stored as
// an event under the marks of the provider's ids, with one delivery.
package publishing
