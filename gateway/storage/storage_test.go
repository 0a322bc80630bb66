package storage

import (
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
)

// disk is a made-up disk: what is on it of each tenant, and what is still in memory.
type disk struct {
	room      int64
	unflushed int64
	on        map[string]int64
	looked    map[string]int
}

func (d *disk) Extent(tenant string) (int64, error) {
	d.looked[tenant]++
	return d.on[tenant], nil
}
func (d *disk) Unflushed() int64    { return d.unflushed }
func (d *disk) Room() (int64, bool) { return d.room, d.room != unknown }

func (d *disk) used() (n int64) {
	for _, bytes := range d.on {
		n += bytes
	}
	return n + d.unflushed
}

const (
	unknown = -1 << 62
	mib     = 6 << 20 // of which a disk of a thousand is not small
)

// world is a Storage over a disk of 1000 MiB, with three tenants of which one has a child.
type world struct {
	*Storage
	*disk
	changed  bool
	parents  map[string][]string
	most     map[string]int64
	promised map[string]int64 // bytes
}

func newWorld() *world {
	w := &world{
		disk: &disk{room: 1000 * mib, on: map[string]int64{}, looked: map[string]int{}}, changed: true,
		parents: map[string][]string{"mallory": nil, "child": {"mallory"}, "acme": nil, "other": nil}, most: map[string]int64{}, promised: map[string]int64{},
	}
	w.Storage = New(Options{Disk: w.disk, Promises: promises{w}, Used: w.used, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Tenants: w.tell})
	w.Look()
	return w
}

// promises are those of a world.
type promises struct{ *world }

func (p promises) Most() int64 { return 1000 * mib }

func (p promises) All() (bytes int64) {
	for _, n := range p.promised {
		bytes += n
	}
	return bytes
}

func (p promises) Held(tenant string) int64 { return p.promised[tenant] }

func (w *world) tell(tell func(string, []string, int64)) bool {
	if !w.changed {
		return false
	}
	w.changed = false
	for tenant, above := range w.parents {
		tell(tenant, above, w.most[tenant])
	}
	return true
}

// write commits so much of a tenant, and flushes it.
func (w *world) write(tenant string, bytes int64) {
	w.Written(tenant, int(bytes))
	w.on[tenant] += bytes
	w.room -= bytes
}

// fill writes until the tenant is refused, with a look now and then, and gives how much.
func (w *world) fill(tenant string) (bytes int64) {
	for n := 0; w.Admit(tenant) == nil && w.room > 0; n++ {
		w.write(tenant, mib)
		if bytes += mib; n%20 == 0 {
			w.Look()
		}
	}
	return bytes
}

func wantCode(t *testing.T, what string, err error, code gateway.Code) {
	t.Helper()
	var e *gateway.Error
	if !errors.As(err, &e) || e.Code != code || e.RetryAfter <= 0 {
		t.Errorf("%s: %v, want %s with Retry-After", what, err, code)
	}
}

func TestNobodyIsRefusedWhileThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.write("mallory", 870*mib)
		w.write("acme", 4*mib)
		w.Look()
		for _, tenant := range []string{"mallory", "acme", "nobody"} {
			if err := w.Admit(tenant); err != nil {
				t.Errorf("with an eighth free, %s is refused: %v", tenant, err)
			}
		}
		w.room = unknown
		w.Look()
		if err := w.Admit("mallory"); err != nil {
			t.Errorf("where the disk does not say: %v", err)
		}
	})
}

func TestWhoFillsTheDiskIsRefusedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		if got := w.fill("mallory") / mib; got < 860 || got > 880 {
			t.Errorf("alone it gets %d of 1000 MiB, want seven eighths", got)
		}
		wantCode(t, "mallory", w.Admit("mallory"), gateway.CodeUnavailable)
		if got := w.fill("acme") / mib; got < 90 {
			t.Errorf("the next gets %d MiB of what was left", got)
		}
		if got := w.fill("other") / mib; got < 5 {
			t.Errorf("the one after it gets %d MiB", got)
		}
		if w.Stat().Refused < 3 || w.Stat().Largest < 860*mib {
			t.Errorf("told is %+v", w.Stat())
		}
	})
}

// What was promised is written when nobody is asked any more: it counts before. And nobody is
// refused for what others were promised, whoever has little.
func TestWhatWasPromisedCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for w.Admit("mallory") == nil && w.promised["mallory"] < 1000*mib {
			w.promised["mallory"] += mib
		}
		if got := w.promised["mallory"] / mib; got < 850 || got > 880 {
			t.Errorf("it is promised %d of 1000 MiB, want seven eighths", got)
		}
		for _, tenant := range []string{"acme", "other"} {
			if err := w.Admit(tenant); err != nil {
				t.Errorf("%s has nothing, and is refused before it is written: %v", tenant, err)
			}
		}
		w.write("mallory", w.promised["mallory"])
		w.promised["mallory"] = 0
		w.Look()
		wantCode(t, "mallory", w.Admit("mallory"), gateway.CodeUnavailable)
		if got := w.fill("acme") / mib; got < 90 {
			t.Errorf("the next gets %d MiB of what was left", got)
		}
	})
}

func TestATreeIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.write("mallory", 500*mib)
		w.fill("child")
		wantCode(t, "the tenant above", w.Admit("mallory"), gateway.CodeUnavailable)
		if err := w.Admit("acme"); err != nil {
			t.Errorf("another tree: %v", err)
		}
	})
}

func TestAQuarterWhileOthersWantSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.write("mallory", 300*mib)
		w.write("other", 590*mib)
		w.Look()
		if err := w.Admit("mallory"); err != nil {
			t.Errorf("while nobody else asks: %v", err)
		}
		if err := w.Admit("acme"); err != nil {
			t.Errorf("who has nothing: %v", err)
		}
		wantCode(t, "while another asks", w.Admit("mallory"), gateway.CodeUnavailable)
		time.Sleep(wanted)
		if err := w.Admit("mallory"); err != nil {
			t.Errorf("when it was long ago that another asked: %v", err)
		}
	})
}

func TestWhatExpiresIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.fill("mallory")
		w.on["mallory"] -= 400 * mib
		time.Sleep(freshAfter)
		w.Look()
		w.room += 400 * mib
		w.Look()
		if err := w.Admit("mallory"); err != nil {
			t.Errorf("after what it had is gone: %v", err)
		}
		if got := w.Held("mallory"); got != w.on["mallory"] {
			t.Errorf("the books have %d of %d bytes", got, w.on["mallory"])
		}
	})
}

// What is in no table yet is not on the disk as it tells, and counts all the same; what
// tables have is not counted twice.
func TestWhatIsNotFlushedCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.Written("acme", 10*mib)
		w.on["acme"], w.unflushed = 7*mib, 3*mib
		w.Look()
		if got := w.Held("acme"); got != 10*mib {
			t.Errorf("the books have %d MiB of 7 in tables and 3 in memory", got/mib)
		}
		w.on["acme"], w.unflushed = 10*mib, 0
		w.Written("acme", 2*mib)
		w.on["acme"], w.unflushed = 12*mib, 0
		w.Look()
		if got := w.Held("acme"); got != 12*mib {
			t.Errorf("the books have %d MiB of 12 in tables", got/mib)
		}
	})
}

// A new process knows what lies there before anybody writes.
func TestAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.fill("mallory")
		w.changed = true
		w.Storage = New(w.options)
		w.Look()
		wantCode(t, "after a restart", w.Admit("mallory"), gateway.CodeUnavailable)
	})
}

func TestLimitsStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.most["mallory"], w.changed = 50*mib, true
		w.Look()
		if got := w.fill("child") / mib; got != 50 {
			t.Errorf("a child gets %d MiB of its parent's 50", got)
		}
		wantCode(t, "the tenant", w.Admit("mallory"), gateway.CodeRateLimited)
		if err := w.Admit("acme"); err != nil {
			t.Errorf("another: %v", err)
		}
		w.on["child"] -= 10 * mib
		time.Sleep(freshAfter)
		w.Look()
		if err := w.Admit("child"); err != nil {
			t.Errorf("after it expired: %v", err)
		}
		w.most["mallory"], w.changed = 0, true
		w.Look()
		if got := w.fill("child") / mib; got < 100 {
			t.Errorf("without the limit it gets %d MiB more", got)
		}
	})
}

// Looks cost what is written, not how many tenants there are.
func TestWhoWritesLittleIsNotLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		clear(w.looked)
		for range 100 {
			w.write("acme", 1<<10)
			w.Look()
		}
		if n := w.looked["acme"] + w.looked["other"]; n != 0 {
			t.Errorf("they were looked at %d times", n)
		}
	})
}

func TestBooksOfWhoIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.Written("gone", mib)
		delete(w.parents, "child")
		w.changed = true
		w.Look()
		if w.find("gone") != nil || w.find("child") != nil || w.find("acme") == nil {
			t.Errorf("books are kept of %d tenants", len(w.Storage.of))
		}
	})
}

func BenchmarkWritten(b *testing.B) {
	w := newWorld()
	b.ReportAllocs()
	for b.Loop() {
		w.Written("child", 1000)
	}
}
