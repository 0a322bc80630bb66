package metrics

import "sync/atomic"

// standstill is whether the gateway was restored, and sends nothing yet.
type standstill struct{ is atomic.Bool }

func newHeld(l *library) *standstill {
	h := new(standstill)
	l.gauge("hookgate_held", "1 if the gateway was restored from a backup and sends nothing to endpoints and the platform until it is resumed.", nil, func() float64 {
		if h.is.Load() {
			return 1
		}
		return 0
	})
	return h
}

// Held takes whether the gateway is held.
func (o *operations) Held(is bool) { o.held.is.Store(is) }
