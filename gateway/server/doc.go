// Package server has the two listeners and the table of their paths.
//
// The public one takes callbacks, and all else goes to the routes; the internal
// one has the API, health and metrics. Both stand behind the strict pass of package
// edge, so a handler sees well-formed requests only, and may match the very bytes
// that the client sent.
//
//	New     checks the settings and builds both servers
//	Listen  binds both addresses: a port that is taken ends the start here
//	Serve   accepts on both, until Drain
//	Drain   stops accepting, lets requests in flight end, closes what idles
//
// Memory is bounded by the number of connections, some 24 KiB of head each (8 of
// target, 16 of fields), and one budget for bodies on either side.
package server
