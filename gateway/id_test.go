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
