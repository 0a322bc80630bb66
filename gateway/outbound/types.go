package outbound

import (
	"time"

	"hookgate/gateway"
)

// Status is how an endpoint stands, as a reader sees it.
type Status struct {
	Verified          bool
	VerificationError string
	Paused            bool
	DisabledReason    string
	Breaker           string // closed, open, half_open
	OpenUntil         time.Time
	Depth             int // unfinished deliveries
}

// ReplayFilter says which deliveries of an endpoint are sent again.
type ReplayFilter struct {
	Since, Until time.Time // of their making; Until is exclusive; zero: no bound
	State        gateway.DeliveryState
	EventTypes   []string
	Limit        int // at most; 0: all
}
