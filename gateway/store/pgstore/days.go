package pgstore

import (
	"time"

	"hookgate/gateway"
)

// What expires together lies together: rows of one day, in the days since 1970. Names live
// for a few periods of ten days, and are looked for in each: their day is the first of one.
const period = 10 * day

// dayOf numbers the days; what lies before 1970 is day 0.
func dayOf(at time.Time) int64 { return max(0, at.Unix()/int64(day/time.Second)) }

// periodOf gives the first day of a period.
func periodOf(at time.Time) int64 {
	const days = int64(period / day)
	return dayOf(at) / days * days
}

// dayOfID is the day of the moment of an id, given as its 16 bytes.
func dayOfID(id []byte) int64 {
	var ms int64
	for _, b := range id[:min(6, len(id))] {
		ms = ms<<8 | int64(b)
	}
	return ms / day.Milliseconds()
}

// floorID is the lowest id of a moment.
func floorID(at time.Time) []byte {
	id, _ := gateway.ParseID("", gateway.IDFloor("", at))
	return id[:]
}
