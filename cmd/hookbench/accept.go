//go:build linux

package main

import (
	"context"
	"fmt"
)

// accepting is what one round of accepting measured.
type accepting struct {
	echo, bare    sent
	one, ten      *result
	cost, tenCost spent // of hookgate
}

// runAccept publishes to a paused endpoint, one event a request and ten.
func (e *events) runAccept(ctx context.Context, g *gateway, r *report) error {
	echo, err := startChild("echo")
	if err != nil {
		return err
	}
	defer echo.stop()
	bare, err := startRelay(g, "", 0)
	if err != nil {
		return err
	}
	defer bare.stop()
	if err := e.endpoint(g, "bench", "http://"+echo.addr+"/"); err != nil {
		return err
	}
	if err := g.steer("bench", "pause"); err != nil {
		return err
	}
	if _, err := e.acceptRound(ctx, g, echo, bare, max(e.conns, e.n/10)/10*10); err != nil {
		return err
	}
	rows := []string{"round\techo/s\tp50\tp99\tbare relay/s\tp50\tp99\tone a request/s\tp50\tp99\tten a request/s\tp50\tp99\tone/echo\tten/echo\tone/bare\tCPU us\tin ten\tallocs\tin ten\tdisk B\tin ten\tbare CPU us"}
	var all []*accepting
	for i := range e.rounds {
		a, err := e.acceptRound(ctx, g, echo, bare, e.n)
		if err != nil {
			return err
		}
		all = append(all, a)
		rows = append(rows, fmt.Sprintf("%d%s%s%s%s\t%.3f\t%.3f\t%.3f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%.0f\t%.1f", i+1,
			cells(a.echo.result, 1), cells(a.bare.result, 1), cells(a.one, 1), cells(a.ten, 10), a.ratioOne(), a.ratioTen(), a.ratioBare(),
			e.each(a.cost.cpu.Seconds()*1e6), e.each(a.tenCost.cpu.Seconds()*1e6),
			e.each(a.cost.mallocs), e.each(a.tenCost.mallocs), e.each(float64(a.cost.disk)), e.each(float64(a.tenCost.disk)), a.bare.each(a.bare.cpu)))
	}
	r.table(rows)
	sayClient(r, all, func(a *accepting) *sent { return &a.echo })
	e.acceptFigures(r, all)
	one, ten := middle(all, (*accepting).ratioOne), middle(all, (*accepting).ratioTen)
	r.printf("one a request / echo %.3f, the middle of %d rounds; goal at least %.2f: %s\n", one, len(all), goalOne, verdict(one >= goalOne))
	r.printf("ten a request / echo %.3f in events; goal at least %.2f: %s\n", ten, goalTen, verdict(ten >= goalTen))
	bareRatio := middle(all, (*accepting).ratioBare)
	r.printf("one a request / bare relay %.3f; goal at least %.2f: %s\n", bareRatio, goalBareAccepted, verdict(bareRatio >= goalBareAccepted))
	return nil
}

func (e *events) acceptFigures(r *report, all []*accepting) {
	r.more("one a request / echo", "", middle(all, (*accepting).ratioOne))
	r.more("ten a request / echo", "", middle(all, (*accepting).ratioTen))
	r.more("one a request / bare relay", "", middle(all, (*accepting).ratioBare))
	r.less("CPU an event", "us", middle(all, func(a *accepting) float64 { return e.each(a.cost.cpu.Seconds() * 1e6) }))
	r.less("CPU an event, in ten", "us", middle(all, func(a *accepting) float64 { return e.each(a.tenCost.cpu.Seconds() * 1e6) }))
	r.less("allocs an event", "", middle(all, func(a *accepting) float64 { return e.each(a.cost.mallocs) }))
	r.less("allocs an event, in ten", "", middle(all, func(a *accepting) float64 { return e.each(a.tenCost.mallocs) }))
	r.less("disk an event", "B", middle(all, func(a *accepting) float64 { return e.each(float64(a.cost.disk)) }))
	r.less("publish p50", "us", middle(all, func(a *accepting) float64 { return micros(a.one.latency.quantile(0.5)) }))
}

// acceptRound sends the same events to the echo, to the bare relay, and to hookgate one
// and ten a request.
func (e *events) acceptRound(ctx context.Context, g *gateway, echo, bare *child, n int) (a *accepting, err error) {
	a = &accepting{}
	if a.echo, err = echo.send(ctx, newStream(echo.addr, "", 1, e.size).load(e.conns, n)); err != nil {
		return nil, fmt.Errorf("echo: %w", err)
	}
	if a.bare, err = bare.send(ctx, newBareStream(bare.addr, e.size).load(e.conns, n)); err != nil {
		return nil, fmt.Errorf("bare relay: %w", err)
	}
	for _, to := range []struct {
		per  int
		took **result
		cost *spent
	}{{1, &a.one, &a.cost}, {10, &a.ten, &a.tenCost}} {
		before, err := g.spent()
		if err != nil {
			return nil, err
		}
		if *to.took, err = newStream(g.internal, "bench", to.per, e.size).load(e.conns, n).run(ctx); err != nil {
			return nil, fmt.Errorf("publish %d a request: %w", to.per, err)
		}
		after, err := g.spent()
		if err != nil {
			return nil, err
		}
		*to.cost = after.less(before)
	}
	return a, nil
}

func (a *accepting) ratioOne() float64  { return a.one.perSecond() / a.echo.perSecond() }
func (a *accepting) ratioBare() float64 { return a.one.perSecond() / a.bare.perSecond() }
func (a *accepting) ratioTen() float64  { return 10 * a.ten.perSecond() / a.echo.perSecond() }

// each shares a round's total among its events.
func (e *events) each(total float64) float64 { return total / float64(e.n) }

// cells are the columns of one result, of so many events a request.
func cells(r *result, per float64) string {
	return fmt.Sprintf("\t%.0f\t%s\t%s", per*r.perSecond(), short(r.latency.quantile(0.5)), short(r.latency.quantile(0.99)))
}
