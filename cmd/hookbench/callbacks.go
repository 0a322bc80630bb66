package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// goalRatio is what DESIGN asks of a callback against the echo.
const goalRatio = 0.25

// callbacks measures the way of a callback.
type callbacks struct {
	common
	verify          string
	variables, body int
	early           bool
	conns, n        int
	rounds          int
}

func newCallbacksCommand() *cobra.Command {
	c := &callbacks{}
	cmd := &cobra.Command{
		Use:   "callbacks",
		Short: "Callbacks accepted, claimed, durable and answered, against a bare echo",
		Long: `Each round sends the same callbacks first to a bare fasthttp server that echoes
them, then to hookgate, where a wait is open for each; the rounds take turns, so
that a slow moment of the machine falls on both. All share the machine with the
client: the ratio carries over to other machines, the absolute figures do not.`,
		Example: `  hookbench callbacks
  hookbench callbacks --verify stripe --variables 10 --body 2048
  hookbench callbacks --early`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := newSender(c.verify, c.variables, c.body)
			if err != nil {
				return err
			}
			if c.conns < 1 || c.n < c.conns || c.n > 100_000 || c.rounds < 1 || c.rounds > 100 {
				return fmt.Errorf("--connections 1 or more, --count from that to 100000, --rounds 1 to 100")
			}
			return c.measure(cmd, func(ctx context.Context, g *gateway, r *report) error { return c.run(ctx, g, r, s) })
		},
	}
	c.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&c.verify, "verify", "none", "how the source verifies: none, token, stripe, github")
	flags.IntVar(&c.variables, "variables", 0, "variables that the source maps, up to 50")
	flags.IntVar(&c.body, "body", 512, "bytes of a callback's body, at least")
	flags.BoolVar(&c.early, "early", false, "callbacks come before their waits, and are parked")
	flags.IntVar(&c.conns, "connections", 64, "kept connections")
	flags.IntVar(&c.n, "count", 40_000, "callbacks a round")
	flags.IntVar(&c.rounds, "rounds", 5, "rounds")
	return cmd
}

// round is what one round measured.
type round struct {
	echo, opened, taken *result
	cpu                 time.Duration // of hookgate, for the callbacks
	echoCPU             time.Duration
	mallocs             float64 // of hookgate, for the callbacks
	disk                int64   // bytes that hookgate had written, for the callbacks
}

func (c *callbacks) run(ctx context.Context, g *gateway, r *report, s *sender) error {
	e, err := startChild("echo")
	if err != nil {
		return err
	}
	defer e.stop()
	if err := g.putSource(s.source(c.early, c.n)); err != nil {
		return err
	}
	warm := *c
	warm.n = max(c.conns, c.n/10)
	if _, err := warm.round(ctx, g, e, s, "warm-"); err != nil {
		return err
	}
	rows := []string{"round\techo/s\tp50\tp99\twaits/s\tp50\tp99\tcallbacks/s\tp50\tp99\tratio\tCPU us\tallocs\tdisk B"}
	var all []*round
	for i := range c.rounds {
		one, err := c.round(ctx, g, e, s, "c"+strconv.Itoa(i)+"-")
		if err != nil {
			return err
		}
		all = append(all, one)
		rows = append(rows, strconv.Itoa(i+1)+one.cells())
	}
	r.table(rows)
	return c.sum(g, r, all)
}

// round sends the batch to the echo, opens a wait for each, and sends it to
// hookgate; the last two change places when callbacks come early.
func (c *callbacks) round(ctx context.Context, g *gateway, e *child, s *sender, prefix string) (one *round, err error) {
	s.batch(prefix, c.n)
	one = &round{}
	before, err := cpuTime(e.pid())
	if err != nil {
		return nil, err
	}
	if one.echo, err = c.send(s, e.addr, wantAnswer(200, prefix)).run(ctx); err != nil {
		return nil, fmt.Errorf("echo: %w", err)
	}
	after, err := cpuTime(e.pid())
	if err != nil {
		return nil, err
	}
	one.echoCPU = after - before

	open := func(answer string) (err error) {
		if one.opened, err = c.open(s, g, answer).run(ctx); err != nil {
			return fmt.Errorf("open waits: %w", err)
		}
		return nil
	}
	if c.early {
		if err := c.take(ctx, g, s, one, wantAnswer(202, `"outcome":"parked"`)); err != nil {
			return nil, err
		}
		return one, open(`"state":"resumed"`)
	}
	if err := open(`"state":"waiting"`); err != nil {
		return nil, err
	}
	return one, c.take(ctx, g, s, one, wantAnswer(200, `"outcome":"resumed"`))
}

// take sends the callbacks, and counts what they cost.
func (c *callbacks) take(ctx context.Context, g *gateway, s *sender, one *round, check func(int, *fasthttp.Response) error) error {
	before, err := g.spent()
	if err != nil {
		return err
	}
	if one.taken, err = c.send(s, g.public, check).run(ctx); err != nil {
		return fmt.Errorf("callbacks: %w", err)
	}
	after, err := g.spent()
	if err != nil {
		return err
	}
	cost := after.less(before)
	one.cpu, one.mallocs, one.disk = cost.cpu, cost.mallocs, cost.disk
	return nil
}

// spent is what a gateway has used since its start.
type spent struct {
	cpu     time.Duration
	mallocs float64
	disk    int64 // bytes written
}

func (s spent) less(before spent) spent {
	return spent{s.cpu - before.cpu, s.mallocs - before.mallocs, s.disk - before.disk}
}

func (g *gateway) spent() (s spent, err error) {
	m, err := g.metrics()
	if err != nil {
		return s, err
	}
	s.mallocs = m["go_memstats_mallocs_total"]
	if s.disk, err = written(g.pid()); err != nil {
		return s, err
	}
	s.cpu, err = cpuTime(g.pid())
	return s, err
}

// send is the batch, to either server.
func (c *callbacks) send(s *sender, addr string, check func(int, *fasthttp.Response) error) *load {
	return &load{addr: addr, conns: c.conns, n: c.n, check: check, prepare: func(i int, req *fasthttp.Request) { s.fill(i, req, addr) }}
}

// open opens the batch's waits.
func (c *callbacks) open(s *sender, g *gateway, answer string) *load {
	return &load{addr: g.internal, conns: c.conns, n: c.n, check: wantAnswer(201, answer), prepare: func(i int, req *fasthttp.Request) {
		internalRequest(req, fasthttp.MethodPost, g.internal, waitsPath)
		req.SetBodyString(`{"source":"payments","mode":"poll","timeout_seconds":300,"conversation_key":"` + s.key(i) + `"}`)
	}}
}

func (one *round) ratio() float64 { return one.taken.perSecond() / one.echo.perSecond() }

func (one *round) perCallback(total float64) float64 { return total / float64(one.taken.n) }

func (one *round) cells() (row string) {
	for _, r := range []*result{one.echo, one.opened, one.taken} {
		row += fmt.Sprintf("\t%.0f\t%s\t%s", r.perSecond(), short(r.latency.quantile(0.5)), short(r.latency.quantile(0.99)))
	}
	return row + fmt.Sprintf("\t%.3f\t%.1f\t%.1f\t%.0f",
		one.ratio(), one.perCallback(one.cpu.Seconds()*1e6), one.perCallback(one.mallocs), one.perCallback(float64(one.disk)))
}

// sum says the middle of all rounds.
func (c *callbacks) sum(g *gateway, r *report, all []*round) error {
	rss, err := resident(g.pid())
	if err != nil {
		return err
	}
	ratio := middle(all, (*round).ratio)
	r.printf("callbacks / echo    %.3f, the middle of %d rounds; goal at least %.2f: %s\n", ratio, len(all), goalRatio, verdict(ratio >= goalRatio))
	r.printf("waits opened / echo %.3f\n", middle(all, func(one *round) float64 { return one.opened.perSecond() / one.echo.perSecond() }))
	r.printf("CPU a callback      %.1f us of hookgate, %.1f us of the echo\n",
		middle(all, func(one *round) float64 { return one.perCallback(one.cpu.Seconds() * 1e6) }),
		middle(all, func(one *round) float64 { return one.perCallback(one.echoCPU.Seconds() * 1e6) }))
	r.printf("allocs a callback   %.1f, all of the process\n", middle(all, func(one *round) float64 { return one.perCallback(one.mallocs) }))
	r.printf("disk a callback     %.0f bytes written, the store's housekeeping included\n", middle(all, func(one *round) float64 { return one.perCallback(float64(one.disk)) }))
	c.figures(r, all)
	r.less("resident at the end", "MiB", float64(rss)/(1<<20))
	r.printf("resident at the end %.0f MiB, with %d ended waits kept\n", float64(rss)/(1<<20), c.rounds*c.n+max(c.conns, c.n/10))
	return nil
}

func (c *callbacks) figures(r *report, all []*round) {
	r.more("callbacks / echo", "", middle(all, (*round).ratio))
	r.more("waits opened / echo", "", middle(all, func(one *round) float64 { return one.opened.perSecond() / one.echo.perSecond() }))
	r.less("CPU a callback", "us", middle(all, func(one *round) float64 { return one.perCallback(one.cpu.Seconds() * 1e6) }))
	r.less("allocs a callback", "", middle(all, func(one *round) float64 { return one.perCallback(one.mallocs) }))
	r.less("disk a callback", "B", middle(all, func(one *round) float64 { return one.perCallback(float64(one.disk)) }))
	r.less("callback p50", "us", middle(all, func(one *round) float64 { return micros(one.taken.latency.quantile(0.5)) }))
}

// micros is a duration as a figure.
func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// middle gives the median of what the rounds say.
func middle[R any](all []*R, of func(*R) float64) float64 {
	values := make([]float64, len(all))
	for i, one := range all {
		values[i] = of(one)
	}
	slices.SortFunc(values, cmp.Compare[float64])
	return values[len(values)/2]
}
