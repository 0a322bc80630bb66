package pebblestore

import (
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"hookgate/gateway"
)

// TestFirmness plays commits and syncs that overlap in any way: all is never said to be durable
// while a commit that somebody may see is not, and always is when all have ended and a sync came
// behind them.
func TestFirmness(t *testing.T) {
	type commit struct {
		before        uint64
		synced, ended bool
		durable       bool
	}
	draw := rand.New(rand.NewPCG(7, 11))
	for range 2000 {
		var f firmness
		var commits []*commit
		covered := map[*commit][]*commit{} // what its sync makes durable
		var syncs []struct {
			before uint64
			covers []*commit
		}
		ended := func() (all []*commit) {
			for _, c := range commits {
				if c.ended {
					all = append(all, c)
				}
			}
			return all
		}
		for range 30 {
			switch open := draw.IntN(4); {
			case open == 0:
				c := &commit{synced: draw.IntN(2) == 0}
				covered[c] = ended()
				c.before = f.begin()
				commits = append(commits, c)
			case open == 1 && len(commits) > 0:
				c := commits[draw.IntN(len(commits))]
				if c.ended {
					break
				}
				c.ended = true
				if c.synced {
					c.durable = true
					for _, other := range covered[c] {
						other.durable = true
					}
				}
				f.end(c.before, c.synced)
			case open == 2:
				syncs = append(syncs, struct {
					before uint64
					covers []*commit
				}{f.ended.Load(), ended()})
			case open == 3 && len(syncs) > 0:
				one := syncs[0]
				syncs = syncs[1:]
				for _, c := range one.covers {
					c.durable = true
				}
				f.synced(one.before)
			}
			for _, c := range commits {
				if !c.durable && f.all() {
					t.Fatalf("all is durable, but for one of %d commits: %+v", len(commits), *c)
				}
			}
		}
		for _, c := range commits {
			if !c.ended {
				f.end(c.before, false)
			}
		}
		f.synced(f.ended.Load())
		if !f.all() {
			t.Fatalf("%d commits have ended before a sync, and are not durable", len(commits))
		}
	}
}

// TestOvertakeSyncsWhatIsNot looks at a store that is durable, which syncs nothing; and at what was
// settled just now, which does, once, and holds through a crash.
func TestOvertakeSyncsWhatIsNot(t *testing.T) {
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
		before := syncs.Load()
		overtake := func(want int64) {
			t.Helper()
			for range 3 {
				if err := s.overtake(); err != nil {
					t.Fatal(err)
				}
			}
			if n := syncs.Load() - before; n != want {
				t.Errorf("%d syncs, want %d", n, want)
			}
		}
		overtake(0)
		d := p.Deliveries[0]
		d.State, d.Attempts, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, 1, time.Time{}, at
		if err := s.Settle(&d, &gateway.Attempt{Number: 1, At: at}); err != nil {
			t.Fatal(err)
		}
		overtake(1)
		left := mem.CrashClone(vfs.CrashCloneCfg{})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(Options{Dir: "data", FS: left, Logger: slog.New(slog.DiscardHandler)}); err != nil {
			t.Fatal(err)
		}
		if got, _, err := s.Delivery(d.Tenant, d.ID); err != nil || got.State != gateway.DeliverySucceeded {
			t.Errorf("a crash behind the sync left it %+v, %v", got, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
