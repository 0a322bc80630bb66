package proxy

import (
	"net/http"
	"strings"
	"testing"
)

// tableOf compiles routes to upstreams that nobody asks.
func tableOf(t testing.TB, text string) *table {
	t.Helper()
	var routes []*route
	for _, r := range compile(t, text) {
		routes = append(routes, &route{Route: r})
	}
	return newTable(routes)
}

const manyRoutes = `{
	"root":   {"mode":"proxy","upstreams":[{"url":"http://a.test"}],"match":{"path":"/","methods":["GET","POST"]}},
	"api":    {"mode":"proxy","upstreams":[{"url":"http://a.test"}],"match":{"path":"/api"}},
	"slash":  {"mode":"proxy","upstreams":[{"url":"http://a.test"}],"match":{"path":"/files/"}},
	"users":  {"mode":"proxy","upstreams":[{"url":"http://a.test"}],"match":{"path":"/api/users","methods":["GET"]}},
	"write":  {"mode":"proxy","upstreams":[{"url":"http://a.test"}],"match":{"path":"/api/users","methods":["PUT"]}},
	"host":   {"mode":"proxy","upstreams":[{"url":"http://a.test"}],"match":{"path":"/api","host":"Bot.Example.com"}},
	"deep":   {"mode":"proxy","upstreams":[{"url":"http://a.test"}],"match":{"path":"/api/v1/admin"}},
	"ip":     {"mode":"proxy","upstreams":[{"url":"http://a.test"}],"match":{"path":"/","host":"[2001:DB8::1]"}},
	"accent": {"mode":"proxy","upstreams":[{"url":"http://a.test"}],"match":{"path":"/caf%C3%A9"}}
}`

func TestMatch(t *testing.T) {
	table := tableOf(t, manyRoutes)
	for _, c := range []struct{ method, host, path, want string }{
		{"GET", "x.test", "/", "root"},
		{"POST", "x.test", "/nowhere/at/all", "root"},
		{"DELETE", "x.test", "/nowhere", "405 GET, POST"},
		{"GET", "x.test", "/api", "api"},
		{"GET", "x.test", "/api/", "api"},
		{"GET", "x.test", "/api/x", "api"},
		{"GET", "x.test", "/apis", "root"}, // a segment is whole or not
		{"GET", "x.test", "/API", "root"},
		{"GET", "x.test", "/files", "root"}, // a path with a slash is what is below it
		{"GET", "x.test", "/files/", "slash"},
		{"GET", "x.test", "/files/a", "slash"},
		{"GET", "x.test", "/api/users/7", "users"}, // the longest
		{"PUT", "x.test", "/api/users/7", "write"},
		{"POST", "x.test", "/api/users/7", "api"}, // the longest that takes the method
		{"GET", "bot.example.com", "/api", "host"},
		{"GET", "BOT.example.com.:8080", "/api/x", "host"},
		{"GET", "bot.example.com", "/api/users", "users"}, // a longer path of any host
		{"GET", "bot.example.com.evil", "/api", "api"},
		{"GET", "[2001:db8:0::1]:443", "/", "ip"},
		{"GET", "[2001:db8::2]", "/", "root"},
		// No spelling leads around a route: upstreams take these for /api/v1/admin.
		{"GET", "x.test", "/api/v1/%61dmin", "deep"},
		{"GET", "x.test", "/api/v1/admin;x=1", "deep"},
		{"GET", "x.test", "/api;a/v1;b/admin;c/d", "deep"},
		{"GET", "x.test", "/api/v1/%2561dmin", "api"}, // decoded once, as everybody does
		{"GET", "x.test", "/caf%c3%a9/menu", "accent"},
		{"GET", "x.test", "/caf\xc3\xa9", "accent"},
	} {
		got := "404"
		found, allow := table.find([]byte(c.method), []byte(c.host), []byte(c.path))
		switch {
		case found != nil:
			got = found.ID
		case allow != "":
			got = "405 " + allow
		}
		if got != c.want {
			t.Errorf("%s %s%s goes to %s, want %s", c.method, c.host, c.path, got, c.want)
		}
	}
}

// Looking for a route must cost the same for a path of ten thousand segments.
func TestMatchIsCheap(t *testing.T) {
	table := tableOf(t, manyRoutes)
	get, host, path := []byte("GET"), []byte("bot.example.com"), []byte("/api/users/17/"+strings.Repeat("a/", 4000))
	if n := testing.AllocsPerRun(100, func() {
		if found, _ := table.find(get, host, path); found.ID != "users" {
			t.Fatal(found.ID)
		}
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	table := tableOf(b, manyRoutes)
	get, host, path := []byte("GET"), []byte("bot.example.com"), []byte("/api/v1/conversations/17/messages")
	b.ReportAllocs()
	for b.Loop() {
		table.find(get, host, path)
	}
}

func FuzzMatch(f *testing.F) {
	for _, path := range []string{"/", "/api", "/api/users/x", "/%61pi;x/users", "/api;", "/a;b/;c", "/%", "//"} {
		f.Add(path)
	}
	table := tableOf(f, manyRoutes)
	f.Fuzz(func(t *testing.T, path string) {
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		found, _ := table.find([]byte("GET"), []byte("x.test"), []byte(path))
		if found == nil {
			t.Fatalf("%q: the route at / takes every path", path)
		}
		plain := string(canonical([]byte(path)))
		prefix := strings.TrimSuffix(found.Path, "/")
		if plain != found.Path && !strings.HasPrefix(plain, prefix+"/") {
			t.Fatalf("%q goes to %s, which is not above %q", path, found.Path, plain)
		}
	})
}

func TestStripPrefix(t *testing.T) {
	up := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Saw", r.RequestURI) })
	for _, c := range []struct{ prefix, base, path, want string }{
		{"/api", "", "/api/x/y?q=/api", "/x/y?q=/api"},
		{"/api", "", "/api", "/"},
		{"/api", "", "/api?q", "/?q"},
		{"/api", "", "/api/", "/"},
		{"/api/", "", "/api/x", "/x"},
		{"/", "", "/x", "/x"},
		{"/api/v1", "/bot/", "/api/v1/x%20y", "/bot/x%20y"},
		{"/api", "/bot", "/api", "/bot"},
		{"/api", "", "/%61pi;v=1/x", "/x"},
	} {
		s := newSite(t, routed(`"strip_prefix":true,"match":{"path":"`+c.prefix+`"}`, up.URL+c.base), siteOptions{})
		if a, body := s.ask(t, "GET", c.path, nil); a.Header.Get("X-Saw") != c.want {
			t.Errorf("%s below %s, from %s: %q (%d %s), want %s", c.path, c.base, c.prefix, a.Header.Get("X-Saw"), a.StatusCode, body, c.want)
		}
	}
	s := newSite(t, routed(`"match":{"path":"/api"}`, up.URL+"/bot/"), siteOptions{})
	if a, _ := s.ask(t, "GET", "/api/x", nil); a.Header.Get("X-Saw") != "/bot/api/x" {
		t.Errorf("not stripped: %q", a.Header.Get("X-Saw"))
	}
}

func TestMethodNotAllowed(t *testing.T) {
	s := newSite(t, `{"r":{"mode":"proxy","upstreams":[{"url":"http://127.0.0.1:1"}],"match":{"path":"/","methods":["GET","HEAD"]}}}`, siteOptions{})
	a, body := s.ask(t, "DELETE", "/x", nil)
	if a.StatusCode != 405 || a.Header.Get("Allow") != "GET, HEAD" || !strings.Contains(body, `"method_not_allowed"`) {
		t.Errorf("%d %q %s", a.StatusCode, a.Header, body)
	}
}
