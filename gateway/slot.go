package gateway

import (
	"errors"
	"iter"
	"math/bits"
	"time"
)

// Slot is a share of the work that has one owner at a time: the waits and calls of a
// tenant are in one slot, each lane is in one (SPEC-cluster). Where one process does
// all, it owns all of them.
type Slot uint8

// Slots is how many slots there are. It is part of what stores keep and never changes.
const Slots = 256

// SlotOf gives the slot of a tenant's waits and calls. It is the same in every process
// and version.
func SlotOf(tenant string) Slot { return slotOf(ConversationHash(tenant)) }

// Slot gives the slot of a lane, the same in every process and version.
func (k LaneKey) Slot() Slot { return slotOf(ConversationHash(k.Tenant + "\x00" + k.Endpoint)) }

// slotOf folds a hash: FNV's low bits alone tell short texts badly apart.
func slotOf(hash uint64) Slot {
	hash ^= hash >> 32
	hash ^= hash >> 16
	return Slot(hash ^ hash>>8)
}

// SlotSet is a set of slots; the zero SlotSet is empty.
type SlotSet [Slots / 64]uint64

// AllSlots has every slot.
func AllSlots() (s SlotSet) {
	for i := range s {
		s[i] = ^uint64(0)
	}
	return s
}

// SlotsOf has those that are given.
func SlotsOf(slots ...Slot) (s SlotSet) {
	for _, slot := range slots {
		s.Add(slot)
	}
	return s
}

// Has tells whether a slot is in the set.
func (s *SlotSet) Has(slot Slot) bool { return s[slot/64]>>(slot%64)&1 != 0 }

// Add puts a slot into the set.
func (s *SlotSet) Add(slot Slot) { s[slot/64] |= 1 << (slot % 64) }

// Remove takes a slot out of the set.
func (s *SlotSet) Remove(slot Slot) { s[slot/64] &^= 1 << (slot % 64) }

// Len is how many slots are in the set.
func (s *SlotSet) Len() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// With gives the slots of either set.
func (s SlotSet) With(other SlotSet) SlotSet {
	for i := range s {
		s[i] |= other[i]
	}
	return s
}

// Without gives the slots of the set that are not in the other.
func (s SlotSet) Without(other SlotSet) SlotSet {
	for i := range s {
		s[i] &^= other[i]
	}
	return s
}

// Both gives the slots that are in both sets.
func (s SlotSet) Both(other SlotSet) SlotSet {
	for i := range s {
		s[i] &= other[i]
	}
	return s
}

// All gives the slots of the set, rising.
func (s SlotSet) All() iter.Seq[Slot] {
	return func(yield func(Slot) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(Slot(i*64 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// ErrMoved is behind errors of what begins for a slot that is not this process's (any
// more): nothing of it was done, and its owner can do it.
var ErrMoved = errors.New("another node owns the slot")

// Moved is such an error, for who is told of it.
func Moved(reason string) *Error {
	return &Error{Code: CodeUnavailable, Message: reason, RetryAfter: time.Second, Err: ErrMoved}
}
