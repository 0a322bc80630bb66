// Package gatewaytest is the kit of the whole-program tests: everything that
// stands around a gateway, and the gateway itself as a process of its own.
//
//	Start     runs the program on loopback ports that the system picks
//	Client    calls one of its listeners as the platform, the operator or a sender
//	Receiver  plays the platform endpoint: it answers as it was told and keeps what it got
//	Log       collects what a process writes, line by line, for many readers
//
// The package promises (below this folder) judges what all of them saw. Nothing
// here is imported outside tests, and nothing looks inside the gateway: what these
// tests know is what SPEC fixes.
package gatewaytest
