// Package transporttest has what stands between hookgate and its targets in tests: a
// proxy that makes tunnels.
package transporttest

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Proxy is a proxy that answers CONNECT alone.
type Proxy struct {
	URL   string
	Names map[string]string // host:port that it resolves, to where they lead

	mu     sync.Mutex
	status int // in place of a tunnel; 0: none
	asked  []string
	auth   []string
}

// NewProxy runs a proxy on loopback, over TLS where there is a certificate.
func NewProxy(t testing.TB, cert *tls.Certificate) *Proxy {
	t.Helper()
	p := &Proxy{Names: map[string]string{}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if cert == nil {
		server.Start()
	} else {
		server.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Refuse answers with a status from now on.
func (p *Proxy) Refuse(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = status
}

// Asked gives the targets that were asked for, and forgets them.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := slices.Clone(p.asked)
	p.asked = nil
	return asked
}

// Auth gives what came as Proxy-Authorization, one for each request.
func (p *Proxy) Auth() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.auth)
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	status := p.status
	p.asked = append(p.asked, r.Method+" "+r.Host)
	p.auth = append(p.auth, r.Header.Get("Proxy-Authorization"))
	p.mu.Unlock()
	to := r.Host
	if known := p.Names[to]; known != "" {
		to = known
	}
	if r.Method != http.MethodConnect && status == 0 {
		status = http.StatusMethodNotAllowed
	}
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	target, err := net.Dial("tcp", to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = target.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	join(client, target)
}

// join passes bytes on both ways until one side ends.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = a.Close()
			_ = b.Close()
		})
	}
	both.Wait()
}
