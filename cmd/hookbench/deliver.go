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
	took            time.Duration // from the first request to the last arrival
	cost            spent         // of hookgate
	sink, publisher time.Duration // their CPU time
	repeats         int           // deliveries beyond one an event
}

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
	if err := e.endpoint(g, "bench", into(sink, "bench")); err != nil {
		return err
	}
	total := max(e.conns, e.n/10)
	if _, err := e.deliverRound(ctx, g, echo, sink, total, total); err != nil {
		return err
	}
	rows := []string{"round\techo/s\tp50\tp99\tpublished/s\tp50\tp99\tdelivered/s\tratio\tCPU us\tsink\tpublisher\tallocs\tdisk B\trepeats"}
	var all []*delivering
	for i := range e.rounds {
		total += e.n
		d, err := e.deliverRound(ctx, g, echo, sink, e.n, total)
		if err != nil {
			return err
		}
		all = append(all, d)
		rows = append(rows, fmt.Sprintf("%d%s%s\t%.0f\t%.3f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%d", i+1, cells(d.echo, 1), cells(d.published, 1),
			d.perSecond(), d.ratio(), e.each(d.cost.cpu.Seconds()*1e6), e.each(d.sink.Seconds()*1e6), e.each(d.publisher.Seconds()*1e6),
			e.each(d.cost.mallocs), e.each(float64(d.cost.disk)), d.repeats))
	}
	r.table(rows)
	e.deliverFigures(r, all)
	ratio := middle(all, (*delivering).ratio)
	cpu := 10_000 * e.each(middle(all, func(d *delivering) float64 { return (d.cost.cpu + d.sink + d.publisher).Seconds() }))
	r.printf("delivered / echo    %.3f, the middle of %d rounds; goal at least %.2f, then 0.15: %s\n", ratio, len(all), goalDelivered, verdict(ratio >= goalDelivered))
	r.printf("CPU for 10,000      %.2f s, all processes; goal at most %.1f s: %s\n", cpu, goalCPU, verdict(cpu <= goalCPU))
	r.printf("allocs an event     %.1f, all of the gateway\n", e.each(middle(all, func(d *delivering) float64 { return d.cost.mallocs })))
	return nil
}

func (e *events) deliverFigures(r *report, all []*delivering) {
	r.more("delivered / echo", "", middle(all, (*delivering).ratio))
	r.less("CPU an event delivered", "us", middle(all, func(d *delivering) float64 { return e.each(d.cost.cpu.Seconds() * 1e6) }))
	r.less("allocs an event delivered", "", middle(all, func(d *delivering) float64 { return e.each(d.cost.mallocs) }))
	r.less("disk an event delivered", "B", middle(all, func(d *delivering) float64 { return e.each(float64(d.cost.disk)) }))
}

// deliverRound sends n events to the echo, then through hookgate to the sink, until
// total have been delivered since its start and that is written down.
func (e *events) deliverRound(ctx context.Context, g *gateway, echo, sink *child, n, total int) (d *delivering, err error) {
	d = &delivering{}
	if d.echo, err = newStream(echo.addr, "", 1, e.size).load(e.conns, n).run(ctx); err != nil {
		return nil, fmt.Errorf("echo: %w", err)
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

func (d *delivering) ratio() float64 { return d.perSecond() / d.echo.perSecond() }
