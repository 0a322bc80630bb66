package metrics

import (
	"sync/atomic"
	"time"
)

// loaded is how the configuration stands that is in force.
type loaded struct {
	good atomic.Bool
	at   atomic.Int64                  // Unix milliseconds of the last that was good
	hash atomic.Pointer[func() uint64] // of that one
}

func newLoaded(l *library) *loaded {
	c := new(loaded)
	l.gauge("hookgate_config_last_reload_successful", "1 if the configuration file was good when it was last loaded, at the start or again; 0: the one before is in force.", nil, func() float64 {
		if c.good.Load() {
			return 1
		}
		return 0
	})
	l.gauge("hookgate_config_last_reload_success_timestamp_seconds", "When the configuration in force was loaded, in Unix time.",
		nil, func() float64 { return float64(c.at.Load()) / 1000 })
	l.gauge("hookgate_config_hash", "A number made of the configuration in force, without its secrets: the same for two gateways that have the same.",
		nil, func() float64 {
			if hash := c.hash.Load(); hash != nil {
				return float64((*hash)() >> (64 - hashBits))
			}
			return 0
		})
	return c
}

// hashBits are those that a float64 holds without loss, and a graph can show.
const hashBits = 48

// ConfigLoaded takes when a good configuration came into force, and its hash, which is
// asked for with each scrape.
func (s *Set) ConfigLoaded(at time.Time, hash func() uint64) {
	c := s.operations.config
	c.hash.Store(&hash)
	c.at.Store(at.UnixMilli())
	c.good.Store(true)
}

// ConfigRefused says that the file was faulty: what was in force stays.
func (s *Set) ConfigRefused() { s.operations.config.good.Store(false) }
