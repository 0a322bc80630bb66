package gateway

import "time"

// Event is one thing that happened in a conversation, or a notice of ours. Its
// body never changes.
type Event struct {
	ID              string
	Tenant          string
	Type            string // message; a notice's: wait.resumed
	Kind            string // of a message: text, button.response; else ""
	ConversationKey string
	AcceptedAt      time.Time
	Body            Raw          // the item of the events list, byte for byte; a notice whole; of a relayed request any bytes
	Span            *SpanContext // of who published it; nil: nobody said
	Relay           *Relayed     // nil but for a relayed request, whose Type is EventRelay
	Lined           bool         // its conversation's timeline shows it, by Line
}

// Line is what its conversation's timeline shows of an event that is Lined.
func (e *Event) Line() Trace {
	data := append(e.appendLine([]byte{'{'}), '}')
	return Trace{Tenant: e.Tenant, Key: e.ConversationKey, At: e.AcceptedAt, Kind: "event", ID: e.ID, Data: data}
}

// EventDelivery is one delivery of an event, as the event shows it.
type EventDelivery struct {
	ID       string
	Endpoint string
	State    DeliveryState
}

// Publication is what one publish makes durable: all of it or nothing, in one
// commit.
type Publication struct {
	Events     []Event
	Deliveries []Delivery // all pending, in the order of their events
	Mark       *Mark      // of the Idempotency-Key: its Answer is what a repeat is told
	Marks      []Mark     // of the ids by which a repeat of a relayed request, or of an event, is known
	Own        []OwnKey   // keys that its events showed as their own
	Changes    []*Change  // what was learned of the conversations' names, and what met by it
	Traces     []Trace
	// Begun is when it began to be decided, by the monotonic clock; zero: it does not matter.
	// Nobody waits for a publish when slots are given up.
	Begun time.Time
}

// Bounds of a publish (SPEC 7, 14).
const (
	MaxEvents     = 1000
	MaxEventBytes = 1 << 20
)

// Hold says that a conversation of an ordered lane waits for one of its
// deliveries, which failed and is due again later.
type Hold struct {
	Conversation uint64
	Delivery     string    // the one that all others of the conversation wait for
	Until        time.Time // at most: ordered_hold after its first failure
}

// EndpointStatus is what happened to an endpoint since it was written. It outlives
// a restart and every snapshot.
type EndpointStatus struct {
	Paused            bool
	DisabledReason    string    // "" unless hookgate disabled it: gone, failing
	ProvedFor         MarkKey   // digest of the url and token that the last good handshake proved
	VerificationError string    // of the last handshake, "" for a good one
	FailingSince      time.Time // of the first failure after the last success; zero for none
	OpenUntil         time.Time // the circuit breaker's, zero when it is closed
	Trips             int       // how often it opened in a row, for the doubling of its pause
	RestUntil         time.Time // it asked for no request before: Retry-After, or a 429
	ProbedAt          time.Time // when the circuit breaker's last probe was done; zero: there was none
	Probed            string    // how that went: succeeded, failed or undecided
	PacedTo           time.Time // what it was sent uses its rate up to here, if that was still ahead
}
