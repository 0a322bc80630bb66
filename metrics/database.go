package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Database is how a database stands, as far as this process may see it.
type Database struct {
	OldestTransaction time.Duration // of anybody's: it holds vacuum back
	DeadRows          int64         // of the schema, that vacuum has not removed yet
}

// Database names who knows how the database stands; it is asked at each scrape, and called
// once. What it gives takes the seconds of each beat, which is one small write.
func (s *store) Database(read func() Database) (roundTrip prometheus.Observer) {
	s.library.gauge("hookgate_store_oldest_transaction_seconds", "How long the oldest transaction in the database has been open: it keeps vacuum from removing dead rows.", nil,
		func() float64 { return read().OldestTransaction.Seconds() })
	s.library.gauge("hookgate_store_dead_rows", "Rows of the schema that are no more, and that vacuum has not removed yet.", nil,
		func() float64 { return float64(read().DeadRows) })
	return s.library.histogram("hookgate_store_round_trip_seconds", "How long one small write to the database took, there and back, made once a second.",
		.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5)
}
