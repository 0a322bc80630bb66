package gateway

import (
	"strconv"
	"time"
)

// Kind is what a happening is about, by the word that the stream has for it (O4).
type Kind uint8

// The kinds of happenings.
const (
	HappenedWait     Kind = iota // a wait was opened, or has ended
	HappenedCallback             // a request to a source was answered, a refused one too
	HappenedEvent                // an event was accepted
	HappenedDelivery             // a delivery has ended
	HappenedAttempt              // an attempt of a delivery was made
	HappenedCall                 // a call has ended
	HappenedBreaker              // a circuit breaker has changed
	HappenedConfig               // the configuration has changed, or a file was refused
	Kinds                        // how many there are
)

var kindNames = [Kinds]string{"wait", "callback", "event", "delivery", "attempt", "call", "breaker", "config"}

// String gives the word.
func (k Kind) String() string { return kindNames[k] }

// KindNames lists the words, by Kind.
func KindNames() []string { return kindNames[:] }

// Happening is one thing that happened, told to whoever counts or shows what happens.
// It is a value that points to what there is anyway, so that telling costs nothing while
// nobody listens. What it points to may change, or be memory that is used again, as soon
// as the one who was told returns: whoever keeps it writes it down.
type Happening struct {
	Kind   Kind
	Tenant string // "" is what no tenant has
	At     time.Time

	Wait     *Wait // HappenedWait: as it stands now
	Event    *Event
	Delivery *Delivery // HappenedDelivery, HappenedAttempt: as it stands after it
	Attempt  *Attempt
	Call     *Call

	// Of a callback, a breaker or the configuration: which it was, of what, and how it is.
	ID      string // of a callback; "" where it got none
	Key     string // its conversation's
	WaitID  string
	Target  string // a source; an endpoint, webhook or route; who changed the configuration
	Of      string // what Target is: endpoint, webhook, route; the path of what was changed: tenants/acme/endpoints/crm
	Action  string // of the configuration: create, update, delete, reload; "" where nobody can say
	Outcome string // an Outcome; the state of a breaker; what became of the configuration
	// Until is when an open breaker lets a request through, or zero.
	Until time.Time
	// At once: the wait was opened and ended in one, by a callback that was parked.
	AtOnce bool
}

// WaitHappened tells of a wait that was opened or has ended.
func WaitHappened(w *Wait) Happening {
	return Happening{Kind: HappenedWait, Tenant: w.Tenant, At: w.CreatedAt, Wait: w}
}

// EventHappened tells of an accepted event.
func EventHappened(e *Event) Happening {
	return Happening{Kind: HappenedEvent, Tenant: e.Tenant, At: e.AcceptedAt, Event: e}
}

// DeliveryHappened tells of a delivery that has ended.
func DeliveryHappened(d *Delivery) Happening {
	return Happening{Kind: HappenedDelivery, Tenant: d.Tenant, At: d.CreatedAt, Delivery: d}
}

// AttemptHappened tells of an attempt of a delivery.
func AttemptHappened(d *Delivery, a *Attempt) Happening {
	return Happening{Kind: HappenedAttempt, Tenant: d.Tenant, At: a.At, Delivery: d, Attempt: a}
}

// CallHappened tells of a call that has ended.
func CallHappened(c *Call) Happening {
	return Happening{Kind: HappenedCall, Tenant: c.Tenant, At: c.CreatedAt, Call: c}
}

// AppendJSON appends the happening as the stream shows it: as a line of a timeline, with
// the tenant and the conversation's key.
func (h *Happening) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"at":`...)
	dst = Time{h.At}.AppendJSON(dst)
	dst = AppendMember(dst, "kind", h.Kind.String())
	id, key := h.named()
	dst = append(dst, `,"id":`...)
	dst = h.appendID(dst, id)
	dst = AppendOptional(dst, "tenant", h.Tenant)
	if h.Kind != HappenedBreaker && h.Kind != HappenedConfig {
		dst = AppendOptional(dst, "conversation_key", key)
	}
	return append(h.appendOwn(append(dst, ',')), '}')
}

// named gives the id and the conversation's key of what it is about.
func (h *Happening) named() (id, key string) {
	switch h.Kind {
	case HappenedWait:
		return h.Wait.ID, h.Wait.ConversationKey
	case HappenedEvent:
		return h.Event.ID, h.Event.ConversationKey
	case HappenedDelivery, HappenedAttempt:
		return h.Delivery.ID, h.Delivery.ConversationKey
	case HappenedCall:
		return h.Call.ID, h.Call.ConversationKey
	}
	return h.ID, h.Key
}

// appendID appends the id as a timeline has it: that of an attempt has its number.
func (h *Happening) appendID(dst []byte, id string) []byte {
	switch {
	case id == "":
		return append(dst, "null"...)
	case h.Kind != HappenedAttempt:
		return AppendString(dst, id)
	}
	dst = AppendString(dst, id)
	dst = append(dst[:len(dst)-1], '/')
	return append(strconv.AppendInt(dst, int64(h.Attempt.Number), 10), '"')
}

// appendOwn appends the members that its kind has.
func (h *Happening) appendOwn(dst []byte) []byte {
	switch h.Kind {
	case HappenedWait:
		return h.Wait.AppendLine(dst)
	case HappenedCallback:
		return AppendCallbackLine(dst, h.Target, Outcome(h.Outcome), h.WaitID)
	case HappenedEvent:
		return h.Event.appendLine(dst)
	case HappenedDelivery:
		return h.Delivery.AppendLine(dst)
	case HappenedAttempt:
		return h.Attempt.AppendLine(dst, h.Delivery)
	case HappenedCall:
		return h.Call.AppendLine(dst)
	case HappenedBreaker:
		dst = AppendString(append(AppendString(dst, h.Of), ':'), h.Target)
		dst = AppendMember(dst, "state", h.Outcome)
		return Time{h.Until}.AppendJSON(append(dst, `,"until":`...))
	}
	dst = AppendString(append(dst, `"result":`...), h.Outcome)
	dst = AppendOptional(AppendOptional(dst, "object", h.Of), "action", h.Action)
	return AppendOptional(dst, "change", h.Target)
}
