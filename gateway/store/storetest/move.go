package storetest

import (
	"errors"
	"sync"
	"time"

	"hookgate/gateway"
)

func requeueEnded(k *kit) {
	for _, state := range []gateway.DeliveryState{gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryCancelled} {
		v, d := k.acceptOne("42", "crm")
		k.settle(d, gateway.DeliveryRetrying, k.now.Add(time.Minute))
		k.settle(d, state, time.Time{})
		k.set(k.now.Add(time.Hour))
		d = k.again(d)
		k.must(k.Requeue(nil, d))
		k.twice(func() {
			k.waitsWith(d, 2, v)
			k.shows(v, d)
			list, err := k.Deliveries(acme, "", 1, allDeliveries)
			k.must(err)
			k.same("in the list", list, []*gateway.Delivery{d})
		})
		for n := range 2 { // and it can end again, in the same way
			k.settle(d, state, time.Time{})
			k.twice(func() { k.is(d, 3+n) })
			if n == 0 {
				d = k.again(d)
				k.must(k.Requeue(nil, d, d))
			}
		}
	}
}

func requeueWaiting(k *kit) {
	v, d := k.acceptOne("42", "crm")
	k.settle(d, gateway.DeliveryRetrying, k.now.Add(10*time.Hour))
	k.set(k.now.Add(time.Minute))
	d = k.again(d)
	k.must(k.Requeue(nil, d))
	k.twice(func() { k.waitsWith(d, 1, v) })
	k.must(k.Requeue(nil, d))
	k.twice(func() { k.waitsWith(d, 1, v) })
}

// requeueMoved moves a delivery that is being sent: who settles it then knows only
// its former place.
func requeueMoved(k *kit) {
	for _, state := range []gateway.DeliveryState{gateway.DeliveryRetrying, gateway.DeliverySucceeded} {
		_, d := k.acceptOne("42", "crm")
		k.settle(d, gateway.DeliveryRetrying, k.now.Add(10*time.Hour))
		k.must(k.Requeue(nil, k.again(d)))
		k.settle(d, state, k.now.Add(time.Hour))
		k.twice(func() {
			if state.Ended() {
				k.same("window", len(k.window(lane("crm"))), 0)
				return
			}
			k.same("window", k.window(lane("crm")), []gateway.Due{placeOf(d)})
		})
		if !state.Ended() {
			k.settle(d, gateway.DeliverySucceeded, time.Time{})
		}
	}
}

// requeueDeadOfOneDay lets two deliveries of one event die on one day: what one
// takes with it, the other still has.
func requeueDeadOfOneDay(k *kit) {
	v, list := k.accept("42", "crm", "log")
	for _, d := range list {
		k.settle(d, gateway.DeliveryDead, time.Time{})
	}
	k.pass(8 * aDay) // the event has expired
	first := k.again(list[0])
	k.must(k.Requeue(nil, first))
	k.twice(func() { k.waitsWith(first, 1, v) })
	k.settle(first, gateway.DeliverySucceeded, time.Time{})
	k.pass(8 * aDay)
	second := k.again(list[1])
	k.must(k.Requeue(nil, second))
	k.twice(func() { k.waitsWith(second, 1, v) })
}

// requeueDeadLongAfter brings a dead letter back when all others of its time are
// gone, and leaves it unfinished for weeks.
func requeueDeadLongAfter(k *kit) {
	v, d := k.acceptOne("42", "crm")
	k.settle(d, gateway.DeliveryRetrying, k.now)
	k.settle(d, gateway.DeliveryDead, time.Time{})
	for range 25 {
		k.pass(aDay)
	}
	d = k.again(d)
	k.must(k.Requeue(nil, d))
	for range 25 {
		k.pass(aDay)
		k.twice(func() {
			k.waitsWith(d, 2, v)
			k.shows(v, d)
		})
	}
	k.settle(d, gateway.DeliveryDead, time.Time{})
	k.pass(29 * aDay)
	k.twice(func() { k.is(d, 3) })
}

// requeueExpired names those that cannot come back, and requeues the others.
func requeueExpired(k *kit) {
	_, never := k.acceptOne("42", "crm")
	never.ID = gateway.NewID(gateway.PrefixDelivery, k.now)
	_, old := k.acceptOne("42", "log")
	k.settle(old, gateway.DeliverySucceeded, time.Time{})
	k.pass(8 * aDay)
	v, fresh := k.acceptOne("42", "mail")
	k.settle(fresh, gateway.DeliverySucceeded, time.Time{})
	fresh = k.again(fresh)
	err := k.Requeue(nil, k.again(never), fresh, k.again(old))
	var gone *gateway.GoneError
	if !errors.As(err, &gone) {
		k.Fatalf("got %v, want a gateway.GoneError", err)
	}
	k.same("those that are gone", gone.Deliveries, []string{never.ID, old.ID})
	k.twice(func() {
		k.waitsWith(fresh, 1, v)
		k.same("window of what is gone", len(k.window(lane("log"))), 0)
	})
}

func requeueRefusesEnded(k *kit) {
	v, d := k.acceptOne("42", "crm")
	bad := *d
	bad.State = gateway.DeliverySucceeded
	if err := k.Requeue(nil, &bad); err == nil {
		k.Fatal("requeued as succeeded")
	}
	k.waitsWith(d, 0, v)
}

func cancels(k *kit) {
	v, list := k.accept("42", "crm", "crm-2")
	k.settle(list[0], gateway.DeliveryRetrying, k.now.Add(time.Hour))
	ended := *list[0]
	ended.State, ended.NextAttemptAt, ended.EndedAt = gateway.DeliveryCancelled, time.Time{}, k.now
	k.must(k.Cancel(&ended))
	k.twice(func() {
		k.is(&ended, 1)
		k.shows(v, &ended, list[1])
		k.same("window", len(k.window(lane("crm"))), 0)
		_, _, err := k.Load(acme, ended.ID)
		k.gone("cancelled", err)
	})
	k.gone("cancelled twice", k.Cancel(&ended))
	k.settle(list[0], gateway.DeliverySucceeded, time.Time{})
	k.twice(func() { k.is(&ended, 1) }) // it stays as it ended
	k.settle(list[1], gateway.DeliverySucceeded, time.Time{})
	late := *list[1]
	late.State = gateway.DeliveryCancelled
	k.gone("one that succeeded", k.Cancel(&late))
	late.State = gateway.DeliveryRetrying
	if err := k.Cancel(&late); err == nil {
		k.Fatal("cancelled as retrying")
	}
}

// cancelOrSettle cancels deliveries while they are settled: each ends in one way,
// and Cancel tells in which.
func cancelOrSettle(k *kit) {
	for i := range 100 {
		v, d := k.acceptOne("42", "crm")
		cancelled, settled := *d, *d
		cancelled.State, cancelled.NextAttemptAt, cancelled.EndedAt = gateway.DeliveryCancelled, time.Time{}, k.now
		settled.State = []gateway.DeliveryState{gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryRetrying}[i%3]
		settled.Attempts, settled.NextAttemptAt = 1, k.now.Add(time.Hour)
		if settled.State.Ended() {
			settled.NextAttemptAt, settled.EndedAt = time.Time{}, k.now
		}
		var told error
		var both sync.WaitGroup
		both.Go(func() { told = k.Cancel(&cancelled) })
		both.Go(func() {
			if err := k.Settle(&settled, k.attempt(1, 200)); err != nil {
				k.Error(err)
			}
		})
		both.Wait()
		k.same("window", len(k.window(lane("crm"))), 0)
		if errors.Is(told, gateway.ErrNotFound) {
			k.is(&settled, 1)
			k.shows(v, &settled)
			continue
		}
		k.must(told)
		got, attempts, err := k.Delivery(acme, d.ID)
		k.must(err)
		k.same("attempts", len(attempts), got.Attempts)
		cancelled.Attempts = got.Attempts
		k.same("cancelled", got, &cancelled)
	}
	list, err := k.Deliveries(acme, "", 1000, allDeliveries)
	k.must(err)
	k.same("deliveries in all", len(list), 100)
}

// cancelWhileSettled cancels deliveries that are settled again and again: once
// cancelled they stay so.
func cancelWhileSettled(k *kit) {
	for range 20 {
		v, d := k.acceptOne("42", "crm")
		cancelled, settled := *d, *d
		cancelled.State, cancelled.EndedAt = gateway.DeliveryCancelled, k.now
		settled.State = gateway.DeliveryRetrying
		began, stop := make(chan struct{}), make(chan struct{})
		var settler sync.WaitGroup
		settler.Go(func() {
			for i := 0; ; i++ {
				settled.NextAttemptAt = k.now.Add(time.Duration(i) * time.Second)
				if err := k.Settle(&settled, nil); err != nil {
					k.Error(err)
				}
				if i == 0 {
					close(began)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		<-began
		err := k.Cancel(&cancelled)
		close(stop)
		settler.Wait()
		k.must(err)
		cancelled.NextAttemptAt = time.Time{}
		k.same("window", len(k.window(lane("crm"))), 0)
		k.is(&cancelled, 0)
		k.shows(v, &cancelled)
	}
}
