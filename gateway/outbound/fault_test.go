package outbound_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
	"hookgate/gateway/transport"
)

// faultyQueue fails, or panics, as often as it is told.
type faultyQueue struct {
	outbound.Backlog
	sender                          outbound.Sender
	settles, loads, windows, panics atomic.Int32
	away                            atomic.Int32 // loads that find no store
}

func (q *faultyQueue) Settle(d *gateway.Delivery, a *gateway.Attempt) error {
	if q.settles.Add(-1) >= 0 {
		return errDisk
	}
	return q.Backlog.Settle(d, a)
}

func (q *faultyQueue) Load(tenant, id string) (*gateway.Delivery, []gateway.Event, error) {
	if q.away.Add(-1) >= 0 {
		return nil, nil, gateway.Unavailable("away", 5*time.Second)
	}
	if q.loads.Add(-1) >= 0 {
		return nil, nil, errDisk
	}
	return q.Backlog.Load(tenant, id)
}

func (q *faultyQueue) Window(k gateway.LaneKey, after gateway.Due, most int) ([]gateway.Due, error) {
	if q.windows.Add(-1) >= 0 {
		return nil, errDisk
	}
	return q.Backlog.Window(k, after, most)
}

func (q *faultyQueue) Do(ctx context.Context, r *transport.Request) (*transport.Answer, error) {
	if q.panics.Add(-1) >= 0 {
		panic("s3cret")
	}
	return q.sender.Do(ctx, r)
}

func TestFaultsOfTheStoreAndPanicsLoseNothing(t *testing.T) {
	for name, fail := range map[string]func(*faultyQueue){
		"settle": func(q *faultyQueue) { q.settles.Store(5) },
		"load":   func(q *faultyQueue) { q.loads.Store(2) },
		"away":   func(q *faultyQueue) { q.away.Store(50) },
		"window": func(q *faultyQueue) { q.windows.Store(3) },
		"panic":  func(q *faultyQueue) { q.panics.Store(3) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t, always(200))
				defer w.stop()
				target := w.target
				w.setTarget(nil)
				var all []*gateway.Notice
				for range 10 {
					all = append(all, w.publish("acme", gateway.PlatformEndpoint))
				}
				_ = w.halt()
				var logged lines
				q := &faultyQueue{sender: w.sender}
				fail(q)
				w.options.Sender, w.options.Window = q, 4
				w.wrap = func(backlog outbound.Backlog) outbound.Backlog { q.Backlog = backlog; return q }
				w.options.Logger = slog.New(slog.NewJSONHandler(&logged, nil))
				w.start()
				w.setTarget(target)
				w.await(10)
				if got := len(w.receiver.all()); got != 10 {
					t.Errorf("%d requests for 10 deliveries", got)
				}
				for _, n := range all {
					if d, attempts := w.read(n); d.State != gateway.DeliverySucceeded || len(attempts) != 1 {
						t.Errorf("%s after %d attempts", d.State, len(attempts))
					}
				}
				if strings.Contains(logged.String(), "s3cret") {
					t.Error("the log holds what a panic held")
				}
			})
		})
	}
}
