package publishing_test

import (
	"errors"
	"log/slog"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/publishing"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a store in which is published, and what lanes were told of.
type world struct {
	t     testing.TB
	store *pebblestore.Store

	mu    sync.Mutex
	woken map[gateway.LaneKey][]gateway.Due
}

// open makes one in memory. In a bubble its store must be closed before the bubble's
// end.
func open(t testing.TB) *world {
	t.Helper()
	return openOn(t, vfs.NewMem())
}

// openOn makes one on a disk.
func openOn(t testing.TB, fs vfs.FS) *world {
	t.Helper()
	store, err := pebblestore.Open(pebblestore.Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{t: t, store: store, woken: map[gateway.LaneKey][]gateway.Due{}}
}

func (w *world) wake(lane gateway.LaneKey, due gateway.Due) { w.wakeMany(lane, []gateway.Due{due}) }

func (w *world) wakeMany(lane gateway.LaneKey, dues []gateway.Due) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.woken[lane] = append(w.woken[lane], dues...)
}

// toldOf is how many deliveries of acme's lane were told of, and are in the store.
func (w *world) toldOf(endpoint string) int {
	w.t.Helper()
	lane := gateway.LaneKey{Tenant: "acme", Endpoint: endpoint}
	stored, err := w.store.Window(lane, gateway.Due{}, 1<<20)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil || len(stored) != len(w.woken[lane]) {
		w.t.Errorf("%d deliveries are stored for %s, told of %d, %v", len(stored), endpoint, len(w.woken[lane]), err)
	}
	return len(stored)
}

// publisher makes one, for the tenants acme, which has the
// fixtures' account and these endpoints, and other.
func (w *world) publisher(endpoints map[string]gateway.Endpoint, with ...func(*publishing.Options)) (*publishing.Publisher, *directory.Snapshot) {
	w.t.Helper()
	two := 2.0
	tenants, faults := directory.CompileFile(map[string]directory.FileTenant{
		"acme": {
			Tenant:    gateway.Tenant{AccountKeys: []string{"VGYh5KEUxnaS043726528180Llb9R8pe"}},
			Endpoints: endpoints,
		},
		"byid": {Tenant: gateway.Tenant{AccountKeys: []string{"99"}}},
		"slow": {Tenant: gateway.Tenant{Limits: gateway.Limits{EventsPerSecond: &gateway.Rate{PerSecond: two, Burst: 2}}}},
	}, directory.Options{
		MaxBody: 1 << 20, CheckURL: func(string, bool) error { return nil }, CheckHeader: func(string, string) error { return nil },
	})
	if len(faults) > 0 {
		w.t.Fatal(faults)
	}
	snapshot := directory.Build(metrics.New("test"), tenants, nil)
	sessions := waiting.New(waiting.Options{Ledger: w.store, Archive: w.store, Recovery: w.store})
	if err := sessions.Acquire(gateway.AllSlots()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(sessions.Close)
	o := publishing.Options{Store: w.store, Learner: sessions, Wake: w.wake, WakeMany: w.wakeMany}
	for _, set := range with {
		set(&o)
	}
	return publishing.New(o), snapshot
}

var errDisk = errors.New("no room on the disk")
