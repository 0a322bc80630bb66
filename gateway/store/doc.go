// Package store says what is asked of a store, whichever it is: the values by which it
// is asked. What each way needs of one is an interface of that way, made by who asks;
// storetest holds every store to all of them. store/pebblestore keeps a data folder of
// one machine.
//
// A store is asked with values that it can index, carry over a wire and stop at, never
// with functions that it calls for each row. What is shared among owners is asked for
// by slot (gateway.Slot).
package store
