//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// goalSecured is what issue 12 asks of a delivery to one of 1,000 endpoints over TLS, in
// CPU time beside the build of before it (c5f3eaf: 973 us).
const goalSecured = 0.45

// tenantEndpoints are how many endpoints a tenant of runSecured has, each of which takes
// events of one type.
const tenantEndpoints = 5

// runTLS starts the endpoints, and then a gateway that trusts them.
func (e *events) runTLS(cmd *cobra.Command) error {
	if err := raiseFileLimit(); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(e.dir, "hookbench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	ca := filepath.Join(folder, "ca.pem")
	sink, err := startChild("securesink", ca, fmt.Sprint(e.endpoints), e.delay)
	if err != nil {
		return err
	}
	defer sink.stop()
	said, err := sink.handshakes()
	if err != nil {
		return err
	}
	part := *e
	part.config = securedConfig(e.endpoints, said.Port)
	part.env = []string{"SSL_CERT_FILE=" + ca} // in place of egress.ca, which older builds do not know
	return part.measure(cmd, func(ctx context.Context, g *gateway, r *report) error { return part.runSecured(ctx, g, r, sink) })
}

// securedConfig has the endpoints, spread over tenants.
func securedConfig(n, port int) string {
	var b strings.Builder
	b.WriteString("tenants:\n")
	for i := range n {
		if i%tenantEndpoints == 0 {
			fmt.Fprintf(&b, "  %s:\n    endpoints:\n", securedTenant(i))
		}
		fmt.Fprintf(&b, "      e%d: { url: \"https://%s:%d/in/bench\", event_types: [%s], sign: { type: standard, secrets: [\"whsec_%s\"] } }\n",
			i, endpointIP(i), port, securedType(i), sinkSecret)
	}
	return b.String()
}

func securedTenant(endpoint int) string { return fmt.Sprintf("t%04d", endpoint/tenantEndpoints) }
func securedType(endpoint int) string   { return fmt.Sprintf("type%d", endpoint%tenantEndpoints) }

// secured is the load: each event is for one endpoint, whichever.
func (e *events) secured(g *gateway, n int) *load {
	s := newStream(g.internal, securedTenant(0), 1, e.size)
	s.pace = newPace(e.rate)
	heads, kinds := make([][]byte, e.endpoints), make([]string, e.endpoints)
	for i := range e.endpoints {
		heads[i], kinds[i] = internalHead("POST", g.internal, "/v1/tenants/"+securedTenant(i)+"/events"), securedType(i)
	}
	l, draw := s.load(e.conns, n), rand.New(rand.NewPCG(12, 973)) // the same for every build
	fill := l.fill
	l.fill = func(i int, m *message) {
		to := draw.IntN(e.endpoints)
		s.kind = kinds[to]
		fill(i, m)
		m.head = heads[to]
	}
	return l
}

// runSecured publishes at a rate, and counts what deliveries over TLS cost.
func (e *events) runSecured(ctx context.Context, g *gateway, r *report, sink *child) error {
	_, most, err := parseDelay(e.delay)
	if err != nil {
		return err
	}
	n := max(1, int(e.rate*2*float64(e.seconds)))
	if err := sink.expect("bench", n); err != nil {
		return err
	}
	m, err := g.metrics()
	if err != nil {
		return err
	}
	before, err := cpuTime(g.pid())
	if err != nil {
		return err
	}
	if _, err := e.secured(g, n).run(ctx); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	said, err := sink.arrive(ctx, "bench", n)
	if err != nil {
		return err
	}
	if err := rest(ctx, most+time.Second); err != nil { // until the last are answered and settled
		return err
	}
	after, err := cpuTime(g.pid())
	if err != nil {
		return err
	}
	mallocs := -m["go_memstats_mallocs_total"]
	if m, err = g.metrics(); err != nil {
		return err
	}
	mallocs += m["go_memstats_mallocs_total"]
	if settled := m.sum("hookgate_deliveries_total", `state="succeeded"`); settled != float64(n) {
		return fmt.Errorf("%.0f of %d deliveries are settled as succeeded", settled, n)
	}
	shook, err := sink.handshakes()
	if err != nil {
		return err
	}
	e.saySecured(r, n, said, shook, (after-before)/time.Duration(n), mallocs/float64(n))
	return nil
}

func (e *events) saySecured(r *report, n int, said counted, shook handshakes, cpu time.Duration, mallocs float64) {
	r.less("CPU a delivery, TLS", "us", micros(cpu))
	r.less("allocs a delivery, TLS", "", mallocs)
	r.less("full handshakes", "", float64(shook.Full))
	r.less("handshakes in all", "", float64(shook.Full+shook.Resumed))
	r.printf("delivered over TLS  %d to %d endpoints at %.0f/s, answered after %s: lost 0, repeats %d\n", n, e.endpoints, e.rate, e.delay, said.Arrived-said.Distinct)
	r.printf("CPU a delivery      %s of hookgate, publish and /metrics included; goal at most %.2f of the build of before issue 12: compare with beside\n", short(cpu), goalSecured)
	r.printf("handshakes          %d for %d deliveries: %d full, %d resumed\n", shook.Full+shook.Resumed, n, shook.Full, shook.Resumed)
	r.printf("on the way          p50 %s, p99 %s, most %s\n", nanos(said.P50), nanos(said.P99), nanos(said.Most))
	r.printf("allocs a delivery   %.1f, all of the gateway\n", mallocs)
}
