package pebblestore

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// TestNothingLeft lets deliveries end in all ways, and months pass: no key of theirs
// is left, in any kind.
func TestNothingLeft(t *testing.T) {
	now := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem(), Now: func() time.Time { return now }})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var list []gateway.Delivery
	for range 6 {
		p := published(now, 1)
		must(s.Accept(p))
		list = append(list, p.Deliveries[0])
		now = now.Add(3 * day) // all are unfinished for longer than events are kept
		must(s.Expire(now))
	}
	settle := func(d *gateway.Delivery, state gateway.DeliveryState) {
		t.Helper()
		d.Attempts++
		d.State, d.NextAttemptAt, d.EndedAt = state, time.Time{}, now
		must(s.Settle(d, &gateway.Attempt{Number: d.Attempts, At: now, ResponseBody: make([]byte, 2*maxEmbedded*(d.Attempts%2))}))
	}
	into := list[0]
	into.EventIDs = append(into.EventIDs, list[1].EventIDs...)
	must(s.Merge(&into, []gateway.Due{{ID: list[1].ID}}))
	settle(&into, gateway.DeliverySucceeded)
	settle(&list[2], gateway.DeliveryDead)
	again := list[2]
	again.State, again.EndedAt, again.NextAttemptAt = gateway.DeliveryPending, time.Time{}, now
	must(s.Requeue(nil, &again))
	settle(&again, gateway.DeliveryDead)
	list[3].State = gateway.DeliveryCancelled
	must(s.Cancel(&list[3]))
	must(s.DropLane(laneOf(&list[4])))
	awaitSwept(t, s)
	for range 3 {
		now = now.Add(20 * day)
		must(s.Expire(now))
	}
	for i := range len(tenantKinds) {
		it, err := s.iter([]byte{tenantKinds[i]}, []byte{tenantKinds[i] + 1})
		must(err)
		if it.First() {
			t.Errorf("a %s is left", kindWords[tenantKinds[i]])
		}
		closeIter(it, &err)
		must(err)
	}
}
