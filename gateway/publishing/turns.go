package publishing

import (
	"sync"

	"hookgate/gateway"
)

// turns are had on keys, by one request at a time: on Idempotency-Keys, on a relay's
// ids, and on whose many deliveries are made.
type turns struct {
	mu sync.Mutex
	of map[gateway.MarkKey]chan struct{}
}

// await takes the turn on keys, on all or none, so that of two equal requests at
// once the second finds what the first stored. done gives it back.
func (t *turns) await(keys []gateway.MarkKey) (mine chan struct{}) {
	mine = make(chan struct{})
	for {
		other := t.take(keys, mine)
		if other == nil {
			return mine
		}
		<-other
	}
}

// take gives who has the turn on one of the keys; nil when it is ours.
func (t *turns) take(keys []gateway.MarkKey, mine chan struct{}) (other chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		if other := t.of[key]; other != nil {
			return other
		}
	}
	for _, key := range keys {
		t.of[key] = mine
	}
	return nil
}

func (t *turns) done(keys []gateway.MarkKey, mine chan struct{}) {
	t.mu.Lock()
	for _, key := range keys {
		delete(t.of, key)
	}
	t.mu.Unlock()
	close(mine)
}
