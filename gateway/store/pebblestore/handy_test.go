package pebblestore

import (
	"reflect"
	"strings"
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
		if s.handy.find("acme", id) == nil {
			t.Fatalf("delivery %d is not at hand", i)
		}
		u, _ := parseID(gateway.PrefixDelivery, id)
		s.handy.drop(u)
		stored, storedEvents, err := s.Load("acme", id)
		must(t, err)
		if !reflect.DeepEqual(d, stored) || !reflect.DeepEqual(events, storedEvents) {
			t.Errorf("at hand:\n%+v %+v\nstored:\n%+v %+v", d, events, stored, storedEvents)
		}
	}
}

// The memory of what is at hand is bounded, of all and of each lane; and what nobody sends
// makes room for others.
func TestHandyIsBounded(t *testing.T) {
	h := newHandy()
	put := func(endpoint string, at time.Time, size int) bool {
		p := published(at, 1)
		p.Events[0].Body = gateway.Raw(strings.Repeat("x", size))
		p.Deliveries[0].Endpoint = endpoint
		var b batch
		h.keep(&b, p)
		if use := h.lanes[laneOf(&p.Deliveries[0])]; use != nil {
			use.unused = 0 // as if it were sent
		}
		return len(b.made) == 1
	}
	at := time.Now()
	if put("crm", at, handyOne) {
		t.Error("one that is too large was kept")
	}
	const size = 8 << 10
	for _, endpoint := range []string{"a", "b", "c", "d"} {
		n := 0
		for put(endpoint, at, size) {
			n++
		}
		if n < handyLane/size/2 || n > handyLane/size {
			t.Errorf("%d of %d bytes are at hand for one lane", n, size)
		}
	}
	for i := range 100 {
		put("e", at, size-i)
	}
	if put("f", at, size) {
		t.Error("there is room for more than all")
	}
	if h.size > handyMost {
		t.Errorf("%d bytes are at hand", h.size)
	}
	if !put("f", at.Add(handyStuck), size) {
		t.Error("there is no room though the rest is stuck")
	}
	if h.forget("acme"); h.size != 0 || len(h.of) != 0 || len(h.lanes) != 0 || h.ends.newer != &h.ends {
		t.Errorf("%d bytes of nobody are at hand", h.size)
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
		if _, _, err := s.Load("acme", d.ID); err != nil || s.handy.find("acme", d.ID) == nil {
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

// Of a lane that sends nothing little is kept, and all of it again once it sends.
func TestHandyIsForLanesThatSend(t *testing.T) {
	h := newHandy()
	kept := func(n int) (made int, last *gateway.Delivery) {
		for range n {
			p := published(time.Now(), 1)
			var b batch
			h.keep(&b, p)
			b.said(true)
			if len(b.made) == 1 {
				made, last = made+1, &p.Deliveries[0]
			}
		}
		return made, last
	}
	const many = 10 * handyUnused
	made, last := kept(many)
	if made < handyUnused || made > handyUnused+many/handyUnused+1 {
		t.Errorf("%d of %d are at hand of a lane that sends nothing", made, many)
	}
	if h.find(last.Tenant, last.ID) == nil {
		t.Fatal("the last one that was kept is not there")
	}
	if made, _ := kept(handyUnused); made != handyUnused {
		t.Errorf("%d of %d are at hand of a lane that sends", made, handyUnused)
	}
}
