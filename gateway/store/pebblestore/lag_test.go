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
		mem, syncs := vfs.NewCrashableMem(), atomic.Int64{}
		fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if isSync(op) && isLog(op.Path) {
				syncs.Add(1)
			}
			return nil
		}))
		s, err := Open(Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		p := published(at, 1)
		if err := s.Accept(p); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // the next tick comes at any time
		d := p.Deliveries[0]
		d.State, d.Attempts, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, 1, time.Time{}, at
		if err := s.Settle(&d, &gateway.Attempt{Number: 1, At: at}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		left := mem.CrashClone(vfs.CrashCloneCfg{})
		time.Sleep(2 * newestEvery) // how late it is by then is written down once
		before := syncs.Load()
		time.Sleep(time.Minute)
		if n := syncs.Load() - before; n != 0 {
			t.Errorf("%d syncs in an idle minute", n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, err = Open(Options{Dir: "data", FS: left, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := s.Delivery(d.Tenant, d.ID)
		if err != nil || got.State != gateway.DeliverySucceeded {
			t.Errorf("a second after it was settled, a crash left it %+v, %v", got, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
