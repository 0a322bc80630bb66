package api

import (
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/proxy"
	"hookgate/gateway/requests"
)

// Upstreams says how the upstreams of a route of mode proxy stand.
type Upstreams interface {
	Upstreams(route string) []proxy.Upstream
}

// publicRoutes are the routes of the file.
type publicRoutes struct {
	upstreams Upstreams
	whither   Whither
	kept      *kept
}

// routeView is a route as it is shown: what was written, and how its upstreams stand. Its
// secrets mask themselves.
type routeView struct {
	ID        string `json:"id"`
	ManagedBy string `json:"managed_by"`
	Enabled   bool   `json:"enabled"`
	gateway.Route
	Headers   routeHeaders   `json:"headers"`
	Upstreams []upstreamView `json:"upstreams"`
}

type routeHeaders struct {
	Set    any      `json:"set"`
	Remove []string `json:"remove"`
}

type upstreamView struct {
	gateway.Upstream
	Healthy  *bool            `json:"healthy"` // null: it is not asked
	Breaker  *upstreamBreaker `json:"breaker"` // null: it has none here
	InFlight int64            `json:"in_flight"`
	Latency  *latencyView     `json:"latency_ms"` // null: it has not answered lately
}

type upstreamBreaker struct {
	State     string        `json:"state"`
	Until     *gateway.Time `json:"until"`
	LastProbe *probeView    `json:"last_probe"`
}

// latencyView is how long an upstream took to answer, in milliseconds.
type latencyView struct {
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Count uint64  `json:"count"` // of requests that it answered
}

func viewUpstream(spec gateway.Upstream, s proxy.Upstream) upstreamView {
	one := upstreamView{Upstream: spec, Healthy: s.Healthy, InFlight: s.InFlight}
	if s.Breaker != "" {
		one.Breaker = &upstreamBreaker{State: s.Breaker, LastProbe: viewProbe(s.Probe.At, s.Probe.Verdict.String())}
		if !s.Until.IsZero() {
			until := gateway.At(s.Until)
			one.Breaker.Until = &until
		}
	}
	if l := s.Latency; l.Count > 0 {
		one.Latency = &latencyView{inMilliseconds(l.P50), inMilliseconds(l.P99), l.Count}
	}
	return one
}

func (h *publicRoutes) view(r *directory.Route) any {
	v := routeView{ID: r.ID, ManagedBy: "file", Enabled: r.Enabled, Route: r.Spec}
	v.Headers = routeHeaders{Set: viewHeaders(r.Spec.Headers.Set, false), Remove: r.Spec.Headers.Remove}
	stands := map[string]proxy.Upstream{}
	for _, u := range h.upstreams.Upstreams(r.ID) {
		stands[u.URL] = u
	}
	for i, u := range r.Spec.Upstreams {
		one := upstreamView{Upstream: u}
		if i < len(r.Upstreams) {
			if s, is := stands[r.Upstreams[i]]; is {
				one = viewUpstream(u, s)
			}
		}
		v.Upstreams = append(v.Upstreams, one)
	}
	return v
}

func (h *publicRoutes) list(c *call) (answer, error) {
	p, err := c.askedPage(gateway.IsName)
	if err != nil {
		return answer{}, err
	}
	return listPart(c, c.snapshot.Routes(), p, func(r *directory.Route) string { return r.ID }, sure(h.view))
}

func (h *publicRoutes) get(c *call) (answer, error) {
	r := c.snapshot.Route(c.params.id)
	if r == nil {
		return answer{}, errNoRoute
	}
	return show(200, h.view(r))
}

var errNoRoute = gateway.Errorf(gateway.CodeNotFound, "no such route")

// routedView is a request to a route, as it is shown.
type routedView struct {
	requestView
	Outcome        *gateway.Outcome `json:"outcome,omitempty"`
	CallbackID     *string          `json:"callback_id,omitempty"`
	WaitID         *string          `json:"wait_id,omitempty"`
	Key            *string          `json:"conversation_key,omitempty"`
	Route          string           `json:"route"`
	Upstream       *string          `json:"upstream"`
	UpstreamStatus *int             `json:"upstream_status"`
	Phases         phasesView       `json:"phases"`
}

// phasesView is how long each phase took; null for one that was not reached.
type phasesView struct {
	Verify    *float64 `json:"verify_ms"`
	Connect   *float64 `json:"connect_ms"`
	FirstByte *float64 `json:"first_byte_ms"`
	Total     float64  `json:"total_ms"`
}

// requests lists the newest requests to a route.
func (h *publicRoutes) requests(c *call) (answer, error) {
	p, err := c.askedPage(isIDOf(requests.Prefix))
	if err != nil {
		return answer{}, err
	}
	r := c.snapshot.Route(c.params.id)
	if r == nil {
		return answer{}, errNoRoute
	}
	return h.kept.write(c, p, func(before string, most int) []requests.Kept {
		return h.kept.requests.List(requests.Query{Of: requests.Route, Tenant: r.Spec.Tenant, Place: r.ID, Before: before, Most: most, Body: requests.MostBody})
	}, func(r *requests.Kept) any { return h.routed(r, false) })
}

// request shows one request to a route.
func (h *publicRoutes) request(c *call) (answer, error) {
	r := c.snapshot.Route(c.params.id)
	if r == nil {
		return answer{}, errNoRoute
	}
	one, found := h.kept.requests.Get(requests.Route, r.Spec.Tenant, c.params.request)
	if !found || one.Place != r.ID {
		return answer{}, errNoRequest
	}
	return show(200, h.routed(&one, true))
}

// routed shows a request to a route; whole says that its body is shown, not only how it
// begins.
func (h *publicRoutes) routed(r *requests.Kept, whole bool) any {
	v := routedView{
		requestView: h.kept.view(r, whole, requests.Hints{}), Route: r.Place, Upstream: orNull(r.Upstream), UpstreamStatus: orNull(r.UpstreamStatus),
		Phases: phasesView{Total: inMilliseconds(r.Took)},
	}
	for i, to := range [...]**float64{&v.Phases.Verify, &v.Phases.Connect, &v.Phases.FirstByte} {
		if r.Phases[i] >= 0 {
			took := inMilliseconds(r.Phases[i])
			*to = &took
		}
	}
	return v
}
