//go:build linux

package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// goalTail is what issue 12 asks of a callback's p99 beside its p50, at half of the most.
const goalTail = 5.0

// lead is how long before its callback a wait is opened.
const lead = 2 * time.Second

// row is how long a row of the soak's table is, where it takes longer.
const row = time.Minute

// minute is what one row has.
type minute struct {
	late histogram // from when a callback was due until it was answered
	cpu  time.Duration
}

// runSoak sends callbacks at half of the most for a long time. Each wait is opened a
// moment before, so the most is of opening and resuming together.
func (c *callbacks) runSoak(ctx context.Context, g *gateway, r *report, s *sender) error {
	if err := g.putSource(s.source(false, c.n)); err != nil {
		return err
	}
	rate := c.rate
	if rate == 0 {
		most, err := c.most(ctx, g, s)
		if err != nil {
			return err
		}
		rate = most / 2
		r.printf("the most            %.0f waits opened and resumed a second; %.0f/s follow for %s\n", most, rate, c.soak)
	}
	k := &soak{callbacks: c, g: g, s: s, rate: rate, n: max(1, int(rate*c.soak.Seconds()))}
	if err := k.run(ctx); err != nil {
		return err
	}
	k.tell(r)
	return nil
}

// most gives how many waits a second can be opened and resumed: of all rounds, which go on for
// a fifth of the soak, at most a minute. Within the first seconds nothing is compacted yet, and
// half of what is taken then may be more than the machine keeps up.
func (c *callbacks) most(ctx context.Context, g *gateway, s *sender) (float64, error) {
	var n int
	var took time.Duration
	for i := 0; i <= c.rounds || took < min(c.soak/5, time.Minute); i++ {
		s.batch(fmt.Sprintf("most%d-", i), c.n)
		opened, err := c.open(s, g, `"state":"waiting"`).run(ctx)
		if err != nil {
			return 0, fmt.Errorf("open waits: %w", err)
		}
		taken, err := c.send(s, g.public, wantAnswer(200, `"outcome":"resumed"`)).run(ctx)
		if err != nil {
			return 0, fmt.Errorf("callbacks: %w", err)
		}
		if i > 0 { // the first opens what is kept open
			n, took = n+c.n, took+opened.took+taken.took
		}
	}
	return float64(n) / took.Seconds(), nil
}

// soak is one long run.
type soak struct {
	*callbacks
	g    *gateway
	s    *sender
	rate float64
	n    int

	whole   histogram
	minutes []minute
	parked  int           // callbacks that came before their waits
	before  time.Duration // CPU time of the gateway when the row began
}

// length is that of a row.
func (k *soak) length() time.Duration { return min(row, k.soak) }

// run opens the waits with one load, and sends their callbacks a moment later with
// another.
func (k *soak) run(ctx context.Context) (err error) {
	k.s.batch("soak-", k.n)
	if k.before, err = cpuTime(k.g.pid()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	opening, sending := k.loads()
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		if _, err := opening.run(ctx); err != nil {
			cancel(fmt.Errorf("open waits: %w", err))
		}
	}()
	if err = rest(ctx, lead); err == nil {
		_, err = sending.run(ctx)
	}
	if err != nil {
		cancel(err) // the first reason stays
	}
	<-opened
	if err = context.Cause(ctx); err != nil {
		return err
	}
	return k.close()
}

func (k *soak) loads() (opening, sending *load) {
	batch := *k.callbacks
	batch.n = k.n
	opening = batch.open(k.s, k.g, `"state":"`)
	opening.pace = newPace(k.rate)
	sending = batch.send(k.s, k.g.public, nil)
	sending.pace = newPace(k.rate)
	sending.check = func(i int, a answer) error {
		late := time.Since(sending.pace.due(i))
		switch {
		case a.status == 200 && strings.Contains(string(a.body), `"outcome":"resumed"`):
		case a.status == 202 && strings.Contains(string(a.body), `"outcome":"parked"`):
			k.parked++
		default:
			return fmt.Errorf("answered %d %s", a.status, a.body)
		}
		return k.add(late, i)
	}
	return opening, sending
}

// add counts callback i in its row.
func (k *soak) add(late time.Duration, i int) error {
	at := int(float64(i) / (k.rate * k.length().Seconds()))
	for at >= len(k.minutes) {
		if err := k.close(); err != nil {
			return err
		}
		k.minutes = append(k.minutes, minute{})
	}
	k.minutes[at].late.add(late)
	k.whole.add(late)
	return nil
}

// close notes what the last row has cost.
func (k *soak) close() error {
	now, err := cpuTime(k.g.pid())
	if err == nil && len(k.minutes) > 0 {
		k.minutes[len(k.minutes)-1].cpu = now - k.before
	}
	k.before = now
	return err
}

func (k *soak) tell(r *report) {
	rows := []string{"row\tcallbacks\tp50\tp99\tp99.9\tmost\tCPU us"}
	for i := range k.minutes {
		m := &k.minutes[i]
		rows = append(rows, fmt.Sprintf("%d\t%s\t%.1f", i+1, quantiles(&m.late), micros(m.cpu)/float64(m.late.n)))
	}
	rows = append(rows, fmt.Sprintf("all\t%s\t", quantiles(&k.whole)))
	r.table(rows)
	p50, p99 := k.whole.quantile(0.5), k.whole.quantile(0.99)
	tail := float64(p99) / float64(p50)
	r.more("callbacks a second", "", k.rate)
	r.less("soak p50", "us", micros(p50))
	r.less("soak p99", "us", micros(p99))
	r.less("soak p99.9", "us", micros(k.whole.quantile(0.999)))
	r.less("soak p99 / p50", "", tail)
	r.printf("a row is %s; times are from when a callback was due; %d came before their waits\n", k.length(), k.parked)
	r.printf("p99 / p50           %.1f; goal at most %.0f: %s\n", tail, goalTail, verdict(tail <= goalTail))
}

func quantiles(h *histogram) string {
	return fmt.Sprintf("%d\t%s\t%s\t%s\t%s", h.n, short(h.quantile(0.5)), short(h.quantile(0.99)), short(h.quantile(0.999)), short(h.most))
}
