package store

// Kind is a sort of record that every store keeps, wherever it lays it.
type Kind string

// What is not among the kinds is nobody's promise, or follows from what is: places in
// windows, postings, partitions, sequences, nodes and epochs are made anew.
const (
	KindResources    Kind = "resources" // Name: its kind, Tenant, Key: its id
	KindWaits        Kind = "waits"     // open ones
	KindEndedWaits   Kind = "ended_waits"
	KindMarks        Kind = "marks"    // Key, At: the day it expires on, Number: its turn
	KindNames        Kind = "names"    // Key, At: the first day of its period
	KindOwn          Kind = "own_keys" // Key, At: the first day of its period
	KindTraces       Kind = "traces"   // Key: the conversation, At: nanoseconds, Name: its id
	KindParked       Kind = "parked"
	KindCallbacks    Kind = "callbacks"
	KindCalls        Kind = "calls"
	KindPending      Kind = "pending_calls"
	KindJobs         Kind = "jobs"
	KindJobParts     Kind = "job_parts"     // Number: which part
	KindAudit        Kind = "audit"         // of no tenant
	KindAuditOf      Kind = "audit_shown"   // to whom a line is shown
	KindChanges      Kind = "changes"       // of no tenant
	KindChangesOf    Kind = "changes_shown" // to whom a line is shown
	KindMinutes      Kind = "minutes"       // Name: the series, At: seconds
	KindHours        Kind = "hours"         // Name: the series, At: seconds
	KindEvents       Kind = "events"
	KindCarried      Kind = "carried"       // ID: an event, Other: a delivery
	KindUnfinished   Kind = "unfinished"    // deliveries
	KindEnded        Kind = "ended"         // deliveries that did not die
	KindAttempts     Kind = "attempts"      // ID: the delivery, Number
	KindDead         Kind = "dead"          // deliveries; At: the day they died
	KindDeadEvents   Kind = "dead_events"   // At: the day
	KindDeadAttempts Kind = "dead_attempts" // At: the day, ID: the delivery, Number
	KindKeptEvents   Kind = "kept_events"   // of unfinished deliveries that are older than others
	KindKeptCarried  Kind = "kept_carried"  // ID: an event, Other: a delivery
	KindKeptAttempts Kind = "kept_attempts" // ID: the delivery, Number
	KindHolds        Kind = "holds"         // Name: the endpoint, Number: the conversation
	KindStatuses     Kind = "statuses"      // Name: the endpoint
)

// Kinds are all of them, in the order in which they are copied.
var Kinds = [...]Kind{
	KindResources, KindWaits, KindEndedWaits, KindMarks, KindNames, KindOwn, KindTraces, KindParked, KindCallbacks, KindCalls, KindPending,
	KindJobs, KindJobParts, KindAudit, KindAuditOf, KindChanges, KindChangesOf, KindMinutes, KindHours,
	KindEvents, KindCarried, KindUnfinished, KindEnded, KindAttempts, KindDead, KindDeadEvents, KindDeadAttempts,
	KindKeptEvents, KindKeptCarried, KindKeptAttempts, KindHolds, KindStatuses,
}

// Row is one record on its way from a store to another (SPEC-cluster K5 "store copy"). What
// of its members a kind has beside Tenant, ID (16 bytes) and Value is said at the kind; all
// but Value are its key. Value is as store/record writes it, with what is sealed in it
// sealed.
type Row struct {
	Tenant     string
	Name, Key  string
	ID, Other  []byte
	At, Number int64
	Value      []byte
}
