//go:build linux

package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// clusterRound is what one round measured of one site.
type clusterRound struct {
	ten, one, taken *result
	n               int
	took            time.Duration // of what was delivered
	all, own        time.Duration // CPU time of it: of all processes, and of the gateway
	way             *onWay
}

// prepare makes what a site's rounds need, and warms it up.
func (c *cluster) prepare(ctx context.Context, s *site, sink *child, sender *sender) error {
	for _, tenant := range []string{"paused", clusterTenant} {
		if err := c.endpoint(s.g, tenant, into(sink, s.name)); err != nil {
			return err
		}
	}
	if err := s.g.steer("paused", "pause"); err != nil {
		return err
	}
	if err := s.g.putSource(sender.source(false, c.n)); err != nil {
		return err
	}
	_, err := c.round(ctx, s, sink, sender, max(c.conns, c.n/10)/10*10+10)
	return err
}

// round does all of it once.
func (c *cluster) round(ctx context.Context, s *site, sink *child, sender *sender, n int) (one *clusterRound, err error) {
	one = &clusterRound{n: n}
	if one.ten, err = newStream(s.g.internal, "paused", 10, c.size).load(c.ten, n).run(ctx); err != nil {
		return nil, fmt.Errorf("publish ten a request: %w", err)
	}
	if one.one, err = newStream(s.g.internal, "paused", 1, c.size).load(c.conns, n).run(ctx); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	s.batches++
	sender.batch(s.name+strconv.Itoa(s.batches)+"-", n)
	calls := &callbacks{conns: c.conns, n: n}
	if _, err := calls.open(sender, s.g, `"state":"waiting"`).run(ctx); err != nil {
		return nil, fmt.Errorf("open waits: %w", err)
	}
	if one.taken, err = calls.send(sender, s.g.public, wantAnswer(fasthttp.StatusOK, `"outcome":"resumed"`)).run(ctx); err != nil {
		return nil, fmt.Errorf("callbacks: %w", err)
	}
	if err := c.deliverAll(ctx, s, sink, one); err != nil {
		return nil, err
	}
	one.way, err = c.waysOf(ctx, s, sink)
	return one, err
}

// deliverAll publishes as fast as answers come, and waits until all has arrived and that is
// written down.
func (c *cluster) deliverAll(ctx context.Context, s *site, sink *child, one *clusterRound) error {
	if err := sink.expect(s.name, one.n); err != nil {
		return err
	}
	before, err := c.spentBy(s, sink)
	if err != nil {
		return err
	}
	databases, start := s.cpu(), time.Now()
	if _, err := newStream(s.g.internal, clusterTenant, 1, c.size).load(c.conns, one.n).run(ctx); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	said, err := sink.arrive(ctx, s.name, one.n)
	if err != nil {
		return err
	}
	s.delivered += one.n
	if err := s.settledAll(ctx); err != nil {
		return err
	}
	after, err := c.spentBy(s, sink)
	if err != nil {
		return err
	}
	one.took, one.own = time.Duration(said.Last-start.UnixNano()), after.cpu-before.cpu
	one.all = one.own + after.sink - before.sink + after.publisher - before.publisher + s.cpu() - databases
	return nil
}

// spentBy is allSpent, with that of the other node.
func (c *cluster) spentBy(s *site, sink *child) (allSpent, error) {
	sum, err := c.allSpent(s.g, sink)
	if err != nil || s.other == nil {
		return sum, err
	}
	more, err := cpuTime(s.other.pid())
	sum.cpu += more
	return sum, err
}

// waysOf publishes at a rate.
func (c *cluster) waysOf(ctx context.Context, s *site, sink *child) (*onWay, error) {
	n := max(1, int(c.rate*float64(c.seconds)))
	if err := sink.expect(s.name, n); err != nil {
		return nil, err
	}
	st := newStream(s.g.internal, clusterTenant, 1, c.size)
	st.pace = newPace(c.rate)
	if _, err := st.load(c.conns, n).run(ctx); err != nil {
		return nil, fmt.Errorf("publish at a rate: %w", err)
	}
	said, err := sink.arrive(ctx, s.name, n)
	if err != nil {
		return nil, err
	}
	s.delivered += n
	return &onWay{said, st.late.quantile(0.99)}, s.settledAll(ctx)
}

func (one *clusterRound) tenRate() float64       { return 10 * one.ten.perSecond() }
func (one *clusterRound) oneRate() float64       { return one.one.perSecond() }
func (one *clusterRound) takenRate() float64     { return one.taken.perSecond() }
func (one *clusterRound) deliveredRate() float64 { return float64(one.n) / one.took.Seconds() }
func (one *clusterRound) cpuAll() float64        { return micros(one.all) / float64(one.n) }
func (one *clusterRound) cpuOwn() float64        { return micros(one.own) / float64(one.n) }
func (one *clusterRound) p50() float64           { return one.way.p50() }
func (one *clusterRound) p99() float64           { return one.way.p99() }

func (one *clusterRound) cells() string {
	return fmt.Sprintf("%.0f%s%s\t%.0f\t%.1f\t%.1f\t%s\t%s", one.tenRate(), cells(one.one, 1), cells(one.taken, 1), one.deliveredRate(),
		one.cpuAll(), one.cpuOwn(), nanos(one.way.P50), nanos(one.way.P99))
}
