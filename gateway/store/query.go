package store

import (
	"slices"
	"time"

	"hookgate/gateway"
)

// Query asks for things of one tenant, newest first: deliveries, events, waits, callbacks or
// calls. What is zero asks for nothing; what the things do not have is not asked of them.
type Query struct {
	Tenant       string
	Conversation []string // has one of these names
	Endpoint     string   // of a delivery
	Source       string   // of a wait or callback
	State        string   // of a delivery or wait
	Outcome      string   // of a callback or call
	Webhook      string   // of a call
	Reason       string   // why a call failed
	Type, Kind   string   // of an event; Type also of a delivery
	Since        time.Time
	Until        time.Time // made at Since or later, and before Until
	Before       string    // only ids below this one
	Bodies       bool      // with the bodies that lists leave out
	// Limit is how many are wanted; 0: as many as there are.
	Limit int
	// Rows is how many the store looks at before it stops and says where to go on, so that
	// no question holds it for long; 0: its own bound.
	Rows int
}

// inTime tells whether a moment is within Since and Until.
func (q *Query) inTime(at time.Time) bool {
	return !at.Before(q.Since) && (q.Until.IsZero() || at.Before(q.Until))
}

// named tells whether a conversation is among those that are asked for.
func (q *Query) named(key string) bool {
	return len(q.Conversation) == 0 || slices.Contains(q.Conversation, key)
}

func wanted(asked, is string) bool { return asked == "" || asked == is }

// Delivery tells whether a delivery is asked for.
func (q *Query) Delivery(d *gateway.Delivery) bool {
	return wanted(q.Endpoint, d.Endpoint) && wanted(q.State, string(d.State)) && wanted(q.Type, d.EventType) &&
		q.named(d.ConversationKey) && q.inTime(d.CreatedAt)
}

// Event tells whether an event is asked for.
func (q *Query) Event(e *gateway.Event) bool {
	return wanted(q.Type, e.Type) && wanted(q.Kind, e.Kind) && q.named(e.ConversationKey) && q.inTime(e.AcceptedAt)
}

// Wait tells whether a wait is asked for.
func (q *Query) Wait(w *gateway.Wait) bool {
	return wanted(q.Source, w.Source) && wanted(q.State, string(w.State)) && q.inTime(w.CreatedAt) &&
		(q.named(w.ConversationKey) || slices.ContainsFunc(w.Aliases, q.named))
}

// Callback tells whether a callback is asked for.
func (q *Query) Callback(c *gateway.Callback) bool {
	return wanted(q.Source, c.Source) && wanted(q.Outcome, string(c.Outcome)) && q.named(c.ConversationKey) && q.inTime(c.ReceivedAt)
}

// Call tells whether a call is asked for.
func (q *Query) Call(c *gateway.Call) bool {
	return wanted(q.Webhook, c.Webhook) && wanted(q.Outcome, string(c.Outcome)) && wanted(q.Reason, c.Reason) &&
		q.named(c.ConversationKey) && q.inTime(c.CreatedAt)
}

// Timeline asks for lines of one conversation, the newest first.
type Timeline struct {
	Tenant string
	Names  []string // all that the conversation has
	Since  time.Time
	Before Line // only lines below this one; the zero Line: from the newest
	Limit  int  // how many are wanted; 0: as many as there are
}

// Line is the place of a line in its timeline: lines are in the order (At, ID).
type Line struct {
	At time.Time
	ID string
}

// Less tells whether a line comes before another.
func (l Line) Less(other Line) bool {
	if !l.At.Equal(other.At) {
		return l.At.Before(other.At)
	}
	return l.ID < other.ID
}
