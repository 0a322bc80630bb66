package storetest

import (
	"time"

	"hookgate/gateway"
)

func eventsCursor(k *kit) {
	var want []string
	for range 25 {
		v, _ := k.acceptOne("42", "crm")
		want = append([]string{v.ID}, want...)
		k.must(k.Accept(&gateway.Publication{Events: []gateway.Event{k.event(acmeB, "42")}}))
		k.set(k.now.Add(time.Duration(len(want)%3) * time.Millisecond))
	}
	k.twice(func() {
		var got []string
		for before := ""; ; before = got[len(got)-1] {
			page, err := k.Events(acme, before, 10, allEvents)
			k.must(err)
			if len(page) == 0 {
				break
			}
			if len(page) > 10 {
				k.Fatalf("a page of 10 has %d", len(page))
			}
			for _, v := range page {
				got = append(got, v.ID)
			}
		}
		k.same("newest first, page by page", got, want)
	})
	third := 0
	page, err := k.Events(acme, "", 2, func(*gateway.Event) bool { third++; return third%3 == 0 })
	k.must(err)
	k.same("those kept", []string{page[0].ID, page[1].ID}, []string{want[2], want[5]})
	for _, before := range []string{"x", "evt_", want[24]} {
		page, err := k.Events(acme, before, 10, allEvents)
		k.must(err)
		k.same("events before "+before, len(page), 0)
	}
}

func eventOfNotice(k *kit) {
	n := k.notice(acme)
	k.commit(&gateway.Change{Notice: n})
	k.shows(n.Event, &n.Delivery)
	k.settle(&n.Delivery, gateway.DeliverySucceeded, time.Time{})
	k.twice(func() { k.shows(n.Event, &n.Delivery) })
}

func eventExpires(k *kit) {
	v, list := k.accept("42", "crm", "log")
	k.settle(list[0], gateway.DeliverySucceeded, time.Time{})
	k.settle(list[1], gateway.DeliveryDead, time.Time{})
	k.pass(7*aDay - time.Minute)
	k.twice(func() { k.shows(v, list...) })
	k.pass(2 * time.Minute)
	k.twice(func() {
		_, _, err := k.Event(acme, v.ID)
		k.gone("a week after", err)
		page, err := k.Events(acme, "", 10, allEvents)
		k.must(err)
		k.same("listed a week after", len(page), 0)
	})
	k.is(list[1], 1)
}

// eventKeptForUnfinished lets an event be a delivery's for longer than events are kept.
func eventKeptForUnfinished(k *kit) {
	v, list := k.accept("42", "crm", "log")
	k.settle(list[1], gateway.DeliverySucceeded, time.Time{})
	for range 20 {
		k.pass(aDay)
	}
	k.twice(func() { k.shows(v, list[0]) })
	k.settle(list[0], gateway.DeliverySucceeded, time.Time{})
	k.pass(aDay)
	_, _, err := k.Event(acme, v.ID)
	k.gone("after its last delivery ended", err)
}

// attemptLargeAndSmall ends deliveries with answers of all sizes.
func attemptLargeAndSmall(k *kit) {
	for _, size := range []int{0, 1, 1 << 10, 1<<10 + 1, 16 << 10} {
		_, d := k.acceptOne("42", "crm")
		var want []gateway.Attempt
		for n := range 2 {
			a := *k.attempt(n+1, 200)
			a.ResponseBody = nil
			if size > 0 {
				a.ResponseBody = make([]byte, size)
			}
			want = append(want, a)
			d.Attempts, d.State, d.NextAttemptAt = n+1, gateway.DeliveryRetrying, k.now.Add(time.Second)
			if n == 1 {
				d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, time.Time{}, k.now
			}
			k.must(k.Settle(d, &a))
		}
		k.twice(func() {
			got, attempts, err := k.Delivery(acme, d.ID)
			k.must(err)
			k.same("delivery", got, d)
			k.same("attempts", attempts, want)
		})
	}
}
