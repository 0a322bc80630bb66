package pebblestore

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"hookgate/gateway"
)

// call puts a pending call, or one of them once more: its request is on its way.
func (x *machine) call(t *rapid.T) {
	c := &gateway.PendingCall{
		ID: gateway.NewID(gateway.PrefixCall, x.now), Tenant: modelTenants.Draw(t, "tenant"), Webhook: "lookup",
		Request: gateway.Raw(`{"variables":{}}`), CreatedAt: x.now,
	}
	if ids := sorted(x.m.calls); len(ids) > 0 && rapid.Bool().Draw(t, "again") {
		again := *x.m.calls[rapid.SampledFrom(ids).Draw(t, "call")]
		again.Sent = true
		c = &again
	}
	x.commit(t, &gateway.Change{Pending: c})
	x.m.calls[c.ID] = c
}

func (x *machine) callEnds(t *rapid.T) {
	ids := sorted(x.m.calls)
	if len(ids) == 0 {
		return
	}
	c := x.m.calls[rapid.SampledFrom(ids).Draw(t, "call")]
	n := noticeOf(c, x.now)
	x.commit(t, &gateway.Change{Settled: c, Notice: n})
	delete(x.m.calls, c.ID)
	x.m.unsettle[n.Delivery.ID] = &n.Delivery
}

func (x *machine) checkCalls(t *rapid.T) {
	got, err := x.PendingCalls(gateway.AllSlots())
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 0, len(got))
	for _, c := range got {
		ids = append(ids, c.ID)
		if want := x.m.calls[c.ID]; want == nil || c.Sent != want.Sent || c.Tenant != want.Tenant {
			t.Fatalf("call %s: %+v, want %+v", c.ID, c, want)
		}
	}
	if !slices.Equal(ids, sorted(x.m.calls)) {
		t.Fatalf("pending %v, want %v", ids, sorted(x.m.calls))
	}
}

// noticeOf is the notice with which a pending call ends.
func noticeOf(c *gateway.PendingCall, at time.Time) *gateway.Notice {
	return gateway.CallNotice(&gateway.Call{
		ID: c.ID, Tenant: c.Tenant, Webhook: c.Webhook, Outcome: gateway.CallSuccess, CreatedAt: c.CreatedAt, EndedAt: at,
	}, at)
}

// callers make calls pending and settle every other one, and remember how far each
// has come: what was acknowledged must outlive a crash.
type callers struct {
	s  *Store
	wg sync.WaitGroup

	mu    sync.Mutex
	calls []*called
}

// called is a pending call with what its caller knows of it.
type called struct {
	c                *gateway.PendingCall
	notice           *gateway.Notice // with which it is settled, or is about to be
	pending, settled bool            // acknowledged
}

func (c *callers) run(t *testing.T, n int, tickets <-chan struct{}) {
	for range n {
		c.wg.Go(func() {
			for range tickets {
				if err := c.one(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func (c *callers) one() error {
	at := time.Now()
	x := &called{c: &gateway.PendingCall{
		ID: gateway.NewID(gateway.PrefixCall, at), Tenant: "acme", Webhook: "lookup", Request: make([]byte, 4<<10), CreatedAt: at,
	}}
	x.notice = noticeOf(x.c, at)
	c.mu.Lock()
	settle := len(c.calls)%2 == 0
	c.calls = append(c.calls, x)
	c.mu.Unlock()
	if err := c.s.Commit(&gateway.Change{Pending: x.c}); err != nil {
		return err
	}
	c.acknowledged(&x.pending)
	if !settle {
		return nil
	}
	if err := c.s.Commit(&gateway.Change{Settled: x.c, Notice: x.notice}); err != nil {
		return err
	}
	c.acknowledged(&x.settled)
	return nil
}

func (c *callers) acknowledged(which *bool) { c.mu.Lock(); defer c.mu.Unlock(); *which = true }

// known gives the calls as their callers know them now.
func (c *callers) known() (list []called) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.calls {
		list = append(list, *x)
	}
	return list
}

// TestCrashOfCalls takes copies of the disk, as a loss of power would leave it,
// while calls begin and end. A call that was answered as pending is either still
// pending or has its notice, and never both.
func TestCrashOfCalls(t *testing.T) {
	mem := vfs.NewCrashableMem()
	c := &callers{s: mustOpen(t, Options{Dir: "data", FS: mem})}
	tickets := make(chan struct{})
	c.run(t, 8, tickets)
	random := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		for range random.IntN(60) {
			tickets <- struct{}{}
		}
		known := c.known()
		left := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
		if err := lostCalls(t, left, known); err != nil {
			t.Fatalf("with %d calls: %v", len(known), err)
		}
	}
	close(tickets)
	c.wg.Wait()
	if err := lostCalls(t, mem.CrashClone(vfs.CrashCloneCfg{}), c.known()); err != nil {
		t.Fatalf("at rest: %v", err)
	}
}

// lostCalls opens what a crash left.
func lostCalls(t *testing.T, fs vfs.FS, known []called) error {
	t.Helper()
	s, err := Open(Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("opening after the crash: %w", err)
	}
	defer mustClose(t, s)
	list, err := s.PendingCalls(gateway.AllSlots())
	if err != nil {
		return err
	}
	pending := map[string]bool{}
	for _, c := range list {
		pending[c.ID] = true
	}
	for _, x := range known {
		_, _, err := s.Delivery(x.c.Tenant, x.notice.Delivery.ID)
		told := err == nil
		if err != nil && !errors.Is(err, gateway.ErrNotFound) {
			return err
		}
		switch there := pending[x.c.ID]; {
		case there && told:
			return fmt.Errorf("%s has its notice, and is pending", x.c.ID)
		case x.pending && !there && !told:
			return fmt.Errorf("%s was answered as pending, and is neither that nor told", x.c.ID)
		case x.settled && !told:
			return fmt.Errorf("%s was settled, and has no notice", x.c.ID)
		}
	}
	return nil
}

// TestPendingIsSynced: what is pending or settled is a promise, whatever else the
// change says of itself.
func TestPendingIsSynced(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, Options{Dir: "data", FS: mem})
	at := time.Now()
	left := func() []*gateway.PendingCall {
		t.Helper()
		s := mustOpen(t, Options{Dir: "data", FS: mem.CrashClone(vfs.CrashCloneCfg{})})
		list, err := s.PendingCalls(gateway.AllSlots())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	c := &gateway.PendingCall{ID: gateway.NewID(gateway.PrefixCall, at), Tenant: "acme", Webhook: "lookup", CreatedAt: at}
	trace := []gateway.Trace{{Tenant: "acme", Key: "42bb83", At: at, Kind: "call", ID: c.ID}}
	if err := s.Commit(&gateway.Change{Pending: c, Traces: trace, Refused: true}); err != nil {
		t.Fatal(err)
	}
	if got := left(); len(got) != 1 || got[0].ID != c.ID {
		t.Errorf("left after it became pending: %+v", got)
	}
	if err := s.Commit(&gateway.Change{Settled: c, Traces: trace, Refused: true}); err != nil {
		t.Fatal(err)
	}
	if got := left(); len(got) != 0 {
		t.Errorf("left after it was settled: %+v", got[0])
	}
}
