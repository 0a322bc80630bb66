//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// onWay is what one round at a rate measured.
type onWay struct {
	counted
	late time.Duration // how late the publisher sent, 99 of 100
}

func (o *onWay) p50() float64 { return float64(o.P50) }
func (o *onWay) p99() float64 { return float64(o.P99) }

// runLatency publishes at a rate, and tells how long events were on their way.
func (e *events) runLatency(ctx context.Context, g *gateway, r *report) error {
	sink, err := startChild("sink")
	if err != nil {
		return err
	}
	defer sink.stop()
	if err := e.endpoint(g, "bench", into(sink, "bench")); err != nil {
		return err
	}
	if _, err := e.paced(ctx, g, sink, 200, 1, "bench"); err != nil { // to open what is kept open
		return err
	}
	rows := []string{"round\tevents\tp50\tp99\tmost\tsent late p99\trepeats"}
	var all []*onWay
	for i := range e.rounds {
		o, err := e.paced(ctx, g, sink, e.rate, e.seconds, "bench")
		if err != nil {
			return err
		}
		all = append(all, o)
		rows = append(rows, fmt.Sprintf("%d\t%d\t%s\t%s\t%s\t%s\t%d", i+1, o.Distinct, nanos(o.P50), nanos(o.P99), nanos(o.Most), short(o.late), o.Arrived-o.Distinct))
	}
	r.table(rows)
	p50, p99 := time.Duration(middle(all, (*onWay).p50)), time.Duration(middle(all, (*onWay).p99))
	r.less("on the way p50", "us", micros(p50))
	r.less("on the way p99", "us", micros(p99))
	r.printf("on the way at %.0f/s  p50 %s, p99 %s, the middle of %d rounds; goal at most %s and %s: %s\n",
		e.rate, short(p50), short(p99), len(all), goalP50, goalP99, verdict(p50 <= goalP50 && p99 <= goalP99))
	return nil
}

// paced publishes at a rate for some seconds to a tenant whose endpoint is the
// tally of its name, and waits until all has arrived.
func (e *events) paced(ctx context.Context, g *gateway, sink *child, rate float64, seconds int, tenant string) (*onWay, error) {
	n := max(1, int(rate*float64(seconds)))
	if err := sink.expect(tenant, n); err != nil {
		return nil, err
	}
	s := newStream(g.internal, tenant, 1, e.size)
	s.pace = newPace(rate)
	if _, err := s.load(e.conns, n).run(ctx); err != nil {
		return nil, fmt.Errorf("publish for %s: %w", tenant, err)
	}
	said, err := sink.arrive(ctx, tenant, n)
	return &onWay{said, s.late.quantile(0.99)}, err
}

// runHang publishes half to the tenant that is watched, and half to one whose
// endpoint answers in one round, and hangs in the next.
func (e *events) runHang(ctx context.Context, g *gateway, r *report) error {
	sink, err := startChild("sink")
	if err != nil {
		return err
	}
	defer sink.stop()
	if err := sink.expect("answers", 0); err != nil {
		return err
	}
	for tenant, url := range map[string]string{
		"bench": into(sink, "bench"), "answers": into(sink, "answers"), "hangs": "http://" + sink.addr + "/hang",
	} {
		if err := e.endpoint(g, tenant, url); err != nil {
			return err
		}
	}
	if _, err := e.paced(ctx, g, sink, e.rate/2, 1, "bench"); err != nil {
		return err
	}
	rows := []string{"round\tevents\twithout p50\tp99\tmost\tbeside p50\tp99\tmost\tp99 ratio"}
	var ratios []*[2]float64
	for i := range e.rounds {
		without, err := e.beside(ctx, g, sink, "answers")
		if err != nil {
			return err
		}
		if err := g.steer("hangs", "resume"); err != nil {
			return err
		}
		with, err := e.beside(ctx, g, sink, "hangs")
		if err != nil {
			return err
		}
		if err := g.steer("hangs", "pause"); err != nil {
			return err
		}
		ratios = append(ratios, &[2]float64{without.p99(), with.p99()})
		rows = append(rows, fmt.Sprintf("%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%.2f", i+1, with.Distinct, nanos(without.P50), nanos(without.P99), nanos(without.Most),
			nanos(with.P50), nanos(with.P99), nanos(with.Most), with.p99()/without.p99()))
	}
	r.table(rows)
	ratio := middle(ratios, func(p *[2]float64) float64 { return p[1] }) / middle(ratios, func(p *[2]float64) float64 { return p[0] })
	r.less("p99 beside / without", "", ratio)
	r.printf("p99 beside / without %.2f, of the middles of %d rounds, all delivered; goal at most %.1f: %s\n", ratio, len(ratios), goalBeside, verdict(ratio <= goalBeside))
	return nil
}

// beside publishes for bench while another tenant gets as much.
func (e *events) beside(ctx context.Context, g *gateway, sink *child, other string) (*onWay, error) {
	n := max(1, int(e.rate/2*float64(e.seconds)))
	if other == "answers" {
		if err := sink.expect(other, n); err != nil {
			return nil, err
		}
	}
	s := newStream(g.internal, other, 1, e.size)
	s.pace = newPace(e.rate / 2)
	ended := make(chan error, 1)
	go func() {
		_, err := s.load(e.conns, n).run(ctx)
		ended <- err
	}()
	o, err := e.paced(ctx, g, sink, e.rate/2, e.seconds, "bench")
	if failed := <-ended; failed != nil {
		return nil, fmt.Errorf("publish for %s: %w", other, failed)
	}
	if err == nil && other == "answers" {
		_, err = sink.arrive(ctx, other, n)
	}
	return o, err
}

// nanos is a duration for people.
func nanos(n int64) time.Duration { return short(time.Duration(n)) }
