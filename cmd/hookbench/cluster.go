//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// What SPEC-cluster K4 asks of a node on PostgreSQL beside one with Pebble, in one run.
const (
	goalPostgres  = 0.50                  // accepted and taken / Pebble
	goalSettled   = 0.45                  // delivered / Pebble
	goalStandby   = 0.30                  // of any of them, with a synchronous standby
	goalCPUAll    = 2.0                   // CPU an event, all processes / Pebble
	goalCPUOwn    = 1.1                   // the gateway's own / Pebble
	goalPgP50     = 3 * time.Millisecond  // published to delivered at 200/s
	goalPgP99     = 12 * time.Millisecond // the same
	goalPgQueued  = 250 << 20             // bytes resident with a million queued
	goalTwo       = 0.35                  // of any of them, with two nodes on one database
	clusterTenant = "bench"
)

// cluster measures a gateway on PostgreSQL beside one with Pebble.
type cluster struct {
	events
	ten   int
	moves bool
}

func newClusterCommand() *cobra.Command {
	c := &cluster{}
	c.concurrency = 64
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Events and callbacks on PostgreSQL beside Pebble, in the same run",
		Long: `Starts PostgreSQL (Debian's package, or what is on the PATH) on a folder of its own
with a gateway, another one with a synchronous standby, two nodes on one, and a gateway with Pebble.
Each round does the same with all of them in turns: a slow moment of the machine
falls on all. All share the machine, the databases too: the ratios carry over to
other machines, absolute figures do not.`,
		Example: `  hookbench cluster
  hookbench cluster --count 5000 --rounds 3
  hookbench cluster --moves             # two nodes: ways between them, a killed owner, a planned hand-over
  hookbench cluster --million=1000000   # queued on PostgreSQL for a dead endpoint, and the start with them`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.conns < 1 || c.ten < 1 || c.n < c.conns || c.n%10 != 0 || c.n > 100_000 || c.rounds < 1 || c.rounds > 100 {
				return fmt.Errorf("--connections and --ten 1 or more, --count a multiple of 10 from --connections to 100000, --rounds 1 to 100")
			}
			if c.rate < 1 || c.seconds < 1 || c.million < 0 || c.million%100 != 0 {
				return fmt.Errorf("--rate and --seconds are 1 or more, --million a multiple of 100")
			}
			return c.measureAll(cmd)
		},
	}
	c.add(cmd)
	flags := cmd.Flags()
	flags.IntVar(&c.conns, "connections", 256, "kept connections, one thing a request")
	flags.IntVar(&c.ten, "ten", 64, "kept connections, ten events a request")
	flags.IntVar(&c.n, "count", 20_000, "events and callbacks a round")
	flags.IntVar(&c.rounds, "rounds", 3, "rounds")
	flags.IntVar(&c.size, "body", 1024, "bytes of an event, at least")
	flags.Float64Var(&c.rate, "rate", 200, "events a second, for how long they are on their way")
	flags.IntVar(&c.seconds, "seconds", 5, "of a round at that rate")
	flags.BoolVar(&c.moves, "moves", false, "instead: two nodes on one database, the ways between them, an owner that is killed, and hand-overs")
	flags.IntVar(&c.million, "million", 0, "instead: memory of a gateway on PostgreSQL with so many events queued, and its start with them")
	return cmd
}

// measureAll starts all that is measured, and measures it.
func (c *cluster) measureAll(cmd *cobra.Command) (err error) {
	if err := raiseFileLimit(); err != nil {
		return err
	}
	var sites []*site
	defer func() {
		for _, s := range sites {
			err = errors.Join(err, s.stop())
		}
	}()
	kinds := []kind{{name: "pebble"}, {name: "postgres", database: true}, {name: "standby", database: true, standby: true}, {name: "two", database: true, two: true}}
	switch {
	case c.million > 0:
		kinds = kinds[1:2]
	case c.moves:
		kinds = kinds[3:]
	}
	for _, k := range kinds {
		s, err := c.startSite(cmd.Context(), k)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		sites = append(sites, s)
		c.hookgate = s.g.program // built once
	}
	r := &report{out: cmd.OutOrStdout()}
	r.describe(cmd, sites[0].g)
	switch {
	case c.million > 0:
		err = c.runQueued(cmd.Context(), sites[0].g, r, goalPgQueued)
	case c.moves:
		err = c.runMoves(cmd.Context(), sites[0], r)
	default:
		err = c.run(cmd.Context(), sites, r)
	}
	if err != nil {
		return err
	}
	if tell, ok := cmd.Context().Value(figuresKey{}).(func([]figure)); ok {
		tell(r.figures)
	}
	return r.keep(c.record)
}

// run measures the sites in turns.
func (c *cluster) run(ctx context.Context, sites []*site, r *report) error {
	sink, err := startChild("sink")
	if err != nil {
		return err
	}
	defer sink.stop()
	sender, err := newSender("none", 0, c.size)
	if err != nil {
		return err
	}
	for _, s := range sites {
		if err := c.prepare(ctx, s, sink, sender); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	rows := []string{"round\ton\tten/s\tone/s\tp50\tp99\ttaken/s\tp50\tp99\tdelivered/s\tCPU us\town\ton the way p50\tp99"}
	for i := range c.rounds {
		for _, s := range sites {
			one, err := c.round(ctx, s, sink, sender, c.n)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			s.rounds = append(s.rounds, one)
			rows = append(rows, fmt.Sprintf("%d\t%s\t%s", i+1, s.name, one.cells()))
		}
	}
	r.table(rows)
	for _, s := range sites[1:] {
		c.compare(r, sites[0], s)
	}
	return nil
}

// compare says how a site stands beside Pebble.
func (c *cluster) compare(r *report, pebble, s *site) {
	accepted, settled := goalPostgres, goalSettled
	switch {
	case s.standby:
		accepted, settled = goalStandby, goalStandby
	case s.two:
		accepted, settled = goalTwo, goalTwo
	}
	for _, row := range []struct {
		what string
		of   func(*clusterRound) float64
		goal float64
		most bool // the goal is at most
	}{
		{"events, ten a request", (*clusterRound).tenRate, accepted, false},
		{fmt.Sprintf("events, %d connections", c.conns), (*clusterRound).oneRate, accepted, false},
		{"callbacks taken", (*clusterRound).takenRate, accepted, false},
		{"delivered", (*clusterRound).deliveredRate, settled, false},
		{"CPU an event delivered, all processes", (*clusterRound).cpuAll, goalCPUAll, true},
		{"CPU an event delivered, its own", (*clusterRound).cpuOwn, goalCPUOwn, true},
	} {
		ratio := s.middle(row.of) / pebble.middle(row.of)
		bound, reached := "at least", ratio >= row.goal
		if row.most {
			bound, reached = "at most", ratio <= row.goal
			r.less(s.name+": "+row.what+" / pebble", "", ratio)
		} else {
			r.more(s.name+": "+row.what+" / pebble", "", ratio)
		}
		r.printf("%-9s %s / pebble %.3f, the middles of %d rounds; goal %s %.2f: %s\n", s.name, row.what, ratio, c.rounds, bound, row.goal, verdict(reached))
	}
	p50, p99 := time.Duration(s.middle((*clusterRound).p50)), time.Duration(s.middle((*clusterRound).p99))
	r.printf("%-9s on the way at %.0f/s p50 %s, p99 %s (pebble %s, %s); goal at most %s and %s: %s\n", s.name, c.rate, short(p50), short(p99),
		short(time.Duration(pebble.middle((*clusterRound).p50))), short(time.Duration(pebble.middle((*clusterRound).p99))), goalPgP50, goalPgP99, verdict(p50 <= goalPgP50 && p99 <= goalPgP99))
}
