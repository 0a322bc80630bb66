package waiting

import (
	"fmt"
	"testing"
	"time"

	"hookgate/gateway"
)

// deaf hears nothing of what is observed.
type deaf struct{ Observer }

func (deaf) ParkedChanged(string, int) {}

// parkMany parks, finds and forgets so many callbacks, as a start does with those of a
// former process; key gives the key of each.
func parkMany(n int, key func(i int) string) time.Duration {
	s := &Sessions{Options: Options{Observer: deaf{}}}
	s.expirer = newExpirer(s)
	r := newRoom("acme")
	until := time.Now().Add(time.Minute)
	all := make([]*parked, n)
	for i := range all {
		all[i] = newParked(r, fmt.Sprintf("cb_%09d", i), name{"payments", key(i)}, until.Add(time.Duration(i)))
	}
	began := time.Now()
	for i := range all {
		r.park(s, all[i^1]) // two at once may come in either order
	}
	for i, p := range all {
		if found := r.nextParked([]name{p.name}, ""); found == nil && !p.gone {
			panic("what is parked is not found")
		}
		switch i % 3 { // the oldest, any, the newest: waits and time take what they find
		case 0:
			r.unpark(s, p)
		case 1:
			r.unpark(s, all[(i*7919)%n])
		default:
			r.unpark(s, all[n-1-i])
		}
	}
	for _, p := range all {
		r.unpark(s, p)
	}
	if len(r.early) > 0 || len(r.earlyOf) > 0 {
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
	if one > 3*many {
		t.Errorf("%d of one key took %s, of as many keys %s: want at most 3 times that", n, one, many)
	}
}

// The oldest comes first, whatever was taken before and in which order they came.
func TestParkedAreFoundInTheirOrder(t *testing.T) {
	q, now := &queue{}, time.Now()
	var all []*parked
	for i := range 100 {
		all = append(all, &parked{id: gateway.NewID(gateway.PrefixCallback, now.Add(time.Duration(i)*time.Millisecond))})
	}
	for i := range all {
		q.add(all[(i*37)%len(all)])
	}
	for i := range all {
		if i%3 > 0 {
			q.leave(all[i])
		}
	}
	at := 0
	for p := q.next(""); p != nil; p = q.next(p.id) {
		if p != all[at] {
			t.Fatalf("found %s, want %s", p.id, all[at].id)
		}
		at += 3
	}
	if at < len(all) {
		t.Errorf("%d were found", at/3)
	}
}
