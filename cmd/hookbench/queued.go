//go:build linux

package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// mib is for people.
func mib(bytes int64) string { return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20)) }

// watch looks at the gateway's resident memory until stop, which gives the most.
func (g *gateway) watch(ctx context.Context) (stop func() int64) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	var most atomic.Int64
	go func() {
		defer close(ended)
		for rest(ctx, sample) == nil {
			if now, err := resident(g.pid()); err == nil {
				most.Store(max(most.Load(), now))
			}
		}
	}()
	return func() int64 {
		cancel()
		<-ended
		return most.Load()
	}
}

// runSteady delivers at a steady rate, and watches the memory.
func (e *events) runSteady(ctx context.Context, g *gateway, r *report) error {
	sink, err := startChild("sink")
	if err != nil {
		return err
	}
	defer sink.stop()
	if err := e.endpoint(g, "bench", into(sink, "bench")); err != nil {
		return err
	}
	stop := g.watch(ctx)
	o, err := e.paced(ctx, g, sink, steadyRate, 2*e.seconds, "bench")
	most := stop()
	if err != nil {
		return err
	}
	now, err := resident(g.pid())
	if err != nil {
		return err
	}
	cpu, err := cpuTime(g.pid())
	if err != nil {
		return err
	}
	r.less("resident at most", "MiB", float64(most)/(1<<20))
	r.less("CPU an event, steady", "us", micros(cpu)/float64(o.Distinct))
	r.printf("resident            %s at most, %s at the end, at %d events/s for %d s; goal at most %s: %s\n",
		mib(most), mib(now), steadyRate, 2*e.seconds, mib(goalSteady), verdict(most <= goalSteady))
	r.printf("on the way          p50 %s, p99 %s, most %s; sent late p99 %s\n", nanos(o.P50), nanos(o.P99), nanos(o.Most), short(o.late))
	r.printf("CPU of the gateway  %s an event\n", short(cpu/time.Duration(o.Distinct)))
	return nil
}

// runMillion queues events for an endpoint where nobody listens, kills the gateway
// without warning, and starts it again.
func (e *events) runMillion(ctx context.Context, g *gateway, r *report) error {
	return e.runQueued(ctx, g, r, goalQueued)
}

func (e *events) runQueued(ctx context.Context, g *gateway, r *report, goal int64) error {
	dead, err := freeAddr()
	if err != nil {
		return err
	}
	if err := e.endpoint(g, "bench", "http://"+dead+"/"); err != nil {
		return err
	}
	const depth = `hookgate_queue_depth{endpoint="crm",tenant="bench"}`
	stop := g.watch(ctx)
	published, err := newStream(g.internal, "bench", 100, e.size).load(8, e.million).run(ctx)
	most := stop()
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := g.await(ctx, depth, e.million, patience); err != nil {
		return err
	}
	m, err := g.settled(ctx)
	if err != nil {
		return err
	}
	r.printf("queued              %d events in %s, %.0f/s\n", e.million, short(published.took), 100*published.perSecond())
	r.printf("resident            %s at most while they came, %s at rest (live heap %s); goal at most %s: %s\n",
		mib(most), mib(m.resident), mib(int64(m.live)), mib(goal), verdict(max(most, m.resident) <= goal))
	if err := g.crash(); err != nil {
		return err
	}
	start := time.Now()
	if err := g.start(ctx); err != nil {
		return err
	}
	if err := g.waitReady(ctx); err != nil {
		return err
	}
	took := time.Since(start)
	r.less("resident, queued", "MiB", float64(max(most, m.resident))/(1<<20))
	r.less("start with all queued", "ms", micros(took)/1000)
	r.printf("start after kill -9 %s until ready, with %d pending; goal at most %s: %s\n", short(took), e.million, goalReady, verdict(took <= goalReady))
	if err := g.await(ctx, depth, e.million, patience); err != nil {
		return err
	}
	now, err := resident(g.pid())
	if err != nil {
		return err
	}
	r.printf("resident            %s after it, all %d queued again\n", mib(now), e.million)
	return nil
}
