// Package stream shows what happens to those who look on, as server-sent events (O4).
//
//	Tell    one thing happened: it is written down, once, for all readers
//	ring    the newest of them, from which readers read, and go on after a break
//	Open    somebody reads from now on
//	pump    one goroutine gives each reader what is new
//
// While nobody reads nothing is written down: Tell is a load of one flag. Recording goes
// on for a while after the last reader has left, for he may come back with the id of the
// last event that he saw.
//
// A reader costs no goroutine. The pump writes what its socket takes and no more, at most
// once in a tick, so that many events are one write. Who reads too slowly has the ring go
// past him: he is told that there is a gap and goes on with what comes then. Nobody waits
// for a reader.
package stream
