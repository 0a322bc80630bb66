package node

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/gateway/storage"
	"hookgate/metrics"
)

// onDisk is the disk as those who divide it see it. They are made before the store, which
// tells them what it writes.
type onDisk struct{ *parts }

func (d onDisk) Extent(tenant string) (int64, error) { return d.store.Extent(tenant) }

func (d onDisk) Unflushed() int64 { return d.store.Unflushed() }

func (d onDisk) Room() (int64, bool) { return d.store.Room() }

func (d onDisk) options() storage.Options {
	return storage.Options{
		Disk: d, Used: func() int64 { return d.store.stands().bytes }, Tenants: d.tenants(), Now: time.Now, Log: d.Log,
	}
}

// tenants tells of the tenants of each new snapshot.
func (d onDisk) tenants() func(func(string, []string, int64)) bool {
	var last *directory.Snapshot
	var above []string
	return func(tell func(string, []string, int64)) bool {
		s := d.directory.Current()
		if s == last {
			return false
		}
		last = s
		for t := range s.Tenants() {
			above = above[:0]
			for _, a := range s.Above(t) {
				above = append(above, a.ID)
			}
			most := int64(0)
			if set := t.Spec.Limits.Storage; set != nil {
				most = int64(*set)
			}
			tell(t.ID, above, most)
		}
		return true
	}
}

// sparing is the store for the lanes: what a tenant writes that has as much on the disk as
// it may have is little, for it goes on with what was promised.
type sparing struct {
	outbound.Backlog
	storage *storage.Storage
}

// Settle keeps nothing of what was said in the attempts of such a tenant: retries would
// fill the disk with it. While the disk is nearly full its deliveries do not die, for a
// dead letter has a copy of its events: the attempt waits as for a disk that is full.
func (s sparing) Settle(d *gateway.Delivery, a *gateway.Attempt) error {
	over, short := s.storage.Over(d.Tenant)
	if over && short && d.State == gateway.DeliveryDead {
		return errSpared
	}
	if over && a != nil {
		unsaid := *a
		unsaid.Unsay()
		a = &unsaid
	}
	return s.Backlog.Settle(d, a)
}

// spare says whose retries wait until the disk has room.
func (s sparing) spare(tenant string) bool {
	_, short := s.storage.Over(tenant)
	return short
}

var errSpared = gateway.Unavailable("the disk is nearly full, and has no room for another dead letter of the tenant", time.Second)

// open begins to look at the disk, and shows how it stands.
func (d onDisk) open() error {
	p := d.parts
	p.metrics.Budget("storage", func() metrics.Budget {
		s := p.storage.Stat()
		return metrics.Budget{Limit: s.Most, Used: s.Used, Largest: s.Largest, Refused: s.Refused}
	})
	p.storage.Start()
	p.onStop(func() error { p.storage.Close(); return nil })
	return nil
}
