//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
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
	soak            time.Duration
	rate            float64 // of the soak; 0: half of the most
}

func newCallbacksCommand() *cobra.Command {
	c := &callbacks{}
	cmd := &cobra.Command{
		Use:   "callbacks",
		Short: "Callbacks accepted, claimed, durable and answered, against a bare echo and a bare relay",
		Long: `Each round sends the same callbacks first to a bare fasthttp server that echoes
them, then to one that appends them to a file with an fsync, then to hookgate, where a wait is open for each; the rounds take turns, so
that a slow moment of the machine falls on both. All share the machine with the
client: the ratio carries over to other machines, the absolute figures do not.`,
		Example: `  hookbench callbacks
  hookbench callbacks --verify stripe --variables 10 --body 2048
  hookbench callbacks --early
  hookbench callbacks --soak 10m   # the tail of latency at half of the most`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := newSender(c.verify, c.variables, c.body)
			if err != nil {
				return err
			}
			if c.conns < 1 || c.n < c.conns || c.n > 100_000 || c.rounds < 1 || c.rounds > 100 {
				return fmt.Errorf("--connections 1 or more, --count from that to 100000, --rounds 1 to 100")
			}
			if c.rate < 0 || c.rate > 100_000 || c.rate > 0 && c.soak == 0 {
				return fmt.Errorf("--rate is of --soak, and up to 100000")
			}
			if c.soak < 0 || c.soak > 24*time.Hour || c.soak > 0 && (c.early || c.verify == "stripe" || c.verify == "github") {
				return fmt.Errorf("--soak is up to 24h, without --early, and without a --verify whose signatures have to be made before")
			}
			run := c.run
			if c.soak > 0 {
				run = c.runSoak
			}
			return c.measure(cmd, func(ctx context.Context, g *gateway, r *report) error { return run(ctx, g, r, s) })
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
	flags.DurationVar(&c.soak, "soak", 0, "instead, send at half of the most for so long, and tell the latencies a minute")
	flags.Float64Var(&c.rate, "rate", 0, "callbacks a second of --soak (default: half of the most, which is measured first)")
	return cmd
}

func (c *callbacks) run(ctx context.Context, g *gateway, r *report, s *sender) error {
	e, err := startChild("echo")
	if err != nil {
		return err
	}
	defer e.stop()
	bare, err := startRelay(g, "", 0)
	if err != nil {
		return err
	}
	defer bare.stop()
	if err := g.putSource(s.source(c.early, c.n)); err != nil {
		return err
	}
	warm := *c
	warm.n = max(c.conns, c.n/10)
	if _, err := warm.round(ctx, g, e, bare, s, "warm-"); err != nil {
		return err
	}
	rows := []string{"round\techo/s\tp50\tp99\tbare relay/s\tp50\tp99\twaits/s\tp50\tp99\tcallbacks/s\tp50\tp99\t/echo\t/bare\tCPU us\tallocs\tdisk B"}
	var all []*round
	for i := range c.rounds {
		one, err := c.round(ctx, g, e, bare, s, "c"+strconv.Itoa(i)+"-")
		if err != nil {
			return err
		}
		all = append(all, one)
		rows = append(rows, strconv.Itoa(i+1)+one.cells())
	}
	r.table(rows)
	return c.sum(g, r, all)
}

// sum says the middle of all rounds.
func (c *callbacks) sum(g *gateway, r *report, all []*round) error {
	rss, err := resident(g.pid())
	if err != nil {
		return err
	}
	ratio := middle(all, (*round).ratio)
	r.printf("callbacks / echo    %.3f, the middle of %d rounds; goal at least %.2f: %s\n", ratio, len(all), goalRatio, verdict(ratio >= goalRatio))
	r.printf("callbacks / bare relay %.3f\n", middle(all, (*round).ratioBare))
	r.printf("waits opened / echo %.3f\n", middle(all, func(one *round) float64 { return one.opened.perSecond() / one.echo.perSecond() }))
	r.printf("CPU a callback      %.1f us of hookgate, %.1f us of the echo, %.1f us of the bare relay\n",
		middle(all, (*round).cpu),
		middle(all, func(one *round) float64 { return one.echo.each(one.echo.cpu) }),
		middle(all, func(one *round) float64 { return one.bare.each(one.bare.cpu) }))
	r.printf("CPU with its wait   %.1f us of hookgate\n", middle(all, (*round).cpuBoth))
	r.printf("allocs a callback   %.1f, all of the process\n", middle(all, (*round).mallocs))
	r.printf("disk a callback     %.0f bytes written, the store's housekeeping included\n", middle(all, (*round).disk))
	sayClient(r, all, func(one *round) *sent { return &one.echo })
	c.figures(r, all)
	r.less("resident at the end", "MiB", float64(rss)/(1<<20))
	r.printf("resident at the end %.0f MiB, with %d ended waits kept\n", float64(rss)/(1<<20), c.rounds*c.n+max(c.conns, c.n/10))
	return nil
}

func (c *callbacks) figures(r *report, all []*round) {
	r.more("callbacks / echo", "", middle(all, (*round).ratio))
	r.more("callbacks / bare relay", "", middle(all, (*round).ratioBare))
	r.more("waits opened / echo", "", middle(all, func(one *round) float64 { return one.opened.perSecond() / one.echo.perSecond() }))
	r.less("CPU a callback", "us", middle(all, (*round).cpu))
	r.less("CPU with its wait", "us", middle(all, (*round).cpuBoth))
	r.less("allocs a callback", "", middle(all, (*round).mallocs))
	r.less("disk a callback", "B", middle(all, (*round).disk))
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
