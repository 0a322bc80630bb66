package node

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/secure/securetest"
	"hookgate/gateway/transport"
	"hookgate/gateway/transport/transporttest"
)

// world is what there is to reach outside: a plain server, a proxy that knows it as
// receiver.test too, and two servers whose authorities nobody knows.
type world struct {
	plain       string
	behind      string // the same, at an address that only the proxy knows
	proxy       *transporttest.Proxy
	authorities [2]*securetest.Authority
	secured     [2]string
}

// outside is the world of the test that is running.
var outside *world

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{proxy: transporttest.NewProxy(t, nil)}
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(plain.Close)
	w.plain, w.behind = plain.URL, strings.Replace(plain.URL, "127.0.0.1", "127.0.0.2", 1)
	w.proxy.Names[strings.TrimPrefix(w.behind, "http://")] = strings.TrimPrefix(w.plain, "http://")
	w.proxy.Names["receiver.test:80"] = strings.TrimPrefix(plain.URL, "http://")
	for i := range w.authorities {
		w.authorities[i] = securetest.NewAuthority(t)
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
		server.TLS = &tls.Config{Certificates: []tls.Certificate{w.authorities[i].Server(t, "127.0.0.1")}}
		server.StartTLS()
		t.Cleanup(server.Close)
		w.secured[i] = server.URL
	}
	return w
}

// reached says whether a request arrives; each has a connection of its own.
func (w *world) reached(n *Node, url string) bool {
	_, err := n.transport.Do(context.Background(), &transport.Request{Method: "GET", URL: url, Tenant: rand.Text(), Trusted: true, Timeout: 20 * time.Second})
	return err == nil
}

// What is wrong with egress is told where it stands, without a password.
func TestEgressIsChecked(t *testing.T) {
	for place, change := range map[string]func(*configs.Egress){
		"egress.ca":        func(e *configs.Egress) { e.CA = "no PEM" },
		"egress.proxy.url": func(e *configs.Egress) { e.Proxy.URL = "ftp://u:s3cret@proxy" },
		"egress.proxy.no_proxy[1]": func(e *configs.Egress) {
			e.Proxy = configs.EgressProxy{URL: "http://proxy", NoProxy: []string{"a.b", "a b"}}
		},
		"egress.proxy.url: is mi":      func(e *configs.Egress) { e.Proxy.NoProxy = []string{"*"} },
		"egress.proxy.url: is missing": func(e *configs.Egress) { e.Proxy.Resolve = "proxy" },
	} {
		c := configs.Default()
		change(&c.Egress)
		faults := Check(c)
		if len(faults) != 1 || !strings.HasPrefix(faults[0].String(), place) || strings.Contains(faults[0].String(), "s3cret") {
			t.Errorf("%s: %v", place, faults)
		}
	}
	c := configs.Default()
	c.Egress.Proxy = configs.EgressProxy{URL: gateway.Secret("https://u:p@proxy:3128"), NoProxy: []string{"*", "10.0.0.0/8", ".corp"}, Resolve: "proxy"}
	if faults := Check(c); len(faults) > 0 {
		t.Error(faults)
	}
}
