// Package node joins the parts to one running hookgate: it alone knows all of
// them. New builds in one straight line, from the disk up to the listeners; Run
// serves; stop goes the same line backwards.
//
//	store       the data folder, locked, and what it remembers
//	resources   who may do what, compiled into the directory
//	transport   the one way out
//	outbound    the lanes of what has to be said
//	proxy       the upstreams of the routes
//	waiting     the sessions that wait
//	server      the listeners: inbound and proxy on the public one, api on the internal
//
// A part that has to tell another something (a metric, a lane to wake) is handed
// a function here; none of them imports another way.
package node
