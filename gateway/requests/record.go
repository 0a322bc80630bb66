package requests

import (
	"net/netip"
	"time"

	"hookgate/gateway"
)

// Of says what a request was for.
type Of uint8

// What requests are for.
const (
	Source Of = iota
	Route
	kinds
)

// What is kept of one request, in bytes.
const (
	MostBody  = 4 << 10
	mostHead  = 12 << 10
	mostPath  = 4 << 10
	mostText  = 256
	mostBatch = 8 << 10
)

// Record is a request whose answer was decided. Nothing of it is kept beyond Keep but
// copies.
type Record struct {
	Of            Of
	Tenant, Place string // Place is the id of the source or route
	At            time.Time
	Took          time.Duration
	Client, Peer  netip.Addr // Peer is who connected: Client, or a proxy in front
	Secure        bool       // it came by TLS
	Method        string
	Path          []byte // with its query, as it was received
	Head          []byte // the lines of its header fields
	Body          []byte // as received
	RequestID     []byte // of X-Request-Id; nil: there was none
	BodyBytes     int64  // at least; -1: not known
	Masks         Masks

	Outcome gateway.Outcome // "" of a route
	Status  int
	Cause   Cause

	CallbackID, Key, WaitID string
	Batch                   int                      // callbacks in it; 0: it is one
	One                     func(i int) (one Became) // of a batch
	Upstream                string                   // of a route: its URL
	UpstreamStatus          int                      // 0: no answer came
	Phases                  [phases]time.Duration    // of a route; below 0: there was none
}

// Became is what became of one callback of several.
type Became struct {
	Outcome    gateway.Outcome `json:"outcome"`
	CallbackID string          `json:"callback_id,omitempty"`
	Key        string          `json:"conversation_key,omitempty"`
	WaitID     string          `json:"wait_id,omitempty"`
}

// The phases of a request to a route, each counted from where the last one ended, but for
// the total.
const (
	PhaseVerify = iota
	PhaseConnect
	PhaseFirstByte
	phases
)

// Masks are the names of what brings a credential, beside those that always do.
type Masks struct {
	Headers [3]string
	Queries [2]string
}

// Flags say what of the configuration stood in the request's way.
type Flags uint8

// The flags.
const (
	HasNetworks Flags = 1 << iota // allow_ips lists some
	HasEach                       // a request brings several
	NoKey                         // the callback has no key
	HasVerify                     // a route verifies who calls
	Strong                        // it is known again by an id
)

// Cause says which step decided, and why, in a form that costs nothing to keep.
type Cause struct {
	Step  Step          // None: the one that goes with the outcome
	Why   string        // a constant: the reason of auth/signature
	Text  string        // the field, variable or message
	Age   time.Duration // of a timestamp
	Again time.Duration // until it may be sent again
	Limit time.Duration // the tolerance
	Of    int           // secrets, networks; bytes that are taken
	Flags Flags
}
