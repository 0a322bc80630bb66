// Package pebblestore keeps what hookgate promised on the disk of one machine.
//
// A promise is one batch and one synced commit (Commit); commits that run at once
// share their fsync in Pebble's pipeline, so nothing of ours stands in a row before
// it. What is no promise, such as the outcome of a delivery (Settle), rides along
// with the next sync, and gets one of its own within a second when nothing else
// happens (lag.go). Who tells of what a read saw waits until it is durable, and syncs
// where it is not (firm.go).
//
// Everything has a lifetime. Keys begin with kind, tenant and, one way or another,
// time (keys.go), so what is too old is a range for each tenant, and goes as one
// (expire.go). What must outlive the others of its time is moved: dead letters to
// the day they died (settle.go), events of paused endpoints to a place of their own
// (keep.go).
//
// An event and its deliveries come in with one batch (accept.go): it has no record of its
// own for its line in a timeline (eventlines.go), nor for deliveries that have ids beside its
// id (beside.go). A delivery is in
// one place at a time (queue.go); it ends by Settle, Cancel or DropLane, and comes
// back by Requeue. Each of them looks where it is first, under a lock of its lane
// (lanelocks.go), so that none is in two places, whoever comes at the same moment.
//
// What is published is mostly sent at once: it stays at hand until it is settled, and is
// not read back (store/handy). What leaves the queue leaves no tombstone there (once.go).
//
// The lane of a deleted endpoint is dropped in one commit, whatever waits in it
// (drop.go); each delivery gets its record as cancelled after, in the background
// (sweep.go).
//
// A list costs what it answers, however much is stored. State is a place: what is
// pending, retrying, succeeded, cancelled or dead, and waits that are open or ended in
// each way, lie apart, so a list of one state looks at nothing else (places.go).
// Endpoint, type, kind, source and conversation have postings, keys by which all that
// have one of them are found, newest first (postings.go): what is new is kept in memory
// and posted later, many at once (later.go, blocks.go), and what a process left in memory
// is found again by the next (repost.go); a delivery that
// was made with its event is found by those of the event (follows.go). A question with
// several of them leaps from one stream to the other (streams.go), and the place that it
// looks into last says what is so now. After q.Rows rows it stops, and says where to go on
// (list.go). Format 3 is these places and postings: what format 2 left is arranged so
// before the store opens (arrange.go).
//
// What nearly every callback, publish and wait looks up in vain (marks, names) is known not
// to be there by filters in memory (sieve.go), which a start fills beside its work (sift.go).
//
// An async call is pending from the commit before its answer to the one that
// stores the notice of its outcome (calls.go). It has no lifetime but that.
//
// A copy of all that is kept goes to another store, or comes from one, as rows that say
// nothing of keys (copyout.go, copyin.go); what only finds them is made anew.
//
// Who changed what is told by lines that come with the change, in its batch (audit.go).
//
// A disk that fails fails the store, once and for good: from then on nothing is
// acknowledged, the folder stays as it was at the fault, and reads go on (guard.go,
// failure.go), but for those of what somebody goes on with: recovery, lanes and their
// windows. A disk that is full is no failure: writes are refused before Pebble
// could notice, and taken again when there is room (space.go). Flushes and compactions are spread
// over the time that there is for them (pace.go).
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
