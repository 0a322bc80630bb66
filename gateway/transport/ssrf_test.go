package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

var errReached = errors.New("the test ends here: the dial would be made")

// dialled keeps the addresses that a transport was about to connect to. Nothing
// is connected: the public internet is not the test's.
type dialled struct {
	mu sync.Mutex
	to []netip.AddrPort
}

func (d *dialled) dial(_ context.Context, to netip.AddrPort, judge func(netip.AddrPort) error) (net.Conn, error) {
	if err := judge(to); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.to = append(d.to, to)
	return nil, errReached
}

// guarded makes a transport that asks the test's name server.
func guarded(t *testing.T, answers map[string][]answer, e Egress) (*Transport, *names, *dialled) {
	t.Helper()
	server, resolver := nameServer(t, answers)
	d := &dialled{}
	tr := New(Options{Egress: e, Resolver: resolver, Dial: d.dial})
	t.Cleanup(tr.Close)
	return tr, server, d
}

func get(t *testing.T, tr *Transport, url string) (*Answer, *Error) {
	t.Helper()
	answer, err := tr.Do(t.Context(), &Request{Method: "GET", URL: url, Tenant: "acme"})
	if err == nil {
		return answer, nil
	}
	var known *Error
	if !errors.As(err, &known) {
		t.Fatalf("%s: %v is no *Error", url, err)
	}
	return answer, known // of an answer whose body is not whole there is both
}

// TestTargets runs every target of the vectors. Names lead where the vector's
// reason says; everything else has a public address, so that nothing but the
// rule itself can stop it.
func TestTargets(t *testing.T) {
	raw, err := os.ReadFile("testdata/ssrf_targets.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ ID, Target, Verdict, Stage, Why, Scenario string }
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	public := []answer{{addrs: []string{"93.184.215.14"}}}
	answers := map[string][]answer{
		"example.com": public, "2130706433.example": public, "localhost": public,
		"localhost.localdomain": public, "kubernetes.default.svc": public,
		"127.0.0.1.nip.io": {{addrs: []string{"127.0.0.1"}}},
	}
	for _, v := range vectors {
		if v.Scenario != "" {
			if scenarios[v.ID] == nil {
				t.Errorf("%s: no test plays %q", v.ID, v.Scenario)
				continue
			}
			t.Run(v.ID, scenarios[v.ID])
			continue
		}
		t.Run(v.ID, func(t *testing.T) {
			tr, _, d := guarded(t, answers, Egress{})
			written := tr.CheckURL(v.Target, false)
			if refuses := v.Stage == "parse" || v.Stage == "policy"; refuses != (written != nil) {
				t.Errorf("%s (stage %s): when written: %v", v.Target, v.Stage, written)
			}
			_, got := get(t, tr, v.Target)
			switch v.Verdict {
			case "allow":
				if len(d.to) != 1 {
					t.Errorf("%s was not dialled: %v", v.Target, got)
				}
			case "block":
				if len(d.to) != 0 || got == nil || got.Word != WordBlocked {
					t.Errorf("%s (%s): dialled %v, error %v", v.Target, v.Why, d.to, got)
				}
			default:
				t.Errorf("verdict %q", v.Verdict)
			}
		})
	}
}

// scenarios are the vectors that need a name server or a redirect.
var scenarios = map[string]func(*testing.T){
	"s02": func(t *testing.T) { // rebinding
		tr, server, d := guarded(t, map[string][]answer{"rebind.test": {
			{addrs: []string{"93.184.215.14"}}, {addrs: []string{"127.0.0.1"}},
		}}, Egress{})
		if _, err := get(t, tr, "http://rebind.test/"); err.Word != WordConnect || len(d.to) != 1 {
			t.Fatalf("first: %v, dialled %v", err, d.to)
		}
		if n := server.lookups("rebind.test"); n != 1 {
			t.Errorf("%d lookups for one dial", n)
		}
		if _, err := get(t, tr, "http://rebind.test/"); err.Word != WordBlocked || len(d.to) != 1 {
			t.Errorf("second: %v, dialled %v", err, d.to)
		}
	},
	"s04": func(t *testing.T) { // redirects are not followed
		inner := listen(t, func(net.Conn) { t.Error("the redirect was followed") })
		outer := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://"+inner)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		tr := loopback(t, Options{})
		answer, err := get(t, tr, outer)
		if err != nil || answer.Status != http.StatusTemporaryRedirect {
			t.Fatal(answer, err)
		}
		tr.SetEgress(Egress{})
		if _, err := get(t, tr, "https://127.0.0.1:2375/"); err.Word != WordBlocked {
			t.Errorf("the redirect's target by itself: %v", err)
		}
	},
	"s06": func(t *testing.T) { // the final address decides
		tr, _, d := guarded(t, map[string][]answer{"alias.test": {{cname: "db.internal", addrs: []string{"10.0.0.5"}}}}, Egress{})
		if _, err := get(t, tr, "http://alias.test/"); err.Word != WordBlocked || len(d.to) != 0 {
			t.Errorf("%v, dialled %v", err, d.to)
		}
	},
	"s08": func(t *testing.T) { // a mapped address
		tr, _, d := guarded(t, map[string][]answer{"mapped.test": {{addrs: []string{"::ffff:10.0.0.1"}}}}, Egress{})
		if _, err := get(t, tr, "http://mapped.test/"); err.Word != WordBlocked || len(d.to) != 0 {
			t.Errorf("%v, dialled %v", err, d.to)
		}
	},
	"s10": func(t *testing.T) { // a Host of the operator's
		if err := CheckHeader("hOST", "internal"); err == nil {
			t.Error("a Host header may be written")
		}
		tr, _, d := guarded(t, nil, Egress{})
		_, err := tr.Do(t.Context(), &Request{Method: "POST", URL: "https://1.1.1.1/", Header: [][2]string{{"Host", "internal"}}})
		var known *Error
		if !errors.As(err, &known) || known.Word != WordBlocked || len(d.to) != 0 {
			t.Errorf("%v, dialled %v", err, d.to)
		}
	},
	"s12": func(t *testing.T) { // a URL that came in a header of a request
		header := http.Header{"Paypal-Cert-Url": {"http://169.254.169.254/"}}
		tr, _, d := guarded(t, nil, Egress{})
		if _, err := get(t, tr, header.Get("Paypal-Cert-Url")); err.Word != WordBlocked || len(d.to) != 0 {
			t.Errorf("%v, dialled %v", err, d.to)
		}
	},
}

// addresses is a resolver that gives the same to every name.
type addresses []netip.Addr

func (a addresses) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) { return a, nil }

func TestEveryAddressOfANameIsJudged(t *testing.T) {
	d := &dialled{}
	public := netip.MustParseAddr("93.184.215.14")
	tr := New(Options{Dial: d.dial, Resolver: addresses{netip.MustParseAddr("10.0.0.1"), public, netip.MustParseAddr("127.0.0.1")}})
	defer tr.Close()
	_, err := get(t, tr, "http://two.test/")
	if want := netip.AddrPortFrom(public, 80); !slices.Equal(d.to, []netip.AddrPort{want}) {
		t.Errorf("dialled %v, want %v alone: %v", d.to, want, err)
	}
	if err.Word != WordConnect {
		t.Errorf("%v: a refused address hides that the allowed one failed", err)
	}
}

func TestTheNextAddressHasItsTurn(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	tr := loopback(t, Options{Resolver: addresses{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.1")}})
	if _, err := get(t, tr, fmt.Sprintf("http://two.test:%d/", portOf(t, url))); err != nil {
		t.Error(err)
	}
}

func TestEgressAllows(t *testing.T) {
	private := netip.MustParsePrefix("10.0.0.0/8")
	for _, c := range []struct {
		name   string
		egress Egress
		to     string
		want   bool
	}{
		{"allowed network, any port", Egress{Allow: []netip.Prefix{private}}, "10.1.2.3:6379", true},
		{"another network", Egress{Allow: []netip.Prefix{private}}, "192.168.1.1:80", false},
		{"public, but not on any port", Egress{Allow: []netip.Prefix{private}}, "1.1.1.1:6379", false},
		{"public, on a named port", Egress{Ports: []uint16{6379}}, "1.1.1.1:6379", true},
		{"public, ports named otherwise", Egress{Ports: []uint16{6379}}, "1.1.1.1:443", false},
		{"mapped address in an allowed network", Egress{Allow: []netip.Prefix{private}}, "[::ffff:10.0.0.1]:80", true},
		{"network written in the mapped form", Egress{Allow: []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}}, "10.0.0.1:80", true},
		{"NAT64 of a private address", Egress{Allow: []netip.Prefix{private}}, "[64:ff9b::a00:1]:80", false},
		{"NAT64 of a public address", Egress{}, "[64:ff9b::101:101]:80", true},
		{"Azure's wire server", Egress{}, "168.63.129.16:80", false},
		{"Azure's wire server, allowed", Egress{Allow: []netip.Prefix{netip.MustParsePrefix("168.63.129.16/32")}}, "168.63.129.16:80", true},
		{"zone", Egress{}, "[fe80::1%eth0]:80", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.egress.check(netip.MustParseAddrPort(c.to)); (err == nil) != c.want {
				t.Errorf("%s: %v", c.to, err)
			}
		})
	}
}

func TestNamesAreUsableInAnAllowedNetwork(t *testing.T) {
	e := Egress{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for _, url := range []string{"http://localhost:3000/x", "http://bot.internal/", "http://127.0.0.1:9/"} {
		if err := e.CheckURL(url, false); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if err := (Egress{}).CheckURL(url, true); err != nil {
			t.Errorf("%s, trusted: %v", url, err)
		}
	}
	if (Egress{}).CheckURL("http://127.1/", true) == nil {
		t.Error("a trusted url may be ambiguous")
	}
}

func TestOwnListenersAreRefused(t *testing.T) {
	everywhere := &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}
	here := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8081}
	o := ownListeners([]net.Addr{everywhere, here})
	for to, refused := range map[string]bool{
		"127.0.0.1:8080": true, "127.9.9.9:8080": true, "[::1]:8080": true, "0.0.0.0:8080": true,
		"[::ffff:127.0.0.1]:8080": true, "203.0.113.9:8080": false,
		"127.0.0.1:8081": true, "[::]:8081": true, "127.0.0.2:8081": false, "127.0.0.1:8082": false,
	} {
		if got := o.check(netip.MustParseAddrPort(to)) != nil; got != refused {
			t.Errorf("%s: refused %t", to, got)
		}
	}

	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	tr := loopback(t, Options{})
	tr.SetListeners(&net.TCPAddr{IP: net.IPv4zero, Port: portOf(t, url)})
	for _, trusted := range []bool{false, true} {
		_, err := tr.Do(t.Context(), &Request{Method: "GET", URL: url, Trusted: trusted})
		var known *Error
		if !errors.As(err, &known) || known.Word != WordBlocked {
			t.Errorf("trusted %t: %v", trusted, err)
		}
	}
}

func portOf(t *testing.T, raw string) int {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return int(netip.MustParseAddrPort(u.Host).Port())
}

// TestControlJudges: the check before the dial is not the only one.
func TestControlJudges(t *testing.T) {
	at := listen(t, func(net.Conn) { t.Error("connected") })
	_, err := netDial(t.Context(), netip.MustParseAddrPort(at), Egress{}.check)
	if !isBlocked(err) {
		t.Errorf("%v", err)
	}
}

func TestRulesChangeUnderKeptConnections(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	tr := loopback(t, Options{})
	if _, err := get(t, tr, url); err != nil {
		t.Fatal(err)
	}
	tr.SetEgress(Egress{})
	if _, err := get(t, tr, url); err == nil || err.Word != WordBlocked {
		t.Errorf("after the rules changed: %v", err)
	}
}

// FuzzURL: what is taken has one meaning, whoever reads it.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{"https://example.com/a?b#c", "http://[::1]:80", "http://127.0.0.1.", "http://a@b/", "https://x.test:443/%2f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		to, err := parseURL(raw)
		if err != nil {
			return
		}
		scheme := "http://"
		if to.tls {
			scheme = "https://"
		}
		again, err := parseURL(scheme + to.head + to.uri)
		if err != nil || again != to {
			t.Fatalf("%q is %+v, and read back %+v, %v", raw, to, again, err)
		}
		if strings.ContainsAny(to.head+to.uri, " \r\n\\\x00") {
			t.Fatalf("%q breaks its line", raw)
		}
	})
}
