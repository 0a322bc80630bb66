package record

import (
	"reflect"
	"testing"
	"time"

	"hookgate/gateway"
)

// Deliveries come back as they were, in the short form and in the other.
func TestDeliveryComesBack(t *testing.T) {
	at := time.Unix(1795962756, 789).UTC()
	const event = "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV"
	id := FormatID(gateway.PrefixDelivery, make([]byte, 16))
	for what, v := range map[string]gateway.Delivery{
		"pending":          {EventIDs: []string{event}, State: gateway.DeliveryPending, NextAttemptAt: at, CreatedAt: at},
		"succeeded":        {EventIDs: []string{event}, State: gateway.DeliverySucceeded, CreatedAt: at, EndedAt: at.Add(time.Hour), Attempts: 3, Base: 2},
		"ended before":     {EventIDs: []string{event}, State: gateway.DeliveryDead, CreatedAt: at, EndedAt: at.Add(-time.Hour)},
		"never made":       {EventIDs: []string{event}, State: gateway.DeliveryCancelled, EndedAt: at},
		"of several":       {EventIDs: []string{event, event}, State: gateway.DeliveryRetrying, CreatedAt: at},
		"of none":          {State: gateway.DeliveryPending, CreatedAt: at},
		"of another form":  {EventIDs: []string{"evt_01arz3ndektsv4rrffq69g5fav"}, State: gateway.DeliveryPending, CreatedAt: at},
		"too large":        {EventIDs: []string{"evt_81ARZ3NDEKTSV4RRFFQ69G5FAV"}, State: gateway.DeliveryPending, CreatedAt: at},
		"no id":            {EventIDs: []string{"evt_01ARZ3NDEKTSV4RRFFQ69G5FA!"}, State: gateway.DeliveryPending, CreatedAt: at},
		"of another state": {EventIDs: []string{event}, State: "new", CreatedAt: at},
		"also":             {EventIDs: []string{event}, State: gateway.DeliveryPending, CreatedAt: at, Also: &gateway.Also{1, 2}},
	} {
		v.ID, v.Tenant, v.Endpoint, v.EventType, v.ConversationKey = id, "t", "crm", "message", "42"
		for _, last := range []*gateway.Attempt{nil, packedAttempt(at, event)} {
			if !v.State.Ended() { // what it has with it is under way
				v.Lent, last = last, nil
			}
			var e Encoder
			e.Delivery(&v, last)
			got, attempt, err := DecodeDelivery("t", make([]byte, 16), e.B)
			if err != nil || !reflect.DeepEqual(*got, v) || !reflect.DeepEqual(attempt, last) {
				t.Errorf("%s: %v\n got %+v\nwant %+v", what, err, *got, v)
			}
			if due, err := PeekDue(e.B); err != nil || !due.Equal(v.NextAttemptAt) {
				t.Errorf("%s: due at %s, %v", what, due, err)
			}
			if !PeekIsOf(e.B, "crm") || PeekIsOf(e.B, "crn") {
				t.Errorf("%s: its endpoint is another", what)
			}
			for n := range e.B {
				if v.Also != nil {
					break // some of them are a list, too
				}
				if _, _, err := DecodeDelivery("t", make([]byte, 16), e.B[:n]); err == nil {
					t.Errorf("%s: the first %d of %d bytes are a record", what, n, len(e.B))
				}
			}
		}
	}
}

// A delivery as the version before wrote it.
func TestDeliveryOfTheFirstVersion(t *testing.T) {
	at := time.Unix(1795962756, 789).UTC()
	want := gateway.Delivery{
		ID: FormatID(gateway.PrefixDelivery, make([]byte, 16)), Tenant: "t", Endpoint: "crm", EventIDs: []string{"evt_01ARZ3NDEKTSV4RRFFQ69G5FAV"},
		EventType: "message", ConversationKey: "42", State: gateway.DeliverySucceeded, Attempts: 1, CreatedAt: at, EndedAt: at,
	}
	var e Encoder
	e.Version()
	e.B = AppendMoment(e.B, time.Time{})
	e.Text("crm")
	e.Texts(want.EventIDs)
	e.Text("message")
	e.Text("42")
	e.Text("succeeded")
	e.Number(1)
	e.Number(0)
	e.Time(at)
	e.Time(at)
	e.B = append(e.B, noAttempt)
	if got, _, err := DecodeDelivery("t", make([]byte, 16), e.B); err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}
