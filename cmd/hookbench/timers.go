//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// goalLag is how late a wait may time out (SPEC 6).
const goalLag = 100 * time.Millisecond

// timers measures how punctual deadlines are.
type timers struct {
	common
	n, held, first, spread int
}

func newTimersCommand() *cobra.Command {
	t := &timers{}
	cmd := &cobra.Command{
		Use:   "timers",
		Short: "How late waits time out",
		Long: `Opens many waits with deadlines spread over some seconds, lets them all run out,
and compares when each ended with when it should have: as the wait says itself,
as the gateway's own metric says, and as those who hold some of them see it.`,
		Example: `  hookbench timers
  hookbench timers --spread 1   # nearly all at once`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if t.n < 1 || t.held < 1 || t.first < 1 || t.spread < 1 || t.first+t.spread > 300 {
				return fmt.Errorf("--count, --held, --first and --spread are 1 or more, and the last two together at most 300")
			}
			return t.measure(cmd, t.run)
		},
	}
	t.add(cmd)
	flags := cmd.Flags()
	flags.IntVar(&t.n, "count", 100_000, "open waits")
	flags.IntVar(&t.held, "held", 500, "waits that are held besides")
	flags.IntVar(&t.first, "first", 20, "seconds from opening to the first deadline")
	flags.IntVar(&t.spread, "spread", 30, "seconds from the first deadline to the last")
	return cmd
}

func (t *timers) run(ctx context.Context, g *gateway, r *report) error {
	opening := t.load(g, t.n, 64, "poll", wantAnswer(201, `"state":"waiting"`))
	opened, err := opening.run(ctx)
	if err != nil {
		return err
	}
	r.printf("opened              %d waits in %s\n", t.n, short(opened.took))
	before, err := cpuTime(g.pid())
	if err != nil {
		return err
	}
	seen, err := t.hold(ctx, g)
	if err != nil {
		return err
	}
	if err := g.awaitOpen(ctx, 0, time.Duration(t.first+t.spread)*time.Second+patience); err != nil {
		return err
	}
	after, err := cpuTime(g.pid())
	if err != nil {
		return err
	}
	told, err := t.list(g)
	if err != nil {
		return err
	}
	r.less("late p50", "us", micros(told.quantile(0.5)))
	r.less("late p99", "us", micros(told.quantile(0.99)))
	r.less("CPU a timeout", "us", micros(after-before)/float64(t.n+t.held))
	t.say(r, "as waits say", told)
	t.say(r, "as holders see", seen)
	r.printf("CPU                 %s for all timeouts\n", short(after-before))
	return t.sayMetric(g, r)
}

// lag is how late deadlines were; early ones are counted apart.
type lag struct {
	histogram
	early int
}

func (l *lag) note(late time.Duration) {
	if late < 0 {
		l.early++
	}
	l.add(late)
}

func (t *timers) say(r *report, who string, l *lag) {
	r.printf("%-19s %d waits: late p50 %s, p99 %s, most %s, too early %d; goal under %s: %s\n", who, l.n,
		short(l.quantile(0.5)), short(l.quantile(0.99)), short(l.most), l.early, goalLag, verdict(l.most < goalLag && l.early == 0))
}

// load opens n waits with their deadlines spread.
func (t *timers) load(g *gateway, n, conns int, mode string, check func(int, answer) error) *load {
	head := internalHead("POST", g.internal, waitsPath)
	return &load{addr: g.internal, conns: conns, n: n, check: check, fill: func(i int, m *message) {
		m.head, m.body = head, fmt.Appendf(m.body[:0], `{"source":"payments","mode":%q,"timeout_seconds":%d,"conversation_key":"%s-%d"}`,
			mode, t.first+i%(t.spread+1), mode, i)
	}}
}

// deadline is what this measurement reads of a wait.
type deadline struct {
	State     string    `json:"state"`
	ExpiresAt time.Time `json:"expires_at"`
	EndedAt   time.Time `json:"ended_at"`
}

// hold holds some waits to their end, a connection each.
func (t *timers) hold(ctx context.Context, g *gateway) (*lag, error) {
	lags := make([]time.Duration, t.held)
	holding := t.load(g, t.held, t.held, "hold", func(i int, a answer) error {
		now := time.Now()
		var d deadline
		if err := json.Unmarshal(a.body, &d); err != nil || d.State != "timed_out" {
			return fmt.Errorf("answered %d %s", a.status, a.body)
		}
		lags[i] = now.Sub(d.ExpiresAt)
		return nil
	})
	holding.timeout = time.Duration(t.first+t.spread)*time.Second + patience
	if _, err := holding.run(ctx); err != nil {
		return nil, fmt.Errorf("hold: %w", err)
	}
	seen := &lag{}
	for _, late := range lags {
		seen.note(late)
	}
	return seen, nil
}

// list reads every wait that has ended.
func (t *timers) list(g *gateway) (*lag, error) {
	told := &lag{}
	for cursor := ""; ; {
		body, err := g.call("GET", waitsPath+"?limit=1000&cursor="+url.QueryEscape(cursor), "", 200)
		if err != nil {
			return nil, err
		}
		var page struct {
			Data       []deadline `json:"data"`
			NextCursor *string    `json:"next_cursor"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, err
		}
		for _, d := range page.Data {
			if d.State != "timed_out" {
				return nil, fmt.Errorf("a wait is %s after its deadline", d.State)
			}
			told.note(d.EndedAt.Sub(d.ExpiresAt))
		}
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
	}
	if want := t.n + t.held; told.n != want {
		return nil, fmt.Errorf("%d waits are listed, not %d", told.n, want)
	}
	return told, nil
}

// sayMetric prints what the gateway has counted itself.
func (t *timers) sayMetric(g *gateway, r *report) error {
	const name = "hookgate_wait_timer_lag_seconds"
	m, err := g.metrics()
	if err != nil {
		return err
	}
	var parts []string
	for _, bound := range []string{"0.001", "0.005", "0.01", "0.05", "0.1"} {
		parts = append(parts, fmt.Sprintf("%.0f within %ss", m[name+`_bucket{le="`+bound+`"}`], bound))
	}
	r.printf("as the metric says  %.0f: %s\n", m[name+"_count"], strings.Join(parts, ", "))
	return nil
}
