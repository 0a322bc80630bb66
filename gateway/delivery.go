package gateway

import (
	"hash/fnv"
	"iter"
	"slices"
	"time"
)

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
	Also            *Also // the other conversations that it is of; nil: none
	State           DeliveryState
	Attempts        int // made so far; the store keeps each of them
	Base            int // of those, made before it was last retried by hand: its schedule starts there
	NextAttemptAt   time.Time
	Lent            *Attempt // under way, in the hands of whoever pulled it at its At, until NextAttemptAt; nil: nobody has it
	CreatedAt       time.Time
	EndedAt         time.Time
}

// Lane is the lane that carries it.
func (d *Delivery) Lane() LaneKey { return LaneKey{Tenant: d.Tenant, Endpoint: d.Endpoint} }

// Due is its place in the window of its lane.
func (d *Delivery) Due() Due {
	return Due{ID: d.ID, At: d.NextAttemptAt, Conversation: ConversationHash(d.ConversationKey), Also: d.Also, Lent: d.Lent != nil}
}

// LaneKey names a lane: one endpoint of one tenant.
type LaneKey struct{ Tenant, Endpoint string }

// Due is one delivery in a lane's window: all that memory holds of it.
type Due struct {
	ID           string
	At           time.Time
	Conversation uint64 // ConversationHash of its conversation; 0 for none
	Also         *Also  // the other conversations that it is of; nil: none
	Lent         bool   // somebody has a lease of it, until At
}

// Came is a delivery that has come into the window of a lane.
type Came struct {
	Lane LaneKey
	Due
}

// Also are ConversationHashes of what is of more than one conversation: a relayed request
// with messages of several (SPEC 15, "Batches"). They never change.
type Also []uint64

// Conversations gives the hashes of all its conversations.
func (d Due) Conversations() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if d.Conversation == 0 || !yield(d.Conversation) || d.Also == nil {
			return
		}
		for _, c := range *d.Also {
			if !yield(c) {
				return
			}
		}
	}
}

// AlsoOf is what a delivery is of beside the first of some keys; nil: nothing.
func AlsoOf(keys []string) *Also {
	if len(keys) < 2 {
		return nil
	}
	var also Also
	for i, key := range keys {
		h := ConversationHash(key)
		if i > 0 && h != ConversationHash(keys[0]) && !slices.Contains(also, h) {
			also = append(also, h)
		}
	}
	if also == nil {
		return nil
	}
	return &also
}

// ConversationHash tells conversations apart in a lane that keeps their order. Two
// that share a hash wait for each other: that costs time, never order. It is the
// same in every process, for the store keeps it; 0 stands for no conversation.
func ConversationHash(key string) uint64 {
	if key == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	return max(h.Sum64(), 1)
}
