package storetest

import (
	"fmt"
	"time"

	"hookgate/gateway"
)

// found is what a store recovers, by id.
type found struct {
	waits  map[string]*gateway.Wait
	parked map[string]*gateway.Parked
}

func recovered(k *kit) found {
	k.Helper()
	f := found{map[string]*gateway.Wait{}, map[string]*gateway.Parked{}}
	k.must(k.Recover(gateway.AllSlots(),
		func(w *gateway.Wait) error {
			if f.waits[w.ID] != nil {
				return fmt.Errorf("%s came twice", w.ID)
			}
			f.waits[w.ID] = w
			return nil
		},
		func(p *gateway.Parked) error {
			if f.parked[p.Callback.ID] != nil {
				return fmt.Errorf("%s came twice", p.Callback.ID)
			}
			f.parked[p.Callback.ID] = p
			return nil
		}))
	return f
}

func recoverOpenOnly(k *kit) {
	want := found{map[string]*gateway.Wait{}, map[string]*gateway.Parked{}}
	for i := range 60 {
		tenant := []string{acme, acmeB, "zebra"}[i%3]
		w := k.openWait(tenant, fmt.Sprint(i))
		k.commit(&gateway.Change{Wait: w})
		if i%2 == 0 {
			k.commit(&gateway.Change{Wait: k.ended(w, gateway.StateResumed, "")})
		} else {
			want.waits[w.ID] = w
		}
		p := k.parked(tenant, fmt.Sprint(i), time.Minute)
		k.commit(&gateway.Change{Park: p})
		if i%5 == 0 {
			k.commit(&gateway.Change{Unpark: p})
			continue
		}
		light := *p
		light.Callback.Body, light.Header, light.Query = nil, nil, ""
		want.parked[p.Callback.ID] = &light
	}
	k.twice(func() { k.same("recovered", recovered(k), want) })
	stop := fmt.Errorf("enough")
	if err := k.Recover(gateway.AllSlots(), func(*gateway.Wait) error { return stop }, func(*gateway.Parked) error { return nil }); err != stop {
		k.Fatalf("an error of the caller: %v, want it back", err)
	}
}

func recoverAfterRelease(k *kit) {
	for range 10 {
		w := k.openWait(acme, "1")
		k.commit(&gateway.Change{Wait: w})
		k.set(k.now.Add(time.Minute))
		k.commit(&gateway.Change{Wait: k.ended(w, gateway.StateResumed, "")})
	}
	held := k.openWait(acme, "2")
	k.commit(&gateway.Change{Wait: held})
	k.ReleaseBefore(gateway.AllSlots(), held.CreatedAt)
	k.set(k.now.Add(20 * time.Second))
	later := k.openWait(acmeB, "3")
	k.commit(&gateway.Change{Wait: later})
	k.ReleaseBefore(gateway.AllSlots(), held.CreatedAt)
	k.twice(func() {
		k.same("recovered", recovered(k).waits, map[string]*gateway.Wait{held.ID: held, later.ID: later})
	})
}

// recoverAfterClockSetBack opens a wait with an id older than what was released.
func recoverAfterClockSetBack(k *kit) {
	k.ReleaseBefore(gateway.AllSlots(), k.now)
	k.set(k.now.Add(-time.Hour))
	w := k.openWait(acme, "1")
	k.commit(&gateway.Change{Wait: w})
	k.twice(func() {
		k.same("recovered", recovered(k).waits, map[string]*gateway.Wait{w.ID: w})
	})
	k.pass(26 * time.Hour)
	k.twice(func() {
		k.same("recovered a day later", recovered(k).waits, map[string]*gateway.Wait{w.ID: w})
	})
}

// openWaitOutlivesDowntime leaves a wait open for days: nobody was there to end it.
// Its outcome is kept as long as any other's.
func openWaitOutlivesDowntime(k *kit) {
	k.ReleaseBefore(gateway.AllSlots(), k.now)
	w := k.openWait(acme, "1")
	k.commit(&gateway.Change{Wait: w})
	k.reopen()
	k.pass(5 * 24 * time.Hour)
	k.same("recovered", recovered(k).waits, map[string]*gateway.Wait{w.ID: w})
	k.commit(&gateway.Change{Wait: k.ended(w, gateway.StateTimedOut, gateway.ReasonTimeout)})
	k.ReleaseBefore(gateway.AllSlots(), k.now)
	k.pass(gateway.OutcomeKept - time.Second)
	if _, err := k.Wait(acme, w.ID); err != nil {
		k.Fatalf("the outcome, not yet a day old: %v", err)
	}
	k.pass(time.Second)
	_, err := k.Wait(acme, w.ID)
	k.gone("the outcome after a day", err)
}
