package node

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/gateway/shares"
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
		Disk: d, Promises: d.parts.promised, Used: func() int64 { return d.store.stands().bytes }, Tenants: d.tenants(), Now: time.Now, Log: d.Log,
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

// What is written of one thing that was taken on, beside what is counted of it in a budget.
const (
	// twice is how often it lies on the disk for a moment: in the log, and in a table.
	twice = 2
	// ofPending is the answer of a call, and the variables that were mapped from it: both are
	// in its notice. Variables above the default of variables_max are not counted.
	ofPending = twice*2*gateway.MaxCallAnswer + ofWaited
	ofWaited  = twice * 6 * gateway.MaxKeptMember // a call that is kept, with each of its members
	ofContext = twice * 2                         // a byte of an open wait: in the wait that ended, and in its notice
)

// promised is what is yet to be written of what was taken on: so many bytes for each of what
// is in some budgets. It is empty before those who have them are built.
type promised struct{ of []promise }

type promise struct {
	taken *shares.Budget
	bytes int64
}

func (p *promised) count(taken *shares.Budget, bytes int64) *shares.Budget {
	p.of = append(p.of, promise{taken, bytes})
	return taken
}

func (p *promised) sum(of func(*shares.Budget) int64) (bytes int64) {
	for _, one := range p.of {
		bytes += of(one.taken) * one.bytes
	}
	return bytes
}

func (p *promised) Most() int64 { return p.sum((*shares.Budget).Most) }

func (p *promised) All() int64 { return p.sum((*shares.Budget).Used) }

func (p *promised) Held(tenant string) int64 {
	return p.sum(func(b *shares.Budget) int64 { return b.Held(tenant) })
}

// sparing is the store for the lanes: what a tenant writes that has as much on the disk as
// it may have is little, for it goes on with what was promised.
type sparing struct {
	outbound.Backlog
	storage *storage.Storage
}

// Settle keeps nothing of what was said in the attempts of such a tenant, and of those of one
// delivery the first, then fewer and fewer, and how it ended: retries would fill the disk.
// While the disk is nearly full its deliveries do not die, for a dead letter has a copy of
// its events: the attempt waits as for a disk that is full.
func (s sparing) Settle(d *gateway.Delivery, a *gateway.Attempt) error {
	over, short := s.storage.Over(d.Tenant)
	if over && short && d.State == gateway.DeliveryDead {
		return errSpared
	}
	switch {
	case !over || a == nil:
	case !d.State.Ended() && !isSpared(a.Number):
		a = nil
	default:
		unsaid := *a
		unsaid.Unsay()
		a = &unsaid
	}
	return s.Backlog.Settle(d, a)
}

// isSpared says whether an attempt is kept of a tenant that has as much as it may have: those
// whose number is a power of two, and the first few.
func isSpared(number int) bool { return number <= sparedFirst || number&(number-1) == 0 }

const sparedFirst = 10

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
