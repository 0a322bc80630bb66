package edge

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// from makes a request of a peer, with these lines of fields.
func from(t *testing.T, peer string, lines ...string) *fasthttp.RequestCtx {
	t.Helper()
	ctx := &fasthttp.RequestCtx{}
	ctx.Init2(&script{}, nil, false)
	ctx.Request.Header.SetHost("inner:8080")
	ctx.Request.SetRequestURI("/hooks/acme/s?a=%20b")
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		ctx.Request.Header.Add(name, value)
	}
	c := &Conn{Conn: &net.TCPConn{}, address: netip.MustParseAddr(peer)}
	ctx.Init2(c, nil, false)
	return ctx
}

func trustsTens(a netip.Addr) bool { return netip.MustParsePrefix("10.0.0.0/8").Contains(a) }

// Who called, and what, is what trusted proxies say and nobody else does.
func TestFront(t *testing.T) {
	const near, far = "10.0.0.1", "192.0.2.66"
	for name, c := range map[string]struct {
		peer         string
		lines        []string
		client, base string
	}{
		"nobody says":          {near, nil, near, "http://inner:8080"},
		"a stranger says":      {far, []string{"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: h.example", "Forwarded: for=1.2.3.4;proto=https"}, far, "http://inner:8080"},
		"all of the family":    {near, []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: HTTPS", "X-Forwarded-Host: h.example:8443", "X-Forwarded-Prefix: /gw/"}, "192.0.2.1", "https://h.example:8443/gw"},
		"the scheme alone":     {near, []string{"X-Forwarded-Proto: https"}, near, "https://inner:8080"},
		"a port":               {near, []string{"X-Forwarded-Proto: https", "X-Forwarded-Port: 8443"}, near, "https://inner:8080"},
		"the last that counts": {near, []string{"X-Forwarded-For: 1.1.1.1, 192.0.2.1", "X-Forwarded-For: 10.2.3.4:5000"}, "192.0.2.1", "http://inner:8080"},
		"all are trusted":      {near, []string{"X-Forwarded-For: 10.9.9.9, 10.2.3.4", "X-Forwarded-Proto: https, http"}, "10.9.9.9", "https://inner:8080"},
		"bracketed":            {near, []string{"X-Forwarded-For: [2001:db8::1]"}, "2001:db8::1", "http://inner:8080"},
		"bracketed, a port":    {near, []string{"X-Forwarded-For: [2001:db8::1]:443"}, "2001:db8::1", "http://inner:8080"},
		"a zone":               {near, []string{"X-Forwarded-For: fe80::1%eth0"}, "fe80::1", "http://inner:8080"},
		"no address":           {near, []string{"X-Forwarded-For: 192.0.2.1, unknown"}, near, "http://inner:8080"},
		"lists":                {near, []string{"X-Forwarded-For: 1.1.1.1, 192.0.2.1, 10.2.3.4", "X-Forwarded-Proto: ftp, https, http", "X-Forwarded-Host: forged.example, h.example, inner"}, "192.0.2.1", "https://h.example"},
		"a list of one proxy":  {near, []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http, https", "X-Forwarded-Host: forged.example, h.example"}, "192.0.2.1", "https://h.example"},
		"nonsense":             {near, []string{"X-Forwarded-Proto: gopher", "X-Forwarded-Host: h.example/x", "X-Forwarded-Prefix: /a/../b"}, near, "http://inner:8080"},
		"no path as prefix":    {near, []string{"X-Forwarded-Prefix: gw"}, near, "http://inner:8080"},
		"a query as prefix":    {near, []string{"X-Forwarded-Prefix: /gw?x"}, near, "http://inner:8080"},
		"the root as prefix":   {near, []string{"X-Forwarded-Prefix: /"}, near, "http://inner:8080"},
		"forwarded":            {near, []string{`Forwarded: For="[2001:db8:cafe::17]:4711";Proto=HTTPS;Host="h.example:8443";by=10.0.0.1`}, "2001:db8:cafe::17", "https://h.example:8443"},
		"forwarded by two":     {near, []string{"Forwarded: for=1.1.1.1;proto=http, for=192.0.2.1;proto=https;host=h.example", "Forwarded: ,, for=10.2.3.4 ; host=inner"}, "192.0.2.1", "https://h.example"},
		"an unquoted IPv6":     {near, []string{"Forwarded: for=[2001:db8::1]:80;proto=https"}, "2001:db8::1", "https://inner:8080"},
		"a hidden client":      {near, []string{"Forwarded: for=1.1.1.1, for=_hidden;proto=https;host=h.example"}, near, "https://h.example"},
		"a comma in quotes":    {near, []string{`Forwarded: for=192.0.2.1;by="a,b";proto=https`}, "192.0.2.1", "https://inner:8080"},
		"an open quote":        {near, []string{`Forwarded: for=192.0.2.1;proto="https, for=10.2.3.4`}, "10.2.3.4", "http://inner:8080"},
		"a client's quote":     {near, []string{`Forwarded: for=", for=192.0.2.1;proto=https;by="a,b"`}, "192.0.2.1", "https://inner:8080"},
		"a client's nonsense":  {near, []string{`Forwarded: x, for=192.0.2.1;host="h.example"`}, "192.0.2.1", "http://h.example"},
		"a client's commas":    {near, []string{"Forwarded: " + strings.Repeat(",", 4000) + ", for=192.0.2.1"}, "192.0.2.1", "http://inner:8080"},
		"an element in quotes": {near, []string{`Forwarded: for=192.0.2.1;host="a,for=10.1.1.1;proto="`}, "192.0.2.1", "http://inner:8080"},
		"one with its escapes": {near, []string{`Forwarded: for=192.0.2.1;host="a,for=10.1.1.1;proto=\""`}, "192.0.2.1", "http://inner:8080"},
		"no pair":              {near, []string{"Forwarded: 192.0.2.1"}, near, "http://inner:8080"},
		"both: the family's":   {near, []string{"X-Forwarded-For: 192.0.2.1", "Forwarded: for=1.1.1.1;proto=https;host=forged.example"}, "192.0.2.1", "http://inner:8080"},
		"both, no chain":       {near, []string{"X-Forwarded-Proto: https", "Forwarded: for=1.1.1.1;host=forged.example"}, "1.1.1.1", "https://inner:8080"},
		"many":                 {near, []string{"Forwarded: for=1.1.1.1, " + strings.Repeat("for=10.1.1.1, ", 100) + "for=10.2.3.4"}, "10.1.1.1", "http://inner:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			caller := Caller{Ctx: from(t, c.peer, c.lines...), Trusts: trustsTens}
			if got := caller.Address(); got.String() != c.client {
				t.Errorf("the client is %s, want %s", got, c.client)
			}
			if got := caller.URL(); got != c.base+"/hooks/acme/s?a=%20b" {
				t.Errorf("it called %s, want the base %s", got, c.base)
			}
			caller.PublicURL = "https://public.example/p"
			if got := caller.URL(); got != "https://public.example/p/hooks/acme/s?a=%20b" {
				t.Errorf("with a public url it called %s", got)
			}
			caller.PublicURL, caller.Trusts = "", nil
			if got := caller.Base(); got != "http://inner:8080" {
				t.Errorf("where nobody is trusted it called %s", got)
			}
		})
	}
}

// Whatever a trusted peer writes, the address is one that stands there, or the peer's,
// and the base is a URL.
func FuzzFront(f *testing.F) {
	f.Add("192.0.2.1, 10.1.1.1", "https, http", "h.example", "/a", `for="[::1]:1";proto=https, for=2.2.2.2`)
	f.Fuzz(func(t *testing.T, chain, proto, host, prefix, standard string) {
		for _, text := range []string{chain, proto, host, prefix, standard} {
			if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' }) {
				t.Skip()
			}
		}
		ctx := from(t, "10.0.0.1", "X-Forwarded-For: "+chain, "X-Forwarded-Proto: "+proto, "X-Forwarded-Host: "+host, "X-Forwarded-Prefix: "+prefix)
		for _, ctx := range []*fasthttp.RequestCtx{ctx, from(t, "10.0.0.1", "Forwarded: "+standard)} {
			front := FrontOf(ctx, trustsTens)
			if front.Scheme != "http" && front.Scheme != "https" || !isHost([]byte(front.Host)) || front.Prefix != "" && checkPath([]byte(front.Prefix)) != nil {
				t.Errorf("%+v", front)
			}
			if a := Client(ctx, trustsTens); !a.IsValid() {
				t.Error("no client")
			}
		}
	})
}
