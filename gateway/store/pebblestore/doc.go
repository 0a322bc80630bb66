// Package pebblestore keeps what hookgate promised on the disk of one machine.
//
// A promise is one batch and one synced commit (Commit); commits that run at once
// share their fsync in Pebble's pipeline, so nothing of ours stands in a row before
// it. What is no promise, such as the outcome of a delivery (Settle), rides along
// with the next sync.
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
// The lane of a deleted endpoint is dropped in one commit, whatever waits in it
// (drop.go); each delivery gets its record as cancelled after, in the background
// (sweep.go).
//
// An async call is pending from the commit before its answer to the one that
// stores the notice of its outcome (calls.go). It has no lifetime but that.
//
// A disk that fails fails the store, once and for good: from then on nothing is
// acknowledged, the folder stays as it was at the fault, and reads go on (guard.go,
// failure.go). A disk that is full is no failure: writes are refused before Pebble
// could notice, and taken again when there is room (space.go).
package pebblestore
