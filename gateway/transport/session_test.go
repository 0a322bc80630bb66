package transport

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/secure"
	"hookgate/gateway/secure/securetest"
	"hookgate/gateway/shares"
)

// resuming runs a server whose answers say whether their connection's session was resumed.
// Each answer ends its connection.
func resuming(t *testing.T, authority *securetest.Authority, most uint16) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		if r.TLS.DidResume {
			_, _ = io.WriteString(w, "resumed")
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Server(t, "receiver.test", "127.0.0.1")}, MaxVersion: most}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func trusting(t *testing.T, authority *securetest.Authority) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(authority.PEM))
	return roots
}

// A session serves its tenant, target and settings alone, and no other trust.
func TestSessionsAreApart(t *testing.T) {
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			authority := securetest.NewAuthority(t)
			one, two := resuming(t, authority, version), resuming(t, authority, version)
			tr := loopback(t, Options{RootCAs: trusting(t, authority)})
			resumed := func(tenant, url string, settings *secure.Settings) bool {
				t.Helper()
				answer, err := tr.Do(t.Context(), &Request{Method: "GET", URL: url, Tenant: tenant, TLS: settings})
				if err != nil {
					t.Fatal(err)
				}
				return string(answer.Body) == "resumed"
			}
			own := compile(t, secure.Spec{ServerName: "receiver.test"})
			for _, step := range []struct {
				what, tenant, url string
				settings          *secure.Settings
				want              bool
			}{
				{"the first", "acme", one.URL, nil, false},
				{"the second", "acme", one.URL, nil, true},
				{"the third", "acme", one.URL, nil, true},
				{"another tenant's", "other", one.URL, nil, false},
				{"another port", "acme", two.URL, nil, false},
				{"other settings", "acme", one.URL, own, false},
				{"these again", "acme", one.URL, own, true},
			} {
				if got := resumed(step.tenant, step.url, step.settings); got != step.want {
					t.Errorf("%s: resumed is %t", step.what, got)
				}
			}
			if err := tr.SetWay(Way{Roots: trusting(t, authority)}); err != nil {
				t.Fatal(err)
			}
			if resumed("acme", one.URL, nil) || resumed("acme", one.URL, own) {
				t.Error("a session outlives egress.ca")
			}
			if !resumed("acme", one.URL, nil) {
				t.Error("nothing is resumed after a change of egress.ca")
			}
			if tr.Close(); tr.pool.sessions.Stat().Used != 0 {
				t.Errorf("%d bytes are counted after the end", tr.pool.sessions.Stat().Used)
			}
		})
	}
}

// A connection made before egress.ca changed may bring its ticket afterwards: it is of no
// use to those made since.
func TestLateTickets(t *testing.T) {
	tickets := &tickets{now: time.Now}
	before, after := &way{}, &way{}
	tickets.trusted(100)
	session := someSession(t)
	tickets.under(before).Put("", session)
	if _, known := tickets.under(before).Get(""); !known {
		t.Error("it is not kept")
	}
	if _, known := tickets.under(after).Get(""); known {
		t.Error("it is resumed under another trust")
	}
}

// someSession makes one, as crypto/tls makes them.
func someSession(t *testing.T) *tls.ClientSessionState {
	t.Helper()
	authority := securetest.NewAuthority(t)
	server := resuming(t, authority, tls.VersionTLS12)
	cache := tls.NewLRUClientSessionCache(1)
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{RootCAs: trusting(t, authority), ServerName: "127.0.0.1", ClientSessionCache: cache})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	session, known := cache.Get("127.0.0.1")
	if !known {
		t.Fatal("no session")
	}
	return session
}

// Resumed again and again, a session ends: the certificate is then looked at anew.
func TestSessionsAge(t *testing.T) {
	c := &clock{}
	authority := securetest.NewAuthority(t)
	server := resuming(t, authority, tls.VersionTLS13)
	tr := loopback(t, Options{RootCAs: trusting(t, authority), Now: c.now})
	for i, want := range []string{"", "resumed", "resumed", "", "resumed"} {
		answer, err := tr.Do(t.Context(), &Request{Method: "GET", URL: server.URL})
		if err != nil || string(answer.Body) != want {
			t.Errorf("request %d: %q, %v", i, answer.Body, err)
		}
		c.advance(maxTrust/2 - time.Minute)
		if i == 2 {
			c.advance(2 * time.Minute)
		}
	}
}

func TestSessionsAreBounded(t *testing.T) {
	budget := shares.New(1 << 10) // less than one takes
	authority := securetest.NewAuthority(t)
	server := resuming(t, authority, tls.VersionTLS13)
	tr := loopback(t, Options{RootCAs: trusting(t, authority), Sessions: budget})
	for range 2 {
		answer, err := tr.Do(t.Context(), &Request{Method: "GET", URL: server.URL})
		if err != nil || string(answer.Body) != "" {
			t.Errorf("%q, %v", answer.Body, err)
		}
	}
	if s := budget.Stat(); s.Used != 0 || s.Refused == 0 {
		t.Errorf("%+v", s)
	}
}

// Under TLS the end is a record, which is seen before a request is sent; a ticket that
// comes late is none.
func TestClosedWhileIdleOverTLS(t *testing.T) {
	authority := securetest.NewAuthority(t)
	var served atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Server(t, "127.0.0.1")}}
	server.StartTLS()
	t.Cleanup(server.Close)
	c := &clock{}
	tr := loopback(t, Options{RootCAs: trusting(t, authority), Now: c.now})
	post(t, tr, "acme", server.URL)
	c.advance(2 * time.Second)
	tr.pool.tend()
	post(t, tr, "acme", server.URL)
	h := onlyHost(t, tr)
	if l := h.idle[0]; !l.reused {
		t.Error("a kept connection was not used")
	}
	server.CloseClientConnections()
	c.advance(2 * time.Second)
	if tr.pool.tend(); len(h.idle) != 0 || h.rest.open != 1 {
		t.Errorf("%d at rest, %+v", len(h.idle), h.rest)
	}
	post(t, tr, "acme", server.URL)
	if served.Load() != 3 {
		t.Errorf("%d requests came", served.Load())
	}
}

// A peer whose certificates are long costs a handshake each time, not memory.
func TestLongChainsAreNotKept(t *testing.T) {
	authority := securetest.NewAuthority(t)
	pair := authority.Server(t, "127.0.0.1")
	for range 100 {
		pair.Certificate = append(pair.Certificate, pair.Certificate[0])
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	tr := loopback(t, Options{RootCAs: trusting(t, authority)})
	one, err := ask(t, tr, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := ask(t, tr, server.URL, nil)
	if err != nil || strings.Join(one, "") == strings.Join(two, "") {
		t.Errorf("%v, %v, %v", one, two, err)
	}
	if tr.pool.kept.Stat().Used+tr.pool.sessions.Stat().Used != 0 {
		t.Error("something is kept")
	}
}
