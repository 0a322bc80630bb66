package directory

import (
	"strings"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
	"hookgate/gateway/respond"
	"hookgate/gateway/secure"
	"hookgate/metrics"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// Route is one route, compiled. How a request finds it is package proxy's.
type Route struct {
	ID          string
	Spec        gateway.Route
	Tenant      *Tenant                     // nil: it names none, or one that is not there
	Enabled     bool                        // the tenant that it names is there, and in service
	Relay       bool                        // its requests are stored, not passed on at once
	Host        string                      // lower case, no port; "": any
	Path        string                      // escapes decoded
	Allowed     Networks                    // who may call, before anything is verified
	Verifier    *signature.Verifier         // nil: whoever calls
	Shakes      *signature.Handshake        // answers its own handshake; nil for none
	Upstreams   []string                    // their URLs, one or more
	TLS         map[string]*secure.Settings // by the URL of an upstream that has some of its own; nil: none has
	Upgrade     bool
	Timeout     time.Duration       // proxy: until the answer's head; relay: for one attempt
	IdleTimeout time.Duration       // of a stream
	Retries     bool                // proxy: once, on another upstream
	Retry       retry.Policy        // relay
	Form        mapping.Form        // relay: how paths read a body
	Unwrap      *mapping.Unwrap     // relay: and what they look into; nil: all of it
	Plan        *mapping.SourcePlan // relay: where the conversation key and the ids of messages are
	Split       bool                // relay: each message of a request is a delivery
	SeveralIDs  bool                // relay: of a list that is found each is an id, not a part of one
	Answers     *respond.Answers    // relay: in the words of its senders; nil: none
	Window      time.Duration       // relay: for which ids are known again
	Breaker     *breaker.Settings   // nil: none
	Health      *Health             // nil: upstreams are not asked
	Set         []Header            // on every request: its own, and the tenant's where it has none of the name
	Remove      []string            // fields that are not passed on
	Rate        *gateway.Rate       // nil: no limit
	MaxBody     int64               // bytes
	CORS        *CORS               // relay: which web pages may call; nil: none
	KeepsHost   bool                // proxy: the upstream gets the Host that was called
	Relocates   bool                // proxy: its own address in answers becomes the public one
	Metrics     *metrics.Route
	Lane        *metrics.Endpoint // relay: what is counted of its deliveries, while its tenant is there
	set         []Header          // Set without the tenant's
	methods     []string
}

// Health says how the upstreams of a route are asked whether they are well.
type Health struct {
	Path              string
	Interval, Timeout time.Duration
}

// Takes says whether the route takes a method.
func (r *Route) Takes(method []byte) bool {
	for _, m := range r.methods {
		if m == string(method) {
			return true
		}
	}
	return false
}

// Methods lists the methods that it takes.
func (r *Route) Methods() []string { return r.methods }

// Bounds and defaults of a route.
const (
	DefaultRouteTimeout   = 30 * time.Second
	MaxRouteTimeout       = time.Hour
	DefaultIdleTimeout    = 5 * time.Minute
	MinIdleTimeout        = time.Second
	MaxIdleTimeout        = 24 * time.Hour
	MaxRouteBody          = 1 << 40 // bytes
	DefaultHealthInterval = 10 * time.Second
	MinHealthInterval     = 100 * time.Millisecond
	MaxHealthInterval     = time.Hour
	DefaultHealthTimeout  = 2 * time.Second
	// A breaker of a route opens for short, by default: it spares requests the wait
	// for an upstream that restarts, and must not make the restart longer.
	DefaultRouteOpen    = time.Second
	DefaultRouteMaxOpen = 30 * time.Second
	maxUpstreams        = 64
)

func compileRoute(id string, spec gateway.Route, o Options) (*Route, []gateway.Fault) {
	var f faults
	if !gateway.IsName(id) {
		f.add("", "%s", badName)
	}
	r := &Route{
		ID: id, Spec: spec, Relay: spec.Mode == gateway.ModeRelay, Upgrade: spec.Upgrade,
		Host: compileHost(spec.Match.Host, &f), Path: compilePath(spec.Match.Path, &f),
		IdleTimeout: f.span("idle_timeout", spec.IdleTimeout, DefaultIdleTimeout, MinIdleTimeout, MaxIdleTimeout),
		Rate:        spec.RateLimit, set: compileHeaders("headers.set", spec.Headers.Set, o, &f), Remove: spec.Headers.Remove,
	}
	all := methods
	var methods faults
	r.methods = compileMethods(spec.Match.Methods, all, &methods)
	f.under("match", methods)
	r.compileBody(o, &f)
	if spec.Verify != nil {
		r.Verifier = compileVerify(*spec.Verify, int(r.MaxBody), o, &f)
	}
	r.Allowed, r.Shakes = compileNetworks(spec.AllowIPs, &f), compileHandshake(spec.Handshake, &f)
	f = and(f, RouteSecrets(spec))
	r.compileUpstreams(o, &f)
	checkRate("rate_limit", spec.RateLimit, &f)
	for i, name := range spec.Headers.Remove {
		if err := o.checkHeader(name, ""); err != nil {
			f.add(fields.Index("headers.remove", i), "%v", err)
		}
	}
	switch spec.Mode {
	case gateway.ModeProxy:
		r.compileProxy(&f)
	case gateway.ModeRelay:
		r.compileRelay(o, &f)
	default:
		modes := []string{gateway.ModeProxy, gateway.ModeRelay}
		f.add("mode", "is %q: must be proxy or relay%s", spec.Mode, fields.Meant(spec.Mode, modes))
	}
	if len(f) > 0 {
		return nil, f
	}
	return r, nil
}

func (r *Route) compileUpstreams(o Options, f *faults) {
	if n := len(r.Spec.Upstreams); n == 0 || n > maxUpstreams {
		f.add("upstreams", "has %d: must be 1 to %d", n, maxUpstreams)
	}
	seen := map[string]bool{}
	for i, u := range r.Spec.Upstreams {
		place := fields.Index("upstreams", i)
		var own faults
		own.url(u.URL, true, o)
		switch {
		case strings.ContainsAny(u.URL, "?#"):
			own.add("url", "must end with its path: no query and no fragment")
		case seen[u.URL]:
			own.add("url", "is there twice")
		}
		if settings := compileTLS(u.TLS, u.URL, &own); settings != nil {
			if r.TLS == nil {
				r.TLS = map[string]*secure.Settings{}
			}
			r.TLS[u.URL] = settings
		}
		f.under(place, own)
		seen[u.URL] = true
		r.Upstreams = append(r.Upstreams, u.URL)
	}
}

// compileBody bounds what is kept in memory, to verify or to relay, as for a
// source; what is passed on while it arrives takes none.
func (r *Route) compileBody(o Options, f *faults) {
	r.MaxBody = int64(o.MaxBody)
	if r.Spec.MaxBody == nil {
		return
	}
	most, why := int64(MaxRouteBody), ""
	if r.Relay || r.Spec.Verify != nil {
		most, why = MaxSourceBody, " where it is verified or relayed"
	}
	r.MaxBody = int64(*r.Spec.MaxBody)
	if r.MaxBody < 1 || r.MaxBody > most {
		f.add("max_body", "is %d: must be 1 to %d bytes%s", r.MaxBody, most, why)
	}
}

func (r *Route) compileProxy(f *faults) {
	s := &r.Spec
	r.Timeout = f.span("timeout", s.Timeout, DefaultRouteTimeout, MinTimeout, MaxRouteTimeout)
	r.Retries = compileRetries(s.Retry, f)
	b := gateway.Breaker{}
	if s.Breaker != nil {
		b = *s.Breaker
	}
	if b.Open == nil {
		b.Open = span(DefaultRouteOpen)
	}
	if b.MaxOpen == nil {
		b.MaxOpen = span(max(DefaultRouteMaxOpen, time.Duration(*b.Open)))
	}
	r.Breaker = compileBreaker(&b, f)
	if s.Health != nil {
		r.Health = compileHealth(*s.Health, f)
	}
	if s.Tenant != "" && !gateway.IsName(s.Tenant) {
		f.add("tenant", "%s", badName)
	}
	if s.ConversationKey != nil {
		f.add("conversation_key", "is for mode relay only")
	}
	if s.Respond != nil {
		f.add("respond", "is for mode relay only: the upstream answers")
	}
	if s.Each != "" || s.Split {
		f.add("each", "is for mode relay only")
	}
	if s.Body != "" {
		f.add("body", "is for mode relay only")
	}
	if s.Unwrap != "" {
		f.add("unwrap", "is for mode relay only")
	}
	if s.Dedupe.ID != "" || s.Dedupe.Window != nil {
		f.add("dedupe", "is for mode relay only")
	}
	if s.CORS != nil {
		f.add("cors", "is for mode relay only: the upstream of a proxy answers for itself")
	}
	r.KeepsHost, r.Relocates = s.PreserveHost, isOn(s.RewriteLocation)
}

// compileRetries reads what a proxy takes of a retry: there is no schedule, since
// the client waits.
func compileRetries(r *gateway.Retry, f *faults) bool {
	switch {
	case r == nil:
		return true
	case r.Schedule != nil && len(*r.Schedule) == 0 && r.MaxAttempts == nil:
		return false
	case r.Schedule != nil || r.Initial != nil || r.Max != nil || r.Multiplier != nil || r.MaxAge != nil || r.Jitter != nil || len(r.Never) > 0:
		f.add("retry", "has what a proxy does not do: it tries once more, at once; set max_attempts to 1 for not at all")
	case r.MaxAttempts != nil && (*r.MaxAttempts < 1 || *r.MaxAttempts > 2):
		f.add("retry.max_attempts", "is %d: must be 1 or 2 for a proxy", *r.MaxAttempts)
	}
	return r.MaxAttempts == nil || *r.MaxAttempts != 1
}

func compileHealth(h gateway.Health, f *faults) *Health {
	if !strings.HasPrefix(h.Path, "/") || strings.ContainsFunc(h.Path, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' }) {
		f.add("health.path", `must be a path, such as "/healthz", without spaces and control characters`)
	}
	return &Health{
		Path:     h.Path,
		Interval: f.span("health.interval", h.Interval, DefaultHealthInterval, MinHealthInterval, MaxHealthInterval),
		Timeout:  f.span("health.timeout", h.Timeout, DefaultHealthTimeout, MinTimeout, MaxTimeout),
	}
}
