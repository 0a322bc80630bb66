package pebblestore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// newestFirst sorts ids as lists do.
func newestFirst(ids []string) []string {
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids
}

// states compares what lists of each state have with what was made.
func (m *jumble) states() {
	m.t.Helper()
	var open, want []string
	_, err := m.s.Waits(store.Query{Tenant: "acme", State: "waiting"}, func(w *gateway.Wait) bool { open = append(open, w.ID); return true })
	must(m.t, err)
	for _, w := range m.waits {
		if w.State == gateway.StateWaiting {
			want = append(want, w.ID)
		}
	}
	if !slices.Equal(open, newestFirst(want)) {
		m.t.Fatalf("%d waits are open, want %d", len(open), len(want))
	}
	for _, state := range []gateway.DeliveryState{"", gateway.DeliveryPending, gateway.DeliveryRetrying} {
		var got, want []string
		q := store.Query{Tenant: "acme", State: string(state)}
		if m.random.IntN(2) == 0 {
			q.Since = m.now.Add(-time.Duration(m.random.Int64N(int64(time.Hour))))
		}
		if m.random.IntN(2) == 0 {
			q.Until = m.now.Add(-time.Duration(m.random.Int64N(int64(time.Hour))))
		}
		_, err := m.s.deliveriesOf(q, func(d *gateway.Delivery) bool { got = append(got, d.ID); return true })
		must(m.t, err)
		for _, d := range m.made {
			if q.Delivery(d) {
				want = append(want, d.ID)
			}
		}
		if !slices.Equal(got, newestFirst(want)) {
			m.t.Fatalf("%+v lists %d, want %d", q, len(got), len(want))
		}
	}
}

// again changes some that were made: they wait anew, or wait no more.
func (m *jumble) again() {
	for range m.random.IntN(10) {
		d := m.made[m.random.IntN(len(m.made))]
		if d.State.Ended() {
			d.State, d.EndedAt = []gateway.DeliveryState{gateway.DeliveryPending, gateway.DeliveryRetrying}[m.random.IntN(2)], time.Time{}
			must(m.t, m.s.Requeue(nil, d))
			continue
		}
		if d.State = gateway.DeliveryRetrying; m.random.IntN(2) == 0 {
			d.State, d.EndedAt = gateway.DeliverySucceeded, m.now
		}
		must(m.t, m.s.Settle(d, nil))
	}
}

// TestGaps lists what waits, with gaps noted of every step, while some come to lie in them.
func TestGaps(t *testing.T) {
	for round := range fewer(20) {
		m := &jumble{t: t, random: rand.New(rand.NewPCG(uint64(round), 9)), now: time.Now().Add(-time.Hour)}
		m.s = mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
		m.s.gaps.far = 0
		noted := 0
		for range 30 {
			m.publish()
			m.wait()
			m.again()
			m.states()
			for _, list := range m.s.gaps.of {
				noted += len(list)
			}
		}
		if noted == 0 {
			t.Fatal("no gap was noted")
		}
	}
}

// TestGapsWhileSomeArePut: what was accepted is listed, be it older than what a list that
// runs beside walked past.
func TestGapsWhileSomeArePut(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	s.gaps.far = 0
	var beside sync.WaitGroup
	done := make(chan struct{})
	q := store.Query{Tenant: "acme", State: "pending"}
	list := func() (ids map[string]bool) {
		ids = map[string]bool{}
		if _, err := s.deliveriesOf(q, func(d *gateway.Delivery) bool { ids[d.ID] = true; return true }); err != nil {
			t.Error(err)
		}
		return ids
	}
	for range 2 {
		beside.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					list()
				}
			}
		})
	}
	old := time.Now().Add(-time.Hour)
	for i := range 300 {
		p := published(old.Add(time.Duration(i*7919%300)*time.Millisecond), 1)
		p.Traces = nil
		must(t, s.Accept(p))
		if d := &p.Deliveries[0]; !list()[d.ID] {
			t.Error(fmt.Sprint("what was accepted is not listed, at ", i))
			break
		}
		if d := &p.Deliveries[0]; i%3 != 0 {
			d.State, d.EndedAt = gateway.DeliverySucceeded, old
			must(t, s.Settle(d, nil))
		}
	}
	close(done)
	beside.Wait()
}
