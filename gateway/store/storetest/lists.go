package storetest

import (
	"fmt"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// archive is what lists are asked about, newest first.
type archive struct {
	deliveries []*gateway.Delivery
	events     []gateway.Event
	waits      []*gateway.Wait
}

var (
	endings    = []gateway.DeliveryState{"", gateway.DeliveryRetrying, gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryCancelled}
	waitStates = []gateway.WaitState{gateway.StateWaiting, gateway.StateResumed, gateway.StateTimedOut, gateway.StateCancelled}
)

// furnishArchive makes deliveries in all states, events and waits within some days.
func furnishArchive(k *kit, n int) (a archive) {
	k.Helper()
	for i := range n {
		v := k.event(acme, []string{"42", "", "wa_42", "43"}[i%4])
		v.Type, v.Kind = []string{"message", "message", "note"}[i%3], []string{"text", "", "text"}[i%3]
		d := k.delivery([]string{"crm", "log"}[i%2], v)
		d.EventType = v.Type
		k.must(k.Accept(&gateway.Publication{Events: []gateway.Event{v}, Deliveries: []gateway.Delivery{d}}))
		k.must(k.Accept(&gateway.Publication{Events: []gateway.Event{k.event(acmeB, "42")}}))
		if state := endings[i%5]; state != "" {
			k.settle(&d, state, k.now.Add(time.Hour))
		}
		w := k.openWait(acme, []string{"42", "43"}[i%2])
		w.Source, w.Aliases = []string{"payments", "forms", "forms"}[i%3], []string{fmt.Sprint("wa_", i%5)}
		k.commit(&gateway.Change{Wait: w})
		if state := waitStates[i%4]; state != gateway.StateWaiting {
			w = k.ended(w, state, "")
			k.commit(&gateway.Change{Wait: w})
		}
		a.deliveries, a.events, a.waits = append(a.deliveries, &d), append(a.events, v), append(a.waits, w)
		k.set(k.now.Add([]time.Duration{0, 300 * time.Microsecond, time.Second, 25 * time.Minute}[i%4]))
	}
	slices.Reverse(a.deliveries)
	slices.Reverse(a.events)
	slices.Reverse(a.waits)
	return a
}

// queries are all combinations of some values that are there and one that is not.
func queries(from, until time.Time) (list []store.Query) {
	times := []store.Query{{}, {Since: from.Add(until.Sub(from) / 3)}, {Until: from.Add(until.Sub(from) / 2)}, {Since: until.Add(time.Hour)},
		{Since: time.Unix(-5, 0), Until: time.Date(12_000, 1, 1, 0, 0, 0, 0, time.UTC)}, {Until: time.Unix(-5, 0)}, {Since: time.Date(12_000, 1, 1, 0, 0, 0, 0, time.UTC)}}
	for _, state := range []string{"", "pending", "retrying", "succeeded", "dead", "cancelled", "waiting", "resumed", "timed_out"} {
		for _, name := range []string{"", "crm", "forms", "never"} {
			for _, kind := range []string{"", "message", "note"} {
				for i, conversation := range [][]string{nil, {"42"}, {"42", "wa_42"}, {"never"}, {"wa_3"}} {
					q := times[(i+len(name)+len(state))%len(times)]
					q.Tenant, q.State, q.Endpoint, q.Source, q.Type, q.Conversation = acme, state, name, name, kind, conversation
					list = append(list, q)
				}
			}
		}
	}
	return append(list, store.Query{Tenant: acme, Type: "message", Kind: "text"}, store.Query{Tenant: acme, Type: "note", Kind: "image"})
}

// listsAnswerQueries asks in all ways, in pages and looks of all sizes: a list has what a
// look at each would find.
func listsAnswerQueries(k *kit) {
	from := k.now
	a := furnishArchive(k, 60)
	k.twice(func() {
		for i, q := range queries(from, k.now) {
			q.Rows, q.Limit = []int{0, 1, 2, 7, 1000}[i%5], []int{0, 1, 5}[i%3]
			a.asked(k, q)
		}
	})
}

// asked asks one question of each list.
func (a *archive) asked(k *kit, q store.Query) {
	k.Helper()
	what := fmt.Sprintf("asked for %+v", q)
	of := q
	of.Source, of.Kind, of.Rows, of.Limit = "", "", 0, 0
	k.same(what, listed(k, q, k.listDeliveries, func(d *gateway.Delivery) string { return d.ID }),
		matching(a.deliveries, q.Limit, of.Delivery, func(d *gateway.Delivery) string { return d.ID }))
	k.same(what, listed(k, q, k.Store.Events, func(v *gateway.Event) string { return v.ID }),
		matching(pointers(a.events), q.Limit, q.Event, func(v *gateway.Event) string { return v.ID }))
	k.same(what, listed(k, q, k.Store.Waits, func(w *gateway.Wait) string { return w.ID }),
		matching(a.waits, q.Limit, q.Wait, func(w *gateway.Wait) string { return w.ID }))
}

func pointers[T any](list []T) (all []*T) {
	for i := range list {
		all = append(all, &list[i])
	}
	return all
}

// matching is a look at each.
func matching[T any](all []T, most int, is func(T) bool, id func(T) string) (ids []string) {
	for _, one := range all {
		if is(one) && (most == 0 || len(ids) < most) {
			ids = append(ids, id(one))
		}
	}
	return ids
}

// listed asks a list until it has no more to say.
func listed[T any](k *kit, q store.Query, list func(store.Query, func(T) (more bool)) (string, error), id func(T) string) (ids []string) {
	k.Helper()
	most := q.Limit
	for looks := 0; ; looks++ {
		next, err := list(q, func(one T) bool { ids = append(ids, id(one)); return true })
		k.must(err)
		if next == "" {
			return ids
		}
		if q.Before != "" && next >= q.Before || looks > 10_000 {
			k.Fatalf("%+v goes on at %s: it does not come to an end", q, next)
		}
		q.Before, q.Limit = next, max(0, most-len(ids))
	}
}

// listsCostWhatTheyAnswer has many of everything, and asks for what few have, and none:
// the lists look at little more than they answer.
func listsCostWhatTheyAnswer(k *kit) {
	for i := range 4 {
		p := &gateway.Publication{}
		var waits []*gateway.Change
		for j := range 500 {
			v := k.event(acme, fmt.Sprint(j%7))
			d := k.delivery("crm", v)
			w := k.ended(k.openWait(acme, fmt.Sprint(j%7)), gateway.StateResumed, "")
			if j == 250 && i < 2 {
				v.Type, v.Kind, v.ConversationKey = "note", "image", "rare"
				d.Endpoint, d.EventType, d.ConversationKey = "rare", "note", "rare"
				w.Source, w.ConversationKey, w.State = "rare", "rare", gateway.StateCancelled
			}
			p.Events, p.Deliveries, waits = append(p.Events, v), append(p.Deliveries, d), append(waits, &gateway.Change{Wait: w})
			k.set(k.now.Add(time.Second))
		}
		k.must(k.Accept(p))
		k.commit(waits...)
	}
	for _, q := range []store.Query{
		{Endpoint: "rare", Source: "rare"}, {Endpoint: "never", Source: "never"}, {Type: "note"}, {Type: "never"}, {Type: "note", Kind: "image"},
		{Type: "note", Kind: "never"}, {Conversation: []string{"rare", "never"}}, {Conversation: []string{"never"}}, {Since: k.now.Add(-3 * time.Second)},
		{Until: k.now.Add(-1998 * time.Second)}, {State: "dead"}, {State: "retrying"}, {State: "cancelled"}, {State: "timed_out"}, {State: "waiting"},
		{Endpoint: "rare", Source: "rare", Conversation: []string{"1"}}, {State: "dead", Endpoint: "crm"},
	} {
		q.Tenant, q.Rows = acme, 12
		k.cheap(q)
	}
}

// cheap holds each list to end within its rows.
func (k *kit) cheap(q store.Query) {
	k.Helper()
	ofEvents, ofDeliveries, ofWaits := q.Endpoint == "" && q.State == "", q.Kind == "", q.Type == ""
	if ofEvents {
		next, err := k.Store.Events(q, func(*gateway.Event) bool { return true })
		k.must(err)
		k.same(fmt.Sprintf("where events go on for %+v", q), next, "")
	}
	if ofDeliveries && q.State != "timed_out" && q.State != "waiting" {
		next, err := k.listDeliveries(q, func(*gateway.Delivery) bool { return true })
		k.must(err)
		k.same(fmt.Sprintf("where deliveries go on for %+v", q), next, "")
	}
	if ofWaits && q.State != "dead" && q.State != "retrying" {
		next, err := k.Store.Waits(q, func(*gateway.Wait) bool { return true })
		k.must(err)
		k.same(fmt.Sprintf("where waits go on for %+v", q), next, "")
	}
}

// listsOfOneEvent has deliveries beside one event, of which some were put back by hand and
// some have ended: whatever finds each of them, a list of any page size has all, in their order.
func listsOfOneEvent(k *kit) {
	var all []string
	for range 2 {
		p := &gateway.Publication{Events: []gateway.Event{k.event(acme, "42")}}
		id := p.Events[0].ID
		var want []string
		for n := range 6 {
			d := k.delivery("crm", p.Events[0])
			d.ID = gateway.DeliveryBeside(id, n+1)
			p.Deliveries, want = append(p.Deliveries, d), append([]string{d.ID}, want...)
		}
		k.must(k.Accept(p))
		for n := range p.Deliveries {
			switch d := p.Deliveries[n]; n {
			case 1, 4:
				d.NextAttemptAt = k.now.Add(time.Hour)
				k.must(k.Requeue(nil, &d))
			case 2:
				k.settle(&d, gateway.DeliverySucceeded, time.Time{})
			case 3:
				k.settle(&d, gateway.DeliveryDead, time.Time{})
			}
		}
		k.set(k.now.Add(time.Second))
		all = append(want, all...)
	}
	k.twice(func() {
		for _, q := range []store.Query{{Type: "message"}, {Conversation: []string{"42"}}, {Type: "message", Endpoint: "crm"}} {
			for rows := range 9 {
				q.Tenant, q.Rows = acme, rows
				k.same(fmt.Sprintf("%+v", q), listed(k, q, k.listDeliveries, func(d *gateway.Delivery) string { return d.ID }), all)
			}
		}
	})
}

// listsOutlive leaves deliveries unfinished until all of their time has expired, and lets
// some die: they are found by all that lists ask for as long as they are there.
func listsOutlive(k *kit) {
	v, made := k.accept("42", "crm", "log", "erp")
	k.settle(made[1], gateway.DeliveryRetrying, k.now.Add(1000*aDay))
	found := func(want ...*gateway.Delivery) {
		k.Helper()
		for i, q := range []store.Query{{}, {Conversation: []string{"42"}}, {Type: v.Type}, {Endpoint: want[0].Endpoint}} {
			q.Tenant = acme
			ids := listed(k, q, k.listDeliveries, func(d *gateway.Delivery) string { return d.ID })
			all := matching(want, 0, q.Delivery, func(d *gateway.Delivery) string { return d.ID })
			k.same(fmt.Sprintf("question %d", i), ids, all)
		}
	}
	for range 20 {
		k.pass(aDay)
	}
	k.twice(func() { found(made[2], made[1], made[0]) })
	k.settle(made[0], gateway.DeliveryDead, time.Time{})
	k.settle(made[1], gateway.DeliverySucceeded, time.Time{})
	found(made[2], made[1], made[0]) // opened again its time may be seen to be over
	k.pass(10 * aDay)
	k.twice(func() { found(made[2], made[0]) })
	again := *made[0]
	again.State, again.NextAttemptAt, again.EndedAt = gateway.DeliveryPending, k.now, time.Time{}
	k.must(k.Requeue(nil, &again))
	k.pass(aDay)
	k.twice(func() { found(made[2], &again) })
}
