package outbound_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
)

func TestRestartGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply {
			if r.n <= 3 {
				return reply{status: 500}
			}
			return reply{}
		})
		defer w.stop()
		var all []*gateway.Notice
		for range 3 {
			all = append(all, w.publish("acme", gateway.PlatformEndpoint))
		}
		synctest.Wait()
		if err := w.halt(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // it falls due while nothing runs
		w.start()
		w.await(3)
		for _, n := range all {
			if d, attempts := w.read(n); d.State != gateway.DeliverySucceeded || len(attempts) != 2 {
				t.Errorf("%s after %d attempts", d.State, len(attempts))
			}
		}
	})
}

func TestDrainGivesUpWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(r received) reply { return reply{hang: r.n == 1} })
		defer w.stop()
		n := w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		if err := w.halt(); err == nil || !strings.Contains(err.Error(), "1 deliveries") {
			t.Errorf("drained: %v", err)
		}
		w.start()
		w.await(1)
		if d, attempts := w.read(n); d.State != gateway.DeliverySucceeded || len(attempts) != 1 {
			t.Errorf("%s, %d attempts: one that was given up is none", d.State, len(attempts))
		}
	})
}

func TestDrainWaitsForWhatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, func(received) reply { time.Sleep(5 * time.Second); return reply{} })
		defer w.stop()
		n := w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if err := w.lanes.Drain(ctx); err != nil {
			t.Error(err)
		}
		if d, _ := w.read(n); d.State != gateway.DeliverySucceeded {
			t.Error(d.State)
		}
		w.publish("acme", gateway.PlatformEndpoint)
		synctest.Wait()
		if got := len(w.receiver.all()); got != 1 {
			t.Errorf("%d requests: a drained lane took up another", got)
		}
	})
}
