// Package gatewaytest is the kit of the whole-program tests.
//
//	program   the gateway itself, as a process of its own
//	promises  the judge of what its clients saw, over kills and restarts
//
// Here is what stands around a gateway, for both: the words of its answers (Wait,
// Callback, Taken, Call, Trace, Notice), and the Receiver, which plays the platform or
// a backend: it answers as it was told and keeps what it got.
//
// Nothing here is imported outside tests, and nothing looks inside the gateway: what
// these tests know is what SPEC fixes.
package gatewaytest
