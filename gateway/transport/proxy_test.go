package transport

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"hookgate/gateway/secure"
	"hookgate/gateway/secure/securetest"
	"hookgate/gateway/transport/transporttest"
)

// through makes a transport whose way out is a proxy.
func through(t *testing.T, o Options, p Proxy) *Transport {
	t.Helper()
	tr := loopback(t, o)
	if err := tr.SetWay(Way{Proxy: &p}); err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestProxyTunnelsBothSchemes(t *testing.T) {
	proxy, inner := transporttest.NewProxy(t, nil), securetest.NewAuthority(t)
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
	secret := secured(t, inner, tls.NoClientCert)
	userinfo := strings.Replace(proxy.URL, "http://", "http://us%40er:p%3Ass@", 1)
	tr := through(t, Options{}, Proxy{URL: userinfo})
	for range 2 { // the second over the kept tunnel
		answer, err := get(t, tr, plain)
		if err != nil || "http://"+string(answer.Body) != plain || "http://"+answer.Address != plain {
			t.Fatalf("%+v, %v", answer, err)
		}
	}
	if _, err := ask(t, tr, secret, compile(t, secure.Spec{CA: inner.PEM})); err != nil {
		t.Error(err)
	}
	want := "CONNECT " + strings.TrimPrefix(plain, "http://") + ",CONNECT " + strings.TrimPrefix(secret, "https://")
	if got := strings.Join(proxy.Asked(), ","); got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	if auth := proxy.Auth(); auth[0] != "Basic dXNAZXI6cDpzcw==" { // us@er:p:ss
		t.Errorf("Proxy-Authorization %q", auth[0])
	}
}

func TestProxyOverTLS(t *testing.T) {
	inner := securetest.NewAuthority(t)
	cert := inner.Server(t, "127.0.0.1")
	proxy := transporttest.NewProxy(t, &cert)
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	tr := loopback(t, Options{})
	pool := x509.NewCertPool()
	if err := secure.Pool(pool, inner.PEM); err != nil {
		t.Fatal(err)
	}
	if err := tr.SetWay(Way{Proxy: &Proxy{URL: proxy.URL}}); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, tr, url); err == nil || err.Word != WordConnect || !strings.Contains(err.Text, "unknown authority") {
		t.Errorf("a proxy that nobody trusts: %v", err)
	}
	if err := tr.SetWay(Way{Proxy: &Proxy{URL: proxy.URL}, Roots: pool}); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, tr, url); err != nil || len(proxy.Asked()) != 1 {
		t.Error(err)
	}
}

// The guard judges the target as if there were no proxy, and gives the proxy the
// address that it has judged: a name cannot lead elsewhere behind it.
func TestProxyIsGuarded(t *testing.T) {
	proxy := transporttest.NewProxy(t, nil)
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	_, resolver := nameServer(t, map[string][]answer{
		"good.test": {{addrs: []string{"127.0.0.1"}}}, "bad.test": {{addrs: []string{"10.1.2.3"}}},
	})
	tr := through(t, Options{Resolver: resolver}, Proxy{URL: proxy.URL})
	for target, word := range map[string]string{
		"http://10.1.2.3/": WordBlocked, "http://169.254.169.254/": WordBlocked, "http://bad.test/": WordBlocked, "http://missing.test/": WordDNS,
	} {
		if _, err := get(t, tr, target); err == nil || err.Word != word {
			t.Errorf("%s: %v", target, err)
		}
	}
	if asked := proxy.Asked(); len(asked) > 0 {
		t.Errorf("the proxy was asked for %v", asked)
	}
	if _, err := get(t, tr, "http://good.test:"+port); err != nil {
		t.Error(err)
	}
	if asked := proxy.Asked(); len(asked) != 1 || asked[0] != "CONNECT 127.0.0.1:"+port {
		t.Errorf("the proxy was asked for %v", asked)
	}
	at := netip.MustParseAddrPort(strings.TrimPrefix(url, "http://"))
	tr.SetListeners(net.TCPAddrFromAddrPort(at))
	if _, err := get(t, tr, url); err == nil || err.Word != WordBlocked {
		t.Errorf("our own listener, through a proxy: %v", err)
	}
}

// With resolve: proxy names are the proxy's, and literal addresses are judged here.
func TestProxyResolves(t *testing.T) {
	proxy := transporttest.NewProxy(t, nil)
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	proxy.Names["inner.example:443"] = strings.TrimPrefix(url, "http://")
	names, resolver := nameServer(t, nil)
	tr := through(t, Options{Resolver: resolver}, Proxy{URL: proxy.URL, Resolve: true})
	answer, err := get(t, tr, "http://inner.example:443/")
	if err != nil || answer.Address != "inner.example:443" || names.lookups("inner.example.") > 0 {
		t.Errorf("%v; looked up %d times", err, names.lookups("inner.example."))
	}
	for _, target := range []string{"http://10.1.2.3/", "http://[::ffff:10.1.2.3]/", "http://inner.example:22/",
		"http://localhost:443/", "http://metadata.google.internal/", "http://a.localhost/", "http://db:443/"} {
		if _, err := get(t, tr, target); err == nil || err.Word != WordBlocked {
			t.Errorf("%s: %v", target, err)
		}
	}
	if asked := proxy.Asked(); len(asked) != 1 || asked[0] != "CONNECT inner.example:443" {
		t.Errorf("asked %v", asked)
	}
}

func TestNoProxy(t *testing.T) {
	proxy := transporttest.NewProxy(t, nil)
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	addrs := []answer{{addrs: []string{"127.0.0.1"}}}
	_, resolver := nameServer(t, map[string][]answer{"corp.test": addrs, "a.corp.test": addrs, "notcorp.test": addrs})
	for entry, direct := range map[string]string{
		"corp.test": "corp.test a.corp.test", ".corp.test": "a.corp.test", "*.corp.test": "a.corp.test", "A.CORP.test.": "a.corp.test",
		"127.0.0.1": "all", "127.0.0.0/8": "all", "*": "all", "10.0.0.0/8": "", "corp.test:" + port: "corp.test a.corp.test", "corp.test:1": "",
		"127.0.0.1:" + port: "all", "::1": "",
	} {
		for _, resolve := range []bool{false, true} {
			tr := through(t, Options{Resolver: resolver}, Proxy{URL: proxy.URL, NoProxy: []string{"other.example", entry}, Resolve: resolve})
			tr.SetEgress(Egress{Allow: tr.rules.Load().egress.Allow, Ports: []uint16{at(port)}})
			for _, host := range []string{"127.0.0.1", "corp.test", "a.corp.test", "notcorp.test"} {
				proxy.Names[host+":"+port] = "127.0.0.1:" + port
				if _, err := get(t, tr, "http://"+host+":"+port); err != nil {
					t.Fatalf("%s, %s: %v", entry, host, err)
				}
				want := strings.Contains(" "+direct+" ", " "+host+" ") || direct == "all"
				if resolve && direct == "all" && entry != "*" && host != "127.0.0.1" {
					want = false // nobody here knows the address
				}
				if got := len(proxy.Asked()) == 0; got != want {
					t.Errorf("no_proxy %s, resolve %v: %s goes directly: %v", entry, resolve, host, got)
				}
			}
		}
	}
}

func at(port string) uint16 { return netip.MustParseAddrPort("127.0.0.1:" + port).Port() }

func TestProxyFailures(t *testing.T) {
	proxy := transporttest.NewProxy(t, nil)
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	tr := through(t, Options{}, Proxy{URL: proxy.URL})
	for status, text := range map[int]string{407: "user and a password", 403: "does not allow", 502: "cannot reach", 418: "418"} {
		proxy.Refuse(status)
		if _, err := get(t, tr, url); err == nil || err.Word != WordConnect || !strings.Contains(err.Text, text) {
			t.Errorf("%d: %v", status, err)
		}
	}
	for name, sent := range map[string]string{
		"is not HTTP": "220 hello\r\n", "more than its answer": "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 forged\r\n\r\n", "closed": "",
	} {
		odd := listen(t, func(conn net.Conn) {
			request(conn)
			_, _ = io.WriteString(conn, sent)
		})
		if _, err := get(t, through(t, Options{}, Proxy{URL: "http://" + odd}), url); err == nil || err.Word != WordConnect || !strings.Contains(err.Text, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	hold := make(chan struct{})
	silent := listen(t, func(net.Conn) { <-hold })
	t.Cleanup(func() { close(hold) })
	// Where the proxy is, is not told to those whose requests it does not take.
	for _, c := range []struct{ url, word, text string }{
		{"http://127.0.0.1:1", WordConnect, "connection refused"}, {"http://" + silent, WordTimeout, "deadline"},
		{"https://" + listen(t, func(conn net.Conn) { _ = conn.Close() }), WordConnect, ""}, {"http://proxy.invalid:3128", WordConnect, ""},
	} {
		host, port, _ := strings.Cut(c.url[strings.Index(c.url, "//")+2:], ":")
		_, err := get(t, through(t, Options{}, Proxy{URL: c.url}), url)
		if err == nil || err.Word != c.word || !strings.HasPrefix(err.Text, "egress.proxy: ") || !strings.Contains(err.Text, c.text) || strings.Contains(err.Text, host) || strings.Contains(err.Text, ":"+port) {
			t.Errorf("%s: %v", c.url, err)
		}
	}
}

func TestCheckProxy(t *testing.T) {
	for _, good := range []Proxy{{URL: "http://proxy:3128"}, {URL: "https://u:p@10.0.0.1:8443/"}, {URL: "http://u:p@ss/w %zz@proxy"}, {URL: "http://proxy", NoProxy: []string{"a.b", "[::1]:80", "fe80::/10", "_x.y:1"}}} {
		if err := CheckProxy(good); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []Proxy{
		{}, {URL: "proxy:3128"}, {URL: "socks5://proxy:1080"}, {URL: "http://proxy/path"}, {URL: "http://proxy?x"}, {URL: "http://s3cret:s3cret@pro xy"},
		{URL: "http://s3cret%0a:x@proxy"}, {URL: "http://s3cret%3A:x@proxy"}, {URL: "http://proxy", NoProxy: []string{""}}, {URL: "http://proxy", NoProxy: []string{"a b"}},
		{URL: "http://proxy", NoProxy: []string{"http://a"}}, {URL: "http://proxy", NoProxy: []string{"a:0"}}, {URL: "http://proxy", NoProxy: []string{"a,b"}},
	} {
		if err := CheckProxy(bad); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
