package pebblestore

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

func TestPaceByBacklog(t *testing.T) {
	const table = 1 << 20
	for _, c := range []struct {
		unflushed      uint64
		sublevels      int32
		flush, compact int32
	}{
		{0, 0, 8, 24},
		{2 * table, 8, 8, 24},
		{2*table + 1, 14, 0, 12},
		{0, 19, 8, 2},
		{0, 20, 8, 0},
		{9 * table, 40, 0, 0},
	} {
		var p pace
		p.set(c.unflushed, table, c.sublevels)
		if p.flush.Load() != c.flush || p.compact.Load() != c.compact {
			t.Errorf("%+v: rests %d and %d eighths", c, p.flush.Load(), p.compact.Load())
		}
		end := p.await()
		p.set(0, table, 0)
		if p.flush.Load() != 0 || p.compact.Load() != 0 {
			t.Errorf("rests although somebody waits")
		}
		if end(); p.awaited.Load() != 0 {
			t.Error("somebody waits for ever")
		}
	}
}

// TestPaceRests has somebody write for a while, and looks how long he rests.
func TestPaceRests(t *testing.T) {
	for name, c := range map[string]struct {
		eighths    int32
		work, want time.Duration
		change     func(*engine)
	}{
		"three times as long as the work": {24, 2 * time.Millisecond, 6 * time.Millisecond, nil},
		"not for a moment":                {8, 499 * time.Microsecond, 0, nil},
		"not for what was waiting":        {8, time.Minute, longestWork, nil},
		"not in a hurry":                  {0, time.Second, 0, nil},
		"not before the store is open":    {8, time.Second, 0, func(e *engine) { e.opened.Store(false) }},
		"not when it is closed":           {8, time.Second, 0, func(e *engine) { close(e.done) }},
		"not when it failed":              {8, time.Second, 0, func(e *engine) { close(e.failed) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := Options{Dir: "data", FS: vfs.NewMem()}
				opts.setDefaults()
				e := newEngine(opts)
				e.opened.Store(true)
				if c.change != nil {
					c.change(e)
				}
				e.pace.compact.Store(c.eighths)
				f := paced{eighths: e.pace.of("pebble-compaction"), since: time.Now()}
				time.Sleep(c.work)
				begun := time.Now()
				f.rest(e)
				if took := time.Since(begun); took != c.want {
					t.Errorf("rested %v of %v, want %v", took, c.work, c.want)
				}
			})
		})
	}
}

// TestPaceKnowsWhoWrites holds the names by which flushes and compactions are known to those
// that Pebble uses.
func TestPaceKnowsWhoWrites(t *testing.T) {
	fs := &namingFS{FS: vfs.NewMem(), by: map[vfs.DiskWriteCategory]int{}}
	s := mustOpen(t, smallStore(fs))
	for range 2 {
		must(t, s.Commit(&gateway.Change{Wait: openWait(time.Now(), 64<<10)}))
		must(t, s.db.Flush())
	}
	must(t, s.db.Compact(t.Context(), []byte{0}, []byte{0xff}, false))
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.by) < 2 {
		t.Errorf("tables were written by %v", fs.by)
	}
	for category := range fs.by {
		if s.pace.of(category) == nil {
			t.Errorf("tables are written as %q, which has no pace", category)
		}
	}
}

// namingFS counts tables by what they are written for.
type namingFS struct {
	vfs.FS
	mu sync.Mutex
	by map[vfs.DiskWriteCategory]int
}

func (n *namingFS) Create(name string, of vfs.DiskWriteCategory) (vfs.File, error) {
	if isTable(name) {
		n.mu.Lock()
		n.by[of]++
		n.mu.Unlock()
	}
	return n.FS.Create(name, of)
}
