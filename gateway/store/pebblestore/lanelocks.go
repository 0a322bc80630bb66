package pebblestore

import (
	"hash/maphash"
	"math/bits"
	"sync"

	"hookgate/gateway"
)

// laneLocks keep who moves deliveries (Merge, Requeue, Cancel, DropLane) apart from
// who settles them: each first looks where a delivery is. Settling goes side by
// side, for a delivery is settled by one at a time. A lock is held for reads and an
// unsynced commit; what must be durable is synced after it is released.
type laneLocks struct {
	seed  maphash.Seed
	locks [64]sync.RWMutex // lanes share them by hash
}

func (l *laneLocks) at(lane gateway.LaneKey) int {
	var h maphash.Hash
	h.SetSeed(l.seed)
	_, _ = h.WriteString(lane.Tenant) // never fails
	_ = h.WriteByte(0)
	_, _ = h.WriteString(lane.Endpoint)
	return int(h.Sum64() % uint64(len(l.locks)))
}

func (l *laneLocks) of(lane gateway.LaneKey) *sync.RWMutex { return &l.locks[l.at(lane)] }

// lockAll locks several lanes, in an order that no two can wait for each other in.
func (l *laneLocks) lockAll(deliveries []*gateway.Delivery) (unlock func()) {
	var set uint64
	for _, d := range deliveries {
		set |= 1 << l.at(laneOf(d))
	}
	return l.lockSet(set)
}

// lockEvery locks all lanes.
func (l *laneLocks) lockEvery() (unlock func()) { return l.lockSet(1<<len(l.locks) - 1) }

func (l *laneLocks) lockSet(set uint64) (unlock func()) {
	for left := set; left != 0; left &= left - 1 {
		l.locks[bits.TrailingZeros64(left)].Lock()
	}
	return func() {
		for left := set; left != 0; left &= left - 1 {
			l.locks[bits.TrailingZeros64(left)].Unlock()
		}
	}
}

func laneOf(d *gateway.Delivery) gateway.LaneKey {
	return gateway.LaneKey{Tenant: d.Tenant, Endpoint: d.Endpoint}
}
