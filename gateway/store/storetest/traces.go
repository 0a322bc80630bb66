package storetest

import (
	"fmt"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

func tracesInOrder(k *kit) {
	var want []gateway.Trace
	for i := range 30 {
		t := k.trace(acme, []string{"42bb", "pi_1"}[i%2], fmt.Sprintf("cb_%02d", i))
		want = append(want, t)
		k.commit(&gateway.Change{Traces: []gateway.Trace{t, k.trace(acme, "42", "x"), k.trace(acmeB, "42bb", "y")}, Refused: i%2 == 0})
		k.set(k.now.Add([]time.Duration{0, time.Nanosecond, time.Second, 7 * time.Hour}[i%4]))
	}
	names := []string{"pi_1", "42bb", "pi_1", "never"}
	k.twice(func() {
		got, err := k.Traces(acme, names, time.Time{}, 100)
		k.must(err)
		k.same("oldest first, under all names", got, want)
	})
	got, err := k.Traces(acme, names, want[11].At, 100)
	k.must(err)
	for i := range want {
		if !want[i].At.Before(want[11].At) {
			k.same("since", got, want[i:])
			break
		}
	}
	none, err := k.Traces(acme, []string{"never"}, time.Time{}, 100)
	k.must(err)
	if len(none) != 0 {
		k.Fatalf("a name that nobody used: %+v", none)
	}
}

func tracesBounded(k *kit) {
	var want []gateway.Trace
	for i := range 20 {
		k.set(k.now.Add(5 * time.Hour))
		t := k.trace(acme, []string{"a", "b", "c"}[i%3], fmt.Sprint(i))
		want = append(want, t)
		k.commit(&gateway.Change{Traces: []gateway.Trace{t}})
	}
	for _, most := range []int{0, 1, 2, 7, 19, 20, 21} {
		got, err := k.Traces(acme, []string{"a", "b", "c"}, time.Time{}, most)
		k.must(err)
		if len(got) != min(most, len(want)) {
			k.Fatalf("at most %d: %d", most, len(got))
		}
		for i, t := range want[len(want)-len(got):] {
			k.same(fmt.Sprintf("the newest %d", most), got[i], t)
		}
	}
}

func tracesReplaced(k *kit) {
	first := k.trace(acme, "a", "wait_1")
	then := first
	then.Data = gateway.Raw(`{"state":"resumed"}`)
	k.commit(&gateway.Change{Traces: []gateway.Trace{first}})
	k.commit(&gateway.Change{Traces: []gateway.Trace{then}})
	got, err := k.Traces(acme, []string{"a"}, time.Time{}, 10)
	k.must(err)
	k.same("the same conversation, moment and id", got, []gateway.Trace{then})
}

func tracesExpire(k *kit) {
	old := k.trace(acme, "a", "old")
	k.commit(&gateway.Change{Traces: []gateway.Trace{old}})
	k.pass(6 * 24 * time.Hour)
	fresh := k.trace(acme, "a", "fresh")
	k.commit(&gateway.Change{Traces: []gateway.Trace{fresh}})
	got, err := k.Traces(acme, []string{"a"}, time.Time{}, 10)
	k.must(err)
	k.same("both are young enough", got, []gateway.Trace{old, fresh})
	k.pass(3 * 24 * time.Hour)
	got, err = k.Traces(acme, []string{"a"}, time.Time{}, 10)
	k.must(err)
	k.same("one is too old", got, []gateway.Trace{fresh})
}

// tracesPaged reads a timeline page by page, among lines of one moment and of many days.
func tracesPaged(k *kit) {
	var want []gateway.Trace
	for i := range 60 {
		t := k.trace(acme, []string{"a", "b", "c"}[i%3], fmt.Sprintf("cb_%02d", i))
		want = append([]gateway.Trace{t}, want...)
		k.commit(&gateway.Change{Traces: []gateway.Trace{t, k.trace(acme, "other", "x")}})
		k.set(k.now.Add([]time.Duration{0, 0, time.Nanosecond, 5 * time.Hour}[i%4]))
	}
	for _, most := range []int{1, 4, 7, 100} {
		var got []gateway.Trace
		q := store.Timeline{Tenant: acme, Names: []string{"c", "a", "b"}, Since: want[50].At, Limit: most}
		for {
			page, err := k.Store.Traces(q)
			k.must(err)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			q.Before = store.Line{At: page[len(page)-1].At, ID: page[len(page)-1].ID}
		}
		since := 0
		for _, t := range want {
			if !t.At.Before(want[50].At) {
				since++
			}
		}
		k.same(fmt.Sprintf("pages of %d, newest first", most), got, want[:since])
	}
}
