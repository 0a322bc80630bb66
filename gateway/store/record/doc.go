// Package record is what any store keeps of a thing: a version byte, then its members in
// order. Numbers are varints, text has its length before it, times are nanoseconds.
//
// A record does not say again what its key says: tenant, id, day. So a row of any store
// is its key columns and these bytes. It has no checksum of its own: Pebble's blocks and
// log carry them, as every database's pages do.
//
// A released version of a record is read for ever. One that has more members gets the
// next version, and its decoder reads both.
package record
