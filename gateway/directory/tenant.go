package directory

import (
	"cmp"
	"maps"
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
	"hookgate/gateway/shares"
	"hookgate/metrics"
	"hookgate/retry"
)

// Tenant is one tenant, compiled. Its parent is known by id alone: the tenant
// above may change without this one being copied (Snapshot.Under).
type Tenant struct {
	ID       string
	Meta     gateway.Meta
	Spec     gateway.Tenant
	Life     *Life     // that the directory gives it
	Disabled bool      // it left the file, and nobody took it over
	Platform *Platform // nil: no outcome can be sent
	Headers  []Header  // on every outbound request made for the tenant
	Metrics  *metrics.Tenant
	Outcomes *metrics.Endpoint // what is counted of the deliveries to the platform endpoint, if there is one
	holder   shares.Holder     // without those above it
	tree     string
	sources  map[string]*Source
	// asksClients: a source has verify type mtls.
	asksClients bool
	// endpoints are all of them, listening those that take events, by id.
	endpoints map[string]*Endpoint
	listening []*Endpoint
	wanting   func() *listeners // of those listening
	webhooks  map[string]*Webhook
	filters   func() *mapping.Filters // of those listening; nil: there are none
	filtering int                     // how many
}

// Tree is the tenant at the top of the tree that this one is in: whoever makes many tenants
// has no more turns for that (SPEC 16).
func (t *Tenant) Tree() string { return cmp.Or(t.tree, t.ID) }

// Source gives a source by its id; nil is none.
func (t *Tenant) Source(id string) *Source { return t.sources[id] }

// SourceBytes is Source for an id that lies in a request; it copies nothing.
func (t *Tenant) SourceBytes(id []byte) *Source { return t.sources[string(id)] }

// Sources lists the sources by id.
func (t *Tenant) Sources() []*Source { return byID(t.sources) }

// byID lists parts by their ids.
func byID[P any](parts map[string]*P) []*P {
	list := make([]*P, 0, len(parts))
	for _, id := range slices.Sorted(maps.Keys(parts)) {
		list = append(list, parts[id])
	}
	return list
}

// Having gives the tenant with these sources and no others.
func (t *Tenant) Having(sources ...*Source) *Tenant {
	return t.holding(sources, t.Endpoints(), t.Webhooks())
}

// HavingEndpoints gives the tenant with these endpoints and no others.
func (t *Tenant) HavingEndpoints(endpoints ...*Endpoint) *Tenant {
	return t.holding(t.Sources(), endpoints, t.Webhooks())
}

// holding copies the tenant and what it holds, for each part knows its tenant.
func (t *Tenant) holding(sources []*Source, endpoints []*Endpoint, webhooks []*Webhook) *Tenant {
	next := *t
	next.sources, next.asksClients = make(map[string]*Source, len(sources)), false
	for _, s := range sources {
		own := *s
		own.Tenant = &next
		own.Enabled = !t.Disabled && !s.Refused && isOn(s.Spec.Enabled)
		next.sources[s.ID] = &own
		next.asksClients = next.asksClients || s.Spec.Verify.Type == verifyMTLS
	}
	next.endpoints, next.listening = make(map[string]*Endpoint, len(endpoints)), nil
	for _, e := range endpoints { // of two with one id the last counts
		next.endpoints[e.ID] = e.of(&next)
	}
	for _, e := range next.Endpoints() {
		if e.Enabled {
			next.listening = append(next.listening, e)
		}
	}
	next.joinFilters()
	next.joinListeners()
	next.webhooks = make(map[string]*Webhook, len(webhooks))
	for _, w := range webhooks {
		next.webhooks[w.ID] = w.of(&next)
	}
	return &next
}

// With gives the tenant with s, in place of a source of the same id.
func (t *Tenant) With(s *Source) *Tenant { return t.Having(append(t.Without(s.ID).Sources(), s)...) }

// Without gives the tenant without a source.
func (t *Tenant) Without(source string) *Tenant {
	return t.Having(slices.DeleteFunc(t.Sources(), func(s *Source) bool { return s.ID == source })...)
}

// WithEndpoint gives the tenant with e, in place of an endpoint of the same id.
func (t *Tenant) WithEndpoint(e *Endpoint) *Tenant {
	return t.HavingEndpoints(append(t.Endpoints(), e)...)
}

// WithoutEndpoint gives the tenant without an endpoint.
func (t *Tenant) WithoutEndpoint(endpoint string) *Tenant {
	return t.HavingEndpoints(slices.DeleteFunc(t.Endpoints(), func(e *Endpoint) bool { return e.ID == endpoint })...)
}

// counted gives the tenant with its child metrics and its holder, and its parts with
// their metrics.
func (t *Tenant) counted(m *metrics.Set) *Tenant {
	next := t.holding(t.Sources(), t.Endpoints(), t.Webhooks())
	next.Metrics, next.holder = m.Tenant(t.ID, endStates, PlatformTypes), shares.Tenant(t.ID)
	if t.Platform != nil {
		next.Outcomes = m.Endpoint(t.ID, gateway.PlatformEndpoint, deliveryEnds, codes)
	}
	for id, s := range next.sources {
		if s.Metrics == nil {
			s.Metrics = m.Source(t.ID, id, outcomes)
		}
	}
	for id, e := range next.endpoints {
		if e.Metrics == nil {
			e.Metrics = m.Endpoint(t.ID, id, deliveryEnds, codes)
		}
	}
	for id, w := range next.webhooks {
		if w.Metrics == nil {
			w.Metrics = m.Webhook(t.ID, id, callEnds)
		}
	}
	return next
}

func isOn(enabled *bool) bool { return enabled == nil || *enabled }

var (
	endStates = []string{string(gateway.StateResumed), string(gateway.StateTimedOut), string(gateway.StateCancelled)}
	outcomes  = func() (all []string) {
		for _, o := range gateway.Outcomes {
			all = append(all, string(o))
		}
		return all
	}()
	callEnds     = []string{string(gateway.CallSuccess), string(gateway.CallFailure)}
	deliveryEnds = []string{string(gateway.DeliverySucceeded), string(gateway.DeliveryDead), string(gateway.DeliveryCancelled)}
	codes        = func() (all []string) {
		for _, o := range retry.Outcomes {
			all = append(all, string(o))
		}
		return all
	}()
)
