package gateway

// Route is a public path that is proxied or relayed to the platform (SPEC 9).
type Route struct {
	Match       RouteMatch   `json:"match"`
	Verify      *Verify      `json:"verify"` // default: whoever calls
	Mode        string       `json:"mode"`   // proxy, relay
	Upstreams   []Upstream   `json:"upstreams"`
	StripPrefix bool         `json:"strip_prefix"` // forward the path without what match.path took
	Timeout     *Duration    `json:"timeout"`
	Retry       *Retry       `json:"retry"`
	Breaker     *Breaker     `json:"breaker"` // one for each upstream
	Headers     RouteHeaders `json:"headers"`
	RateLimit   *Rate        `json:"rate_limit"`
	MaxBody     *Size        `json:"max_body"`
	Tenant      string       `json:"tenant"` // whose deliveries a relay makes
}

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
}

// RouteHeaders are changed on the way to the upstream.
type RouteHeaders struct {
	Set    Headers  `json:"set"`
	Remove []string `json:"remove"`
}
