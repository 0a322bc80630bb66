// Package transport is the one way out: every request that hookgate makes
// passes here, whoever asked for it and wherever its address came from.
//
//	check    the URL is http or https, says plainly where it leads, and may be used
//	connect  a kept connection of the same tenant, host and settings of TLS, or a
//	         new one: one lookup, every address checked, then dialled as it was
//	         checked, directly or through a tunnel of egress.proxy
//	send     one request in its bytes; the Host is the URL's, never a caller's
//	read     the answer up to a cap, inflated; the rest is cut off, never buffered
//
// The guard judges the address that is dialled, not the name that was written:
// a name that leads to another address the second time gains nothing (SPEC 10).
// Redirects are answers like any other. One deadline bounds all of it: lookup,
// connecting, TLS, sending and reading.
//
// The connections are kept in a pool of our own, apart for each tenant and target, so
// that no two tenants share one: it learns how long each host keeps a connection (rest),
// sees that one was closed before anything is sent on it (look), and has the last session
// of TLS of each (tickets). The round trip over them is ours,
// since only it can tell a kept connection that the peer had closed (redone
// once, on a fresh one) from an endpoint that fails, and can cut an answer
// where fasthttp would refuse it whole. It takes every form of answer whose status
// is clear, for a request that was answered must not be sent again; after one that
// two readers could read in two ways the connection is closed (SPEC 15).
package transport
