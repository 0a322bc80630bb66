package outbound_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
	"hookgate/gateway/shares"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// replies that a receiver of the property test may give, the good one oftener.
var replies = []reply{
	{}, {}, {}, {status: 500}, {status: 503, header: "Retry-After: 30\r\n"}, {status: 429}, {status: 404}, {reset: true},
	{raw: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}, {hang: true},
}

// TestEveryDeliveryEnds: any mix of successes, failures, hanging, breaker, rests,
// pauses, changed settings and restarts; each delivery ends delivered or dead,
// with as many attempts as its policy has, and says so truly.
func TestEveryDeliveryEnds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		script := rapid.SliceOfN(rapid.IntRange(0, len(replies)-1), 1, 60).Draw(r, "replies")
		steps := rapid.SliceOfN(rapid.IntRange(0, 8), 1, 40).Draw(r, "steps")
		window := rapid.SampledFrom([]int{1, 2, 3, 5, 24}).Draw(r, "window")
		limit := rapid.IntRange(1, 6).Draw(r, "limit")
		synctest.Test(t, func(t *testing.T) { play(t, script, steps, window, limit) })
	})
}

func play(t *testing.T, script, steps []int, window, limit int) {
	delivered := map[string]int{} // by webhook-id; guarded by the receiver's order of script calls
	w := bubble(t, nil)
	defer w.stop()
	guard := make(chan struct{}, 1)
	w.receiver.script = func(r received) reply {
		guard <- struct{}{}
		defer func() { <-guard }()
		does := replies[script[r.n%len(script)]]
		if does.status == 0 && does.raw == "" && !does.reset && !does.hang {
			delivered[r.id()]++
		}
		return does
	}
	_ = w.halt()
	w.options.Window, w.options.Limit = window, limit
	w.options.Windows = shares.New(int64(1 + 4*window)) // less than they would like
	w.start()
	settings := breaker.Settings{Failures: 3, Ratio: 0.5, Window: time.Minute, Open: 10 * time.Second, MaxOpen: time.Minute}
	target := &outbound.Target{
		URL: w.target.URL, Timeout: 5 * time.Second, Breaker: &settings,
		Retry: retry.Policy{Schedule: []time.Duration{0, time.Second, time.Minute}, Jitter: 0.5, Never: []string{"404"}},
	}
	w.setTarget(target)
	var all []*gateway.Notice
	for i, step := range steps {
		switch step {
		case 0, 1, 2, 3:
			for range step + 1 {
				all = append(all, w.publish(fmt.Sprintf("t%d", i%2), fmt.Sprintf("e%d", i%3)))
			}
		case 4:
			time.Sleep(time.Duration(i) * 500 * time.Millisecond)
		case 5:
			w.setTarget(nil)
		case 6:
			w.setTarget(target)
		case 7:
			other := *target
			other.Concurrency = 1 + i%3
			changed := settings
			changed.Failures = 1 + i%4
			other.Breaker = &changed
			w.setTarget(&other)
		case 8:
			_ = w.halt()
			w.options.Windows = shares.New(w.options.Windows.Most()) // a new process has a new one
			w.start()
		}
	}
	w.setTarget(target)
	for range 24 * 6 {
		if time.Sleep(10 * time.Minute); w.rests() {
			break
		}
	}
	for _, n := range all {
		d, attempts := w.read(n)
		if !d.State.Ended() {
			t.Fatalf("%s is %s after a day, due %s: %+v", d.ID, d.State, d.NextAttemptAt, w.stat(d.Tenant, d.Endpoint))
		}
		last := attempts[len(attempts)-1]
		if len(attempts) != d.Attempts || len(attempts) > 4 || last.Number != d.Attempts {
			t.Fatalf("%d attempts are kept of %d", len(attempts), d.Attempts)
		}
		if succeeded := d.State == gateway.DeliverySucceeded; succeeded != (last.Error == "") || succeeded && delivered[n.Event.ID] == 0 {
			t.Fatalf("%s, while its last attempt says %q and the receiver took it %d times", d.State, last.Error, delivered[n.Event.ID])
		}
		if d.State == gateway.DeliveryDead && len(attempts) < 4 && last.Status != 404 {
			t.Fatalf("dead after %d attempts, the last %d %s", len(attempts), last.Status, last.Error)
		}
	}
	w.lanes.Stats(func(s outbound.Stat) {
		if s.Depth != 0 || s.Flying != 0 {
			t.Errorf("at rest: %+v", s)
		}
	})
	if used := w.options.Windows.Stat().Used; used != 0 {
		t.Errorf("at rest %d places are taken", used)
	}
}
