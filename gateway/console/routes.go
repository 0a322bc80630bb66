package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// routeRow is a route of the file, with its upstreams.
type routeRow struct {
	ID      string `json:"id"`
	Enabled bool   `json:"enabled"`
	Mode    string `json:"mode"`
	Match   struct {
		Path string `json:"path"`
		Host string `json:"host"`
	} `json:"match"`
	Upstreams []upstream `json:"upstreams"`
}

// upstream is how one upstream of a route stands.
type upstream struct {
	URL      string `json:"url"`
	Healthy  *bool  `json:"healthy"`
	InFlight int    `json:"in_flight"`
	Breaker  *struct {
		State     string     `json:"state"`
		Until     *time.Time `json:"until"`
		LastProbe *probe     `json:"last_probe"`
	} `json:"breaker"`
	Latency *struct {
		P50   float64 `json:"p50"`
		P99   float64 `json:"p99"`
		Count int     `json:"count"`
	} `json:"latency_ms"`
}

// Checks is what the checks of its health say; "": it is not asked.
func (u upstream) Checks() string {
	switch {
	case u.Healthy == nil:
		return ""
	case *u.Healthy:
		return "healthy"
	}
	return "unhealthy"
}

// probe is the last request that a breaker let through while it was half open.
type probe struct {
	At      *time.Time `json:"at"`
	Outcome string     `json:"outcome"`
}

func routesPage(v *view) error {
	_, shown, err := listOf[routeRow](v, asksFor{path: "/routes"})
	if err != nil {
		return err
	}
	shown.Kept = keptOf(v, keptInFile)
	shown.Make = "routes:\n  bot: { match: { path: /bot }, mode: proxy, upstreams: [{ url: \"https://bot.example.com\" }], verify: { type: none } }"
	v.show("routes", "Routes", shown)
	return nil
}

// routed is a request to a route.
type routed struct {
	publicRequest
	Upstream       *string `json:"upstream"`
	UpstreamStatus *int    `json:"upstream_status"`
	Phases         phases  `json:"phases"`

	Shown shownBody `json:"-"`
}

// phases is how long each took, in milliseconds; nil for one that was not reached.
type phases struct {
	Verify    *float64 `json:"verify_ms"`
	Connect   *float64 `json:"connect_ms"`
	FirstByte *float64 `json:"first_byte_ms"`
	Total     float64  `json:"total_ms"`
}

// Word is how it went: what was answered by the upstream went well for the gateway.
func (r *routed) Word() string {
	switch {
	case r.Outcome != "":
		return r.Outcome
	case r.Reason != nil:
		return "refused"
	}
	return "done"
}

func routeRequestsPage(v *view) error {
	rows, shown, err := listOf[routed](v, asksFor{path: "/routes/" + url.PathEscape(v.id) + "/requests"})
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].seen(v)
		rows[i].URL = v.base + "/routes/" + url.PathEscape(v.id) + "/requests/" + rows[i].ID
	}
	shown.Kept = keptOf(v, keptRequests)
	v.show("routed", "Requests to "+v.id, shown)
	return nil
}

// routeRequestPage shows one request to a route.
func routeRequestPage(v *view) error {
	path := "/routes/" + url.PathEscape(v.id) + "/requests/" + url.PathEscape(v.request)
	var r routed
	if err := v.get(path, nil, &r); err != nil {
		return err
	}
	r.seen(v)
	r.readBody(v)
	r.Shown, r.Curl = bodyShown(v, "body", json.RawMessage(r.Text), "", "", ""), curl(v, http.MethodGet, path, nil)
	v.show("routedone", v.request, struct {
		*routed
		Route, Back string
	}{&r, v.id, v.base + "/routes/" + url.PathEscape(v.id) + "/requests"})
	return nil
}
