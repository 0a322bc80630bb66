package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// load is one kind of request, sent n times over kept connections.
type load struct {
	addr     string
	conns, n int
	// prepare fills in request i; what the last one left is still there.
	prepare func(i int, req *fasthttp.Request)
	// check says what is wrong with the answer to request i.
	check func(i int, res *fasthttp.Response) error
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
// answered. The first wrong answer ends it.
func (l *load) run(ctx context.Context) (*result, error) {
	client := &fasthttp.HostClient{
		Addr: l.addr, MaxConns: l.conns, ReadTimeout: max(l.timeout, patience), WriteTimeout: patience,
		MaxIdemponentCallAttempts: 1, NoDefaultUserAgentHeader: true,
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var next atomic.Int64
	var workers sync.WaitGroup
	var mu sync.Mutex
	total := &result{n: l.n}
	start := time.Now()
	for range l.conns {
		workers.Go(func() {
			latency, err := l.work(ctx, client, &next)
			if err != nil {
				cancel(err)
			}
			mu.Lock()
			defer mu.Unlock()
			total.latency.merge(latency)
		})
	}
	workers.Wait()
	total.took = time.Since(start)
	return total, context.Cause(ctx)
}

// work is one connection's share.
func (l *load) work(ctx context.Context, client *fasthttp.HostClient, next *atomic.Int64) (*histogram, error) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	latency := &histogram{}
	for ctx.Err() == nil {
		i := int(next.Add(1)) - 1
		if i >= l.n {
			break
		}
		l.prepare(i, req)
		sent := time.Now()
		if err := client.Do(req, res); err != nil {
			return latency, fmt.Errorf("request %d: %w", i, err)
		}
		latency.add(time.Since(sent))
		if err := l.check(i, res); err != nil {
			return latency, fmt.Errorf("request %d: %w", i, err)
		}
	}
	return latency, nil
}
