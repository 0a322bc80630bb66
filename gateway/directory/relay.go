package directory

import (
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

func (r *Route) compileRelay(o Options, f *faults) {
	s := &r.Spec
	r.Timeout = f.span("timeout", s.Timeout, DefaultTimeout, MinTimeout, MaxTimeout)
	r.Retry = compileRetry(s.Retry, f)
	r.Breaker = compileBreaker(s.Breaker, f)
	if !gateway.IsName(s.Tenant) {
		f.add("tenant", "must be the id of the tenant whose deliveries the relay makes")
	}
	for _, no := range []struct {
		field string
		set   bool
	}{{"upgrade", s.Upgrade}, {"idle_timeout", s.IdleTimeout != nil}, {"health", s.Health != nil}, {"preserve_host", s.PreserveHost}, {"rewrite_location", s.RewriteLocation != nil}} {
		if no.set {
			f.add(no.field, "is for mode proxy only")
		}
	}
	r.CORS = compileCORS(s.CORS, f)
	r.compileIDs(o, f)
	r.Answers = compileRespond(s.Respond, relayOutcomes, o, f)
}

// compileIDs compiles where a relay finds its conversation, and the ids by which a
// repeat is known.
func (r *Route) compileIDs(o Options, f *faults) {
	s := &r.Spec
	key, id := gateway.KeyPlace{In: mapping.InPath}, s.Dedupe.ID // in the path: there is none to look for
	if s.ConversationKey != nil {
		key = *s.ConversationKey
		checkRouteKey(key, f)
	}
	r.SeveralIDs = strings.Contains(id, "*") || strings.Contains(id, "..")
	r.Window = f.span("dedupe.window", s.Dedupe.Window, DefaultDedupeWindow, MinDedupeWindow, gateway.MaxMarkAge)
	r.compileReading(o, f)
	plan, more := compilePlan(mapping.Whom{Key: key}, id, r.Verifier, r.eachOfRoute(f), nil, nil, o.Mapping)
	*f = append(*f, more...)
	r.Plan = plan
}
