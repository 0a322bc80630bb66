// Package storage divides the disk among tenants, so that none can fill it for all
// (SPEC 16).
//
//	written  what each commit puts of a tenant is counted as it comes
//	look     in the background: what lies on the disk of those who wrote most
//	admit    who brings something new is refused when it has more than its share
//
// While the disk has room nobody is refused, whatever it has. Of the room an eighth is for
// those who have little (at most 8 GiB; of less than 4 GiB up to a third): when no more
// than that is free the disk is short, and a tenant, with all tenants below it, may have seven times what is still free
// (dynamic thresholds, as in package shares), and while others want some a quarter of all.
// So who has filled the disk is refused first, and whoever has next to nothing last; what
// one has is given back as it expires. Only new things are refused (events, callbacks,
// waits, calls, relayed requests, jobs, variables by hand): what was promised goes on, and
// counts before it is written.
//
// What somebody has is what the tables on the disk have of it, as Pebble tells by their
// names and indexes, and what was committed since. So nothing needs to be kept over a
// restart, a compaction gives back what it removes, and an account cannot drift. It is
// the disk's word that counts: what is compressed counts as it lies there.
//
// A tenant's limits.storage is a bound of its own, whatever room there is.
package storage
