// Package node joins the parts to one running hookgate: it alone knows all of
// them. New builds in one straight line, from the disk up to the listeners; Run
// serves; stop goes the same line backwards.
//
//	store        the data folder, locked, and the master key for it
//	tracing      spans, if somebody takes them
//	transport    the one way out
//	lanes        what has to be said, one lane an endpoint
//	proxy        the upstreams of the routes
//	resources    who may do what, compiled into the directory
//	sessions     the waits
//	calls        the calls of flow steps
//	publisher    events and relayed requests, on their way into lanes
//	inbound      callbacks, on their way to sessions
//	loadFile     what the file says of resources
//	recover      what the process before has left
//	listen       the listeners: inbound and proxy on the public one, api on the internal
//	firstToken   shown when nothing can fail any more
//
// The files:
//
//	node         the life: build, run, drain, stop; listen with what answers
//	parts        what is built, a method for each
//	between      the functions by which one part tells another, and knows it not
//	current      what the snapshot says now, for parts that hold none
//	observe      what the parts have counted; observelanes what lanes have
//	spans        what a collector is told
//	watchdog     whether this process works, for the service manager
//	boot         the last steps of a start; file and reload: what the file says, then and later
//
// A part that has to tell another something (a metric, a lane to wake) is handed
// a function here; none of them imports another way.
package node
