package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// linedEvents reads timelines in which lines of events stand among others: many of one
// millisecond, of several names, and of events that have none.
func linedEvents(k *kit) {
	names := []string{"a", "b"}
	var want []gateway.Trace
	for i := range 90 {
		v := k.event(acme, "a")
		v.ConversationKey, v.Lined = []string{"a", "b", "other"}[i%3], i%5 != 4
		if i%7 == 3 { // made for another moment than its id
			v.AcceptedAt = v.AcceptedAt.Add(-time.Hour)
		}
		other := k.trace(acme, names[i%2], fmt.Sprintf("cb_%02d", i))
		k.must(k.Store.Accept(&gateway.Publication{Events: []gateway.Event{v}, Traces: []gateway.Trace{other}}))
		want = append(want, other)
		if v.Lined && v.ConversationKey != "other" {
			want = append(want, v.Line())
		}
		k.set(k.now.Add([]time.Duration{0, time.Nanosecond, time.Microsecond, 5 * time.Hour}[i%4]))
	}
	slices.SortFunc(want, func(a, b gateway.Trace) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	k.twice(func() {
		for _, most := range []int{1, 3, 10, 1000} {
			k.same(fmt.Sprintf("pages of %d", most), pagesOf(k, store.Timeline{Tenant: acme, Names: names, Limit: most}), want)
		}
		since := want[40].At
		young := slices.DeleteFunc(slices.Clone(want), func(t gateway.Trace) bool { return t.At.Before(since) })
		k.same("since", pagesOf(k, store.Timeline{Tenant: acme, Names: names, Since: since, Limit: 7}), young)
		none, err := k.Store.Traces(store.Timeline{Tenant: acme, Names: []string{""}, Limit: 10})
		k.must(err)
		k.same("of no name", len(none), 0)
	})
}

// pagesOf reads a timeline to its end.
func pagesOf(k *kit, q store.Timeline) (all []gateway.Trace) {
	for {
		page, err := k.Store.Traces(q)
		k.must(err)
		if len(page) > q.Limit {
			k.Fatalf("%d lines where %d were asked for", len(page), q.Limit)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		q.Before = store.Line{At: page[len(page)-1].At, ID: page[len(page)-1].ID}
	}
}

// linedExpire lets lines of events go with their events.
func linedExpire(k *kit) {
	v := k.event(acme, "a")
	v.Lined = true
	k.must(k.Store.Accept(&gateway.Publication{Events: []gateway.Event{v}}))
	k.pass(6 * 24 * time.Hour)
	got, err := k.Store.Traces(store.Timeline{Tenant: acme, Names: []string{"a"}, Limit: 10})
	k.must(err)
	k.same("young enough", got, []gateway.Trace{v.Line()})
	k.pass(3 * 24 * time.Hour)
	got, err = k.Store.Traces(store.Timeline{Tenant: acme, Names: []string{"a"}, Limit: 10})
	k.must(err)
	k.same("too old", len(got), 0)
}
