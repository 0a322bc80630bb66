package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"
)

// ErrNotFound is what a store says of a thing that it does not have.
var ErrNotFound = errors.New("not found")

// Change is what one promise makes durable. A store takes all of it or nothing,
// in one commit; nil is returned only after it is on disk.
type Change struct {
	Wait   *Wait   // put as it now stands. An ended one also leaves the trace that Ended finds
	Marks  []Mark  // put, in place of any with the same key
	Park   *Parked // put
	Unpark *Parked // gone: its wait took it
	Names  *Names  // put: all the names of one conversation
	Traces []Trace // put, in place of one of the same conversation, moment and id
	// Callbacks are put, each in place of the one with its id; they are lines of their
	// conversations' timelines, as Traces are.
	Callbacks []Callback
	Call      *Call        // put, in place of the one with its id: what lists show of it
	Notice    *Notice      // event and delivery put, the delivery due
	Pending   *PendingCall // put, in place of the one with the same id
	Settled   *PendingCall // gone: its outcome is in Notice
	Told      []AuditLine  // of a deed by hand: its line in the audit
	Refused   bool         // nothing is promised: a line of a refusal, or of a call, need not be synced
}

// MarkKey is a digest of what a mark remembers.
type MarkKey [16]byte

// MarkKind keeps marks of different use apart.
type MarkKind byte

// The kinds of marks.
const (
	MarkDelivery MarkKind = 'd' // a callback's delivery id, or its Idempotency-Key
	MarkBody     MarkKind = 'b' // a callback's fingerprint, where it has no id
	MarkLate     MarkKind = 'l' // a late callback whose notice is on its way
	MarkOpen     MarkKind = 'o' // the Idempotency-Key of an opened wait
	MarkPublish  MarkKind = 'p' // the Idempotency-Key of a publish
	MarkEvent    MarkKind = 'v' // an event's own id; its CallbackID is the event's, its Answer how many deliveries it made
	MarkRelay    MarkKind = 'r' // a relayed request's message id, or its Idempotency-Key
)

// NewMarkKey digests what is remembered. Each part is bounded by its length, so
// that no two lists of parts run together to the same digest.
func NewMarkKey(kind MarkKind, parts ...[]byte) MarkKey {
	h := sha256.New()
	h.Write([]byte{byte(kind)})
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write(part)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return MarkKey(sum[:16])
}

// MaxMarkAge is the longest that a mark is remembered: the most that
// dedupe.window may be.
const MaxMarkAge = 7 * 24 * time.Hour

// Mark remembers that something was taken, until it expires.
type Mark struct {
	Tenant     string
	Key        MarkKey
	CallbackID string
	WaitID     string
	Sum        MarkKey // of the body that came with it, for MarkOpen and MarkPublish
	Answer     Raw     // what a repeat is told, for MarkPublish
	Expires    time.Time
}

// Parked is a callback that came before its wait.
type Parked struct {
	Tenant   string
	Source   string
	Key      string
	Expires  time.Time     // when its parking ends
	Marks    []MarkKey     // that remember it; they live on when a wait takes it
	Window   time.Duration // for which they then do, from ReceivedAt
	Callback TakenCallback
	Kind     uint8         // how the body was understood: a mapping.BodyKind
	Header   []HeaderField // for paths; without those that prove who calls
	Query    string        // for paths; without what proves who calls
	Aliases  []string      // other names of the conversation, learned when a wait takes it
	// Around is the body that the callback came in, without the other items, where it was
	// one of several: for paths. It lacks the callback's own body, which stands before
	// its byte Item-1; 0: the callback came alone.
	Around Raw
	Item   int
}

// HeaderField is one header field as it was received.
type HeaderField struct{ Name, Value string }

// Ended tells how the last wait of a conversation on a source ended.
type Ended struct {
	WaitID  string
	State   WaitState
	Reason  string
	EndedAt time.Time
}

// Names are all the names by which one conversation is known, the first the one
// under which it was first seen. They are forgotten AliasKept after their last use.
type Names struct {
	Tenant string
	All    []string
	Used   time.Time
}

// Naming is what one event tells of the names of its conversation.
type Naming struct {
	Tenant string
	Key    string   // its conversation.key
	Others []string // none, where the event shows no other
}

// OwnKey is a key that an event showed as its own conversation.key. It is
// remembered AliasKept from the last such event: a conversation of its own never
// becomes an alias of another (SPEC 16, "Promises").
type OwnKey struct{ Tenant, Key string }

// AliasKept is how long the names of a conversation outlive their last use.
const AliasKept = 30 * 24 * time.Hour

// Trace is one line of a conversation's timeline.
type Trace struct {
	Tenant string
	Key    string // the name under which it happened
	At     time.Time
	Kind   string // callback, wait, event, delivery, attempt, call, deed
	ID     string
	Data   Raw // a JSON object: the members beside at, kind and id
}
