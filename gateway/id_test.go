package gateway

import (
	"testing"
	"time"
)

// Who asks late, for a moment that has passed, must not put the ids of the newest
// millisecond out of order: the oldest parked callback is found by its id.
func TestIDsRiseBesideLateOnes(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	last := ""
	for range 1000 {
		id := NewID(PrefixCallback, now)
		if id <= last {
			t.Fatalf("%s was made after %s", id, last)
		}
		if at := IDTime(PrefixCallback, id); !at.Equal(now) {
			t.Fatalf("%s is of %s, want %s", id, at, now)
		}
		last = id
		if late := NewID(PrefixEvent, now.Add(-time.Millisecond)); !IDTime(PrefixEvent, late).Equal(now.Add(-time.Millisecond)) {
			t.Fatalf("%s is of another moment", late)
		}
	}
}

// TestIDsBeside makes ids of events, of their deliveries and of others, in one millisecond:
// none is that of another, and only those of its deliveries are beside an event.
func TestIDsBeside(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	seen := map[string]bool{}
	once := func(id string) {
		if seen[id] {
			t.Fatalf("%s was made twice", id)
		}
		seen[id] = true
	}
	last := ""
	for range 200 {
		event := NewEventID(now)
		if event <= last {
			t.Fatalf("%s was made after %s", event, last)
		}
		last = event
		u, _ := ParseID(PrefixEvent, event)
		before := ""
		for n := 1; n <= DeliveriesBeside; n++ {
			id := DeliveryBeside(event, n)
			once(id)
			d, is := ParseID(PrefixDelivery, id)
			if !is || !IsBeside(u, d) || id <= before {
				t.Fatalf("the %d. delivery of %s is %s, after %s", n, event, id, before)
			}
			before = id
		}
		other := NewID(PrefixDelivery, now)
		once(other)
		if d, _ := ParseID(PrefixDelivery, other); IsBeside(u, d) {
			t.Fatalf("%s is beside %s", other, event)
		}
		if IsBeside(u, u) {
			t.Fatalf("%s is beside itself", event)
		}
	}
}

// Ids of one millisecond rise, whatever others are made for others meanwhile.
func TestIDsRiseWithinOneThatIsPast(t *testing.T) {
	began := time.Now()
	for n := range 100 {
		first := NewID(PrefixEvent, began)
		for later := range 6000 {
			NewID(PrefixEvent, began.Add(time.Duration(1+later)*time.Millisecond))
		}
		if second := NewID(PrefixEvent, began); second <= first {
			t.Fatalf("%d: %s comes after %s", n, second, first)
		}
	}
}
