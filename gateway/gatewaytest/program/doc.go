// Package program runs the real hookgate as a process of its own, and talks to it.
//
//	Start    runs it on loopback ports that the system picks, until it is ready
//	Launch   runs it and waits for nothing
//	Program  the process: its addresses, its signals, its end, kill -9 too
//	Client   calls one of its listeners as the platform, the operator or a sender
//	Log      what the process writes, line by line, for many readers
//
// The process is the test binary under another name, so that -race and -cover reach
// into it. It ends with its test, even where that is killed.
package program
