package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
)

// bodiesConfig has whatever takes a body.
func bodiesConfig(upstream string) string {
	return `
tokens:
  - { scope: tenant, tenant: acme, name: acme, secret: the-token-of-the-attacker }
tenants:
  acme:
    sources:
      payments: { verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] } }
  bystander:
    sources:
      payments:
        early: { max: 100000 }
        verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] }
routes:
  proxied: { mode: proxy, match: { path: /proxied }, max_body: 2MiB, upstreams: [{ url: ` + upstream + ` }] }
  relayed: { mode: relay, tenant: acme, match: { path: /relayed }, max_body: 2MiB, upstreams: [{ url: ` + upstream + ` }] }
`
}

const (
	bodyAttackers = 400
	bodyAttack    = 3 * time.Second // how long each goes on
	bodyRounds    = 3               // of which one must be calm enough: the machine has other work
	mostMemory    = 512 << 20       // bytes: of the process, in all of the suite
)

// Bodies of nearly 1 MiB that never end, from one block of addresses, take no more than
// its share: callbacks from other blocks are answered as in calm, and the process stays
// small.
func TestHostileBodies(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer up.Close()
	p, pid := startWithFiles(t, wantFiles(t, 4*bodyAttackers+1000), bodiesConfig(up.URL))
	calm := newCaller(t, p).during(bodyAttack)
	t.Logf("in calm: %s", calm)
	public := func(path string) bodies { return bodies{p.Public, path, ""} }
	floods := map[string]bodies{
		"a tenant that is not there": public("/hooks/nobody/payments"),
		"a source, not verified":     public("/hooks/acme/payments"),
		"a route that proxies":       public("/proxied"),
		"a route that relays":        public("/relayed"),
		"internal, without a token":  {p.Internal, "/v1/tenants/acme/events", ""},
		"internal, with a token":     {p.Internal, "/v1/tenants/acme/events", "Authorization: Bearer the-token-of-the-attacker\r\n"},
	}
	for name, f := range floods {
		beside(t, p, name, calm, func(over <-chan struct{}) { f.run(t, bodyAttackers, over) })
	}
	beside(t, p, "all at once", calm, func(over <-chan struct{}) {
		var wait sync.WaitGroup
		for _, f := range floods {
			wait.Go(func() { f.run(t, bodyAttackers/len(floods), over) })
		}
		wait.Wait()
	})
	peak := peakMemory(t, pid)
	t.Logf("the process had at most %d MiB", peak>>20)
	if peak > mostMemory {
		t.Errorf("the process had %d MiB", peak>>20)
	}
	gatewaytest.Eventually(t, hostilePatience, func() error {
		internal := dialRaw(t, p.Internal)
		defer func() { _ = internal.Close() }()
		for _, budget := range []string{"bodies_public", "bodies_internal"} {
			if used := measured(t, internal, `hookgate_budget_used{budget="`+budget+`"}`); used > 0 {
				return fmt.Errorf("%s: %g bytes are not given back", budget, used)
			}
		}
		return nil
	})
}

// beside lets a bystander call while an attack goes on.
func beside(t *testing.T, p *gatewaytest.Program, name string, calm timing, attack func(over <-chan struct{})) {
	t.Helper()
	limit := max(3*calm.p99, 50*time.Millisecond)
	for range bodyRounds {
		over := make(chan struct{})
		var wait sync.WaitGroup
		wait.Go(func() { attack(over) })
		got := newCaller(t, p).during(bodyAttack)
		close(over)
		wait.Wait()
		t.Logf("beside %s: %s", name, got)
		if len(got.refused) > 0 {
			t.Errorf("beside %s: callbacks are answered %v", name, got.refused)
		}
		if got.p99 <= limit {
			return
		}
	}
	t.Errorf("beside %s: p99 is over %s", name, limit)
}

// bodies is an attack by bodies that lack their last byte.
type bodies struct{ base, path, fields string }

// run holds as many as it is let until over; who is refused comes again.
func (f bodies) run(t *testing.T, attackers int, over <-chan struct{}) {
	const size = 1<<20 - 1<<10
	body := bytes.Repeat([]byte("x"), size-1)
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a.test\r\n%sContent-Length: %d\r\n\r\n", f.path, f.fields, size)
	var wait sync.WaitGroup
	for i := range attackers {
		wait.Go(func() {
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%250))}, Timeout: hostilePatience}
			for {
				f.one(&dialer, head, body, over)
				select {
				case <-over:
					return
				case <-time.After(time.Second): // the pace of the attack
				}
			}
		})
	}
	wait.Wait()
}

// one sends one body and stays until it is refused.
func (f bodies) one(dialer *net.Dialer, head string, body []byte, over <-chan struct{}) {
	c, err := dialer.Dial("tcp", strings.TrimPrefix(f.base, "http://"))
	if err != nil {
		return // as many connections are open as may be
	}
	// What nobody reads is not to fill the memory of the machine that both run on.
	_ = c.(*net.TCPConn).SetWriteBuffer(16 << 10) //nolint:forcetypeassert // it was dialled so; else it is larger
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, c)
	}()
	defer func() {
		_ = c.Close()
		<-gone
	}()
	go func() {
		if _, err := io.WriteString(c, head); err == nil {
			_, _ = c.Write(body)
		}
	}()
	select {
	case <-over:
	case <-gone:
	}
}

// caller sends callbacks from a block of its own, one after the other.
type caller struct {
	t *testing.T
	c *peer
}

func newCaller(t *testing.T, p *gatewaytest.Program) caller {
	return caller{t, dialFrom(t, net.IPv4(127, 0, 2, 1), p.Public)}
}

// timing is what a caller saw.
type timing struct {
	n        int
	p50, p99 time.Duration
	refused  map[int]int // by status
}

func (s timing) String() string {
	return fmt.Sprintf("%d callbacks, p50 %s, p99 %s", s.n, s.p50, s.p99)
}

// during calls, 200 times a second at most.
func (c caller) during(span time.Duration) timing {
	defer func() { _ = c.c.Close() }()
	got := timing{refused: map[int]int{}}
	var took []time.Duration
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	for until := time.Now().Add(span); time.Now().Before(until); <-ticks.C {
		body := fmt.Sprintf(`{"conversation_key":"bystander-%d"}`, serial.Add(1))
		began := time.Now()
		c.c.send(fmt.Sprintf("POST /hooks/bystander/payments HTTP/1.1\r\nHost: a.test\r\n%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", sourceToken, len(body), body))
		status := c.c.status()
		took = append(took, time.Since(began))
		if status != 202 {
			got.refused[status]++
		}
		if status == 0 || status == 503 {
			c.t.Errorf("a callback is answered %d", status)
			break
		}
	}
	slices.Sort(took)
	got.n, got.p50, got.p99 = len(took), took[len(took)/2], took[len(took)*99/100]
	return got
}
