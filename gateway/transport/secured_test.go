package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hookgate/gateway/secure"
	"hookgate/gateway/secure/securetest"
)

// secured runs a server with a certificate of an authority, which asks for one of the
// client's where that is wanted. Each answer names the client, and its connection.
func secured(t *testing.T, authority *securetest.Authority, wanted tls.ClientAuthType) (url string) {
	t.Helper()
	pair := authority.Server(t, "receiver.test", "127.0.0.1")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := ""
		if certs := r.TLS.PeerCertificates; len(certs) > 0 {
			name = certs[0].Subject.CommonName
		}
		_, _ = io.WriteString(w, name+"|"+r.RemoteAddr+"|"+r.TLS.ServerName)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // some handshakes are meant to fail
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(authority.PEM))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: wanted, ClientCAs: pool}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func compile(t *testing.T, s secure.Spec) *secure.Settings {
	t.Helper()
	made, faults := secure.Compile(s)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return made
}

func ask(t *testing.T, tr *Transport, url string, settings *secure.Settings) ([]string, error) {
	t.Helper()
	answer, err := tr.Do(t.Context(), &Request{Method: "GET", URL: url, Tenant: "acme", TLS: settings})
	if err != nil {
		return nil, err
	}
	return strings.Split(string(answer.Body), "|"), nil
}

func TestOwnAuthority(t *testing.T) {
	inner, other := securetest.NewAuthority(t), securetest.NewAuthority(t)
	url := secured(t, inner, tls.NoClientCert)
	tr := loopback(t, Options{})
	if _, err := ask(t, tr, url, nil); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("without: %v", err)
	}
	if _, err := ask(t, tr, url, compile(t, secure.Spec{CA: other.PEM})); err == nil {
		t.Error("another authority passes")
	}
	if _, err := ask(t, tr, url, compile(t, secure.Spec{CA: inner.PEM})); err != nil {
		t.Error(err)
	}
	if _, err := ask(t, tr, url, nil); err == nil {
		t.Error("a connection of one that trusts more was used")
	}
	// egress.ca is for all, and for one that names its own in place of it.
	pool := x509.NewCertPool()
	if err := secure.Pool(pool, inner.PEM); err != nil {
		t.Fatal(err)
	}
	if err := tr.SetWay(Way{Roots: pool}); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t, tr, url, nil); err != nil {
		t.Errorf("egress.ca: %v", err)
	}
	if _, err := ask(t, tr, url, compile(t, secure.Spec{CA: other.PEM})); err == nil {
		t.Error("egress.ca holds beside the target's own ca")
	}
}

// An authority that egress.ca names no more is not trusted any longer, also by a
// session of before.
func TestAuthoritiesLeave(t *testing.T) {
	inner := securetest.NewAuthority(t)
	url := secured(t, inner, tls.NoClientCert)
	tr := loopback(t, Options{})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(inner.PEM))
	for _, settings := range []*secure.Settings{nil, compile(t, secure.Spec{ServerName: "receiver.test"})} {
		if err := tr.SetWay(Way{Roots: pool}); err != nil {
			t.Fatal(err)
		}
		if _, err := ask(t, tr, url, settings); err != nil {
			t.Fatal(err)
		}
		if err := tr.SetWay(Way{Roots: x509.NewCertPool()}); err != nil {
			t.Fatal(err)
		}
		if _, err := ask(t, tr, url, settings); err == nil || !strings.Contains(err.Error(), "unknown authority") {
			t.Errorf("then: %v", err)
		}
	}
}

func TestServerName(t *testing.T) {
	inner := securetest.NewAuthority(t)
	url := secured(t, inner, tls.NoClientCert)
	tr := loopback(t, Options{})
	said, err := ask(t, tr, url, compile(t, secure.Spec{CA: inner.PEM, ServerName: "Receiver.test."}))
	if err != nil || said[2] != "receiver.test" {
		t.Errorf("%v, %v", said, err)
	}
	if _, err := ask(t, tr, url, compile(t, secure.Spec{CA: inner.PEM, ServerName: "other.test"})); err == nil || !strings.Contains(err.Error(), "another name") {
		t.Error(err)
	}
}

// Connections are kept apart for all that secures them, and kept for the same.
func TestClientCertificates(t *testing.T) {
	inner := securetest.NewAuthority(t)
	url := secured(t, inner, tls.VerifyClientCertIfGiven)
	tr := loopback(t, Options{})
	client := func(name string) secure.Spec {
		cert, key := inner.Client(t, name)
		return secure.Spec{CA: inner.PEM, Cert: cert, Key: key}
	}
	one, two, nobody := client("one"), client("two"), secure.Spec{CA: inner.PEM}
	conns := map[string]string{}
	for _, c := range []struct {
		spec secure.Spec
		name string
	}{{one, "one"}, {two, "two"}, {nobody, ""}, {one, "one"}, {two, "two"}, {nobody, ""}} {
		said, err := ask(t, tr, url, compile(t, c.spec)) // compiled anew, as after each write
		if err != nil || said[0] != c.name {
			t.Fatalf("%q came as %v, %v", c.name, said, err)
		}
		if kept := conns[c.name]; kept != "" && kept != said[1] {
			t.Errorf("%q made a second connection", c.name)
		}
		conns[c.name] = said[1]
	}
	strict := secured(t, inner, tls.RequireAndVerifyClientCert)
	if _, err := ask(t, tr, strict, compile(t, nobody)); err == nil {
		t.Error("no certificate passes where one is wanted")
	}
	if said, err := ask(t, tr, strict, compile(t, one)); err != nil || said[0] != "one" {
		t.Errorf("%v, %v", said, err)
	}
}

// A receiver that refuses our certificate, or the lack of one, is said to do so, by
// TLS 1.2 in the handshake and by 1.3 behind it.
func TestRefusedCertificates(t *testing.T) {
	inner, other := securetest.NewAuthority(t), securetest.NewAuthority(t)
	cert, key := other.Client(t, "stranger")
	for version, most := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		for name, c := range map[string]struct {
			spec secure.Spec
			want string
		}{
			"none":    {secure.Spec{CA: inner.PEM}, ""},
			"another": {secure.Spec{CA: inner.PEM, Cert: cert, Key: key}, "certificate"},
		} {
			t.Run(version+"/"+name, func(t *testing.T) {
				tr := loopback(t, Options{})
				_, err := ask(t, tr, refusing(t, inner, most), compile(t, c.spec))
				var known *Error
				if !errors.As(err, &known) || known.Word != WordTLS || !strings.Contains(known.Text, "it refuses: ") || !strings.Contains(known.Text, c.want) {
					t.Errorf("%v", err)
				}
			})
		}
	}
}

// refusing runs a server that wants certificates of an authority.
func refusing(t *testing.T, authority *securetest.Authority, most uint16) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshakes are meant to fail
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(authority.PEM))
	pair := authority.Server(t, "127.0.0.1")
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MaxVersion: most}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// The guard checks addresses, whatever secures the connection.
func TestGuardHoldsUnderTLS(t *testing.T) {
	inner := securetest.NewAuthority(t)
	tr := New(Options{})
	t.Cleanup(tr.Close)
	_, err := get(t, tr, secured(t, inner, tls.NoClientCert))
	if err == nil || err.Word != WordBlocked {
		t.Error(err)
	}
	if _, err := ask(t, tr, secured(t, inner, tls.NoClientCert), compile(t, secure.Spec{CA: inner.PEM})); err == nil || !strings.HasPrefix(err.Error(), WordBlocked) {
		t.Error(err)
	}
}

// What failed says how, with the day on which a certificate ended.
func TestExpiredSaysWhen(t *testing.T) {
	stale, authority := expired(t)
	late := httptest.NewUnstartedServer(nil)
	late.Config.ErrorLog = log.New(io.Discard, "", 0)
	late.TLS = &tls.Config{Certificates: []tls.Certificate{stale}}
	late.StartTLS()
	t.Cleanup(late.Close)
	_, err := get(t, loopback(t, Options{RootCAs: authority}), late.URL)
	if err == nil || !strings.Contains(err.Text, "the certificate has expired on 20") {
		t.Error(err)
	}
}
