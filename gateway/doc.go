// Package gateway holds the words of hookgate: one noun a file, and no I/O.
//
// The folders below it tell the story of a request. What comes in from outside
// passes the edge first, whatever it is:
//
//	edge       the strict pass over a raw request, capped bodies, problem+json
//	server     the two listeners, and every path in one file
//
// A callback finds the session that waits for it:
//
//	inbound    accept, authenticate, limit, parse, extract, take, reply
//	mapping    paths, conditions, typed variables and templates over the raw bytes
//	           (in it rawjson, charset, jsonpath, jinja, pattern, and work, which bounds them)
//	waiting    the one atomic step: who gets the callback, the deadline or the cancel
//
// Why one did not arrive is asked of the newest requests, refused ones too:
//
//	requests   kept in memory, with shares; the checks of each, in words
//
// An event of the platform goes to every endpoint that subscribed to it, as does
// what hookgate itself has to say, on one lane per endpoint:
//
//	publishing  accept, fan out, store; then tell who owns the lanes
//	outbound    lease, permit, load, merge, weigh, prepare, send, settle
//	relayed     the form of a relayed request between the two
//	transport   the one guarded way out
//	secure      whom a connection of ours trusts, and who it says that we are
//
// A flow step calls a backend, and its answer goes back into the flow:
//
//	calling    render, prepare, send, check, extract, answer
//
// What was not delivered can be sent again, however much it is:
//
//	jobs       which deliveries, at which rate, and how far it came
//
// All else that comes in from outside is for the platform, and goes there, at once
// or, kept, as a delivery:
//
//	proxy      match, authenticate, admit, choose, forward, answer
//
// Who sent it may want to hear something of his own:
//
//	respond    answers in the words of a source's or a relay's senders, escaped for what
//	           they are
//
// What is too much in a second, of any, is held back in one place:
//
//	limits     token buckets, by tenant and part, or route; they outlive every snapshot
//
// What one process has of anything is divided among those who ask for it:
//
//	shares     budgets of which nobody gets more than a share, and turns at what takes
//	           long: tenants, blocks of clients
//
// HTTP/1.1 is bytes, read and written by one set of rules wherever it is spoken:
//
//	wire       lines, fields, lengths and chunks; no policy
//
// All is due, and expires, by one clock that never leaps:
//
//	clock      the wall clock, followed slowly where somebody sets it
//
// Those who work on after an answer rest and drain alike:
//
//	background  a rest that can be cut short, and the wait for who is under way
//	process     which life of the program this is, and whether another one has ended
//
// Each way works for the slots that its process owns, and moves them alike:
//
//	slots      acquire, release, and read anew what nobody is sure of
//
// What an operator configured is compiled once and used by every request:
//
//	directory  the immutable snapshot of tenants, all they have, routes and tokens
//	resources  what a PUT does: validate, seal, store, build the next snapshot
//	audit      who changed what: lines that come with the change, deeds by hand, refusals
//	fields     strict decoding that names the place of every fault
//	api        the JSON API on the internal listener
//
// People look at it in a browser:
//
//	console    pages that ask the API; docs, the page of the API itself
//	markup     what both are made with: the templates of html/template, a tenth of its weight
//
// What all of it promises, and the decisions behind it:
//
//	spec       the contract, to whose sections "SPEC n" leads
//	decisions  a page for each weighty choice
//
// What happens on all of them is told once (Happening), to those who look on:
//
//	stats      figures by the minute, hour and day, for a month
//	stream     server-sent events, written down once for all readers
//
// And it is kept from being lost:
//
//	keeping    backups while traffic runs, and what is held after they were restored
//
// Who asks all this from elsewhere, in Go or from a terminal, does it over HTTP:
//
//	client     one operation a method, sent again where that is safe
//
// Beneath them lies the store, and node joins the parts: it alone knows all of them:
//
//	store      the values by which any store is asked
//	store/...  record, what any store keeps of a thing; pebblestore, held to every
//	           promise by storetest
package gateway
