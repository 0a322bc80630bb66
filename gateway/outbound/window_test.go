package outbound

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

var epoch = time.Unix(1_700_000_000, 0)

// TestWindowLosesNothing plays a lane against a store in any order of what can
// happen to both: new deliveries, leases that end or come back later, reads that
// see the store before or after what happens meanwhile. At the end every
// delivery was leased to its end.
func TestWindowLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const usual = 4
		most := usual
		store := map[string]gateway.Due{} // unfinished
		var batch []gateway.Due           // of a read that is under way
		var last bool
		w := window{most: usual, usual: usual}
		var places *shares.Budget
		if rapid.Bool().Draw(t, "shared") { // the window grows and shrinks as others let it
			places, most = shares.New(1<<20), 4*fewPlaces
			w = granted(most, &grant{budget: places, who: func() shares.Holder { return shares.Tenant("acme") }})
		}
		rest := func() { // as others have some, or give it back
			if used := places.Stat().Used - w.granted(); used > 0 {
				places.Give(shares.Tenant("other"), used)
			} else {
				places.Force(shares.Tenant("other"), 1<<20)
			}
		}
		w.more = rapid.Bool().Draw(t, "recovered")
		now, made := epoch, 0
		if w.more {
			for range rapid.IntRange(0, 20).Draw(t, "left") {
				made++
				d := gateway.Due{ID: fmt.Sprintf("%04d", made), At: epoch.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "at")) * time.Second)}
				store[d.ID] = d
			}
		}
		flying := map[string]gateway.Due{}
		publish := func(in int) {
			made++
			d := gateway.Due{ID: fmt.Sprintf("%04d", made), At: now.Add(time.Duration(in) * time.Second)}
			store[d.ID] = d
			w.add(d, true)
		}
		begin := func(is bool) {
			if is && !w.reading {
				w.regrant()
				w.reading = true
				batch, last = snapshot(store, w.cursor, w.most)
			}
		}
		finish := func() {
			if w.reading {
				w.read(batch, last)
			}
		}
		lease := func() bool {
			d, ok := w.pop(now)
			if at, unfinished := store[d.ID]; !ok || !unfinished || flying[d.ID].ID != "" {
				return ok
			} else if at.At.After(now) { // as load does
				w.add(at, false)
				return true
			}
			flying[d.ID] = store[d.ID]
			return true
		}
		settle := func(end bool, later time.Duration) {
			for _, id := range sorted(flying)[:min(1, len(flying))] {
				delete(flying, id)
				if end {
					delete(store, id)
					return
				}
				store[id] = gateway.Due{ID: id, At: now.Add(later)}
				w.add(store[id], false)
			}
		}
		for range rapid.IntRange(0, 150).Draw(t, "steps") {
			switch rapid.IntRange(0, 11).Draw(t, "step") {
			case 0, 1:
				publish(rapid.IntRange(0, 20).Draw(t, "in"))
			case 8: // many at once
				in := rapid.IntRange(0, 20).Draw(t, "in")
				for range 3 * most {
					publish(in)
				}
			case 9: // a hold is over, for which some were dropped
				for _, id := range sorted(store)[:min(1, len(store))] {
					w.rewind(store[id])
				}
			case 2:
				begin(w.low() || rapid.Bool().Draw(t, "though not low"))
			case 3:
				finish()
			case 4:
				lease()
			case 5:
				settle(rapid.Bool().Draw(t, "end"), time.Duration(rapid.IntRange(0, 60).Draw(t, "later"))*time.Second)
			case 6: // the breaker refuses
				if d, ok := w.pop(now); ok {
					w.add(d, true)
				}
			case 10:
				if places != nil {
					rest()
				}
			case 11:
				w.rest()
			case 7:
				now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "pass")) * time.Second)
			}
			if len(w.due) > 2*most || len(w.fresh) > mostFresh || len(w.arrived) > 4*most {
				t.Fatalf("%d in the window, %d fresh, %d arrived", len(w.due), len(w.fresh), len(w.arrived))
			}
			if len(w.due) > 2*w.most || places != nil && len(w.due) > 2*fewPlaces+int(w.granted()) {
				t.Fatalf("%d in a window of %d, with %d places", len(w.due), w.most, w.granted())
			}
			if !slices.IsSortedFunc(w.due, compare) || w.more && len(w.due) > 0 && compare(w.due[len(w.due)-1], w.cursor) > 0 {
				t.Fatalf("out of order, or beyond the cursor: %+v", w)
			}
		}
		for range 1000 {
			now = now.Add(time.Minute)
			finish()
			begin(w.low())
			finish()
			for lease() {
				settle(true, 0)
			}
			settle(true, 0)
		}
		if w.rest(); w.granted() != 0 {
			t.Fatalf("an empty window has %d places", w.granted())
		}
		if len(store) > 0 {
			t.Fatalf("never leased: %v; the window is %+v", sorted(store), w)
		}
	})
}

// granted is how many places a window has of the budget.
func (w *window) granted() int64 {
	if w.grant == nil {
		return 0
	}
	return w.grant.places
}

// snapshot is what Queue.Window gives.
func snapshot(store map[string]gateway.Due, after gateway.Due, most int) (batch []gateway.Due, last bool) {
	for _, d := range store {
		if compare(d, after) > 0 {
			batch = append(batch, d)
		}
	}
	slices.SortFunc(batch, compare)
	batch = batch[:min(most, len(batch))]
	return batch, len(batch) < most
}

func sorted(m map[string]gateway.Due) []string {
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func TestWindowTakesTurnsWithFreshOnes(t *testing.T) {
	w := window{most: 4, more: true}
	due := func(n int, at time.Duration) gateway.Due {
		return gateway.Due{ID: fmt.Sprintf("%04d", n), At: epoch.Add(at)}
	}
	w.reading = true
	w.read([]gateway.Due{due(1, 0), due(2, 0), due(3, 0), due(4, 0)}, false)
	w.add(due(90, time.Hour), true) // beyond the cursor
	var got []string
	for {
		d, ok := w.pop(epoch.Add(time.Hour))
		if !ok {
			break
		}
		got = append(got, d.ID)
	}
	if i := slices.Index(got, "0090"); i < 0 || i > 1 || len(got) != 5 {
		t.Errorf("leased in the order %v: the fresh one waits for the backlog", got)
	}
	if _, ok := w.pop(epoch); ok {
		t.Error("one that is not due")
	}
}
