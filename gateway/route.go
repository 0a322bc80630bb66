package gateway

// Route is a public path that is proxied or relayed to the platform (SPEC 9).
type Route struct {
	Match       RouteMatch   `json:"match"`
	Verify      *Verify      `json:"verify"`              // default: whoever calls
	AllowIPs    []string     `json:"allow_ips,omitempty"` // addresses and networks that may call; none listed: all
	Handshake   *Handshake   `json:"handshake,omitempty"` // beside what verify's type answers by itself
	Respond     *Respond     `json:"respond,omitempty"`   // relay: how what was taken is answered
	Mode        string       `json:"mode"`                // proxy, relay
	Upstreams   []Upstream   `json:"upstreams"`
	StripPrefix bool         `json:"strip_prefix"` // forward the path without what match.path took
	Upgrade     bool         `json:"upgrade"`      // proxy: let WebSockets and other upgrades through
	Timeout     *Duration    `json:"timeout"`      // proxy: until the answer's header fields are there; relay: for one attempt
	IdleTimeout *Duration    `json:"idle_timeout"` // proxy: how long a stream, or an upgraded connection, may be silent
	Retry       *Retry       `json:"retry"`        // proxy: max_attempts alone, 1 or 2
	Breaker     *Breaker     `json:"breaker"`      // one for each upstream
	Health      *Health      `json:"health"`       // proxy: ask each upstream whether it is well
	Headers     RouteHeaders `json:"headers"`
	RateLimit   *Rate        `json:"rate_limit"`
	MaxBody     *Size        `json:"max_body"` // default public.max_body
	Tenant      string       `json:"tenant"`   // whose headers a proxy adds, and whose deliveries a relay makes
	// Dedupe is how a relay knows what it has taken before; default the scheme's own.
	Dedupe Dedupe `json:"dedupe"`
	// Body and Unwrap say how a relay's body is read by paths, as those of a source do;
	// what is delivered is the body as it came.
	Body   string `json:"body"`
	Unwrap string `json:"unwrap"`
	// ConversationKey is where a relay finds the conversation: its requests then go
	// one after the other. nil: in parallel.
	ConversationKey *KeyPlace `json:"conversation_key"`
	// Each is where a relay finds the messages of a request that brings several: a path
	// to a list, or EachDefault. Split makes a delivery of each; without it the request
	// is one, and goes behind all that came before it in any of its conversations.
	Each  string `json:"each"`
	Split bool   `json:"split"`
	// CORS says which web pages may call a relay; default none.
	CORS *CORS `json:"cors"`
	// PreserveHost gives the upstream of a proxy the client's Host, in place of its own.
	PreserveHost bool `json:"preserve_host"`
	// RewriteLocation makes an upstream's own address in answers of a proxy the public
	// one; default true.
	RewriteLocation *bool `json:"rewrite_location"`
}

// The modes of a route.
const (
	ModeProxy = "proxy"
	ModeRelay = "relay"
)

// RouteMatch is what a request must be like; what is left out fits all. The
// longest path goes first, and ends on a segment boundary.
type RouteMatch struct {
	Host    string   `json:"host"`
	Path    string   `json:"path"`
	Methods []string `json:"methods"`
}

// Upstream is one address of the platform.
type Upstream struct {
	URL string `json:"url"`
	TLS *TLS   `json:"tls"` // default what holds for all
}

// Health is how an upstream is asked whether it is well: by GET, and any 2xx or
// 3xx says so. After two failures in a row it gets no requests, until it is well.
type Health struct {
	Path     string    `json:"path"`     // below the upstream's URL
	Interval *Duration `json:"interval"` // default 10s
	Timeout  *Duration `json:"timeout"`  // default 2s
}

// RouteHeaders are changed on the way to the upstream.
type RouteHeaders struct {
	Set    Headers  `json:"set"`
	Remove []string `json:"remove"`
}
