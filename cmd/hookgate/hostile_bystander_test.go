package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
)

// How much a bystander does, in the open: no request waits for another's answer.
const (
	bystanderRate  = 60                     // callbacks a second
	bystanderLead  = 500 * time.Millisecond // from opening a wait until its callback
	bystanderEvery = 4                      // callbacks for each event that is published
)

// bystander is a tenant that does its work, from an address block of its own, and
// keeps what came of it.
type bystander struct {
	t        testing.TB
	platform *gatewaytest.Client // opens its waits and publishes its events
	sender   *gatewaytest.Client // calls back
	endpoint *gatewaytest.Receiver
	serial   atomic.Int64
	work     sync.WaitGroup
	stop     context.CancelFunc

	mu        sync.Mutex
	took      []took
	published []string
	broken    []string // promises
}

// took is how long a callback took, in the order of the moments when it was due.
type took struct {
	at     time.Time
	lasted time.Duration
}

// begin starts its work, which goes on until end.
func (b *bystander) begin() {
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.work.Go(func() {
		ticks := time.NewTicker(time.Second / bystanderRate)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-ticks.C:
				b.work.Go(func() { b.one(now.Add(bystanderLead)) })
			}
		}
	})
}

// end stops it, and checks that each event was delivered, and once.
func (b *bystander) end() {
	b.stop()
	b.work.Wait()
	var counts map[string]int
	gatewaytest.Eventually(b.t, hostilePatience, func() error {
		counts = map[string]int{}
		for _, q := range b.endpoint.Got() {
			counts[q.Header.Get("webhook-id")]++
		}
		if missing := len(b.published) - len(counts); missing > 0 {
			return fmt.Errorf("%d of the bystander's %d events were not delivered", missing, len(b.published))
		}
		return nil
	})
	for id, n := range counts {
		if n != 1 {
			b.t.Errorf("the bystander's delivery %s came %d times", id, n)
		}
	}
	for i, text := range b.broken {
		if i == 3 {
			b.t.Errorf("and %d more", len(b.broken)-i)
			break
		}
		b.t.Errorf("the bystander: %.300s", text)
	}
}

// one opens a wait, and sends its callback when that is due. What a callback took is
// counted from then, but for a sender that was late itself.
func (b *bystander) one(due time.Time) {
	n := b.serial.Add(1)
	key := fmt.Sprint("bystander-", n)
	if n%bystanderEvery == 0 {
		b.work.Go(func() { b.publish(key) })
	}
	wait := b.ask(b.platform, "/v1/tenants/bystander/waits", 201,
		fmt.Sprintf(`{"source":"payments","conversation_key":%q,"timeout_seconds":60,"mode":"poll"}`, key))
	if early := time.Until(due); early > 0 {
		time.Sleep(early) // the pace of the load, and no wait for anything
		due = time.Now()
	}
	a := b.ask(b.sender, "/hooks/bystander/payments", 200, fmt.Sprintf(`{"conversation_key":%q,"paid":true}`, key), sourceToken)
	if outcome := a.Field("outcome"); a.Status == 200 && (outcome != "resumed" || a.Field("wait_id") != wait.Field("id")) {
		b.says("a callback was answered %s, want it to resume %s", a, wait.Field("id"))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.took = append(b.took, took{due, time.Since(due)})
}

func (b *bystander) publish(key string) {
	a := b.ask(b.platform, "/v1/tenants/bystander/events", 202,
		fmt.Sprintf(`{"events":[{"event":{"type":"message"},"conversation":{"key":%q}}]}`, key))
	if a.Status == 202 {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.published = append(b.published, key)
	}
}

// ask sends one request and wants this status of it.
func (b *bystander) ask(by *gatewaytest.Client, path string, want int, body string, fields ...string) gatewaytest.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), hostilePatience)
	defer cancel()
	a, err := by.Do(ctx, "POST", path, body, fields...)
	if err != nil {
		b.says("POST %s: %v", path, err)
	} else if a.Status != want {
		b.says("POST %s: %s, want %d", path, a, want)
	}
	return a
}

func (b *bystander) says(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = append(b.broken, fmt.Sprintf(format, args...))
}

// between gives median and 99th percentile of the callbacks that were due then.
func (b *bystander) between(from, until time.Time) (p50, p99 time.Duration, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []time.Duration
	for _, one := range b.took {
		if !one.at.Before(from) && one.at.Before(until) {
			all = append(all, one.lasted)
		}
	}
	if len(all) == 0 {
		return 0, 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100], len(all)
}
