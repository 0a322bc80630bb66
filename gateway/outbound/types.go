package outbound

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// PublishRequest is what a publisher sent.
type PublishRequest struct {
	Snapshot *directory.Snapshot
	// Tenant is whose events they are; nil: each event says by its account key.
	Tenant         *directory.Tenant
	Body           []byte // not kept
	IdempotencyKey string // "" for none
}

// Published is what a publisher is answered.
type Published struct {
	Body     []byte // {"accepted":n,"events":[{"id","deliveries"}]}
	Replayed bool   // as the first time, by the Idempotency-Key
}

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
