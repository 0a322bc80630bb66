package node

import (
	"context"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/background"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
)

// expiring are the endpoints that are deleted when nobody has pulled from them for as long
// as they say: those of hookgate listen on a laptop that went away. When each was pulled from
// last is in memory alone. It counts from the first look of a process, or of whoever took
// over its slot: too late is no harm.
type expiring struct {
	owned
	directory *directory.Directory
	expire    func(tenant, endpoint string) error
	now       func() time.Time
	failed    func(key gateway.LaneKey, err error)

	mu     sync.Mutex
	pulled map[gateway.LaneKey]seen
}

// owned is what it needs of the lanes.
type owned interface {
	api.Pulls
	Owned() gateway.SlotSet
}

// seen is when an endpoint was pulled from last, and which of its name that was.
type seen struct {
	at      time.Time
	updated gateway.Time // by another clock: compared with itself alone
}

// expiryEvery is how often it is looked for those whose time is over: well below the least.
const expiryEvery = 30 * time.Second

// expiries begins to look for them.
type expiries struct{ *parts }

func (p expiries) open() error {
	p.expiring = &expiring{
		owned: p.lanes, directory: p.directory, expire: p.resources.Endpoints.Expire, now: p.clock.Now, pulled: map[gateway.LaneKey]seen{},
		failed: func(key gateway.LaneKey, err error) {
			p.Log.Error("an endpoint that nobody pulls from was not deleted", "tenant", key.Tenant, "endpoint", key.Endpoint, "error", err)
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	var looking sync.WaitGroup
	looking.Go(func() { p.expiring.run(ctx) })
	p.onStop(func() error { cancel(); looking.Wait(); return nil })
	return nil
}

// run looks until it is told to stop.
func (x *expiring) run(ctx context.Context) {
	for background.Sleep(ctx, expiryEvery) {
		x.look()
	}
}

// Pull is that of the lanes, which knows nothing of when.
func (x *expiring) Pull(key gateway.LaneKey, most int, lease time.Duration, show func(*outbound.Given) (more bool)) ([]string, error) {
	if t := x.directory.Current().Tenant(key.Tenant); t != nil {
		if e := t.Endpoint(key.Endpoint); e != nil && e.ExpireAfter > 0 {
			x.saw(key, e.Meta.UpdatedAt)
		}
	}
	return x.owned.Pull(key, most, lease, show)
}

func (x *expiring) saw(key gateway.LaneKey, updated gateway.Time) {
	now := x.now()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.pulled[key] = seen{now, updated}
}

// look deletes the endpoints whose time is over.
func (x *expiring) look() {
	for _, key := range x.over() {
		if err := x.expire(key.Tenant, key.Endpoint); err != nil {
			x.failed(key, err)
		}
	}
}

// over gives those whose time is over, of the lanes that are here, and forgets those that
// are no more.
func (x *expiring) over() (all []gateway.LaneKey) {
	owned, now := x.Owned(), x.now()
	x.mu.Lock()
	defer x.mu.Unlock()
	still := map[gateway.LaneKey]seen{}
	for t := range x.directory.Current().Tenants() {
		for e := range t.Expiring() {
			key := gateway.LaneKey{Tenant: t.ID, Endpoint: e.ID}
			if !owned.Has(key.Slot()) {
				continue
			}
			last, known := x.pulled[key]
			if !known || last.updated != e.Meta.UpdatedAt {
				last = seen{now, e.Meta.UpdatedAt} // it is new, or was written anew
			}
			still[key] = last
			if now.Sub(last.at) >= e.ExpireAfter {
				all = append(all, key)
			}
		}
	}
	x.pulled = still
	return all
}
