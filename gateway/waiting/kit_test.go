package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/clock"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
	"hookgate/gateway/shares"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

// kit is Sessions over a real store, with one tenant and one source.
type kit struct {
	t        testing.TB
	fs       vfs.FS
	dir      string
	store    *pebblestore.Store
	sessions *waiting.Sessions
	options  waiting.Options   // of sessions
	spare    *waiting.Sessions // over the same store, to which slots may move; nil: none yet
	both     bool              // they move all the while: who is refused asks the other
	source   *directory.Source
	wrap     func(waiting.Ledger) waiting.Ledger // nil: the store as it is
	lane     *lane                               // nil: nothing is kept back
	crashing bool                                // what is heard is stored, and then the process is gone

	mu       sync.Mutex
	notices  []gateway.Due
	onNotice func()                 // called when a lane is woken
	onRules  atomic.Pointer[func()] // called once, when rules of a wait's own are looked for
	counts   counts

	// What its budgets are, and who is above its tenant; nil: no bound.
	places, contexts *shares.Budget
	parking          *shares.Budget
	above            []string

	wall func() time.Time // a clock that is set; nil: nobody sets it
	now  func() time.Time // the clock of what is stored
}

// counts is what an Observer was told.
type counts struct {
	open, parked, ended, taken int
	lag                        time.Duration // the largest
}

// observer counts, and notes what is noticed.
func (k *kit) observer() waiting.Observer {
	count := func(do func(*counts)) { k.mu.Lock(); defer k.mu.Unlock(); do(&k.counts) }
	return waiting.Observer{
		Open: func(_ string, delta int) { count(func(c *counts) { c.open += delta }) },
		Ended: func(string, string, gateway.WaitState, time.Duration) {
			count(func(c *counts) { c.ended++ })
		},
		Taken:    func(string, string) { count(func(c *counts) { c.taken++ }) },
		TimerLag: func(d time.Duration) { count(func(c *counts) { c.lag = max(c.lag, d) }) },
		Parked:   func(_ string, delta int) { count(func(c *counts) { c.parked += delta }) },
		RulesCache: func(bool) {
			if do := k.onRules.Swap(nil); do != nil {
				(*do)()
			}
		},
		Noticed: func(_ gateway.LaneKey, due gateway.Due) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.notices = append(k.notices, due)
			if k.onNotice != nil {
				k.onNotice()
			}
		},
	}
}

func (k *kit) observed() counts { k.mu.Lock(); defer k.mu.Unlock(); return k.counts }

// newKit starts Sessions on a store; fs nil is a folder on disk.
func newKit(t testing.TB, fs vfs.FS, spec gateway.Source) *kit {
	k := &kit{t: t, fs: fs, dir: "data"}
	k.begin(spec)
	return k
}

func (k *kit) begin(spec gateway.Source) {
	t, fs := k.t, k.fs
	if fs == nil {
		k.dir = t.TempDir()
	}
	k.source = compile(t, spec)
	k.start()
}

// compile makes a source ready to run, of the tenant acme that has a platform.
func compile(t testing.TB, spec gateway.Source) *directory.Source {
	o := directory.Options{
		MaxBody:     1 << 20,
		CheckURL:    func(string, bool) error { return nil },
		CheckHeader: func(string, string) error { return nil },
	}
	if spec.Verify.Type == "" {
		spec.Verify.Type = "none"
	}
	src, faults := directory.CompileSource(gateway.Meta{ID: "payments"}, spec, o)
	if len(faults) > 0 {
		t.Fatalf("the source is at fault: %v", faults)
	}
	tenant, faults := directory.CompileTenant(gateway.Meta{ID: "acme"},
		gateway.Tenant{Platform: &gateway.Platform{URL: "https://platform.example/in"}}, o)
	if len(faults) > 0 {
		t.Fatalf("the tenant is at fault: %v", faults)
	}
	snapshot := directory.Build(metrics.New("test"), []*directory.Tenant{tenant.Having(src)}, nil)
	return snapshot.Tenant("acme").Source("payments")
}

func (k *kit) start() {
	var err error
	k.now = time.Now
	on := pebblestore.Options{Dir: k.dir, FS: k.fs}
	if k.wall != nil {
		c := clock.New(k.wall)
		k.now, on.Now, on.Newest = c.Now, c.Now, c.NotBefore
	}
	if k.store, err = pebblestore.Open(on); err != nil {
		k.t.Fatal(err)
	}
	k.counts = counts{}
	var ledger waiting.Ledger = k.store
	if k.wrap != nil {
		ledger = k.wrap(ledger)
	}
	o := waiting.Options{
		Ledger: ledger, Archive: k.store, Recovery: k.store, Observer: k.observer(), Places: k.places, Contexts: k.contexts, Parked: k.parking, Now: k.now,
		Holder: func(tenant string) shares.Holder {
			k.mu.Lock()
			defer k.mu.Unlock()
			return shares.Tenant(tenant, k.above...)
		},
		Source: func(_, _ string) *directory.Source { return k.source },
	}
	if k.lane != nil {
		o.Withhold, o.Let = k.lane.withhold, k.lane.let
	}
	k.options, k.sessions, k.spare = o, waiting.New(o), nil
	if err := k.sessions.Acquire(gateway.AllSlots()); err != nil {
		k.t.Fatal(err)
	}
}

// move lets the spare Sessions own everything, and the others nothing.
func (k *kit) move() {
	k.t.Helper()
	if k.spare == nil {
		k.spare = waiting.New(k.options)
	}
	k.sessions.Release(gateway.AllSlots())
	if err := k.spare.Acquire(gateway.AllSlots()); err != nil {
		k.t.Fatal(err)
	}
	k.sessions, k.spare = k.spare, k.sessions
}

func (k *kit) stop() {
	if k.spare != nil {
		k.spare.Close()
	}
	k.sessions.Close()
	if err := k.store.Close(); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) restart() { k.stop(); k.start() }

// crash loses what was not synced, and starts again.
func (k *kit) crash() {
	left := k.fs.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{})
	k.stop()
	k.fs = left
	k.start()
}

// open opens a wait and fails the test on any error.
func (k *kit) open(q waiting.OpenRequest) waiting.Opened {
	k.t.Helper()
	opened, err := k.tryOpen(q)
	if err != nil {
		k.t.Fatalf("open %s: %v", q.Key, err)
	}
	return opened
}

func (k *kit) tryOpen(q waiting.OpenRequest) (waiting.Opened, error) {
	q.Source = k.source
	if q.Timeout == 0 {
		q.Timeout = time.Minute
	}
	if q.Mode == "" {
		q.Mode = gateway.ModePoll
	}
	var opened waiting.Opened
	err := k.ask(func(s *waiting.Sessions) (err error) {
		opened, err = s.Open(context.Background(), q)
		return err
	})
	return opened, err
}

// ask asks Sessions, where slots move those that own the slot of the tenant.
func (k *kit) ask(do func(*waiting.Sessions) error) error {
	if !k.both {
		return do(k.sessions)
	}
	for {
		for _, s := range []*waiting.Sessions{k.sessions, k.spare} {
			err := do(s)
			var known *gateway.Error
			if !errors.As(err, &known) || known.Code != gateway.CodeUnavailable {
				return err
			}
		}
		runtime.Gosched()
	}
}

// openAs opens a wait of another tenant, which has the same source.
func (k *kit) openAs(tenant, key string) *gateway.Wait {
	k.t.Helper()
	opened, err := k.sessions.Open(context.Background(), waiting.OpenRequest{Source: k.sourceOf(tenant), Key: key, Timeout: time.Minute, Mode: gateway.ModePoll})
	if err != nil {
		k.t.Fatal(err)
	}
	return opened.Wait
}

// sourceOf gives another tenant's source, which is the same.
func (k *kit) sourceOf(tenant string) *directory.Source {
	src := *k.source
	src.Tenant = &directory.Tenant{}
	*src.Tenant = *k.source.Tenant
	src.Tenant.ID = tenant
	return &src
}

// sent is a callback as a sender makes it.
type sent struct {
	key, id string // id "" is none
	body    string
	stood   time.Duration // how long it stood in line before Take
	aliases []string      // that it tells
}

// send hands a callback over as inbound does.
func (k *kit) send(s sent) waiting.Taken {
	k.t.Helper()
	taken, err := k.trySend(s)
	if err != nil {
		k.t.Fatalf("take %+v: %v", s, err)
	}
	return taken
}

func (k *kit) trySend(s sent) (taken waiting.Taken, err error) {
	k.t.Helper()
	c := k.callback(s)
	err = k.ask(func(s *waiting.Sessions) (err error) {
		taken, err = s.Take(c)
		return err
	})
	return taken, err
}

// sendAll hands callbacks over that came in one request.
func (k *kit) sendAll(all ...sent) []waiting.One {
	k.t.Helper()
	batch := make([]waiting.One, len(all))
	for i, s := range all {
		batch[i].Callback = *k.callback(s)
	}
	_ = k.ask(func(s *waiting.Sessions) error {
		s.TakeAll(batch, nil)
		return batch[0].Err
	})
	return batch
}

// callback is what inbound makes of a request.
func (k *kit) callback(s sent) *waiting.Callback {
	k.t.Helper()
	now := k.now().Add(-s.stood)
	doc, err := mapping.Parse("application/json", []byte(s.body))
	if err != nil {
		k.t.Fatal(err)
	}
	var values mapping.Values
	k.source.Plan.Set.Read(&doc, &values)
	c := &waiting.Callback{
		Source: k.source, Key: s.key, Aliases: s.aliases,
		Taken: gateway.TakenCallback{
			ID: gateway.NewID(gateway.PrefixCallback, now), ReceivedAt: gateway.At(now).Time,
			ContentType: "application/json", Body: gateway.Raw(s.body),
		},
		Received: waiting.Received{Document: &doc, Values: &values, Keeper: nothing{}},
	}
	if s.id != "" {
		c.Mark, c.Strong = gateway.NewMarkKey(gateway.MarkDelivery, []byte(s.id)), true
	} else {
		c.Mark = gateway.NewMarkKey(gateway.MarkBody, []byte(s.key), []byte(s.body))
	}
	return c
}

// nothing is a request without header fields and query.
type nothing struct{}

func (nothing) Keep() ([]gateway.HeaderField, string) { return nil, "" }

// paid is a body that fits every source here, made distinct by n.
func paid(n int) string { return fmt.Sprintf(`{"type":"paid","n":%d}`, n) }

func (k *kit) wait(id string) *gateway.Wait {
	k.t.Helper()
	var w *gateway.Wait
	if err := k.ask(func(s *waiting.Sessions) (err error) { w, err = s.Get("acme", id); return err }); err != nil {
		k.t.Fatalf("get %s: %v", id, err)
	}
	return w
}

func (k *kit) cancel(id string) (w *gateway.Wait, err error) {
	err = k.ask(func(s *waiting.Sessions) (err error) {
		w, err = s.Cancel(context.Background(), "acme", id, gateway.ReasonCancelled)
		return err
	})
	return w, err
}

// hold looks on until the wait has ended, or ctx is done.
func (k *kit) hold(ctx context.Context, id string) (*gateway.Wait, error) {
	type ending struct {
		wait *gateway.Wait
		err  error
	}
	over := make(chan ending, 1)
	var w *gateway.Wait
	var stop func() bool
	err := k.ask(func(s *waiting.Sessions) (err error) {
		w, stop, err = s.Watch(ctx, "acme", id, func(w *gateway.Wait, err error) { over <- ending{w, err} })
		return err
	})
	if stop == nil {
		return w, err
	}
	select {
	case e := <-over:
		return e.wait, e.err
	case <-ctx.Done():
		if stop() {
			return w, nil
		}
		e := <-over
		return e.wait, e.err
	}
}
