package proxy

import (
	"net/url"
	"strings"
	"testing"
)

func TestWhither(t *testing.T) {
	routes := compile(t, `{
		"root":  {"mode":"proxy","upstreams":[{"url":"http://a.test/base/"}],"match":{"path":"/","methods":["GET"]}},
		"api":   {"mode":"proxy","upstreams":[{"url":"http://b.test:8080"}],"match":{"path":"/api"},"strip_prefix":true},
		"host":  {"mode":"proxy","upstreams":[{"url":"http://c.test"}],"match":{"path":"/api","host":"bot.test"}},
		"write": {"mode":"proxy","upstreams":[{"url":"http://d.test"}],"match":{"path":"/api/v1","methods":["PUT"]}}
	}`)
	p := New(Options{})
	var served []*route
	for _, r := range routes {
		r.Enabled = true
		one := &route{Route: r, strips: strings.Count(strings.TrimSuffix(r.Path, "/"), "/")}
		for _, u := range r.Upstreams {
			one.upstreams = append(one.upstreams, &upstream{url: u})
		}
		served = append(served, one)
	}
	p.table.Store(newTable(served))
	why := func(w Whither) string {
		var all []string
		for _, o := range w.Others {
			all = append(all, o.Route+" "+o.Reason)
		}
		return strings.Join(all, "; ")
	}
	for _, c := range []struct{ method, url, route, path, upstream, others string }{
		{"GET", "http://x.test/a?b=1", "root", "/base/a?b=1", "http://a.test/base/", "api is for the path /api, and what is below it; host is for the host bot.test; write is for the path /api/v1, and what is below it"},
		{"GET", "http://x.test/api", "api", "/", "http://b.test:8080", "host is for the host bot.test; root fits too, but api has the longer path; write is for the path /api/v1, and what is below it"},
		{"PUT", "http://x.test/api/v1/x", "write", "/api/v1/x", "http://d.test", "api fits too, but write has the longer path; host is for the host bot.test; root takes GET"},
		{"GET", "http://bot.test/api/v1", "host", "/api/v1", "http://c.test", "api fits too, but host names the host; root fits too, but host has the longer path; write takes PUT"},
		{"POST", "http://x.test/a", "", "", "", "api is for the path /api, and what is below it; host is for the host bot.test; root takes GET; write is for the path /api/v1, and what is below it"},
		{"GET", "http://x.test/hooks/acme/pay", "", "", "", "api is for the path /api, and what is below it; host is for the host bot.test; root fits; write is for the path /api/v1, and what is below it"},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		w, err := p.Whither(c.method, u, routes)
		if err != nil {
			t.Fatal(err)
		}
		others := why(w)
		if w.Route != c.route || w.Path != c.path || w.Upstream != c.upstream || others != c.others || (w.Route == "") != (w.Reason != "") {
			t.Errorf("%s %s: %+v\nothers %s\nwant   %s", c.method, c.url, w, others, c.others)
		}
	}
	served[1].upstreams[0].sick.Store(true)
	u := &url.URL{Scheme: "http", Host: "x.test", Path: "/api"}
	if w, err := p.Whither("GET", u, routes); err != nil || w.Route == "" || w.Upstream == "" && w.URL != "" {
		t.Errorf("%+v, %v", w, err)
	}
	u.Path = "/a/../b"
	if _, err := p.Whither("GET", u, routes); err == nil {
		t.Error("a dot segment finds a route")
	}
}
