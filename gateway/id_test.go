package gateway

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
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

// ParseID reads what FormatID writes, and takes no other text: what the library takes beside it,
// and what is one byte apart.
func TestParseID(t *testing.T) {
	for range 1000 {
		var id [16]byte
		if _, err := rand.Read(id[:]); err != nil {
			t.Fatal(err)
		}
		text := FormatID(PrefixEvent, id)
		if got, is := ParseID(PrefixEvent, text); !is || got != id {
			t.Fatalf("%s is read as %v, %t", text, got, is)
		}
		at := len(PrefixEvent) + int(id[0])%ulid.EncodedSize
		for c := range 256 {
			other := text[:at] + string([]byte{byte(c)}) + text[at+1:]
			got, is := ParseID(PrefixEvent, other)
			want, err := ulid.ParseStrict(other[len(PrefixEvent):])
			if is != (err == nil && FormatID(PrefixEvent, want) == other) || is && got != want {
				t.Fatalf("%q is read as %v, %t", other, got, is)
			}
		}
	}
	for _, none := range []string{"", "evt_", "evt_01M8QT40839FMQANT5B5XN11Z", "evt_01M8QT40839FMQANT5B5XN11Z55", "dlv_01M8QT40839FMQANT5B5XN11Z5", "evt_81M8QT40839FMQANT5B5XN11Z5", "evt_01m8QT40839FMQANT5B5XN11Z5"} {
		if got, is := ParseID(PrefixEvent, none); is {
			t.Errorf("%q is read as %v", none, got)
		}
	}
}

func BenchmarkParseID(b *testing.B) {
	text := NewEventID(time.Now())
	for b.Loop() {
		if _, is := ParseID(PrefixEvent, text); !is {
			b.Fatal("it is none")
		}
	}
}
