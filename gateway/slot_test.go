package gateway

import (
	"fmt"
	"slices"
	"testing"
)

// TestSlotsNeverChange holds the slots of some names: a store keeps what was in them.
func TestSlotsNeverChange(t *testing.T) {
	for tenant, want := range map[string]Slot{"acme": 160, "a": 187, "_platform": 68} {
		if got := SlotOf(tenant); got != want {
			t.Errorf("%s: slot %d, want %d", tenant, got, want)
		}
	}
	if got, want := (LaneKey{"acme", "crm"}).Slot(), Slot(214); got != want {
		t.Errorf("acme's crm: slot %d, want %d", got, want)
	}
}

// TestSlotsShareTheWork wants names that differ little in slots that differ.
func TestSlotsShareTheWork(t *testing.T) {
	for _, form := range []string{"t%d", "tenant-%04d", "%d", "acme/%06d"} {
		var n [Slots]int
		for i := range 100 * Slots {
			n[SlotOf(fmt.Sprintf(form, i))]++
		}
		if most := slices.Max(n[:]); most > 200 {
			t.Errorf("%s: %d of %d in one slot", form, most, 100*Slots)
		}
		if least := slices.Min(n[:]); least < 40 {
			t.Errorf("%s: %d of %d in one slot", form, least, 100*Slots)
		}
	}
}

func TestSlotSet(t *testing.T) {
	s := SlotsOf(0, 63, 64, 255, 64)
	if got := slices.Collect(s.All()); !slices.Equal(got, []Slot{0, 63, 64, 255}) {
		t.Errorf("all: %v", got)
	}
	s.Remove(63)
	if s.Has(63) || !s.Has(64) || s.Has(65) || s.Len() != 3 {
		t.Errorf("%v", slices.Collect(s.All()))
	}
	all := AllSlots()
	if all.Len() != Slots || len(slices.Collect(all.All())) != Slots {
		t.Errorf("all: %d", all.Len())
	}
}
