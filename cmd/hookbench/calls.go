//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// goalAdded is what issue 4 asks of a call at 2,000 a second: the middle latency
// through the gateway less that of the backend itself.
const goalAdded = 150 * time.Microsecond

// calls measures calls of a backend through the gateway.
type calls struct {
	common
	rate                              float64
	seconds, rounds, conns, n, mapped int
}

func newCallsCommand() *cobra.Command {
	c := &calls{}
	cmd := &cobra.Command{
		Use:   "calls",
		Short: "Calls of a backend through the gateway, against the same backend itself",
		Long: `Runs a webhook with ten templates against a bare fasthttp server that answers 2 KB
of JSON, of which ten variables are mapped, and asks the same server itself, in
turns: at a rate, for what the gateway adds to the latency; then as fast as answers
come, for the ratio and for what a call costs.`,
		Example: `  hookbench calls
  hookbench calls --rate 500 --variables 50`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.rate < 1 || c.seconds < 1 || c.rounds < 1 || c.rounds > 100 || c.conns < 1 || c.n < c.conns || c.n > 1_000_000 || c.mapped < 1 || c.mapped > 50 {
				return fmt.Errorf("--rate, --seconds and --connections 1 or more, --rounds 1 to 100, --count from --connections to 1000000, --variables 1 to 50")
			}
			return c.measure(cmd, c.run)
		},
	}
	c.add(cmd)
	flags := cmd.Flags()
	flags.Float64Var(&c.rate, "rate", 2000, "calls a second of the paced rounds")
	flags.IntVar(&c.seconds, "seconds", 5, "of a paced round")
	flags.IntVar(&c.rounds, "rounds", 5, "rounds")
	flags.IntVar(&c.conns, "connections", 64, "kept connections")
	flags.IntVar(&c.n, "count", 20_000, "calls a round, where the load is closed")
	flags.IntVar(&c.mapped, "variables", 10, "variables that are mapped from the answer, up to 50")
	return cmd
}

const callPath = tenantPath + "/webhooks/lookup/call"

// webhook has ten templates: one in the url, three in the query, two in headers and
// four in the body.
func (c *calls) webhook(backend string) string {
	var b strings.Builder
	b.WriteString(`{"method":"POST","url":"http://` + backend + `/lookup/{{ customer }}",
		"query":{"currency":"{{ currency }}","language":"{{ context.language }}","step":"{{ moduleId }}"},
		"headers":{"X-Session":"{{ sessionId }}","X-Order":"order-{{ order.id }}"},
		"body":{"seq":"{{ seq }}","name":"{{ firstName }} {{ lastName }}","order":"{{ order }}","total":"{{ order.total }}"},
		"response":{"variables":[{"name":"seq","path":"seq","required":true}`)
	for i := 1; i < c.mapped; i++ {
		fmt.Fprintf(&b, `,{"name":"v%d","path":"account.field_%d"}`, i, i%10)
	}
	b.WriteString(`]}}`)
	return b.String()
}

// appendCall is the body of one call.
func appendCall(b []byte, seq int) []byte {
	b = append(b, `{"conversation_key":"42bb83f00d8240e5bb41290a12eb4440`...)
	b = strconv.AppendInt(b, int64(seq%conversations), 10)
	b = append(b, `","variables":{"seq":`...)
	b = strconv.AppendInt(b, int64(seq), 10)
	return append(b, `,"customer":"c-1017","currency":"EUR","order":{"id":77,"total":1200.50,"items":["a","b"]}},`+
		`"context":{"language":"en","moduleId":"7","firstName":"Ada","lastName":"Lovelace"}}`...)
}

// appendAsked is what the gateway makes of it for the backend.
func appendAsked(b []byte, seq int) []byte {
	b = strconv.AppendInt(append(b, `{`+seqMember...), int64(seq), 10)
	return append(b, `,"name":"Ada Lovelace","order":{"id":77,"total":1200.50,"items":["a","b"]},"total":1200.50}`...)
}

// asking is one batch of requests, to the gateway or to the backend itself.
type asking struct {
	*pace  // nil: as fast as answers come
	addr   string
	direct bool
}

func (a *asking) load(conns, n int) *load {
	return &load{addr: a.addr, conns: conns, n: n, pace: a.pace, fill: a.filler(), check: a.check}
}

func (a *asking) filler() func(i int, m *message) {
	head, body := internalHead("POST", a.addr, callPath), appendCall
	if a.direct {
		head, body = newHead("POST", a.addr, "/lookup/c-1017?currency=EUR&language=en&step=7", "Content-Type", "application/json",
			"X-Session", "42bb83f00d8240e5bb41290a12eb44401", "X-Order", "order-77"), appendAsked
	}
	return func(i int, m *message) { m.head, m.body = head, body(m.body[:0], i) }
}

// check wants the number of the call back: from the gateway, as a variable.
func (a *asking) check(i int, got answer) error {
	want := []byte(seqMember + strconv.Itoa(i) + ",")
	good := got.status == 200 && bytes.Contains(got.body, want)
	if good && !a.direct {
		good = bytes.Contains(got.body, []byte(`"outcome":"success"`)) && bytes.Contains(got.body, append([]byte(`"variables":{`), want...))
	}
	if !good {
		return fmt.Errorf("answered %d %s", got.status, got.body)
	}
	return nil
}

func (c *calls) run(ctx context.Context, g *gateway, r *report) error {
	backend, err := startChild("backend")
	if err != nil {
		return err
	}
	defer backend.stop()
	if _, err := g.call("PUT", tenantPath+"/webhooks/lookup", c.webhook(backend.addr), fasthttp.StatusCreated); err != nil {
		return err
	}
	if err := c.paced(ctx, g, backend, r); err != nil {
		return err
	}
	return c.closed(ctx, g, backend, r)
}

// both asks the backend itself, then through the gateway.
func (c *calls) both(ctx context.Context, g *gateway, backend *child, rate float64, n int) (direct, through *result, late time.Duration, err error) {
	itself := &asking{pace: newPace(rate), addr: backend.addr, direct: true}
	if direct, err = itself.load(c.conns, n).run(ctx); err != nil {
		return nil, nil, 0, fmt.Errorf("the backend: %w", err)
	}
	gateway := &asking{pace: newPace(rate), addr: g.internal}
	if through, err = gateway.load(c.conns, n).run(ctx); err != nil {
		return nil, nil, 0, fmt.Errorf("calls: %w", err)
	}
	if gateway.pace != nil {
		late = gateway.late.quantile(0.99)
	}
	return direct, through, late, nil
}

func (c *calls) paced(ctx context.Context, g *gateway, backend *child, r *report) error {
	if _, _, _, err := c.both(ctx, g, backend, c.rate, int(c.rate)); err != nil { // to open what is kept open
		return err
	}
	rows := []string{"round\tcalls\tbackend p50\tp99\tthrough p50\tp99\tadded p50\tsent late p99"}
	var added []*time.Duration
	for i := range c.rounds {
		direct, through, late, err := c.both(ctx, g, backend, c.rate, int(c.rate)*c.seconds)
		if err != nil {
			return err
		}
		more := through.latency.quantile(0.5) - direct.latency.quantile(0.5)
		added = append(added, &more)
		rows = append(rows, fmt.Sprintf("%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s", i+1, through.n, short(direct.latency.quantile(0.5)), short(direct.latency.quantile(0.99)),
			short(through.latency.quantile(0.5)), short(through.latency.quantile(0.99)), short(more), short(late)))
	}
	r.table(rows)
	more := time.Duration(middle(added, func(d *time.Duration) float64 { return float64(*d) }))
	r.less("added p50", "us", micros(more))
	r.printf("added by the gateway at %.0f/s: p50 %s, the middle of %d rounds; goal at most %s: %s\n", c.rate, short(more), len(added), goalAdded, verdict(more <= goalAdded))
	return nil
}

// answered is what one closed round measured.
type answered struct {
	direct, through *result
	cpu             time.Duration // of hookgate
	mallocs         float64
}

func (a *answered) ratio() float64 { return a.through.perSecond() / a.direct.perSecond() }

func (c *calls) closed(ctx context.Context, g *gateway, backend *child, r *report) error {
	rows := []string{"round\tbackend/s\tcalls/s\tratio\tCPU us\tallocs"}
	var all []*answered
	for i := range c.rounds {
		before, err := g.spent()
		if err != nil {
			return err
		}
		one := &answered{}
		if one.direct, one.through, _, err = c.both(ctx, g, backend, 0, c.n); err != nil {
			return err
		}
		after, err := g.spent()
		if err != nil {
			return err
		}
		cost := after.less(before)
		one.cpu, one.mallocs = cost.cpu, cost.mallocs
		all = append(all, one)
		rows = append(rows, fmt.Sprintf("%d\t%.0f\t%.0f\t%.3f\t%.1f\t%.1f", i+1, one.direct.perSecond(), one.through.perSecond(), one.ratio(),
			one.cpu.Seconds()*1e6/float64(c.n), one.mallocs/float64(c.n)))
	}
	r.table(rows)
	r.more("calls / backend itself", "", middle(all, (*answered).ratio))
	r.less("CPU a call", "us", middle(all, func(a *answered) float64 { return a.cpu.Seconds() * 1e6 / float64(c.n) }))
	r.less("allocs a call", "", middle(all, func(a *answered) float64 { return a.mallocs / float64(c.n) }))
	r.printf("calls / backend itself %.3f, the middle of %d rounds\n", middle(all, (*answered).ratio), len(all))
	r.printf("CPU a call             %.1f us of hookgate, both connections included\n", middle(all, func(a *answered) float64 { return a.cpu.Seconds() * 1e6 / float64(c.n) }))
	r.printf("allocs a call          %.1f, all of the process\n", middle(all, func(a *answered) float64 { return a.mallocs / float64(c.n) }))
	return nil
}
