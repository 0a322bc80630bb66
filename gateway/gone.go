package gateway

import "fmt"

// GoneError names deliveries that cannot be requeued: they, or the events that they
// carried, have expired.
type GoneError struct{ Deliveries []string }

func (e *GoneError) Error() string {
	return fmt.Sprintf("%d deliveries have expired, or their events have", len(e.Deliveries))
}
