package pebblestore

import (
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// TestPlacesLookPast settles very many deliveries, which leaves as many tombstones where
// they waited: the newest three are listed without walking them.
func TestPlacesLookPast(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	const many = 3000
	from := time.Now()
	for i := range many {
		at := from.Add(time.Duration(i) * time.Second)
		p := published(at, 1)
		must(t, settleFirst(s, p, at))
	}
	l := newList(s.engine, store.Query{Tenant: "acme"}, gateway.PrefixDelivery)
	all, err := l.places(kindDelivery, kindUnfinished, kindRetrying, kindCancelled)
	must(t, err)
	found := 0
	_, err = l.run(all, func(byte, ulid.ULID, []byte) (bool, error) { found++; return found < 3, nil })
	must(t, err)
	steps := 0
	for _, it := range l.iterators {
		stats := it.Stats()
		steps += stats.ReverseStepCount[pebble.InternalIterCall] + stats.ForwardStepCount[pebble.InternalIterCall]
	}
	if l.close(&err); err != nil || found != 3 {
		t.Fatal(found, err)
	}
	if steps > many/10 {
		t.Errorf("%d steps to list 3 of %d", steps, many)
	}
}

// TestPlacesMix lists pending deliveries between settled ones, near to each other and far.
func TestPlacesMix(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	at := time.Now().Add(-5 * day)
	var want []string
	for i := range 300 {
		at = at.Add([]time.Duration{0, time.Millisecond, 20 * time.Millisecond, time.Second, time.Hour}[i%5])
		p := published(at, 1)
		if i%7 == 0 || i > 100 && i < 130 {
			must(t, s.Accept(p))
		} else {
			must(t, settleFirst(s, p, at))
		}
		want = append(want, p.Deliveries[0].ID)
	}
	slices.Sort(want)
	slices.Reverse(want)
	for _, rows := range []int{1, 10, 1000} {
		if got := listedIDs(t, s, store.Query{}, rows); !slices.Equal(got, want) {
			t.Errorf("%d rows at once: %d deliveries, want %d in order", rows, len(got), len(want))
		}
	}
}
