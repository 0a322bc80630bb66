package waiting

import (
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
)

const (
	// releaseEvery is how often the store is told which waits are history.
	releaseEvery = 30 * time.Second
	// releaseMargin keeps a wait that is just being opened out of history.
	releaseMargin = time.Minute
)

// history tells the store which waits have all ended, so that recovery does not look
// through them.
type history struct {
	recovery Recovery
	now      func() time.Time
	last     time.Time    // when it was told
	telling  sync.Mutex   // held from looking which is the oldest until that is told
	released atomic.Int64 // Unix milliseconds told last, of all slots together
}

// due says whether it is time to tell the store again. Only the expirer asks.
func (h *history) due() bool {
	now := time.Now()
	if now.Sub(h.last) < releaseEvery {
		return false
	}
	h.last = now
	return true
}

// tell tells that the waits of slots that were created before the oldest have ended.
func (h *history) tell(slots gateway.SlotSet, oldest func() time.Time) {
	h.telling.Lock()
	defer h.telling.Unlock()
	at := oldest().Add(-releaseMargin)
	h.released.Store(at.UnixMilli())
	h.recovery.ReleaseBefore(slots, at)
}

// rest waits until what is being told is told: who has become known to the expirer before
// is not left out after it.
func (h *history) rest() {
	h.telling.Lock()
	defer h.telling.Unlock()
}

// reach sees to it that recovery will look at a wait of a tenant created at this
// moment, even where the wall clock was set back. The store keeps the order of its
// writes: what is durable after this has this before it.
func (h *history) reach(tenant string, createdAt time.Time) {
	if createdAt.UnixMilli() < h.released.Load() {
		h.recovery.ReleaseBefore(gateway.SlotsOf(gateway.SlotOf(tenant)), createdAt.Add(-releaseMargin))
	}
}
