package pebblestore

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"hookgate/gateway"
)

// TestIdleSettles settles a delivery, does nothing for a second, and loses the power:
// it stays settled. Then nothing is synced any more, for there is nothing to sync.
func TestIdleSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCounted(t)
		time.Sleep(time.Minute) // the next tick comes at any time
		s.settle()
		time.Sleep(time.Second)
		left := s.mem.CrashClone(vfs.CrashCloneCfg{})
		time.Sleep(2 * newestEvery) // how late it is by then is written down once
		before := s.syncs.Load()
		time.Sleep(time.Minute)
		if n := s.syncs.Load() - before; n != 0 {
			t.Errorf("%d syncs in an idle minute", n)
		}
		s.outlives(left)
	})
}

// countedStore is a store in memory with one publication, and a count of the syncs of its log.
type countedStore struct {
	*Store
	t     *testing.T
	mem   *vfs.MemFS
	syncs atomic.Int64
	at    time.Time
	d     gateway.Delivery
}

// newCounted opens one; the caller closes it.
func newCounted(t *testing.T) *countedStore {
	t.Helper()
	c := &countedStore{t: t, mem: vfs.NewCrashableMem(), at: time.Now()}
	c.open(errorfs.Wrap(c.mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if isSync(op) && isLog(op.Path) {
			c.syncs.Add(1)
		}
		return nil
	})))
	p := published(c.at, 1)
	must(t, c.Accept(p))
	c.d = p.Deliveries[0]
	return c
}

func (c *countedStore) open(fs vfs.FS) {
	c.t.Helper()
	var err error
	c.Store, err = Open(Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler)})
	must(c.t, err)
}

// settle has its delivery succeed.
func (c *countedStore) settle() {
	c.t.Helper()
	c.d.State, c.d.Attempts, c.d.NextAttemptAt, c.d.EndedAt = gateway.DeliverySucceeded, 1, time.Time{}, c.at
	must(c.t, c.Settle(&c.d, &gateway.Attempt{Number: 1, At: c.at}))
}

// outlives closes it, and looks whether what a crash left says that the delivery has succeeded.
func (c *countedStore) outlives(left vfs.FS) {
	c.t.Helper()
	must(c.t, c.Close())
	c.open(left)
	if got, _, err := c.Delivery(c.d.Tenant, c.d.ID); err != nil || got.State != gateway.DeliverySucceeded {
		c.t.Errorf("a crash left of what was settled %+v, %v", got, err)
	}
	must(c.t, c.Close())
}
