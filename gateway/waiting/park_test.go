package waiting

import (
	"fmt"
	"testing"
	"time"

	"hookgate/gateway"
)

// parkMany parks, finds and forgets so many callbacks, as a start does with those of a
// former process; key gives the key of each.
func parkMany(n int, key func(i int) string) time.Duration {
	deaf := Observer{}.whole()
	x := (&expirer{}).ready()
	r := newRoom("acme", &house{expirer: x, observer: &deaf})
	until := time.Now().Add(time.Minute)
	all := make([]*parked, n)
	for i := range all {
		all[i] = newParked(r, &gateway.Parked{Source: "payments", Key: key(i), Callback: gateway.TakenCallback{ID: fmt.Sprintf("cb_%09d", i)}}, until.Add(time.Duration(i)))
	}
	began := time.Now()
	for i := range all {
		p := all[i^1] // whichever of two at once is parked first
		r.parking.restore(p)
		x.add(&p.expiry)
	}
	for i, p := range all {
		if found := r.parking.next([]name{p.name}, 0); found == nil && !p.gone {
			panic("what is parked is not found")
		}
		switch i % 3 { // the oldest, any, the newest: waits and time take what they find
		case 0:
			r.parking.leave(p)
		case 1:
			r.parking.leave(all[(i*7919)%n])
		default:
			r.parking.leave(all[n-1-i])
		}
	}
	for _, p := range all {
		r.parking.leave(p)
	}
	if len(r.parking.at) > 0 || len(r.parking.of) > 0 {
		panic("something is left")
	}
	return time.Since(began)
}

// Parked callbacks of one key cost no more than those of as many keys (SPEC 16): a
// sender with one key must not make the next start long for all.
func TestParkedOfOneKeyCostNoMore(t *testing.T) {
	const n = 50_000
	const least = 5 // times, of which the shortest counts: others share this machine
	one, many := time.Hour, time.Hour
	for range least {
		one = min(one, parkMany(n, func(int) string { return "chat" }))
		many = min(many, parkMany(n, func(i int) string { return fmt.Sprint("chat", i) }))
	}
	t.Logf("%d of one key %s, of as many keys %s", n, one, many)
	if one > 20*many { // to look through what is parked would be thousands
		t.Errorf("%d of one key took %s, of as many keys %s", n, one, many)
	}
}

// What was parked first comes first, whatever was taken before and whatever their ids.
func TestParkedAreFoundInTheirOrder(t *testing.T) {
	q, now := &queue{}, time.Now()
	var all []*parked
	for i := range 100 {
		made := now.Add(time.Duration((i*37)%100) * time.Millisecond) // its id says nothing of its order
		p := &parked{id: gateway.NewID(gateway.PrefixCallback, made), order: uint64(i + 1)}
		all = append(all, p)
		q.add(p)
	}
	for i := range all {
		if i%3 > 0 {
			q.leave(all[i])
		}
	}
	at := 0
	for p := q.next(0); p != nil; p = q.next(p.order) {
		if p != all[at] {
			t.Fatalf("found %s, want %s", p.id, all[at].id)
		}
		at += 3
	}
	if at < len(all) {
		t.Errorf("%d were found", at/3)
	}
}
