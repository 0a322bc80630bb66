package api

import (
	"fmt"
	"testing"
	"time"

	"hookgate/gateway"
)

// Of many lanes the newest are found, as many as are wanted, in memory for no more than twice
// as many; and a lane is left where it has but older ones. A tenant with more dead letters
// than fit into the memory for answers could not have any replayed at once.
func TestFindingKeepsWhatIsWanted(t *testing.T) {
	const lanes, each, wanted = 20, 5000, 3000
	now := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	f := finding{memory: &memory{}, most: wanted, keeps: true}
	looked := 0
	for lane := range lanes {
		for i := range each { // newest first; the lanes were made at the same times
			looked++
			more, err := f.add(&gateway.Delivery{ID: fmt.Sprintf("dlv_%06d", each-i), Endpoint: fmt.Sprint("e", lane), CreatedAt: now.Add(-time.Duration(i) * time.Second)})
			if err != nil {
				t.Fatal(err)
			}
			if len(f.all) > 2*wanted {
				t.Fatalf("%d are kept", len(f.all))
			}
			if !more {
				break
			}
		}
	}
	f.cut()
	if last := f.all[wanted-1].at; len(f.all) != wanted || f.count() != wanted || now.Sub(last) != (wanted/lanes-1)*time.Second || !f.newest.Equal(now) {
		t.Errorf("%d are found, back to %s before the newest", len(f.all), now.Sub(last))
	}
	if looked > lanes*each/2 {
		t.Errorf("%d of %d were looked at", looked, lanes*each)
	}
}
