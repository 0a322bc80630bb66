package proxy

import (
	"net/http"
	"strings"
	"testing"
)

// moved is a route whose upstream answers with these fields, in which UP stands for its
// address; public is public.url.
func moved(t *testing.T, route, public, base string, trusted []string, fields ...string) (*site, string) {
	t.Helper()
	var up string
	server := upstreamServer(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(fields); i += 2 {
			w.Header().Add(fields[i], strings.ReplaceAll(fields[i+1], "UP", up))
		}
		w.WriteHeader(http.StatusSeeOther)
	})
	up = strings.TrimPrefix(server.URL, "http://")
	s := newSite(t, routed(route, server.URL+base, "http://other.test:8080/bot"), siteOptions{trusted: trusted, public: public})
	s.Proxy.table.Load().byPath[pathOf(route)][0].upstreams[1].sick.Store(true)
	return s, up
}

func pathOf(route string) string {
	if _, rest, found := strings.Cut(route, `"path":"`); found {
		path, _, _ := strings.Cut(rest, `"`)
		return path
	}
	return "/"
}

// An upstream's own address becomes the public one, and nothing else does.
func TestLocationIsRewritten(t *testing.T) {
	const strip, plain = `"match":{"path":"/api"},"strip_prefix":true`, ``
	for name, c := range map[string]struct {
		route, public, base string
		fields              []string // of the request
		location, want      string   // ASKED stands for the address that was asked for
	}{
		"its own":                  {plain, "", "", nil, "http://UP/login?next=%2F#top", "http://ASKED/login?next=%2F#top"},
		"bare":                     {plain, "", "", nil, "http://UP", "http://ASKED"},
		"bare, a query":            {plain, "", "", nil, "http://UP?a=1", "http://ASKED?a=1"},
		"in capitals":              {plain, "", "", nil, "HTTP://UP/x", "http://ASKED/x"},
		"another scheme":           {plain, "", "", nil, "https://UP/x", "http://ASKED/x"},
		"no scheme":                {plain, "", "", nil, "//UP/x", "http://ASKED/x"},
		"the other upstream's":     {plain, "", "", nil, "http://OTHER.test:8080/bot/x", "http://ASKED/x"},
		"beside its base":          {plain, "", "", nil, "http://other.test:8080/both/x", "http://other.test:8080/both/x"},
		"another port":             {plain, "", "", nil, "http://other.test/bot/x", "http://other.test/bot/x"},
		"elsewhere":                {plain, "", "", nil, "https://login.example/x?to=http://UP/", "https://login.example/x?to=http://UP/"},
		"another kind":             {plain, "", "", nil, "ftp://UP/x", "ftp://UP/x"},
		"with a user":              {plain, "", "", nil, "http://u@UP/x", "http://u@UP/x"},
		"a path":                   {plain, "", "", nil, "/login", "/login"},
		"relative":                 {plain, "", "", nil, "login?to=//UP/x", "login?to=//UP/x"},
		"empty":                    {plain, "", "", nil, "", ""},
		"a public url":             {plain, "https://h.example", "", nil, "http://UP/x", "https://h.example/x"},
		"a public url with a path": {plain, "https://h.example/gw", "", nil, "http://UP/x", "https://h.example/gw/x"},
		"the public one":           {plain, "https://h.example/gw", "", nil, "https://H.example/gw/x", "https://H.example/gw/x"},
		"a prefix":                 {strip, "", "", nil, "http://UP/x", "http://ASKED/api/x"},
		"a prefix, twice":          {strip, "", "", nil, "http://UP/api/x", "http://ASKED/api/api/x"},
		"a prefix, bare":           {strip, "", "", nil, "http://UP/", "http://ASKED/api/"},
		"a prefix, a path":         {strip, "", "", nil, "/x", "/api/x"},
		"a prefix, known":          {strip, "", "", nil, "/api/x", "/api/x"},
		"a prefix, beside":         {strip, "", "", nil, "/apis", "/api/apis"},
		"a prefix, public":         {strip, "https://h.example/gw", "", nil, "/x", "/gw/api/x"},
		"a base":                   {plain, "", "/bot", nil, "http://UP/bot/x", "http://ASKED/x"},
		"a base, beside":           {plain, "", "/bot", nil, "http://UP/x", "http://UP/x"},
		"a base, a path":           {plain, "", "/bot", nil, "/bot/x", "/x"},
		"a base, its root":         {plain, "", "/bot", nil, "/bot", "/"},
		"a base, its query":        {plain, "", "/bot", nil, "/bot?x", "/?x"},
		"a base and a prefix":      {strip, "", "/bot", nil, "http://UP/bot/x", "http://ASKED/api/x"},
		"behind a proxy":           {plain, "", "", []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "h.example", "X-Forwarded-Prefix", "/gw"}, "http://UP/x", "https://h.example/gw/x"},
		"behind one of RFC 7239":   {plain, "", "", []string{"Forwarded", "for=192.0.2.1;proto=https;host=h.example"}, "http://UP/x", "https://h.example/x"},
		"preserved":                {`"preserve_host":true`, "https://h.example", "", []string{"Host", "h.example"}, "http://h.example/x", "https://h.example/x"},
		"preserved, and right":     {`"preserve_host":true`, "https://h.example", "", []string{"Host", "h.example"}, "https://h.example/x", "https://h.example/x"},
		"not preserved":            {plain, "https://h.example", "", []string{"Host", "b.example"}, "http://b.example/x", "http://b.example/x"},
		"of one host":              {`"match":{"path":"/","host":"b.example"}`, "https://h.example", "", []string{"Host", "b.example"}, "http://UP/x", "http://b.example/x"},
		"of the public host":       {`"match":{"path":"/","host":"h.example"}`, "https://h.example", "", []string{"Host", "h.example"}, "http://UP/x", "https://h.example/x"},
		"not wanted":               {`"rewrite_location":false`, "https://h.example", "", nil, "http://UP/x", "http://UP/x"},
	} {
		t.Run(name, func(t *testing.T) {
			s, up := moved(t, c.route, c.public, c.base, []string{"127.0.0.0/8"}, "Location", c.location, "Content-Location", c.location, "X-Location", c.location)
			a, _ := s.ask(t, "GET", strings.TrimSuffix(pathOf(c.route), "/")+"/a", nil, c.fields...)
			want := strings.NewReplacer("ASKED", s.addr, "UP", up).Replace(c.want)
			for _, field := range []string{"Location", "Content-Location"} {
				if got := a.Header.Get(field); got != want {
					t.Errorf("%s: %s is %s, want %s", c.location, field, got, want)
				}
			}
			if got := a.Header.Get("X-Location"); got != strings.ReplaceAll(c.location, "UP", up) {
				t.Errorf("another field became %s", got)
			}
		})
	}
}

func TestRefreshIsRewritten(t *testing.T) {
	for written, want := range map[string]string{
		"5; url=http://UP/x":   "5; url=http://ASKED/x",
		"0;URL='http://UP/x'":  "0;URL=http://ASKED/x",
		"5":                    "5",
		"5; url=https://x.org": "5; url=https://x.org",
	} {
		s, _ := moved(t, "", "", "", nil, "Refresh", written)
		a, _ := s.ask(t, "GET", "/", nil)
		if got := a.Header.Get("Refresh"); got != strings.ReplaceAll(want, "ASKED", s.addr) {
			t.Errorf("%s became %s", written, got)
		}
	}
}

// TestFrontIsTold: what an upstream hears of how it was called.
func TestFrontIsTold(t *testing.T) {
	up := echoHeads(t)
	for name, c := range map[string]struct {
		route, trusted string
		fields         []string
		want           string // lines, sorted as they are sent
	}{
		"preserved":               {route: `"preserve_host":true`, fields: []string{"Host", "B.example:8080"}, want: "Host: B.example:8080|X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: B.example:8080"},
		"stripped":                {route: `"match":{"path":"/a%20p/"},"strip_prefix":true`, want: "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR|X-Forwarded-Prefix: /a%20p"},
		"nothing stripped":        {fields: []string{"X-Forwarded-Prefix", "/forged"}, want: "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR"},
		"all of it":               {route: `"match":{"path":"/"},"strip_prefix":true`, want: "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR"},
		"told by a stranger":      {route: `"match":{"path":"/a%20p"},"strip_prefix":true`, fields: []string{"X-Forwarded-Prefix", "/forged", "X_Forwarded_Prefix", "/forged"}, want: "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR|X-Forwarded-Prefix: /a%20p"},
		"told by a proxy":         {trusted: "127.0.0.1/32", fields: []string{"X-Forwarded-Prefix", "/gw/"}, want: "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR|X-Forwarded-Prefix: /gw"},
		"told, and stripped":      {trusted: "127.0.0.1/32", route: `"match":{"path":"/a%20p"},"strip_prefix":true`, fields: []string{"X-Forwarded-Prefix", "/gw"}, want: "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR|X-Forwarded-Prefix: /gw/a%20p"},
		"removed":                 {route: `"match":{"path":"/a%20p"},"strip_prefix":true,"headers":{"remove":["X-Forwarded-Prefix"]}`, want: "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR"},
		"in Forwarded":            {trusted: "127.0.0.1/32", fields: []string{"Forwarded", `for="[2001:db8::1]:80";proto=https;host=h.example`}, want: `Forwarded: for="[2001:db8::1]:80";proto=https;host=h.example|X-Forwarded-For: 2001:db8::1, 127.0.0.1|X-Forwarded-Proto: https|X-Forwarded-Host: h.example`},
		"in both":                 {trusted: "127.0.0.1/32", fields: []string{"Forwarded", "for=1.1.1.1;proto=https", "X-Forwarded-For", "192.0.2.1"}, want: "Forwarded: for=1.1.1.1;proto=https|X-Forwarded-For: 192.0.2.1, 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR"},
		"in a stranger's":         {fields: []string{"Forwarded", "for=1.1.1.1;proto=https"}, want: "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR"},
		"a trailer that is named": {fields: []string{"Trailer", "X-Checksum"}, want: "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|X-Forwarded-Host: ADDR"},
	} {
		t.Run(name, func(t *testing.T) {
			o := siteOptions{}
			if c.trusted != "" {
				o.trusted = []string{c.trusted}
			}
			s := newSite(t, routed(c.route, up), o)
			path := strings.TrimSuffix(pathOf(c.route), "/") + "/x"
			host := s.addr
			var lines strings.Builder
			for i := 0; i < len(c.fields); i += 2 {
				if c.fields[i] == "Host" {
					host = c.fields[i+1]
					continue
				}
				lines.WriteString(c.fields[i] + ": " + c.fields[i+1] + "\r\n")
			}
			conn := s.dial(t)
			conn.send(t, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\n"+lines.String()+"\r\n")
			_, got := conn.answer(t, "GET")
			got = unidentified(t, got)
			want := strings.ReplaceAll(c.want, "ADDR", s.addr)
			if !strings.HasPrefix(want, "Host: ") {
				want = "Host: " + strings.TrimPrefix(up, "http://") + "|" + want
			}
			if _, head, _ := strings.Cut(got, "\r\n"); head != strings.ReplaceAll(want, "|", "\r\n")+"\r\n\r\n" {
				t.Errorf("the upstream got\n%s\nwant\n%s", head, strings.ReplaceAll(want, "|", "\r\n"))
			}
		})
	}
}
