package pebblestore

import (
	"errors"
	"slices"
	"time"

	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
)

var modelEndpoints = rapid.SampledFrom([]string{"crm", "crm-2"})

func (x *machine) notice(t *rapid.T) {
	w := openWait(x.now, 3)
	w.Tenant = modelTenants.Draw(t, "tenant")
	n := gateway.WaitNotice(w, x.now)
	x.commit(t, &gateway.Change{Notice: n})
	x.m.unsettle[n.Delivery.ID] = &n.Delivery
}

func (x *machine) accept(t *rapid.T) {
	p := published(x.now, rapid.IntRange(1, 3).Draw(t, "events"))
	tenant := modelTenants.Draw(t, "tenant")
	p.Traces = nil
	for i := range p.Events {
		p.Events[i].Tenant, p.Deliveries[i].Tenant = tenant, tenant
		p.Deliveries[i].Endpoint = modelEndpoints.Draw(t, "endpoint")
	}
	if err := x.Accept(p); err != nil {
		t.Fatal(err)
	}
	for i := range p.Deliveries {
		x.m.unsettle[p.Deliveries[i].ID] = &p.Deliveries[i]
	}
}

// unfinished draws one, if there is any.
func (x *machine) unfinished(t *rapid.T) *gateway.Delivery {
	ids := sorted(x.m.unsettle)
	if len(ids) == 0 {
		return nil
	}
	return x.m.unsettle[rapid.SampledFrom(ids).Draw(t, "delivery")]
}

// end moves a delivery of the model that has ended.
func (m *model) end(d *gateway.Delivery, state gateway.DeliveryState, now time.Time) {
	d.State, d.NextAttemptAt, d.EndedAt = state, time.Time{}, now
	delete(m.unsettle, d.ID)
	m.ended[d.ID] = d
}

func (x *machine) settle(t *rapid.T) {
	d := x.unfinished(t)
	if d == nil {
		return
	}
	d.Attempts++
	d.NextAttemptAt = x.now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "minutes")) * time.Minute)
	d.State = rapid.SampledFrom([]gateway.DeliveryState{gateway.DeliveryRetrying, gateway.DeliverySucceeded, gateway.DeliveryDead}).Draw(t, "state")
	if d.State.Ended() {
		x.m.end(d, d.State, x.now)
	}
	if err := x.Settle(d, &gateway.Attempt{Number: d.Attempts, At: x.now}); err != nil {
		t.Fatal(err)
	}
}

func (x *machine) merge(t *rapid.T) {
	into := x.unfinished(t)
	other := x.unfinished(t)
	if into == nil || into == other || laneOf(into) != laneOf(other) {
		return
	}
	into.EventIDs = append(slices.Clone(into.EventIDs), other.EventIDs...)
	gone := gateway.Due{ID: other.ID, At: other.NextAttemptAt}
	if err := x.Merge(into, []gateway.Due{gone}); err != nil {
		t.Fatal(err)
	}
	delete(x.m.unsettle, other.ID)
}

func (x *machine) cancel(t *rapid.T) {
	d := x.unfinished(t)
	if d == nil {
		return
	}
	x.m.end(d, gateway.DeliveryCancelled, x.now)
	if err := x.Cancel(d); err != nil {
		t.Fatal(err)
	}
}

func (x *machine) requeue(t *rapid.T) {
	ids := append(sorted(x.m.unsettle), sorted(x.m.ended)...)
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(t, "delivery")
	d, waiting := x.m.unsettle[id]
	if !waiting {
		d = x.m.ended[id]
	}
	next := *d
	next.State, next.Base, next.NextAttemptAt, next.EndedAt = gateway.DeliveryPending, d.Attempts, x.now, time.Time{}
	err := x.Requeue(nil, &next)
	var gone *gateway.GoneError
	if errors.As(err, &gone) {
		if x.mustHave(d) || !slices.Equal(gone.Deliveries, []string{id}) {
			t.Fatalf("%s, made %s, %s at %s, at %s: %v %v", id, d.CreatedAt, d.State, d.EndedAt, x.now, gone.Deliveries, err)
		}
		delete(x.m.ended, id)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	delete(x.m.ended, id)
	x.m.unsettle[id] = &next
}

// mustHave says whether a delivery and its events are young enough to be there.
func (x *machine) mustHave(d *gateway.Delivery) bool {
	if d.State == gateway.DeliveryDead {
		return x.now.Sub(d.EndedAt) < keepDead
	}
	oldest := d.CreatedAt
	for _, id := range d.EventIDs {
		if at := gateway.IDTime(gateway.PrefixEvent, id); at.Before(oldest) {
			oldest = at
		}
	}
	return !d.State.Ended() || x.now.Sub(oldest) < keepEvents
}

func (x *machine) dropLane(t *rapid.T) {
	lane := gateway.LaneKey{Tenant: modelTenants.Draw(t, "tenant"), Endpoint: modelEndpoints.Draw(t, "endpoint")}
	if err := x.DropLane(lane); err != nil {
		t.Fatal(err)
	}
	for _, id := range sorted(x.m.unsettle) {
		if d := x.m.unsettle[id]; laneOf(d) == lane {
			x.m.end(d, gateway.DeliveryCancelled, x.now)
		}
	}
}

func (x *machine) checkQueue(t *rapid.T) {
	due := 0
	lanes, err := x.Lanes(gateway.AllSlots())
	if err != nil {
		t.Fatal(err)
	}
	for _, lane := range lanes {
		window, err := x.Window(lane, gateway.Due{}, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range window {
			want := x.m.unsettle[d.ID]
			if want == nil || laneOf(want) != lane || !want.NextAttemptAt.Equal(d.At) || d.Conversation != gateway.ConversationHash(want.ConversationKey) {
				t.Fatalf("%+v is due in %+v, want %+v", d, lane, want)
			}
		}
		due += len(window)
	}
	if due != len(x.m.unsettle) {
		t.Fatalf("%d are due, want %d", due, len(x.m.unsettle))
	}
	for id, d := range x.m.unsettle {
		x.checkEvents(t, d)
		_, attempts, err := x.Delivery(d.Tenant, id)
		if err != nil || len(attempts) != d.Attempts {
			t.Fatalf("delivery %s: %d attempts, %v, want %d", id, len(attempts), err, d.Attempts)
		}
	}
	for id, want := range x.m.ended {
		d, attempts, err := x.Delivery(want.Tenant, id)
		if err != nil && x.mustHave(want) || err == nil && (d.State != want.State || len(attempts) != want.Attempts) {
			t.Fatalf("delivery %s at %s: %+v with %d attempts, %v, want %+v", id, x.now, d, len(attempts), err, want)
		}
	}
}

// checkEvents holds an unfinished delivery to carry its events, and them to show it.
func (x *machine) checkEvents(t *rapid.T, d *gateway.Delivery) {
	_, events, err := x.Load(d.Tenant, d.ID)
	if err != nil || len(events) != len(d.EventIDs) {
		t.Fatalf("load %s at %s: %+v, %v", d.ID, x.now, events, err)
	}
	for i, event := range d.EventIDs {
		if events[i].ID != event {
			t.Fatalf("event %d of %s is %s, want %s", i, d.ID, events[i].ID, event)
		}
		_, shown, err := gatewaytest.Event(x, d.Tenant, event)
		if err != nil || !slices.Contains(shown, gateway.EventDelivery{ID: d.ID, Endpoint: d.Endpoint, State: d.State}) {
			t.Fatalf("event %s of %s at %s: shows %+v, %v", event, d.ID, x.now, shown, err)
		}
	}
}
