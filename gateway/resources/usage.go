package resources

import (
	"sync/atomic"
	"time"

	"hookgate/gateway"
)

// usedEvery is how often the last use of a token is written down at most.
const usedEvery = time.Minute

// usage is when tokens were used last. Every internal call looks here: it costs a lookup,
// and once a minute for each token a store in memory. What is new is written together, a
// minute later, and a process that is killed has lost that minute.
type usage struct {
	last  atomic.Pointer[map[string]*atomic.Int64] // by id, in milliseconds of Unix time
	armed atomic.Bool                              // a timer runs that writes it
	timer atomic.Pointer[time.Timer]
}

// of has the tokens that there are, each with its last use. The ledger's lock is held.
func (u *usage) of(made map[string]*tokenRecord) {
	known := u.last.Load()
	next := make(map[string]*atomic.Int64, len(made))
	for id, rec := range made {
		if known != nil && (*known)[id] != nil {
			next[id] = (*known)[id]
			continue
		}
		next[id] = new(atomic.Int64)
		if !rec.LastUsedAt.IsZero() {
			next[id].Store(rec.LastUsedAt.UnixMilli())
		}
	}
	u.last.Store(&next)
}

// shown gives a token with its last use, though that is not written down yet.
func (u *usage) shown(t gateway.Token) gateway.Token {
	if known := u.last.Load(); known != nil {
		if last := (*known)[t.ID]; last != nil && last.Load() != 0 {
			t.LastUsedAt = gateway.At(time.UnixMilli(last.Load()))
		}
	}
	return t
}

// Used tells that a token was used at a moment; nothing happens for one that is not the
// API's.
func (r *Tokens) Used(id string, at time.Time) {
	known := r.usage.last.Load()
	if id == "" || known == nil {
		return
	}
	last := (*known)[id]
	if last == nil || at.UnixMilli()-last.Load() < usedEvery.Milliseconds() {
		return
	}
	last.Store(at.UnixMilli())
	if !r.usage.armed.Swap(true) {
		r.usage.timer.Store(time.AfterFunc(usedEvery, r.writeUsed))
	}
}

// writeUsed writes down the last uses that are new.
func (r *Tokens) writeUsed() {
	r.usage.armed.Store(false)
	r.mu.Lock()
	defer r.mu.Unlock()
	var records []gateway.Record
	next := map[string]*tokenRecord{}
	for id, last := range *r.usage.last.Load() {
		rec := r.made[id]
		at := last.Load()
		if rec == nil || at == 0 || !rec.LastUsedAt.IsZero() && rec.LastUsedAt.UnixMilli() >= at {
			continue
		}
		now := *rec
		now.LastUsedAt = gateway.At(time.UnixMilli(at))
		stored, err := writeRecord(r.sealer, gateway.KindToken, "", id, &now)
		if err != nil {
			r.log.Error("writing down the last use of a token", "token_id", id, "error", err)
			continue
		}
		records, next[id] = append(records, stored), &now
	}
	if len(records) == 0 {
		return
	}
	if !r.configures() {
		used := map[string]int64{}
		for id, rec := range next {
			used[id] = rec.LastUsedAt.UnixMilli()
		}
		go r.onUsed(used) // it waits for another process
		return
	}
	if err := r.weights.PutResources(records...); err != nil { // the next use tries again
		r.log.Warn("the last uses of tokens are not written down", "error", err)
		return
	}
	for id, rec := range next {
		r.made[id] = rec
	}
}

// close writes down what is new.
func (r *Tokens) close() {
	if timer := r.usage.timer.Load(); timer != nil && timer.Stop() && r.usage.last.Load() != nil {
		r.writeUsed()
	}
}
