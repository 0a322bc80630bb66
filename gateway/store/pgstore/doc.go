// Package pgstore keeps what hookgate promised in PostgreSQL (15 or newer), for any number of
// nodes. What is decided is decided by the owner of a slot, in its memory; the database
// remembers, and sees to it that only the owner writes.
//
// A promise is rows that are put and removed together (promise.go), by verbs of tables
// (table.go). Two connections write, each for the tenants of half of the slots, in the order
// in which promises come. What came while a statement was under way goes into the next one
// together (writer.go): one statement, with a list of rows for each verb over unnest
// (statement.go). So all of it is there or nothing, by one commit. What is done all the time
// is done by functions of the schema, so that it is planned once (pinned.go); and who settles
// a delivery waits a moment for others to go with (linger.go).
//
//	promise   its rows, each with its key and the record (store/record)
//	group     promises that came together; blind ops on one row fold
//	fence     the statement locks its writer's row for share, with the epoch and the system
//	          that this node knows (fence.go); else it writes nothing
//	outcome   written; refused (classes 22, 23, 42: sent again one by one); else unknown,
//	          and a warning is as bad: it may be on one disk alone (failure.go)
//	rejoin    after an unknown one: a higher epoch, which waits for what is under way, or
//	          ends it; only then is anything read that somebody goes on with (firm)
//
// Where the system is another (a restart, a crash, a promotion) what this process knows may
// be lost: each slot is stale, and nothing is written for it, until somebody reads it anew.
//
// Nothing that counts is kept in a session, so a pooler of transactions may stand between: no
// SET, no locks of sessions, and statements are prepared only where nobody does (prepared.go).
// The driver never cancels: who waits too long closes the connection (connect.go). Whatever
// comes from outside is bytea.
//
// Rows lie by what finds them, and those with a lifetime are parted by the day of it
// (days.go). A list reads ids by the rarest of what it is asked by, page by page (list.go).
//
// A delivery lies in one place, that of its state: unfinished, with a narrow row in the window
// of its lane (due); ended; dead, with a copy of all that belongs to it. Each verb that moves
// one takes it from its place first, and all else goes on from what it took (settle.go): so of
// several nodes that end one at once, one does. That it succeeded, and each attempt, may be
// lost by a crash of the database and is made again; what ends it otherwise is a promise.
//
// Plans are to be good whatever the planner knows. Rows are looked up one by one (LATERAL, with
// OFFSET 0), and tables that are mostly empty keep a few rows for ever (ballast): an empty one
// that was counted is taken for empty while it grows to a million, until it is counted again.
//
// What was just published is not read back to be sent (hand.go), and what a lane that is behind
// loads is asked for together (load.go). Of marks there is no sieve in memory as Pebble's:
// another owner may have made some, and to learn of those would be to read all of them at each
// take-over. They are asked for together, too (ask.go).
//
// A part that is added has its tables in a file of schema/ (a version of its own), newTable
// for rows that are put and removed whole, and a verb for each thing that looks first: what
// it met stands in op.hit. A promise says whose rows they are (of, ofLane) before it puts
// them. Tables with a tenant's rows are in tenantTables, what is too old goes in Expire.
//
//	open.go         the store and its parts    options.go   how it is steered
//	connect.go      connections, statements    pool.go      those that read
//	params.go       parameters, values         read.go      reading rows
//	table.go        tables and verbs           promise.go   what is written together
//	writer.go       the work                   statement.go a group as one statement
//	turns.go        the queue, and meetings    linger.go    who waits for others
//	pinned.go       functions of the schema    prepared.go  statements that are prepared
//	hand.go         what was just published    load.go      what is sent
//	extent.go       what a tenant has
//	join.go         joining, and what is stale fence.go     nodes, epochs, the system
//	members.go      beats, owners, take-over   survey.go    how the database stands
//	migrate.go      the schema (schema/*.sql)  failure.go   what an error means
//	quiet.go        a migration that waits     copyout.go, copyin.go  all rows, for a copy
//	expire.go       what is too old            parts.go     tables in parts by the day
//	list.go         lists, newest first        ask.go       look-ups, many at once
//	commit.go       changes: what they put     accept.go    publishes
//
// Then a file for each thing: its tables, what a promise puts there, and what reads it.
//
//	waits.go parked.go marks.go calls.go told.go timelines.go jobs.go audit.go figures.go
//	resources.go
//	events.go deliveries.go queue.go settle.go byhand.go endpoints.go droplane.go sweep.go
//	fanout.go deliverylist.go follows.go came.go
package pgstore
