package gateway

// Endpoint is where a tenant wants events delivered (SPEC 7).
type Endpoint struct {
	URL          string    `json:"url"`
	Enabled      *bool     `json:"enabled"`      // default true
	EventTypes   []string  `json:"event_types"`  // message, message/text; none listed, or "*": all
	Token        Secret    `json:"token"`        // goes with every delivery; proved by a handshake
	TokenHeader  string    `json:"token_header"` // default X-Webhook-Token
	Auth         Auth      `json:"auth"`
	Headers      Headers   `json:"headers"`
	Sign         *Sign     `json:"sign"`       // default standard, with a secret that is made up and shown once
	Timeout      *Duration `json:"timeout"`    // for one attempt; default 15s, at most 60s
	Retry        *Retry    `json:"retry"`      // default 5s, 30s, 5m, 30m, 2h, 5h, 10h, 14h
	Breaker      *Breaker  `json:"breaker"`    // one for each endpoint
	RateLimit    *Rate     `json:"rate_limit"` // deliveries a second; default none
	Concurrency  *int      `json:"concurrency"`
	Batch        *Batch    `json:"batch"`         // default: one event a delivery
	Ordered      bool      `json:"ordered"`       // one after the other within a conversation
	OrderedHold  *Duration `json:"ordered_hold"`  // how long a failing one holds its conversation; default 1h
	Format       string    `json:"format"`        // "" is the {"events":[…]} envelope; or cloudevents
	DisableAfter *Duration `json:"disable_after"` // after so long of nothing but failures; default 120h, 0 never
}

// Breaker says when to stop calling what keeps failing, and for how long.
type Breaker struct {
	Enabled  *bool     `json:"enabled"`  // default true
	Failures *int      `json:"failures"` // in a row; default 5
	Ratio    *float64  `json:"ratio"`    // of failures within the window, from 20 attempts on; default 0.5
	Window   *Duration `json:"window"`   // default 60s
	Open     *Duration `json:"open"`     // the first pause; default 30s
	MaxOpen  *Duration `json:"max_open"` // the longest pause; default 10m
}

// Batch lets events that wait for one endpoint travel in one envelope.
type Batch struct {
	MaxEvents int       `json:"max_events"`
	MaxWait   *Duration `json:"max_wait"`
}
