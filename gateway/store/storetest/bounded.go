package storetest

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// tried makes a delivery with so many attempts.
func (k *kit) tried(attempts int) *gateway.Delivery {
	k.Helper()
	d := k.publish(acme)
	for range attempts {
		k.settle(d, gateway.DeliveryRetrying, k.now.Add(time.Minute))
	}
	return d
}

func numbersOf(list []gateway.Attempt) (numbers []int) {
	for _, a := range list {
		numbers = append(numbers, a.Number)
	}
	return numbers
}

// attemptsWithinBounds reads no more of the attempts than is asked for, the last ones,
// alone and in a list; and says of a body that it did not read it.
func attemptsWithinBounds(k *kit) {
	old, d := k.tried(1), k.tried(5)
	k.twice(func() {
		for most, want := range map[gateway.AttemptBounds]struct{ numbers, bodies []int }{
			{Most: 10, Bodies: 1 << 20}: {[]int{1, 2, 3, 4, 5}, []int{1, 2, 3, 4, 5}},
			{Most: 2, Bodies: 1 << 20}:  {[]int{4, 5}, []int{4, 5}},
			{Most: 3}:                   {[]int{3, 4, 5}, nil},
			{Most: 5, Bodies: 200}:      {[]int{1, 2, 3, 4, 5}, nil},
		} {
			got, attempts, err := k.ReadDelivery(acme, d.ID, most)
			k.must(err)
			k.same("delivery", got, d)
			k.same("attempts", numbersOf(attempts), want.numbers)
			var bodies []int
			size := 0
			for _, a := range attempts {
				if whole := *k.attempt(a.Number, 500); !a.BodyUnread {
					k.same("an attempt", a, whole)
					bodies, size = append(bodies, a.Number), size+a.Said()
				} else if a.Said() > 0 {
					k.Errorf("attempt %d has a body that was not read", a.Number)
				}
			}
			if some := most.Bodies > 0 && most.Bodies < 1000; !some {
				k.same("bodies", bodies, want.bodies)
			} else if size == 0 || size > most.Bodies || bodies[len(bodies)-1] != 5 || bodies[0] != 6-len(bodies) {
				k.Errorf("bodies of %v are read, %d bytes: want the last, at most %d", bodies, size, most.Bodies)
			}
			var ids []string
			_, err = k.Store.Deliveries(store.Query{Tenant: acme}, most, func(one *gateway.Delivery, listed []gateway.Attempt) bool {
				if ids = append(ids, one.ID); one.ID == d.ID {
					k.same("listed", one, d)
					k.same("their attempts", listed, attempts)
				}
				return true
			})
			k.must(err)
			k.same("all", ids, []string{d.ID, old.ID})
		}
		visited := 0
		_, err := k.Store.Deliveries(store.Query{Tenant: acme}, gateway.AttemptBounds{}, func(*gateway.Delivery, []gateway.Attempt) bool {
			visited++
			return false
		})
		k.must(err)
		k.same("visited until enough", visited, 1)
		_, err = k.Store.Deliveries(store.Query{Tenant: acme, Before: d.ID}, gateway.AttemptBounds{}, func(one *gateway.Delivery, attempts []gateway.Attempt) bool {
			k.same("behind the newest", one.ID, old.ID)
			k.same("attempts that nobody asked for", len(attempts), 0)
			return true
		})
		k.must(err)
	})
	at, err := k.AttemptedAt(acme, d.ID, 3)
	k.must(err)
	k.same("when the third was made", at, k.now)
	_, err = k.AttemptedAt(acme, d.ID, 6)
	k.gone("an attempt that was not made", err)
}

// attemptsOfTheDead: a delivery that was tried very often does not take all of its
// attempts along, but the last ones.
func attemptsOfTheDead(k *kit) {
	const made = 1100
	d := k.tried(made)
	k.settle(d, gateway.DeliveryDead, time.Time{})
	k.twice(func() {
		got, attempts, err := k.Delivery(acme, d.ID)
		k.must(err)
		k.same("delivery", got, d)
		numbers := numbersOf(attempts)
		k.same("how many are left", len(numbers), 1000)
		k.same("the first and last of them", []int{numbers[0], numbers[999]}, []int{made + 1 - 999, made + 1})
	})
}

func eventDeliveriesUntilEnough(k *kit) {
	v, list := k.accept("42", "crm", "log", "erp")
	got, err := k.EventAlone(acme, v.ID)
	k.must(err)
	k.same("event", *got, v)
	_, err = k.EventAlone(acmeB, v.ID)
	k.gone("another tenant's", err)
	var ids []string
	k.must(k.EventDeliveries(acme, v.ID, func(d gateway.EventDelivery) bool {
		ids = append(ids, d.ID)
		return len(ids) < 2
	}))
	k.same("two of three", ids, []string{list[0].ID, list[1].ID})
	for _, none := range []string{"x", gateway.NewID(gateway.PrefixEvent, k.now)} {
		k.must(k.EventDeliveries(acme, none, func(gateway.EventDelivery) bool {
			k.Error("an event that never was has a delivery")
			return true
		}))
	}
}

// waitsWithoutBodies are the waits but for one member.
func waitsWithoutBodies(k *kit) {
	w := k.fullWait(acme, "42")
	k.commit(&gateway.Change{Wait: w})
	want := *w
	callback := *w.Callback
	callback.Body, want.Callback = nil, &callback
	k.twice(func() {
		var got []*gateway.Wait
		_, err := k.Store.Waits(store.Query{Tenant: acme}, func(w *gateway.Wait) bool { got = append(got, w); return true })
		k.must(err)
		k.same("waits without bodies", got, []*gateway.Wait{&want})
	})
}
