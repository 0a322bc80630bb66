package pebblestore

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
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
		s := newCounted(t)
		before := s.syncs.Load()
		overtake := func(want int64) {
			t.Helper()
			for range 3 {
				must(t, s.overtake())
			}
			if n := s.syncs.Load() - before; n != want {
				t.Errorf("%d syncs, want %d", n, want)
			}
		}
		overtake(0)
		s.settle()
		overtake(1)
		s.outlives(s.mem.CrashClone(vfs.CrashCloneCfg{}))
	})
}
