//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// delivering is what one round of delivering measured.
type delivering struct {
	echo, published *result
	bare            carried       // through the bare relay
	took            time.Duration // from the first request to the last arrival
	cost            spent         // of hookgate
	sink, publisher time.Duration // their CPU time
	repeats         int           // deliveries beyond one an event
}

// carried is what the bare relay made of a batch.
type carried struct {
	took                 time.Duration // from the first request to the last arrival
	relay, sink, sending time.Duration // CPU time
}

func (c *carried) cpu() time.Duration { return c.relay + c.sink + c.sending }

// runDeliver publishes as fast as answers come, and waits until all has arrived.
func (e *events) runDeliver(ctx context.Context, g *gateway, r *report) error {
	echo, err := startChild("echo")
	if err != nil {
		return err
	}
	defer echo.stop()
	sink, err := startChild("sink")
	if err != nil {
		return err
	}
	defer sink.stop()
	bare, err := startRelay(g, "http://"+sink.addr+"/bare/bench", e.concurrency)
	if err != nil {
		return err
	}
	defer bare.stop()
	to := &carriers{g, echo, sink, bare}
	if err := e.endpoint(g, "bench", into(sink, "bench")); err != nil {
		return err
	}
	total := max(e.conns, e.n/10)
	if _, err := e.deliverRound(ctx, to, total, total); err != nil {
		return err
	}
	rows := []string{"round\techo/s\tp50\tp99\tpublished/s\tp50\tp99\tdelivered/s\tbare relay/s\t/echo\t/bare\tCPU us\tsink\tpublisher\tallocs\tdisk B\trepeats\tbare CPU us\tsink\tpublisher"}
	var all []*delivering
	for i := range e.rounds {
		total += e.n
		d, err := e.deliverRound(ctx, to, e.n, total)
		if err != nil {
			return err
		}
		all = append(all, d)
		rows = append(rows, fmt.Sprintf("%d%s%s\t%.0f\t%.0f\t%.3f\t%.3f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%d\t%.1f\t%.1f\t%.1f", i+1, cells(d.echo, 1), cells(d.published, 1),
			d.perSecond(), d.barePerSecond(), d.ratio(), d.ratioBare(), e.each(d.cost.cpu.Seconds()*1e6), e.each(d.sink.Seconds()*1e6), e.each(d.publisher.Seconds()*1e6),
			e.each(d.cost.mallocs), e.each(float64(d.cost.disk)), d.repeats,
			e.each(micros(d.bare.relay)), e.each(micros(d.bare.sink)), e.each(micros(d.bare.sending))))
	}
	r.table(rows)
	e.deliverFigures(r, all)
	ratio := middle(all, (*delivering).ratio)
	cpu := 10_000 * e.each(middle(all, func(d *delivering) float64 { return (d.cost.cpu + d.sink + d.publisher).Seconds() }))
	r.printf("delivered / echo    %.3f, the middle of %d rounds; goal at least %.2f, then 0.15: %s\n", ratio, len(all), goalDelivered, verdict(ratio >= goalDelivered))
	bareRatio := middle(all, (*delivering).ratioBare)
	bareCPU := 10_000 * e.each(middle(all, func(d *delivering) float64 { return d.bare.cpu().Seconds() }))
	r.printf("delivered / bare relay %.3f; goal at least %.2f: %s\n", bareRatio, goalBareDelivered, verdict(bareRatio >= goalBareDelivered))
	r.printf("CPU for 10,000      %.2f s, all processes, and %.2f s by the bare relay; goal at most %.2f s: %s\n", cpu, bareCPU, goalCPU, verdict(cpu <= goalCPU))
	r.printf("allocs an event     %.1f, all of the gateway\n", e.each(middle(all, func(d *delivering) float64 { return d.cost.mallocs })))
	return nil
}

func (e *events) deliverFigures(r *report, all []*delivering) {
	r.more("delivered / echo", "", middle(all, (*delivering).ratio))
	r.more("delivered / bare relay", "", middle(all, (*delivering).ratioBare))
	r.less("CPU of all for 10,000 delivered", "s", 10_000*e.each(middle(all, func(d *delivering) float64 { return (d.cost.cpu + d.sink + d.publisher).Seconds() })))
	r.less("CPU an event delivered", "us", middle(all, func(d *delivering) float64 { return e.each(d.cost.cpu.Seconds() * 1e6) }))
	r.less("allocs an event delivered", "", middle(all, func(d *delivering) float64 { return e.each(d.cost.mallocs) }))
	r.less("disk an event delivered", "B", middle(all, func(d *delivering) float64 { return e.each(float64(d.cost.disk)) }))
}

// carriers are where a round's events go.
type carriers struct {
	g                *gateway
	echo, sink, bare *child
}

// deliverRound sends n events to the echo, through the bare relay to the sink, and then
// through hookgate, until total have been delivered since its start and that is written
// down.
func (e *events) deliverRound(ctx context.Context, to *carriers, n, total int) (d *delivering, err error) {
	d = &delivering{}
	g, sink := to.g, to.sink
	if d.echo, err = newStream(to.echo.addr, "", 1, e.size).load(e.conns, n).run(ctx); err != nil {
		return nil, fmt.Errorf("echo: %w", err)
	}
	if d.bare, err = e.bareRound(ctx, to, n); err != nil {
		return nil, fmt.Errorf("bare relay: %w", err)
	}
	if err := sink.expect("bench", n); err != nil {
		return nil, err
	}
	before, err := e.allSpent(g, sink)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if d.published, err = newStream(g.internal, "bench", 1, e.size).load(e.conns, n).run(ctx); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	said, err := sink.arrive(ctx, "bench", n)
	if err != nil {
		return nil, err
	}
	if err := g.settledAll(ctx, "bench", total); err != nil {
		return nil, err
	}
	after, err := e.allSpent(g, sink)
	if err != nil {
		return nil, err
	}
	d.took = time.Duration(said.Last - start.UnixNano())
	d.repeats = said.Arrived - n
	d.cost, d.sink, d.publisher = after.spent.less(before.spent), after.sink-before.sink, after.publisher-before.publisher
	return d, nil
}

// bareRound sends n events through the bare relay to the sink.
func (e *events) bareRound(ctx context.Context, to *carriers, n int) (c carried, err error) {
	if err := to.sink.expect("bench", n); err != nil {
		return c, err
	}
	pids := []int{to.bare.pid(), to.sink.pid(), os.Getpid()}
	before, err := cpuTimes(pids)
	if err != nil {
		return c, err
	}
	start := time.Now()
	if _, err := newBareStream(to.bare.addr, e.size).load(e.conns, n).run(ctx); err != nil {
		return c, err
	}
	said, err := to.sink.arrive(ctx, "bench", n)
	if err != nil {
		return c, err
	}
	after, err := cpuTimes(pids)
	if err != nil {
		return c, err
	}
	return carried{time.Duration(said.Last - start.UnixNano()), after[0] - before[0], after[1] - before[1], after[2] - before[2]}, nil
}

// allSpent is what the processes have used since their starts.
type allSpent struct {
	spent
	sink, publisher time.Duration
}

func (e *events) allSpent(g *gateway, sink *child) (s allSpent, err error) {
	if s.spent, err = g.spent(); err != nil {
		return s, err
	}
	if s.sink, err = cpuTime(sink.pid()); err != nil {
		return s, err
	}
	s.publisher, err = cpuTime(os.Getpid())
	return s, err
}

func (d *delivering) perSecond() float64 { return float64(d.published.n) / d.took.Seconds() }

func (d *delivering) barePerSecond() float64 { return float64(d.published.n) / d.bare.took.Seconds() }

func (d *delivering) ratioBare() float64 { return d.perSecond() / d.barePerSecond() }

func (d *delivering) ratio() float64 { return d.perSecond() / d.echo.perSecond() }
