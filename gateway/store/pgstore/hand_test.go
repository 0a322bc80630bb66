package pgstore

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"hookgate/gateway"
)

// TestAtHand publishes what stays at hand: it is what is stored, and goes when it is moved, by
// whatever moves it, when its time is over, and when its lane comes from another owner.
func TestAtHand(t *testing.T) {
	o := options(server(t))
	now := at
	o.Now = func() time.Time { return now }
	s := mustOpen(t, o)
	publish := func() *gateway.Delivery {
		t.Helper()
		p := aPublication("acme", now)
		must(t, s.Accept(p))
		d := p.Deliveries[0]
		p.Events[0].Body[2] = 'x' // whoever published it uses its memory again
		if got, _ := s.queue.atHand("acme", d.ID); got == nil {
			t.Fatal("it is not at hand")
		}
		return &d
	}
	d := publish()
	got, events, err := s.Load("acme", d.ID)
	must(t, err)
	s.hand.Forget("acme")
	stored, storedEvents, err := s.Load("acme", d.ID)
	must(t, err)
	if !reflect.DeepEqual(got, stored) || !reflect.DeepEqual(events, storedEvents) {
		t.Errorf("at hand:\n%+v %+v\nstored:\n%+v %+v", got, events, stored, storedEvents)
	}
	for what, move := range map[string]func(d *gateway.Delivery) error{
		"settled": func(d *gateway.Delivery) error {
			d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, time.Time{}, now
			return s.Settle(d, nil)
		},
		"dead": func(d *gateway.Delivery) error {
			d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryDead, time.Time{}, now
			return s.Settle(d, nil)
		},
		"cancelled": func(d *gateway.Delivery) error {
			d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryCancelled, time.Time{}, now
			return s.Cancel(d)
		},
		"merged": func(d *gateway.Delivery) error {
			into := *publish()
			into.EventIDs = append(into.EventIDs, d.EventIDs...)
			return s.Merge(&into, []gateway.Due{d.Due()})
		},
		"dropped": func(d *gateway.Delivery) error { return s.DropLane(d.Lane()) },
		"deleted": func(d *gateway.Delivery) error { return s.DeleteTenant(d.Tenant) },
	} {
		d := publish()
		must(t, move(d))
		if _, _, err := s.Load("acme", d.ID); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	d = publish()
	d.State, d.Attempts, d.NextAttemptAt = gateway.DeliveryRetrying, 1, now.Add(time.Minute)
	must(t, s.Settle(d, nil))
	if got, _, err := s.Load("acme", d.ID); err != nil || got.Attempts != 1 {
		t.Errorf("retried: %+v, %v", got, err)
	}
	d = publish()
	if _, err := s.Lanes(gateway.SlotsOf(d.Lane().Slot())); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.queue.atHand("acme", d.ID); got != nil {
		t.Error("what another owner may have moved is at hand")
	}
	d = publish()
	now = now.Add(handyFor + 1)
	if got, _ := s.queue.atHand("acme", d.ID); got != nil {
		t.Error("what was published long ago is at hand")
	}
}
