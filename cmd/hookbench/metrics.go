//go:build linux

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// samples are what /metrics says, by name with labels, as it writes them.
type samples map[string]float64

func (g *gateway) metrics() (samples, error) {
	text, err := g.call("GET", "/metrics", "", 200)
	if err != nil {
		return nil, err
	}
	all := samples{}
	for line := range strings.Lines(string(text)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found || strings.HasPrefix(name, "#") {
			continue
		}
		if space := strings.LastIndexByte(line, ' '); strings.Contains(name, "{") {
			name, value = line[:space], strings.TrimSpace(line[space:]) // a label's value may have spaces
		}
		if all[name], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("/metrics: %q: %w", line, err)
		}
	}
	return all, nil
}

// sum adds up all series of a metric that have a label.
func (s samples) sum(name, label string) (total float64) {
	for series, value := range s {
		if strings.HasPrefix(series, name+"{") && strings.Contains(series, label) {
			total += value
		}
	}
	return total
}

// awaitOpen waits until n waits are open.
func (g *gateway) awaitOpen(ctx context.Context, n int, most time.Duration) error {
	return g.await(ctx, `hookgate_waits_open{tenant="bench"}`, n, most)
}

// await waits until a metric is n.
func (g *gateway) await(ctx context.Context, name string, n int, most time.Duration) error {
	for end := time.Now().Add(most); ; {
		m, err := g.metrics()
		if err != nil {
			return err
		}
		if is := int(m[name]); is == n {
			return nil
		} else if time.Now().After(end) {
			return fmt.Errorf("%s is %d after %s, not %d", name, is, most, n)
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// memory is what a gateway occupies.
type memory struct {
	resident          int64
	heap, stack, live float64 // bytes of spans in use for the heap, for stacks; of the heap's objects
	goroutines        float64
}

// settled gives the gateway's memory after two more garbage collections: the
// second frees what the first kept in pools. Nothing can ask for one from outside;
// but answering /metrics makes garbage, and so brings the next.
func (g *gateway) settled(ctx context.Context) (m memory, err error) {
	const cycles = "go_gc_duration_seconds_count"
	s, err := g.metrics()
	if err != nil {
		return m, err
	}
	for first, end := s[cycles], time.Now().Add(max(2*time.Minute, g.patience)); s[cycles] < first+2; {
		if time.Now().After(end) {
			return m, fmt.Errorf("no two garbage collections within %s", max(2*time.Minute, g.patience))
		}
		if s, err = g.metrics(); err != nil {
			return m, err
		}
	}
	return g.swept(ctx)
}

// swept takes the least of some moments: what a collection has found dead counts
// as the heap's until it is swept.
func (g *gateway) swept(ctx context.Context) (m memory, err error) {
	for i := range 20 {
		s, err := g.metrics()
		if err != nil {
			return m, err
		}
		if live := s["go_memstats_heap_alloc_bytes"]; i == 0 || live < m.live {
			m = memory{
				heap: s["go_memstats_heap_inuse_bytes"], stack: s["go_memstats_stack_inuse_bytes"],
				live: live, goroutines: s["go_goroutines"],
			}
		}
		if err := rest(ctx, 20*time.Millisecond); err != nil {
			return m, err
		}
	}
	m.resident, err = resident(g.pid())
	return m, err
}

// The memory is at rest when it fell by less than the part of a hundredth in a while;
// the runtime gives memory back little by little.
const (
	restWhile = 3 * time.Second
	restMost  = time.Minute
)

// atRest gives the gateway's memory when it no longer falls.
func (g *gateway) atRest(ctx context.Context) (m memory, err error) {
	if m, err = g.settled(ctx); err != nil {
		return m, err
	}
	for end := time.Now().Add(restMost); time.Now().Before(end); {
		if err := rest(ctx, restWhile); err != nil {
			return m, err
		}
		before := m.resident
		if m.resident, err = resident(g.pid()); err != nil || m.resident > before-before/100 {
			return m, err
		}
	}
	return m, nil
}

// rest sleeps, unless ctx ends.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
