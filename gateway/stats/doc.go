// Package stats counts what happens, for figures by the minute, hour and day (O4).
//
//	Count   one thing happened: it is counted for its tenant, and for its source,
//	        endpoint or webhook, in the minute that runs
//	keep    once a minute: what the minute had goes to the store, with the hour that it is
//	        added to; so do its sums for the tenants above, and for all
//	Points  figures of a span, those of the minute that runs among them
//
// A minute has what happened in it and nothing else: what nothing happens to takes no
// memory. Sums are stored, so that the figures of a thousand tenants are read as fast as
// those of one. What a kill -9 may cost is the minute that runs.
package stats
