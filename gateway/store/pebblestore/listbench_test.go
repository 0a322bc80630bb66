package pebblestore

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

var listed = flag.Int("listed", 10_000, "how many deliveries, events and waits BenchmarkLists stores; the records have 1,000,000")

// crowded is a store with as many of each, made over the last days.
type crowded struct {
	*Store
	n    int
	from time.Time
	step time.Duration
}

func crowdedStore(b testing.TB, n int) *crowded {
	c := &crowded{Store: benchStore(b), n: n}
	c.from = time.Now().Add(-6 * day)
	c.step = 6 * day / time.Duration(n)
	const at = 1000
	for i := 0; i < n; i += at {
		c.publish(b, i, min(at, n-i))
		c.wait(b, i, min(at, n-i))
	}
	return c
}

// some gives a value that every hundredth has, of many; and one that few have.
func some(what string, i, n int) string {
	if i%(n/4) == n/8 {
		return what + "-rare"
	}
	return fmt.Sprintf("%s-%d", what, i%100)
}

func (c *crowded) publish(b testing.TB, from, most int) {
	p := published(c.from, most)
	p.Traces = nil
	for i := range p.Events {
		at, v, d := c.from.Add(time.Duration(from+i)*c.step), &p.Events[i], &p.Deliveries[i]
		v.ID, v.AcceptedAt, v.Type = gateway.NewEventID(at), at, some("type", from+i, c.n)
		v.ConversationKey = some("conversation", from+i, c.n)
		d.ID, d.CreatedAt, d.NextAttemptAt = gateway.DeliveryBeside(v.ID, 1), at, at
		d.EventIDs, d.EventType, d.ConversationKey, d.Endpoint = []string{v.ID}, v.Type, v.ConversationKey, some("endpoint", from+i, c.n)
	}
	must(b, c.Accept(p))
	for i := range p.Deliveries {
		d := &p.Deliveries[i]
		d.Attempts, d.State, d.EndedAt = 1, gateway.DeliverySucceeded, d.CreatedAt
		switch j := from + i; {
		case j%(c.n/4) == c.n/7:
			d.State = gateway.DeliveryDead
		case j%(c.n/4) == c.n/6:
			d.State, d.EndedAt, d.NextAttemptAt = gateway.DeliveryRetrying, time.Time{}, time.Now().Add(time.Hour)
		case j%(c.n/4) == c.n/5:
			d.State = gateway.DeliveryCancelled
		case j%(c.n/4) == c.n/9:
			continue // pending
		}
		must(b, c.Settle(d, firstAttempt))
	}
}

func (c *crowded) wait(b testing.TB, from, most int) {
	changes := make([]*gateway.Change, most)
	for i := range changes {
		w := openWait(time.Now().Add(-time.Duration(c.n-from-i)*(c.step/10)), 100)
		w.Source, w.ConversationKey = some("source", from+i, c.n), some("conversation", from+i, c.n)
		w.State, w.EndedAt = gateway.StateResumed, time.Now()
		switch j := from + i; {
		case j%(c.n/4) == c.n/7:
			w.State = gateway.StateCancelled
		case j%(c.n/4) == c.n/6:
			w.State, w.EndedAt = gateway.StateWaiting, time.Time{}
		}
		changes[i] = &gateway.Change{Wait: w}
	}
	must(b, c.Commit(changes...))
}

// questions are what lists are asked, by name.
func (c *crowded) questions() (names []string, queries map[string]store.Query) {
	queries = map[string]store.Query{}
	add := func(name string, q store.Query) {
		q.Tenant, q.Limit = "acme", 3
		names, queries[name] = append(names, name), q
	}
	middle := c.from.Add(3 * day)
	add("plain", store.Query{})
	add("since", store.Query{Since: time.Now().Add(-time.Hour)})
	add("until", store.Query{Until: middle})
	add("between", store.Query{Since: middle, Until: middle.Add(2 * c.step)})
	add("before-all", store.Query{Until: c.from.Add(-time.Hour)})
	for _, how := range []string{"7", "rare", "absent"} {
		add("endpoint="+how, store.Query{Endpoint: "endpoint-" + how})
		add("source="+how, store.Query{Source: "source-" + how})
		add("type="+how, store.Query{Type: "type-" + how})
		add("kind="+how, store.Query{Type: "type-" + how, Kind: "text"})
		add("conversation="+how, store.Query{Conversation: []string{"conversation-" + how, "another"}})
	}
	add("kind-absent", store.Query{Type: "type-7", Kind: "image"})
	for _, state := range []string{"pending", "retrying", "succeeded", "dead", "cancelled", "waiting", "resumed", "timed_out"} {
		add("state="+state, store.Query{State: state})
	}
	add("dead-of-another", store.Query{State: "dead", Endpoint: "endpoint-absent"})
	add("two-that-never-meet", store.Query{Endpoint: "endpoint-7", Type: "type-8"})
	return names, queries
}

// BenchmarkLists asks for three of many. Each question is to take no more than three
// times what the plain list takes.
func BenchmarkLists(b *testing.B) {
	c := crowdedStore(b, *listed)
	names, queries := c.questions()
	for _, list := range []struct {
		what string
		ask  func(store.Query) (string, error)
		asks func(store.Query) bool
	}{
		{"deliveries", func(q store.Query) (string, error) {
			return c.Deliveries(q, gateway.AttemptBounds{Most: 1000}, func(*gateway.Delivery, []gateway.Attempt) bool { return true })
		}, func(q store.Query) bool { return q.Kind == "" && q.Source == "" }},
		{"events", func(q store.Query) (string, error) {
			return c.Events(q, func(*gateway.Event) bool { return true })
		}, func(q store.Query) bool { return q.Endpoint == "" && q.Source == "" && q.State == "" }},
		{"waits", func(q store.Query) (string, error) {
			return c.Waits(q, func(*gateway.Wait) bool { return true })
		}, func(q store.Query) bool { return q.Endpoint == "" && q.Type == "" }},
	} {
		for _, name := range names {
			if q := queries[name]; list.asks(q) {
				b.Run(list.what+"/"+name, func(b *testing.B) {
					for b.Loop() {
						if _, err := list.ask(q); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
