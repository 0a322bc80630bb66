package gateway

import "time"

// DeliveryState is where a delivery stands; it ends succeeded, dead or cancelled.
type DeliveryState string

// The states of a delivery (SPEC 7).
const (
	DeliveryPending   DeliveryState = "pending"  // no attempt yet
	DeliveryRetrying  DeliveryState = "retrying" // failed, due again
	DeliverySucceeded DeliveryState = "succeeded"
	DeliveryDead      DeliveryState = "dead" // dead letter
	DeliveryCancelled DeliveryState = "cancelled"
)

// Ended says whether nothing more will be tried.
func (s DeliveryState) Ended() bool { return s != DeliveryPending && s != DeliveryRetrying }

// Delivery is one event (or batch) for one endpoint.
type Delivery struct {
	ID              string
	Tenant          string
	Endpoint        string
	EventIDs        []string
	EventType       string
	ConversationKey string
	State           DeliveryState
	Attempts        int // made so far; the store keeps each of them
	NextAttemptAt   time.Time
	CreatedAt       time.Time
	EndedAt         time.Time
}

// Attempt is one HTTP request of a delivery.
type Attempt struct {
	Number       int // from 1
	At           time.Time
	Duration     time.Duration
	Status       int    // 0: there was no answer
	Error        string // a word of SPEC 12 (delivery_attempts_total code), "" for 2xx
	ResponseBody []byte // its first 16 KiB
}

// Event is one thing that happened in a conversation, or a notice of ours. Its
// body never changes.
type Event struct {
	ID              string
	Tenant          string
	Type            string
	ConversationKey string
	AcceptedAt      time.Time
	Body            Raw
}

// LaneKey names a lane: one endpoint of one tenant.
type LaneKey struct{ Tenant, Endpoint string }

// Due is one delivery in a lane's window: all that memory holds of it.
type Due struct {
	ID string
	At time.Time
}
