package outbound

import (
	"slices"
	"sync"
	"time"
)

// upstreams is what a relay's lane knows of where its requests go: to each in turn,
// but for those that failed last and rest. What an upstream did outlives every
// snapshot, not a restart.
type upstreams struct {
	mu   sync.Mutex
	turn int
	ill  map[string]illness
}

type illness struct {
	since    time.Time // when it was last seen failing
	until    time.Time // it rests; then one request finds out how it is
	failures int       // in a row
}

// Rests of an upstream, doubling from the first to the last.
const (
	firstUpstreamRest = time.Second
	lastUpstreamRest  = 30 * time.Second
)

func upstreamRest(failures int) time.Duration {
	return min(firstUpstreamRest<<min(failures-1, 10), lastUpstreamRest)
}

// choose gives the next one in turn that is well, or whose rest is over: nobody else
// tries that one meanwhile. Where all rest it is the one whose rest ends first.
func (u *upstreams) choose(list []string, now time.Time) string {
	if len(list) == 1 {
		return list[0]
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	soonest := 0
	for i := range list {
		at := (u.turn + i) % len(list)
		state, ill := u.ill[list[at]]
		if !ill || !state.until.After(now) {
			return u.take(list, at, now)
		}
		if i == 0 || state.until.Before(u.ill[list[soonest]].until) {
			soonest = at
		}
	}
	return u.take(list, soonest, now)
}

func (u *upstreams) take(list []string, at int, now time.Time) string {
	u.turn = (at + 1) % len(list)
	if state, ill := u.ill[list[at]]; ill {
		state.until = now.Add(upstreamRest(state.failures))
		u.ill[list[at]] = state
	}
	return list[at]
}

// answered tells that an upstream is there.
func (u *upstreams) answered(upstream string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.ill, upstream)
}

// failed tells of an attempt that failed, and for how long the upstream asked to be
// left alone. Attempts that were under way together are one failure.
func (u *upstreams) failed(upstream string, list []string, began, now time.Time, asked time.Duration) {
	if len(list) == 1 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	state := u.ill[upstream]
	if state.failures == 0 || began.After(state.since) {
		state.failures++
	}
	state.since = now
	if until := now.Add(max(asked, upstreamRest(state.failures))); until.After(state.until) {
		state.until = until
	}
	if u.ill == nil {
		u.ill = make(map[string]illness)
	}
	for other := range u.ill { // they come and go with the configuration
		if !slices.Contains(list, other) {
			delete(u.ill, other)
		}
	}
	u.ill[upstream] = state
}

// others says whether another than this one is well.
func (u *upstreams) others(than string, list []string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.ContainsFunc(list, func(upstream string) bool {
		_, ill := u.ill[upstream]
		return upstream != than && !ill
	})
}
