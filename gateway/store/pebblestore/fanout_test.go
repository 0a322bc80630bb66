package pebblestore

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// fannedOut is what a publish of n events to so many lanes makes durable.
func fannedOut(at time.Time, n, lanes int) (*gateway.Publication, []gateway.Fanout) {
	p := published(at, n)
	p.Deliveries, p.Traces = nil, nil
	f := gateway.Fanout{Tenant: "acme", At: at}
	events := make([]uint16, n)
	for i := range p.Events {
		v := &p.Events[i]
		f.Events = append(f.Events, gateway.FanoutEvent{ID: v.ID, Type: v.Type, ConversationKey: v.ConversationKey})
		events[i] = uint16(i)
	}
	for i := range lanes {
		f.Listeners = append(f.Listeners, gateway.Listener{Endpoint: fmt.Sprint("crm", i), Events: events})
	}
	f.First = gateway.NewIDs(gateway.PrefixDelivery, at, f.Len())
	return p, []gateway.Fanout{f}
}

func goOn([]gateway.Delivery) bool { return true }

// isWhole opens what a crash left of a fan-out: all deliveries are there, each once and
// due, or nothing at all is, which it may be only when nothing was promised.
func isWhole(t *testing.T, fs vfs.FS, p *gateway.Publication, f *gateway.Fanout) (there bool, err error) {
	t.Helper()
	s, err := Open(Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return false, fmt.Errorf("opening after the crash: %w", err)
	}
	defer mustClose(t, s)
	want := map[string][]gateway.Due{}
	if _, err := s.EventAlone("acme", p.Events[0].ID); err == nil {
		there = true
		for _, d := range f.Read(0).Next(nil, f.Len()) {
			want[d.Endpoint] = append(want[d.Endpoint], gateway.Due{ID: d.ID, At: d.NextAttemptAt.UTC(), Conversation: gateway.ConversationHash(d.ConversationKey)})
		}
	}
	for i := range f.Listeners {
		endpoint := f.Listeners[i].Endpoint
		got, err := s.Window(gateway.LaneKey{Tenant: "acme", Endpoint: endpoint}, gateway.Due{}, 1<<20)
		if err != nil || !slices.Equal(got, want[endpoint]) {
			return there, fmt.Errorf("%s has %d deliveries, want %d, %w", endpoint, len(got), len(want[endpoint]), err)
		}
		for _, due := range got {
			if _, _, err := s.Load("acme", due.ID); err != nil {
				return there, fmt.Errorf("%s of %s: %w", due.ID, endpoint, err)
			}
		}
	}
	n := 0
	_, err = s.Deliveries(store.Query{Tenant: "acme", Rows: 1 << 30}, gateway.AttemptBounds{}, func(*gateway.Delivery, []gateway.Attempt) bool { n++; return true })
	if there && n != f.Len() || !there && n != 0 {
		return there, fmt.Errorf("%d deliveries are listed, want %d, or none", n, f.Len())
	}
	return there, err
}

// The power goes between any two steps of a fan-out, and at any moment: what was
// promised is whole after it, and what was not is whole or nothing.
func TestFanOutIsWholeAfterACrash(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	mem := vfs.NewCrashableMem()
	clone := func(percent int) vfs.FS {
		return mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: random})
	}
	s := mustOpen(t, Options{Dir: "data", FS: mem, Logger: slog.New(slog.DiscardHandler)})
	p, many := fannedOut(time.Now().Round(0), 30, 50)
	before := clone(0)
	var left []vfs.FS
	take := func() { left = append(left, clone(0), clone(random.IntN(101)), clone(100)) }
	if err := s.FanOut(p, many, take, func([]gateway.Delivery) bool { take(); return true }); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	left = append(left, clone(0))
	if there, err := isWhole(t, before, p, &many[0]); err != nil || there {
		t.Errorf("before it: %v, %v", there, err)
	}
	if steps := (many[0].Len() + fanoutStep - 1) / fanoutStep; len(left) != 3*(steps+1)+1 {
		t.Errorf("it was made in %d steps", len(left)/3-1)
	}
	for i, fs := range left {
		if there, err := isWhole(t, fs, p, &many[0]); err != nil || !there {
			t.Errorf("crash %d: %v, %v", i, there, err)
		}
	}
}

func TestFanOutCrashesAtAnyMoment(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	nothing, whole := 0, 0
	for range 8 {
		mem := vfs.NewCrashableMem()
		s := mustOpen(t, Options{Dir: "data", FS: mem})
		p, many := fannedOut(time.Now().Round(0), 300, 2)
		var left []vfs.FS
		var all sync.WaitGroup
		promised, begun := make(chan struct{}), make(chan struct{})
		all.Go(func() {
			for len(left) < 6 { // the first is of before, whoever is scheduled when
				left = append(left, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random}))
				if len(left) == 1 {
					close(begun)
				}
				select {
				case <-promised:
				case <-time.After(time.Duration(random.IntN(300)) * time.Microsecond):
				}
			}
		})
		<-begun
		if err := s.FanOut(p, many, func() { close(promised) }, goOn); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		left = append(left, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random}))
		for i, fs := range left {
			there, err := isWhole(t, fs, p, &many[0])
			if err != nil {
				t.Fatalf("crash %d: %v", i, err)
			}
			if there {
				whole++
			} else {
				nothing++
			}
		}
	}
	t.Logf("%d had nothing, %d all", nothing, whole)
	if nothing == 0 || whole == 0 {
		t.Error("no crash met both sides of the promise")
	}
}

// A lane is dropped between the promise and its deliveries, or was dropped and swept
// before a promise that did not know: after a crash at any step they are cancelled, and
// wait nowhere.
func TestFanOutToADroppedLaneCrashes(t *testing.T) {
	for name, early := range map[string]bool{"dropped before": true, "dropped after": false} {
		t.Run(name, func(t *testing.T) {
			mem := vfs.NewCrashableMem()
			s := mustOpen(t, Options{Dir: "data", FS: mem})
			p, many := fannedOut(time.Now().Round(0), 30, 50)
			lane := gateway.LaneKey{Tenant: "acme", Endpoint: "crm49"}
			drop := func() {
				if err := s.DropLane(lane); err != nil {
					t.Error(err)
				}
			}
			if early {
				drop()
				awaitSwept(t, s)
			}
			var left []*vfs.MemFS
			take := func() { left = append(left, mem.CrashClone(vfs.CrashCloneCfg{})) }
			promised := func() {
				if !early {
					drop()
				}
				take()
			}
			if err := s.FanOut(p, many, promised, func(made []gateway.Delivery) bool { take(); return true }); err != nil {
				t.Fatal(err)
			}
			awaitSwept(t, s)
			take()
			mustClose(t, s)
			take()
			for i, fs := range left {
				s := mustOpen(t, Options{Dir: "data", FS: fs})
				awaitSwept(t, s)
				due, err := s.Window(lane, gateway.Due{}, 100)
				if err != nil || len(due) > 0 {
					t.Errorf("crash %d: %d wait, %v", i, len(due), err)
				}
				counts := map[gateway.DeliveryState]int{}
				if _, err := s.Deliveries(store.Query{Tenant: "acme", Rows: 1 << 30}, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool { counts[d.State]++; return true }); err != nil {
					t.Error(err)
				}
				if counts[gateway.DeliveryCancelled] != 30 || counts[gateway.DeliveryPending] != 49*30 {
					t.Errorf("crash %d: %v", i, counts)
				}
			}
		})
	}
}

// A store that is closed in the middle of a fan-out does not wait for its end: the next
// one makes the rest.
func TestFanOutIsInterrupted(t *testing.T) {
	mem := vfs.NewMem()
	s := mustOpen(t, Options{Dir: "data", FS: mem})
	p, many := fannedOut(time.Now().Round(0), 100, 100)
	steps := 0
	var closing sync.WaitGroup
	err := s.FanOut(p, many, func() {}, func([]gateway.Delivery) bool {
		if steps++; steps == 3 {
			closing.Go(func() { mustClose(t, s) })
			for !s.using.Ended() {
				time.Sleep(time.Millisecond)
			}
		}
		return true
	})
	closing.Wait()
	if err == nil || steps != 3 {
		t.Errorf("%d steps, %v", steps, err)
	}
	if there, err := isWhole(t, mem, p, &many[0]); err != nil || !there {
		t.Errorf("after it: %v, %v", there, err)
	}
}
