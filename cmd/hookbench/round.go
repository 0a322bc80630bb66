//go:build linux

package main

import (
	"context"
	"fmt"
)

// round is what one round measured.
type round struct {
	echo, bare    sent
	opened, taken *result
	waits, cost   spent // by hookgate, for the waits and for the callbacks
}

// round sends the batch to the echo and the bare relay, opens a wait for each, and sends
// it to hookgate; the last two change places when callbacks come early.
func (c *callbacks) round(ctx context.Context, g *gateway, e, bare *child, s *sender, prefix string) (one *round, err error) {
	s.batch(prefix, c.n)
	one = &round{}
	if one.echo, err = e.send(ctx, c.send(s, e.addr, wantAnswer(200, prefix))); err != nil {
		return nil, fmt.Errorf("echo: %w", err)
	}
	if one.bare, err = bare.send(ctx, c.send(s, bare.addr, wantAnswer(202, ""))); err != nil {
		return nil, fmt.Errorf("bare relay: %w", err)
	}

	open := func(answer string) (err error) {
		if one.opened, one.waits, err = costOf(ctx, g, c.open(s, g, answer)); err != nil {
			return fmt.Errorf("open waits: %w", err)
		}
		return nil
	}
	take := func(check func(int, answer) error) (err error) {
		if one.taken, one.cost, err = costOf(ctx, g, c.send(s, g.public, check)); err != nil {
			return fmt.Errorf("callbacks: %w", err)
		}
		return nil
	}
	if c.early {
		if err := take(wantAnswer(202, `"outcome":"parked"`)); err != nil {
			return nil, err
		}
		return one, open(`"state":"resumed"`)
	}
	if err := open(`"state":"waiting"`); err != nil {
		return nil, err
	}
	return one, take(wantAnswer(200, `"outcome":"resumed"`))
}

// costOf sends a load, and counts what it costs.
func costOf(ctx context.Context, g *gateway, l *load) (*result, spent, error) {
	before, err := g.spent()
	if err != nil {
		return nil, before, err
	}
	all, err := l.run(ctx)
	if err != nil {
		return nil, before, err
	}
	after, err := g.spent()
	return all, after.less(before), err
}

// send is the batch, to either server.
func (c *callbacks) send(s *sender, addr string, check func(int, answer) error) *load {
	return &load{addr: addr, conns: c.conns, n: c.n, check: check, fill: s.filler(addr)}
}

// open opens the batch's waits.
func (c *callbacks) open(s *sender, g *gateway, answer string) *load {
	head := internalHead("POST", g.internal, waitsPath)
	return &load{addr: g.internal, conns: c.conns, n: c.n, check: wantAnswer(201, answer), fill: func(i int, m *message) {
		m.head = head
		m.body = append(m.body[:0], `{"source":"payments","mode":"poll","timeout_seconds":300,"conversation_key":"`...)
		m.body = append(s.appendKey(m.body, i), `"}`...)
	}}
}

func (one *round) ratio() float64 { return one.taken.perSecond() / one.echo.perSecond() }

func (one *round) ratioBare() float64 { return one.taken.perSecond() / one.bare.perSecond() }

func (one *round) perCallback(total float64) float64 { return total / float64(one.taken.n) }

// cpu gives microseconds a callback.
func (one *round) cpu() float64 { return one.perCallback(micros(one.cost.cpu)) }

// cpuBoth gives microseconds a callback and its wait: what one of them leaves to the other is in it.
func (one *round) cpuBoth() float64 { return one.perCallback(micros(one.cost.cpu + one.waits.cpu)) }

func (one *round) mallocs() float64 { return one.perCallback(one.cost.mallocs) }

func (one *round) disk() float64 { return one.perCallback(float64(one.cost.disk)) }

func (one *round) cells() (row string) {
	for _, r := range []*result{one.echo.result, one.bare.result, one.opened, one.taken} {
		row += fmt.Sprintf("\t%.0f\t%s\t%s", r.perSecond(), short(r.latency.quantile(0.5)), short(r.latency.quantile(0.99)))
	}
	return row + fmt.Sprintf("\t%.3f\t%.3f\t%.1f\t%.1f\t%.0f",
		one.ratio(), one.ratioBare(), one.cpu(), one.mallocs(), one.disk())
}
