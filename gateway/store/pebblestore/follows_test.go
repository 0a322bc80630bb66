package pebblestore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// listedIDs gives the ids that a list of deliveries answers, looking at so many rows at
// once.
func listedIDs(t *testing.T, s *Store, q store.Query, rows int) (ids []string) {
	t.Helper()
	q.Tenant, q.Rows = "acme", rows
	for looks := 0; ; looks++ {
		next, err := s.Deliveries(q, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool {
			ids = append(ids, d.ID)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if next == "" {
			return ids
		}
		if q.Before != "" && next >= q.Before || looks > 10_000 {
			t.Fatalf("%+v goes on at %s: it does not come to an end", q, next)
		}
		q.Before = next
	}
}

// mixed are publications of which some deliveries follow their event, and some do not:
// they are of another time, or type, or carry two events.
func mixed(r *rand.Rand, from time.Time) (list []*gateway.Publication) {
	at := from
	for range 60 {
		p := published(at, 1+r.IntN(6))
		p.Traces = nil
		at = at.Add(time.Duration(r.IntN(3)) * 700 * time.Microsecond)
		for i := range p.Events {
			v, d := &p.Events[i], &p.Deliveries[i]
			v.Type, v.ConversationKey = fmt.Sprint("type-", r.IntN(3)), fmt.Sprint("conversation-", r.IntN(4))
			d.EventType, d.ConversationKey, d.Endpoint = v.Type, v.ConversationKey, fmt.Sprint("endpoint-", r.IntN(2))
			switch r.IntN(8) {
			case 0:
				d.ID = gateway.NewID(gateway.PrefixDelivery, at.Add(time.Duration(r.IntN(9))*time.Millisecond))
			case 1:
				d.EventType = "batch"
			case 2:
				d.EventIDs = append(d.EventIDs, p.Events[0].ID)
			}
		}
		for range r.IntN(4) {
			p.Deliveries = slices.Delete(p.Deliveries, 0, min(1, len(p.Deliveries)))
		}
		list = append(list, p)
	}
	return list
}

// TestFollow asks for deliveries that have postings of their own and for those that
// follow their event, many of one millisecond, and events between them without any.
func TestFollow(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	r := rand.New(rand.NewPCG(3, 4))
	var all []gateway.Delivery
	for _, p := range mixed(r, time.Now()) {
		must(t, s.Accept(p))
		all = append(all, p.Deliveries...)
	}
	slices.SortFunc(all, func(a, b gateway.Delivery) int { return strings.Compare(b.ID, a.ID) })
	for _, q := range []store.Query{
		{Type: "type-1"}, {Type: "batch"}, {Type: "never"}, {Conversation: []string{"conversation-2"}},
		{Conversation: []string{"conversation-0", "conversation-3", "never"}}, {Type: "type-2", Conversation: []string{"conversation-1"}},
		{Type: "type-0", Endpoint: "endpoint-1"}, {Type: "type-0", State: "succeeded"},
	} {
		var want []string
		for i := range all {
			if q.Delivery(&all[i]) {
				want = append(want, all[i].ID)
			}
		}
		for _, rows := range []int{1, 2, 7, 4096} {
			if got := listedIDs(t, s, q, rows); !slices.Equal(got, want) {
				t.Errorf("%+v, %d rows at once: %d deliveries, want %d", q, rows, len(got), len(want))
			}
		}
	}
}

// TestFollowCosts counts the values of a delivery that follows its event: one.
func TestFollowCosts(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	must(t, s.Accept(published(time.Now(), 5)))
	n := 0
	for _, part := range s.later.deliveries.view() {
		for i := range part {
			for _, hash := range part[i].values {
				if hash != 0 {
					n++
				}
			}
		}
	}
	if n != 5 {
		t.Errorf("%d values of 5 deliveries, want the endpoint of each", n)
	}
}

// TestFollowOutlivesEvent keeps deliveries longer than events: they are found as before,
// and their event shows none.
func TestFollowOutlivesEvent(t *testing.T) {
	short, long := gateway.Duration(day), gateway.Duration(9*day)
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem(), Retention: func(string) gateway.Retention {
		return gateway.Retention{Events: &short, Deliveries: &long}
	}})
	at := time.Now()
	p := published(at, 1)
	must(t, settleFirst(s, p, at))
	must(t, s.Expire(at.Add(4*day)))
	for _, q := range []store.Query{{}, {Type: "message"}, {Conversation: []string{p.Events[0].ConversationKey}}} {
		if got := listedIDs(t, s, q, 100); !slices.Equal(got, []string{p.Deliveries[0].ID}) {
			t.Errorf("%+v gives %v, want the delivery, whose event is no more", q, got)
		}
	}
	must(t, s.EventDeliveries("acme", p.Events[0].ID, func(d gateway.EventDelivery) bool {
		t.Errorf("an event that expired shows %s", d.ID)
		return true
	}))
	must(t, s.Expire(at.Add(12*day)))
	for _, kind := range [...]byte{kindIndex, kindByEvent, kindByDelivery} {
		prefix := appendPrefix(nil, kind, "acme")
		it, err := s.iter(prefix, pastPrefix(prefix))
		must(t, err)
		if it.First() {
			t.Errorf("a %s is left when all has expired", kindWords[kind])
		}
		must(t, it.Close())
	}
}
