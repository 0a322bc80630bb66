package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
)

func queueLanes(k *kit) {
	lanes, err := k.Lanes(gateway.AllSlots())
	k.must(err)
	if len(lanes) != 0 {
		k.Fatalf("lanes of nothing: %v", lanes)
	}
	want := []gateway.LaneKey{{Tenant: acme, Endpoint: "crm"}, {Tenant: acme, Endpoint: "crm-2"}, {Tenant: acmeB, Endpoint: "crm"}, {Tenant: "zebra", Endpoint: gateway.PlatformEndpoint}}
	var last *gateway.Delivery
	for _, lane := range want {
		for range 3 {
			n := k.notice(lane.Tenant)
			n.Delivery.Endpoint = lane.Endpoint
			k.commit(&gateway.Change{Notice: n})
			last = &n.Delivery
		}
	}
	k.twice(func() {
		lanes, err := k.Lanes(gateway.AllSlots())
		k.must(err)
		slices.SortFunc(lanes, func(a, b gateway.LaneKey) int {
			return strings.Compare(a.Tenant+" "+a.Endpoint, b.Tenant+" "+b.Endpoint)
		})
		k.same("lanes", lanes, want)
	})
	due, err := k.Window(want[3], gateway.Due{}, 10)
	k.must(err)
	for _, d := range due {
		last.ID, last.NextAttemptAt = d.ID, d.At
		k.settle(last, gateway.DeliverySucceeded, time.Time{})
	}
	k.twice(func() {
		lanes, err := k.Lanes(gateway.AllSlots())
		k.must(err)
		k.same("lanes with unfinished deliveries", len(lanes), 3)
	})
}

// queueWindowPages puts deliveries that are due in another order than they were
// made, some at one moment, and reads them page by page.
func queueWindowPages(k *kit) {
	var want []gateway.Due
	for i := range 50 {
		n := k.notice(acme)
		n.Delivery.NextAttemptAt = k.now.Add(time.Duration(i*7%10)*time.Second + time.Duration(i%2))
		k.commit(&gateway.Change{Notice: n})
		want = append(want, placeOf(&n.Delivery))
		other := k.notice(acmeB)
		k.commit(&gateway.Change{Notice: other})
	}
	slices.SortFunc(want, func(a, b gateway.Due) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	for _, most := range []int{1, 7, 50, 100} {
		var got []gateway.Due
		for after := (gateway.Due{}); ; after = got[len(got)-1] {
			page, err := k.Window(platform, after, most)
			k.must(err)
			if len(page) == 0 {
				break
			}
			if len(page) > most {
				k.Fatalf("a window of at most %d has %d", most, len(page))
			}
			got = append(got, page...)
		}
		k.same(fmt.Sprintf("pages of %d", most), got, want)
	}
	k.twice(func() {
		got, err := k.Window(platform, gateway.Due{}, 1000)
		k.must(err)
		k.same("window", got, want)
	})
}

func queueLoad(k *kit) {
	n := k.notice(acme)
	k.commit(&gateway.Change{Notice: n})
	k.twice(func() {
		alone, err := k.Unfinished(acme, n.Delivery.ID)
		k.must(err)
		d, events, err := k.Load(acme, n.Delivery.ID)
		k.must(err)
		k.same("delivery", d, &n.Delivery)
		k.same("delivery alone", alone, &n.Delivery)
		k.same("events", events, []gateway.Event{n.Event})
	})
	_, _, err := k.Load(acmeB, n.Delivery.ID)
	k.gone("another tenant's", err)
	_, err = k.Unfinished(acmeB, n.Delivery.ID)
	k.gone("another tenant's alone", err)
	_, _, err = k.Load(acme, gateway.NewID(gateway.PrefixDelivery, k.now))
	k.gone("one that never was", err)
}

func queueRetries(k *kit) {
	d := k.publish(acme)
	for i := range 4 {
		k.set(k.now.Add(time.Minute))
		k.settle(d, gateway.DeliveryRetrying, k.now.Add(time.Duration(i)*time.Hour))
		k.twice(func() {
			due, err := k.Window(platform, gateway.Due{}, 10)
			k.must(err)
			k.same("its one place in the window", due, []gateway.Due{placeOf(d)})
			got, attempts, err := k.Delivery(acme, d.ID)
			k.must(err)
			k.same("delivery", got, d)
			k.same("number of attempts", len(attempts), i+1)
			k.same("last attempt", attempts[i], *k.attempt(i+1, 500))
		})
	}
	d.NextAttemptAt = k.now // the lane slept: no attempt was made
	k.must(k.Settle(d, nil))
	_, attempts, err := k.Delivery(acme, d.ID)
	k.must(err)
	k.same("attempts after none was made", len(attempts), 4)
}

func queueEnds(k *kit) {
	for _, state := range []gateway.DeliveryState{gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryCancelled} {
		d := k.publish(acme)
		k.settle(d, gateway.DeliveryRetrying, k.now.Add(time.Minute))
		k.set(k.now.Add(time.Minute))
		k.settle(d, state, time.Time{})
		k.twice(func() {
			due, err := k.Window(platform, gateway.Due{}, 10)
			k.must(err)
			k.same("due after it ended", len(due), 0)
			_, _, err = k.Load(acme, d.ID)
			k.gone("ended", err)
			got, attempts, err := k.Delivery(acme, d.ID)
			k.must(err)
			k.same("delivery", got, d)
			k.same("attempts", len(attempts), 2)
			k.same("the last of them", attempts[1], *k.attempt(2, 500))
		})
	}
}

// queueSettlesNothingGone settles what went with its tenant, or was settled before:
// neither comes back.
func queueSettlesNothingGone(k *kit) {
	d := k.publish(acme)
	k.must(k.DeleteTenant(acme))
	k.settle(d, gateway.DeliveryRetrying, k.now)
	k.settle(d, gateway.DeliveryDead, k.now)
	ended := k.publish(acmeB)
	k.settle(ended, gateway.DeliverySucceeded, time.Time{})
	late := *ended
	k.settle(&late, gateway.DeliveryRetrying, k.now)
	k.twice(func() {
		lanes, err := k.Lanes(gateway.AllSlots())
		k.must(err)
		k.same("lanes", len(lanes), 0)
		_, _, err = k.Delivery(acme, d.ID)
		k.gone("of a tenant that is no more", err)
		got, _, err := k.Delivery(acmeB, ended.ID)
		k.must(err)
		k.same("settled twice", got, ended)
	})
}

func queueListsNewestFirst(k *kit) {
	var want []string
	states := []gateway.DeliveryState{gateway.DeliveryPending, gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryRetrying, gateway.DeliveryCancelled}
	for i := range 30 {
		d := k.publish(acme)
		k.publish(acmeB)
		want = append([]string{d.ID}, want...)
		k.set(k.now.Add(5 * time.Hour)) // dead letters of many days
		if state := states[i%len(states)]; state != gateway.DeliveryPending {
			k.settle(d, state, k.now.Add(time.Hour))
		}
	}
	k.twice(func() {
		var got []string
		for before := ""; ; before = got[len(got)-1] {
			page, err := k.Deliveries(acme, before, 4, allDeliveries)
			k.must(err)
			if len(page) == 0 {
				break
			}
			for _, d := range page {
				got = append(got, d.ID)
			}
		}
		k.same("newest first, page by page", got, want)
	})
	dead, err := k.Deliveries(acme, "", 3, func(d *gateway.Delivery) bool { return d.State == gateway.DeliveryDead })
	k.must(err)
	k.same("at most three of those kept", len(dead), 3)
}

const aDay = 24 * time.Hour

func queueEndedExpires(k *kit) {
	d := k.publish(acme)
	k.settle(d, gateway.DeliverySucceeded, time.Time{})
	k.pass(7*aDay - time.Minute)
	_, _, err := k.Delivery(acme, d.ID)
	k.must(err)
	k.pass(2 * time.Minute)
	k.twice(func() {
		_, _, err = k.Delivery(acme, d.ID)
		k.gone("a week after", err)
		list, err := k.Deliveries(acme, "", 10, allDeliveries)
		k.must(err)
		k.same("listed a week after", len(list), 0)
	})
}

// queueDeadOutlives lets a delivery die after days: from then on it is kept for
// 30 more, though the events of its time are long gone.
func queueDeadOutlives(k *kit) {
	d := k.publish(acme)
	for i := range 3 {
		k.pass(2 * aDay)
		k.settle(d, gateway.DeliveryRetrying, k.now.Add(time.Duration(i)*time.Hour))
	}
	k.pass(2 * aDay)
	k.settle(d, gateway.DeliveryDead, time.Time{})
	k.pass(30*aDay - time.Minute)
	k.twice(func() {
		got, attempts, err := k.Delivery(acme, d.ID)
		k.must(err)
		k.same("dead letter", got, d)
		k.same("its attempts", len(attempts), 4)
	})
	k.pass(aDay)
	_, _, err := k.Delivery(acme, d.ID)
	k.gone("31 days after its death", err)
}

// queueUnfinishedOutlives leaves deliveries unfinished for weeks, as those of a
// paused endpoint, among others that end.
func queueUnfinishedOutlives(k *kit) {
	notices := map[string]*gateway.Notice{}
	for day := range 20 {
		n := k.notice(acme)
		k.commit(&gateway.Change{Notice: n})
		if day%2 == 0 {
			k.settle(&n.Delivery, gateway.DeliveryRetrying, k.now.Add(1000*aDay))
			notices[n.Delivery.ID] = n
		} else {
			k.settle(&n.Delivery, gateway.DeliverySucceeded, time.Time{})
		}
		k.pass(aDay)
	}
	k.twice(func() {
		for id, n := range notices {
			d, events, err := k.Load(acme, id)
			k.must(err)
			k.same("delivery", d, &n.Delivery)
			k.same("its event", events, []gateway.Event{n.Event})
			_, attempts, err := k.Delivery(acme, id)
			k.must(err)
			k.same("its attempts", len(attempts), 1)
		}
	})
	for _, n := range notices {
		k.settle(&n.Delivery, gateway.DeliverySucceeded, time.Time{})
	}
	k.pass(8 * aDay)
	list, err := k.Deliveries(acme, "", 100, allDeliveries)
	k.must(err)
	k.same("left after all ended", len(list), 0)
}

// queueLends lends deliveries: they are due at the end of their lease, and known as lent,
// until they are settled.
func queueLends(k *kit) {
	firm, is := k.Store.(interface{ Firm(time.Time) error })
	if !is {
		k.Fatal("it makes nothing firm that was settled")
	}
	var list []*gateway.Delivery
	for range 3 {
		n := k.notice(acme)
		k.commit(&gateway.Change{Notice: n})
		list = append(list, &n.Delivery)
	}
	until := k.now.Add(time.Minute)
	for _, d := range list[:2] {
		d.Lent = k.attempt(1, 0)
		d.Lent.Error, d.Lent.ResponseBody, d.Lent.ResponseHeaders = "", nil, nil
		d.NextAttemptAt = until
		k.must(k.Settle(d, nil))
	}
	k.must(firm.Firm(time.Now()))
	k.twice(func() {
		due, err := k.Window(platform, gateway.Due{}, 10)
		k.must(err)
		k.same("the window", due, []gateway.Due{placeOf(list[2]), placeOf(list[0]), placeOf(list[1])})
		d, _, err := k.Load(acme, list[0].ID)
		k.must(err)
		k.same("what is lent", d.Lent, list[0].Lent)
		_, attempts, err := k.Delivery(acme, list[0].ID)
		k.must(err)
		k.same("attempts that were made", len(attempts), 0)
	})
	made := list[0].Lent
	list[0].Lent, list[1].Lent = nil, nil
	list[0].Attempts = 1
	list[0].State, list[0].NextAttemptAt = gateway.DeliveryRetrying, k.now.Add(time.Hour)
	made.Error = "lease"
	k.must(k.Settle(list[0], made))
	k.settle(list[1], gateway.DeliverySucceeded, time.Time{})
	k.twice(func() {
		due, err := k.Window(platform, gateway.Due{}, 10)
		k.must(err)
		k.same("the window", due, []gateway.Due{placeOf(list[2]), placeOf(list[0])})
		_, attempts, err := k.Delivery(acme, list[0].ID)
		k.must(err)
		k.same("the attempt", attempts, []gateway.Attempt{*made})
	})
}
