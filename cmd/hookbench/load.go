//go:build linux

package main

import (
	"context"
	"time"
)

// load is one kind of request, sent n times over kept connections.
type load struct {
	addr     string
	conns, n int
	// fill makes m request i; what the last one left is still there.
	fill func(i int, m *message)
	// check says what is wrong with the answer to request i.
	check func(i int, a answer) error
	// pace holds requests back until they are due; nil: as fast as answers come.
	pace *pace
	// timeout bounds how long an answer may take; never less than patience.
	timeout time.Duration
}

// result is how fast a load went.
type result struct {
	n       int
	took    time.Duration
	latency histogram
}

func (r *result) perSecond() float64 { return float64(r.n) / r.took.Seconds() }

// run sends the load: each connection its next request as soon as the last one is
// answered, and never before. The first wrong answer ends it.
func (l *load) run(ctx context.Context) (*result, error) {
	lp, err := newLoop(l)
	if err != nil {
		return nil, err
	}
	defer lp.close()
	start := time.Now()
	if l.pace != nil {
		l.pace.start = start
	}
	err = lp.run(ctx)
	return &result{n: l.n, took: time.Since(start), latency: lp.latency}, err
}
