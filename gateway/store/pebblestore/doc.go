// Package pebblestore keeps what hookgate promised on the disk of one machine.
//
// A promise is one batch and one synced commit (Commit); commits that run at once
// share their fsync in Pebble's pipeline, so nothing of ours stands in a row before
// it. What is no promise, such as the outcome of a delivery (Settle), rides along
// with the next sync, and gets one of its own within a second when nothing else
// happens (lag.go).
//
// Everything has a lifetime. Keys begin with kind, tenant and, one way or another,
// time (keys.go), so what is too old is a range for each tenant, and goes as one
// (expire.go). What must outlive the others of its time is moved: dead letters to
// the day they died (settle.go), events of paused endpoints to a place of their own
// (keep.go).
//
// An event and its deliveries come in with one batch (accept.go). A delivery is in
// one place at a time (queue.go); it ends by Settle, Cancel or DropLane, and comes
// back by Requeue. Each of them looks where it is first, under a lock of its lane
// (lanelocks.go), so that none is in two places, whoever comes at the same moment.
//
// An async call is pending from the commit before its answer to the one that
// stores the notice of its outcome (calls.go). It has no lifetime but that.
//
// A disk that fails fails the store, once and for good: from then on nothing is
// acknowledged, the folder stays as it was at the fault, and reads go on (guard.go,
// failure.go). A disk that is full is no failure: writes are refused before Pebble
// could notice, and taken again when there is room (space.go).
//
// Damage of what is on disk is never silent (damage.go). Open refuses, and changes
// nothing, where a file is missing or shorter than Pebble's manifest says, where the
// manifest or a log is not whole as far as it had an fsync, where a whole record
// follows one that is not, and where what names the others (markers, format, known) is
// gone. How far a file had its fsync is written down at once, in a file of ours that
// has its own fsync twice a second (known.go): after a mere kill everything is known,
// after a loss of power all but the last half second, of which an end of the log that
// is not whole is cut, as a crash may leave it, and said. A flipped bit in a table is
// found by whoever reads that part of it, a compaction too; then reads of it fail and
// the store takes no writes. Only what the operator accepts is lost: repair.go goes on
// with what can be read, and keeps the rest aside.
package pebblestore
