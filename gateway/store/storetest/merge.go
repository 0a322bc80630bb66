package storetest

import (
	"time"

	"hookgate/gateway"
)

// merged gives the first delivery as it carries the events of all.
func merged(list []*gateway.Delivery) (into *gateway.Delivery, gone []gateway.Due) {
	all := *list[0]
	all.EventIDs = nil
	for i, d := range list {
		all.EventIDs = append(all.EventIDs, d.EventIDs...)
		if i > 0 {
			gone = append(gone, placeOf(d))
		}
	}
	return &all, gone
}

// several publishes events to one endpoint.
func (k *kit) several(n int, endpoint string) (events []gateway.Event, list []*gateway.Delivery) {
	k.Helper()
	for range n {
		v, d := k.acceptOne("42", endpoint)
		events, list = append(events, v), append(list, d)
		k.set(k.now.Add(time.Second))
	}
	return events, list
}

func merges(k *kit) {
	events, list := k.several(5, "crm")
	other, _ := k.acceptOne("42", "crm")
	k.settle(list[1], gateway.DeliveryRetrying, k.now.Add(time.Minute))
	into, gone := merged(list)
	into.NextAttemptAt = k.now
	k.must(k.Merge(into, gone))
	k.twice(func() {
		got, carried, err := k.Load(acme, into.ID)
		k.must(err)
		k.same("delivery", got, into)
		k.same("what it carries", carried, events)
		for _, v := range events {
			k.shows(v, into)
		}
		for _, d := range list[1:] {
			_, _, err := k.Delivery(acme, d.ID)
			k.gone("merged", err)
		}
		due := k.window(lane("crm"))
		k.same("window", len(due), 2)
		k.same("its place", due[0], placeOf(into))
		_, shown, err := k.Event(acme, other.ID)
		k.must(err)
		k.same("deliveries of another event", len(shown), 1)
	})
	more, extra := k.several(2, "crm") // and it grows again, by one that carries several
	batch, rest := merged(extra)
	k.must(k.Merge(batch, rest))
	into2, gone2 := merged([]*gateway.Delivery{into, batch})
	k.must(k.Merge(into2, gone2))
	k.settle(into2, gateway.DeliverySucceeded, time.Time{})
	k.twice(func() {
		k.is(into2, 1)
		for _, v := range append(events, more...) {
			k.shows(v, into2)
		}
	})
}

// mergeRefuses merges what does not fit: nothing is written.
func mergeRefuses(k *kit) {
	events, list := k.several(3, "crm")
	_, elsewhere := k.acceptOne("42", "log")
	_, ended := k.acceptOne("42", "crm")
	k.settle(ended, gateway.DeliverySucceeded, time.Time{})
	into, gone := merged([]*gateway.Delivery{list[0], list[1], ended})
	k.gone("one of them has ended", k.Merge(into, gone))
	into, gone = merged([]*gateway.Delivery{ended, list[1]})
	into.State = gateway.DeliveryPending
	k.gone("the one that should carry them has ended", k.Merge(into, gone))
	into, gone = merged([]*gateway.Delivery{list[0], elsewhere})
	if err := k.Merge(into, gone); err == nil {
		k.Fatal("merged with a delivery of another lane")
	}
	into, gone = merged([]*gateway.Delivery{list[0], list[0]})
	if err := k.Merge(into, gone); err == nil {
		k.Fatal("merged with itself")
	}
	into, gone = merged(list)
	into.EventIDs = into.EventIDs[:2]
	if err := k.Merge(into, gone); err == nil {
		k.Fatal("an event was left behind")
	}
	k.twice(func() {
		k.same("window", k.window(lane("crm")), []gateway.Due{placeOf(list[0]), placeOf(list[1]), placeOf(list[2])})
		for i, d := range list {
			k.is(d, 0)
			k.shows(events[i], d)
		}
	})
}

// mergeOutlivesItsEvents merges what was made days apart, and leaves it unfinished
// until long after all of it would have expired.
func mergeOutlivesItsEvents(k *kit) {
	for _, newest := range []bool{false, true} {
		var events []gateway.Event
		var list []*gateway.Delivery
		for range 5 {
			v, d := k.acceptOne("42", "crm")
			events, list = append(events, v), append(list, d)
			k.pass(2 * aDay)
		}
		carrier := list
		if newest {
			carrier = append([]*gateway.Delivery{list[4]}, list[:4]...)
			events = append([]gateway.Event{events[4]}, events[:4]...)
		}
		into, gone := merged(carrier)
		k.must(k.Merge(into, gone))
		for range 20 {
			k.pass(aDay)
		}
		k.twice(func() {
			k.waitsWith(into, 0, events...)
			for _, v := range events {
				k.shows(v, into)
			}
		})
		k.settle(into, gateway.DeliveryDead, time.Time{})
		k.pass(29 * aDay)
		k.twice(func() { k.is(into, 1) })
		again := k.again(into)
		k.must(k.Requeue(nil, again))
		k.pass(20 * aDay)
		k.waitsWith(again, 1, events...)
		k.settle(again, gateway.DeliverySucceeded, time.Time{})
		k.pass(aDay)
		_, _, err := k.Event(acme, events[0].ID)
		k.gone("after all ended", err)
	}
}
