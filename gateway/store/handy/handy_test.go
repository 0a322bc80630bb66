package handy

import (
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// published is a publication of one event with a delivery.
func published(at time.Time) *gateway.Publication {
	v := gateway.Event{ID: gateway.NewEventID(at), Tenant: "acme", Type: "message", AcceptedAt: at, Body: gateway.Raw(`{}`)}
	return &gateway.Publication{Events: []gateway.Event{v}, Deliveries: []gateway.Delivery{{
		ID: gateway.DeliveryBeside(v.ID, 1), Tenant: "acme", Endpoint: "crm", EventIDs: []string{v.ID}, EventType: v.Type,
		State: gateway.DeliveryPending, NextAttemptAt: at, CreatedAt: at,
	}}}
}

// The memory of what is at hand is bounded, of all and of each lane; and what nobody sends
// makes room for others.
func TestHandyIsBounded(t *testing.T) {
	h := New()
	put := func(endpoint string, at time.Time, size int) bool {
		p := published(at)
		p.Events[0].Body = gateway.Raw(strings.Repeat("x", size))
		p.Deliveries[0].Endpoint = endpoint
		made := h.Keep(nil, p)
		if use := h.lanes[p.Deliveries[0].Lane()]; use != nil {
			use.unused = 0 // as if it were sent
		}
		return len(made) == 1
	}
	at := time.Now()
	if put("crm", at, mostOne) {
		t.Error("one that is too large was kept")
	}
	const size = 8 << 10
	for _, endpoint := range []string{"a", "b", "c", "d"} {
		n := 0
		for put(endpoint, at, size) {
			n++
		}
		if n < mostLane/size/2 || n > mostLane/size {
			t.Errorf("%d of %d bytes are at hand for one lane", n, size)
		}
	}
	for i := range 100 {
		put("e", at, size-i)
	}
	if put("f", at, size) {
		t.Error("there is room for more than all")
	}
	if h.size > most {
		t.Errorf("%d bytes are at hand", h.size)
	}
	if !put("f", at.Add(stuck), size) {
		t.Error("there is no room though the rest is stuck")
	}
	if h.Forget("acme"); h.size != 0 || len(h.of) != 0 || len(h.lanes) != 0 || h.ends.newer != &h.ends {
		t.Errorf("%d bytes of nobody are at hand", h.size)
	}
}

// Of a lane that sends nothing little is kept, and all of it again once it sends.
func TestHandyIsForLanesThatSend(t *testing.T) {
	h := New()
	kept := func(n int) (made int, last *gateway.Delivery) {
		for range n {
			p := published(time.Now())
			one := h.Keep(nil, p)
			if h.Said(one, true); len(one) == 1 {
				made, last = made+1, &p.Deliveries[0]
			}
		}
		return made, last
	}
	const many = 10 * unused
	made, last := kept(many)
	if made < unused || made > unused+many/unused+1 {
		t.Errorf("%d of %d are at hand of a lane that sends nothing", made, many)
	}
	if h.Find(last.Tenant, last.ID) == nil {
		t.Fatal("the last one that was kept is not there")
	}
	if made, _ := kept(unused); made != unused {
		t.Errorf("%d of %d are at hand of a lane that sends", made, unused)
	}
}

// What other owners of lanes may have moved is forgotten, and nothing else.
func TestForgetLanes(t *testing.T) {
	h := New()
	p := published(time.Now())
	h.Said(h.Keep(nil, p), true)
	d := &p.Deliveries[0]
	others := gateway.AllSlots()
	others.Remove(d.Lane().Slot())
	if h.ForgetLanes(others); h.Find(d.Tenant, d.ID) == nil {
		t.Error("what is of another slot was forgotten")
	}
	if h.ForgetLanes(gateway.SlotsOf(d.Lane().Slot())); h.Find(d.Tenant, d.ID) != nil {
		t.Error("it is at hand still")
	}
}
