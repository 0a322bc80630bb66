// Package server has the listeners and the table of their paths.
//
// The public one takes callbacks, and all else goes to the routes; the internal
// one has the API, health, metrics, and the console where that has no listener of its
// own. All stand behind the strict pass of package
// edge, so a handler sees well-formed requests only, and may match the very bytes
// that the client sent.
//
//	New     checks the settings and builds both servers
//	Sockets are those that the service manager has bound already
//	Listen  binds the other addresses: a port that is taken ends the start here
//	Serve   accepts on both, until Drain
//	Drain   stops accepting, lets requests in flight end, closes what idles
//
// Memory is bounded by the number of connections, some 24 KiB of head each (8 of
// target, 16 of fields), and one budget for bodies on either side.
package server
