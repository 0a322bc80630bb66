package gateway

// Endpoint is where a tenant wants events delivered (SPEC 7).
type Endpoint struct {
	Mode         string      `json:"mode"`             // EndpointPush, which "" stands for, or EndpointPull
	URL          string      `json:"url"`              // of one that is pushed to
	Enabled      *bool       `json:"enabled"`          // default true
	EventTypes   []string    `json:"event_types"`      // message, message/text; none listed, or "*": all
	Filter       []Condition `json:"filter,omitempty"` // over the event; all of them hold for what is delivered
	Token        Secret      `json:"token"`            // goes with every delivery; proved by a handshake
	TokenHeader  string      `json:"token_header"`     // default X-Webhook-Token
	Auth         Auth        `json:"auth"`
	Headers      Headers     `json:"headers"`
	TLS          *TLS        `json:"tls"`           // default what holds for all
	Sign         *Sign       `json:"sign"`          // default standard, with a secret that is made up and shown once
	Timeout      *Duration   `json:"timeout"`       // for one attempt; default 15s, at most 60s
	Retry        *Retry      `json:"retry"`         // default 5s, 30s, 5m, 30m, 2h, 5h, 10h, 14h
	Breaker      *Breaker    `json:"breaker"`       // one for each endpoint
	RateLimit    *Rate       `json:"rate_limit"`    // deliveries a second; default none
	Concurrency  *int        `json:"concurrency"`   // attempts under way at once; default 16
	Batch        *Batch      `json:"batch"`         // default: one event a delivery
	Ordered      bool        `json:"ordered"`       // one after the other within a conversation
	OrderedHold  *Duration   `json:"ordered_hold"`  // how long a failing one holds its conversation; default 1h
	Format       string      `json:"format"`        // "" is the {"events":[…]} envelope; or cloudevents
	DisableAfter *Duration   `json:"disable_after"` // after so long of nothing but failures; default 120h, 0 never
	ExpireAfter  *Duration   `json:"expire_after"`  // of mode pull: deleted when nobody has pulled for so long; default never
}

// How deliveries come to an endpoint (SPEC-operations O3).
const (
	EndpointPush = "push" // they are sent to its url
	EndpointPull = "pull" // its owner comes for them
)

// Breaker says when to stop calling what keeps failing, and for how long.
type Breaker struct {
	Enabled  *bool     `json:"enabled"`  // default true
	Failures *int      `json:"failures"` // in a row; default 5
	Ratio    *float64  `json:"ratio"`    // of failures within the window, from 20 attempts on; default 0.5
	Window   *Duration `json:"window"`   // default 60s
	Open     *Duration `json:"open"`     // the first pause; default 30s
	MaxOpen  *Duration `json:"max_open"` // the longest pause; default 10m
}

// OldSecret is a signing secret that was rotated out: it signs beside the new one
// until then, so that receivers have time to learn the new one.
type OldSecret struct {
	Secret Secret `json:"secret"`
	Until  Time   `json:"until"`
}

// MarkProof is the kind of the digest over an endpoint's url and token: a
// handshake that was good for one says nothing of another. It is no mark that is
// remembered, but kept apart from those that are.
const MarkProof MarkKind = 'e'

// Batch lets events that wait for one endpoint travel in one envelope.
type Batch struct {
	MaxEvents int       `json:"max_events"` // 1 to 1000
	MaxWait   *Duration `json:"max_wait"`   // how long the first one waits for others; default 1s
}

// IsEventType says whether s can be the type of an event, or the kind of a
// message: ^[a-z0-9][a-z0-9._-]{0,63}$ (SPEC 7).
func IsEventType[T string | []byte](s T) bool {
	if len(s) < 1 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case i > 0 && (c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return true
}
