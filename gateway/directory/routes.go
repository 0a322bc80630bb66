package directory

import (
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// CompileRoutes compiles the routes of the file, and holds them to the one rule
// between them: no two take the same requests. Faults are placed from the root of
// the file: routes.bot.match.path.
func CompileRoutes(file map[string]gateway.Route, o Options) ([]*Route, []gateway.Fault) {
	var f faults
	routes := make([]*Route, 0, len(file))
	for _, id := range slices.Sorted(maps.Keys(file)) {
		r, more := compileRoute(id, file[id], o)
		place := fields.Member("routes", id)
		f.under(place, more)
		if r == nil {
			continue
		}
		for _, other := range routes {
			if other.Host == r.Host && other.Path == r.Path && slices.ContainsFunc(r.methods, func(m string) bool { return slices.Contains(other.methods, m) }) {
				f.add(place+".match", "takes requests that route %s takes too", other.ID)
			}
		}
		routes = append(routes, r)
	}
	if len(f) > 0 {
		return nil, f
	}
	return routes, nil
}

// compileHost gives a host in the form in which it is compared.
func compileHost(host string, f *faults) string {
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	literal, bracketed := strings.CutPrefix(name, "[")
	if bracketed {
		addr, err := netip.ParseAddr(strings.TrimSuffix(literal, "]"))
		if err != nil || !addr.Is6() || addr.Zone() != "" || !strings.HasSuffix(literal, "]") {
			f.add("match.host", "must be a host name or an address, without a port")
		}
		return addr.String()
	}
	if host != "" && (name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-._~") != "") {
		f.add("match.host", "must be a host name or an address, without a port")
	}
	return name
}

// The prefix of callbacks, which no route can take.
const hooks = "/hooks"

// compilePath gives a path in the form in which it is compared: its escapes
// decoded, as those of a request are.
func compilePath(path string, f *faults) string {
	const place = "match.path"
	decoded, err := url.PathUnescape(path)
	segments := strings.Split(strings.TrimPrefix(decoded, "/"), "/")
	empty := slices.Index(segments, "")
	switch {
	case !strings.HasPrefix(path, "/"):
		f.add(place, `must be a path, such as "/channels/whatsapp", or "/" for all`)
	case err != nil:
		f.add(place, "has a bad percent escape")
	case strings.Count(path, "/") != strings.Count(decoded, "/") || strings.ContainsAny(decoded, `?#\;`) ||
		strings.ContainsFunc(decoded, func(c rune) bool { return c < ' ' || c == 0x7f }):
		f.add(place, `must have no query, fragment, parameter (";"), backslash, control character or encoded "/"`)
	case slices.Contains(segments, ".") || slices.Contains(segments, "..") || empty >= 0 && empty < len(segments)-1:
		f.add(place, "must have no empty and no dot segments: requests with them are refused")
	case decoded == hooks || strings.HasPrefix(decoded, hooks+"/"):
		f.add(place, "is where callbacks arrive, which win over every route: take another one")
	}
	return decoded
}

// Routes gives the routes, by id. The list is not to be changed.
func (s *Snapshot) Routes() []*Route { return s.routes }

// WithRoutes gives a snapshot in which these are all routes.
func (s *Snapshot) WithRoutes(routes []*Route) *Snapshot {
	next := *s
	next.routes = slices.Clone(routes)
	for i, r := range next.routes {
		if r.Metrics == nil {
			own := *r
			own.Metrics = s.metrics.Route(r.ID, routeStatuses)
			next.routes[i] = &own
		}
	}
	next.bindRoutes()
	return &next
}

// bindRoutes gives each route its tenant as it now stands. It copies those that
// change: s is not yet current, but shares them with a snapshot that is.
func (s *Snapshot) bindRoutes() {
	s.routes = slices.Clone(s.routes)
	for i, r := range s.routes {
		t := s.tenants.get(r.Spec.Tenant)
		if t == r.Tenant && r.Set != nil {
			continue
		}
		own := *r
		own.Tenant, own.Lane = t, nil
		if r.Relay && t != nil {
			own.Lane = s.metrics.Endpoint(t.ID, gateway.RouteLane(r.ID), deliveryEnds, codes)
		}
		own.Enabled = r.Spec.Tenant == "" || t != nil && !t.Disabled
		own.Set = slices.Clone(r.set)
		if t != nil {
			own.Set = over(t.Headers, r.set)
		}
		if own.Set == nil {
			own.Set = []Header{}
		}
		s.routes[i] = &own
	}
}

// Route gives a route by its id; nil is none.
func (s *Snapshot) Route(id string) *Route {
	for _, r := range s.routes {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// routeStatuses are those that are counted of each route from the start: all with which
// hookgate itself answers requests of routes, and what upstreams say when they are ill.
var routeStatuses = []int{200, 400, 401, 403, 404, 405, 408, 413, 415, 429, 499, 500, 502, 503, 504}
