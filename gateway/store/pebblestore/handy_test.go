package pebblestore

import (
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// What is at hand is what the store has, whatever its maker does with its memory afterwards.
func TestHandyIsWhatIsStored(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	at := gateway.At(time.Now()).Time
	p := published(at, 3)
	p.Events[1].Type, p.Deliveries[1].EventType = gateway.EventRelay, gateway.EventRelay
	p.Events[1].Body = nil
	p.Events[1].Relay = &gateway.Relayed{Route: "r", Method: "POST", Path: "/a", Sealed: []byte("sealed")}
	for i := range p.Events {
		if p.Events[i].Body != nil {
			p.Events[i].Body = append(gateway.Raw(nil), p.Events[i].Body...)
		}
	}
	must(t, s.Accept(p))
	p.Events[1].Relay.Sealed[0] = 'x'
	for i := range p.Events {
		for j := range p.Events[i].Body {
			p.Events[i].Body[j] = 'x'
		}
	}
	for i := range p.Deliveries {
		id := p.Deliveries[i].ID
		p.Deliveries[i].EventIDs[0] = "evt_"
		d, events, err := s.Load("acme", id)
		must(t, err)
		if s.handy.Find("acme", id) == nil {
			t.Fatalf("delivery %d is not at hand", i)
		}
		key, _ := gateway.ParseID(gateway.PrefixDelivery, id)
		s.handy.Drop(key)
		stored, storedEvents, err := s.Load("acme", id)
		must(t, err)
		if !reflect.DeepEqual(d, stored) || !reflect.DeepEqual(events, storedEvents) {
			t.Errorf("at hand:\n%+v %+v\nstored:\n%+v %+v", d, events, stored, storedEvents)
		}
	}
}

// What is moved, dropped or deleted is not at hand any more.
func TestMovedIsNotAtHand(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	for what, move := range map[string]func(d, other *gateway.Delivery) error{
		"settled": func(d, _ *gateway.Delivery) error {
			d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, time.Time{}, d.CreatedAt
			return s.Settle(d, firstAttempt)
		},
		"cancelled": func(d, _ *gateway.Delivery) error {
			d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryCancelled, time.Time{}, d.CreatedAt
			return s.Cancel(d)
		},
		"merged": func(d, other *gateway.Delivery) error {
			into := *other
			into.EventIDs = []string{other.EventIDs[0], d.EventIDs[0]}
			return s.Merge(&into, []gateway.Due{d.Due()})
		},
		"dropped": func(d, _ *gateway.Delivery) error { return s.DropLane(laneOf(d)) },
		"deleted": func(d, _ *gateway.Delivery) error { return s.DeleteTenant(d.Tenant) },
	} {
		p := published(time.Now(), 2)
		must(t, s.Accept(p))
		d := p.Deliveries[0]
		if _, _, err := s.Load("acme", d.ID); err != nil || s.handy.Find("acme", d.ID) == nil {
			t.Fatalf("%s: it was not at hand: %v", what, err)
		}
		if _, _, err := s.Load("other", d.ID); err == nil {
			t.Errorf("%s: another tenant loads it", what)
		}
		must(t, move(&d, &p.Deliveries[1]))
		if _, _, err := s.Load("acme", d.ID); err == nil {
			t.Errorf("%s: it is loaded still", what)
		}
	}
	p := published(time.Now(), 1)
	must(t, s.Accept(p))
	d := p.Deliveries[0]
	d.State, d.Attempts, d.NextAttemptAt = gateway.DeliveryRetrying, 1, d.CreatedAt.Add(time.Minute)
	must(t, s.Settle(&d, firstAttempt))
	if got, _, err := s.Load("acme", d.ID); err != nil || got.State != gateway.DeliveryRetrying || got.Attempts != 1 {
		t.Errorf("retried: %+v, %v", got, err)
	}
}
