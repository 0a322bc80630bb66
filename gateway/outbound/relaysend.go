package outbound

import (
	"strconv"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/relayed"
	"hookgate/gateway/secure"
	"hookgate/gateway/transport"
)

// RelayTarget is what is special about the target of a relay route: its deliveries
// are requests that came from outside, and go to one of several upstreams.
type RelayTarget struct {
	Upstreams []string                    // their URLs, one or more; a request's path goes below theirs
	TLS       map[string]*secure.Settings // by URL, of those that have some of their own
	Remove    []string                    // fields that are not passed on
}

// Concurrency of a relay: it leads to the platform itself, which must keep up with
// all channels.
const relayConcurrency = 64

// RouteTarget gives the target of a tenant's relay route; nil for none. ordered says
// that its requests go one after the other within a conversation.
func RouteTarget(r *directory.Route, tenant string, ordered bool) *Target {
	if r == nil || !r.Enabled || !r.Relay || r.Tenant == nil || r.Tenant.ID != tenant {
		return nil
	}
	return &Target{
		Relay: &RelayTarget{Upstreams: r.Upstreams, TLS: r.TLS, Remove: r.Remove}, Trusted: true, Headers: r.Set, Timeout: r.Timeout,
		Retry: r.Retry, Breaker: r.Breaker, Concurrency: relayConcurrency, Ordered: ordered, Hold: directory.DefaultOrderedHold,
	}
}

// prepareRelay writes the request as it came: method, path, query, header fields in
// their order, and every byte of the body. Hookgate-Attempt is ours, and webhook-id
// where the original has none: by either of them the platform knows a repeat.
func (c *carrier) prepareRelay(a *attempt) {
	e, t := &a.events[0], a.target
	target, header, err := c.openRequest(a)
	if err != nil {
		a.sent = &transport.Error{Word: transport.WordBlocked, Text: "what was stored of the request cannot be read"}
		return
	}
	f := fields{set: make([][2]string, 0, len(header)+len(t.Headers)+2)}
	if !t.replaces(gateway.HeaderTraceparent) {
		a.span.Or(e.Span).Fields(f.add)
	}
	traced := len(f.set) > 0
	for _, field := range header {
		if !t.replaces(field[0]) && !(traced && isTraceField(field[0])) {
			f.add(field[0], field[1])
		}
	}
	for _, h := range t.Headers {
		if !relayed.SameField(h.Name, headerAttempt) {
			f.add(h.Name, h.Value)
		}
	}
	f.add(headerAttempt, strconv.Itoa(a.delivery.Attempts+1))
	f.orElse(headerID, e.ID)
	a.upstream = a.lane.upstreams.choose(t.Relay.Upstreams, a.at)
	a.request = transport.Request{
		Method: e.Relay.Method, URL: a.upstream, Target: below(a.upstream, target), Header: f.set, Body: e.Body,
		Timeout: t.Timeout, TLS: t.Relay.TLS[a.upstream], Tenant: e.Tenant, Trusted: t.Trusted, Relayed: true,
	}
}

// isTraceField says whether a field tells a place in a trace.
func isTraceField(name string) bool {
	return relayed.SameField(name, gateway.HeaderTraceparent) || relayed.SameField(name, gateway.HeaderTracestate)
}

// openRequest reads what is sealed of a relayed request.
func (c *carrier) openRequest(a *attempt) (target string, header [][2]string, err error) {
	e := &a.events[0]
	if e.Relay == nil || c.options.Opener == nil {
		return "", nil, relayed.ErrForm
	}
	var place [64]byte
	plain, err := c.options.Opener.AppendOpened(nil, e.Relay.Sealed, relayed.AppendPlace(place[:0], e.Tenant, e.ID))
	if err != nil {
		return "", nil, err
	}
	return relayed.Read(plain)
}

// replaces says whether the operator sets a field, or removes it.
func (t *Target) replaces(name string) bool {
	for i := range t.Headers {
		if relayed.SameField(t.Headers[i].Name, name) {
			return true
		}
	}
	for _, removed := range t.Relay.Remove {
		if relayed.SameField(removed, name) {
			return true
		}
	}
	return false
}

// below gives the target of a request whose path goes below that of an upstream's URL.
func below(upstream, target string) string {
	_, rest, _ := strings.Cut(upstream, "://")
	base := ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		base = strings.TrimSuffix(rest[i:], "/")
	}
	if base == "" && !strings.HasPrefix(target, "/") {
		base = "/"
	}
	return base + target
}

// elsewhere learns from an attempt how its upstream is, and says whether another is
// well: then it is not the lane that fails, and what is wrong here may go there.
func (c *carrier) elsewhere(a *attempt, status int, now time.Time) bool {
	u, list := &a.lane.upstreams, a.target.Relay.Upstreams
	if status != 0 && status < 500 && status != statusTooManyRequests {
		u.answered(a.upstream) // what it thinks of one request says nothing of it
		return false
	}
	u.failed(a.upstream, list, a.at, now, a.rest)
	return u.others(a.upstream, list)
}
