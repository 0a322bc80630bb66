//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// round is what one round measured.
type round struct {
	echo, bare    sent
	opened, taken *result
	cpu           time.Duration // of hookgate, for the callbacks
	mallocs       float64       // of hookgate, for the callbacks
	disk          int64         // bytes that hookgate had written, for the callbacks
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
func (c *callbacks) take(ctx context.Context, g *gateway, s *sender, one *round, check func(int, answer) error) error {
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

func (one *round) cells() (row string) {
	for _, r := range []*result{one.echo.result, one.bare.result, one.opened, one.taken} {
		row += fmt.Sprintf("\t%.0f\t%s\t%s", r.perSecond(), short(r.latency.quantile(0.5)), short(r.latency.quantile(0.99)))
	}
	return row + fmt.Sprintf("\t%.3f\t%.3f\t%.1f\t%.1f\t%.0f",
		one.ratio(), one.ratioBare(), one.perCallback(one.cpu.Seconds()*1e6), one.perCallback(one.mallocs), one.perCallback(float64(one.disk)))
}
