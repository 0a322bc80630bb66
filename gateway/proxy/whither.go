package proxy

import (
	"net/url"
	"strings"

	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
)

// Whither says which route takes a request, and why the others do not (SPEC-console C5).
type Whither struct {
	Route    string // "": none
	Mode     string
	Path     string // as the upstream gets it, with its query
	Upstream string // that would be chosen now; "" where none is well
	URL      string // of both
	Reason   string // why no route takes it
	Others   []Other
	LeftOut  int // routes that are not among Others
}

// Other is a route that does not take a request.
type Other struct{ Route, Reason string }

// mostOthers bounds the routes that are told of.
const mostOthers = 200

// Whither follows a request up to its upstream; nothing is sent, and nothing counted. all
// are the routes of the snapshot that is in force. An error says that the edge refuses the
// target, or that it is none of a route's.
func (p *Proxy) Whither(method string, u *url.URL, all []*directory.Route) (Whither, error) {
	target := u.RequestURI()
	if err := edge.CheckTarget([]byte(target)); err != nil {
		return Whither{}, err
	}
	path, query, _ := strings.Cut(target, "?")
	table := p.table.Load()
	found, allow := table.find([]byte(method), []byte(u.Host), []byte(path))
	var w Whither
	switch {
	case path == "/hooks" || strings.HasPrefix(path, "/hooks/"):
		found, w.Reason = nil, "below /hooks/ are the sources of tenants, which win over every route"
	case found == nil && allow != "":
		w.Reason = "405: the routes of this path take " + allow
	case found == nil:
		w.Reason = "404: no route has this host and path"
	default:
		w.Route, w.Mode = found.ID, found.Spec.Mode
		w.goes(found, path, query)
	}
	for _, r := range all {
		if r.ID == w.Route {
			continue
		}
		if len(w.Others) == mostOthers {
			w.LeftOut++
			continue
		}
		w.Others = append(w.Others, Other{r.ID, whyNot(r, found, table, method, u.Host, path)})
	}
	return w, nil
}

// goes tells where a route has a request go.
func (w *Whither) goes(r *route, path, query string) {
	out := []byte(path)
	if r.Spec.StripPrefix && !r.Relay {
		out = stripped(out, r.strips)
	}
	base := ""
	if r.Relay {
		w.Upstream = r.Upstreams[0]
	} else if best, _ := r.best(int(r.turn.Load()+1)%len(r.upstreams), nil, 0); best >= 0 {
		w.Upstream = r.upstreams[best].url
	}
	if u, err := url.Parse(w.Upstream); err == nil && w.Upstream != "" {
		base = strings.TrimSuffix(u.EscapedPath(), "/")
		w.URL = u.Scheme + "://" + u.Host
	}
	if w.Path = base + string(out); w.Path == "" {
		w.Path = "/"
	}
	if query != "" {
		w.Path += "?" + query
	}
	if w.URL != "" {
		w.URL += w.Path
	}
}

// whyNot says why a route does not take a request that found has, if any.
func whyNot(r *directory.Route, found *route, in *table, method, host, path string) string {
	if !r.Enabled {
		return "is off: its tenant " + r.Spec.Tenant + " is not there, or disabled"
	}
	served := false
	for _, one := range in.byPath[r.Path] {
		served = served || one.ID == r.ID
	}
	if !served {
		return "is out of service: the log says why"
	}
	alone := newTable([]*route{{Route: r}})
	fits, allow := alone.find([]byte(method), []byte(host), []byte(path))
	switch {
	case fits != nil && found == nil:
		return "fits"
	case fits != nil && found.Path == r.Path && found.Host != "" && r.Host == "":
		return "fits too, but " + found.ID + " names the host"
	case fits != nil && len(found.Path) > len(r.Path):
		return "fits too, but " + found.ID + " has the longer path"
	case fits != nil:
		return "fits too, but " + found.ID + " comes first"
	case allow != "":
		return "takes " + allow
	}
	if name := string(hostName(nil, []byte(host))); r.Host != "" && r.Host != name {
		return "is for the host " + r.Host
	}
	return "is for the path " + r.Path + ", and what is below it"
}
