// Package changes tells what changed by itself (SPEC-console C5): a circuit breaker opened or
// closed, an endpoint was disabled or is enabled again, the file was loaded or refused, a
// certificate is near its end, the disk is low. What people change is in the audit.
//
//	Told    something happened that may be such a change: it waits in line
//	look    every few seconds: what can be seen only by looking
//	keep    what waits in line becomes durable, many in one commit
//
// Whoever tells waits for nobody. A tenant has its share of the line and of a day: beyond
// it lines are left out, and the next one says how many (skipped). A breaker that opens
// again without having closed is no change.
package changes
