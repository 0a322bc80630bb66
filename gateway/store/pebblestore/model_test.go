package pebblestore

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// model is what a store should hold, in maps. It forgets nothing: what the store
// may have forgotten is left out when the two are compared.
type model struct {
	waits    map[string]*gateway.Wait
	marks    map[string]gateway.Mark
	names    map[string]gateway.Names
	parked   map[string]*gateway.Parked
	calls    map[string]*gateway.PendingCall
	traces   []gateway.Trace
	unsettle map[string]*gateway.Delivery
	ended    map[string]*gateway.Delivery
}

// machine runs a store beside the model.
type machine struct {
	*Store
	m    model
	fs   *vfs.MemFS
	now  time.Time
	made int // traces so far
}

var modelTenants = rapid.SampledFrom([]string{"a", "a-b", "b"})

func (x *machine) reopen(t *rapid.T) {
	if x.Store != nil {
		if err := x.Store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	x.Store, err = Open(Options{Dir: "data", FS: x.fs, Now: func() time.Time { return x.now }, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
}

func (x *machine) commit(t *rapid.T, c *gateway.Change) {
	if err := x.Commit(c); err != nil {
		t.Fatal(err)
	}
}

// TestModel does anything in any order, days passing, tenants deleted, the store
// opened again: it holds what the model holds.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := &machine{fs: vfs.NewMem(), now: time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC), m: model{
			waits: map[string]*gateway.Wait{}, marks: map[string]gateway.Mark{}, names: map[string]gateway.Names{},
			parked: map[string]*gateway.Parked{}, calls: map[string]*gateway.PendingCall{},
			unsettle: map[string]*gateway.Delivery{}, ended: map[string]*gateway.Delivery{},
		}}
		x.reopen(t)
		defer func() {
			if err := x.Store.Close(); err != nil {
				t.Error(err)
			}
		}()
		t.Repeat(map[string]func(*rapid.T){
			"open": x.open, "end": x.end, "mark": x.mark, "name": x.name, "park": x.park, "unpark": x.unpark, "call": x.call, "callEnds": x.callEnds,
			"trace": x.trace, "notice": x.notice, "accept": x.accept, "settle": x.settle, "merge": x.merge, "cancel": x.cancel,
			"requeue": x.requeue, "dropLane": x.dropLane, "pass": x.pass, "deleteTenant": x.deleteTenant,
			"reopen": x.reopen, "": x.check,
		})
	})
}

func (x *machine) open(t *rapid.T) {
	w := openWait(x.now, 3)
	w.Tenant = modelTenants.Draw(t, "tenant")
	x.commit(t, &gateway.Change{Wait: w})
	x.m.waits[w.ID] = w
}

func (x *machine) end(t *rapid.T) {
	for _, id := range sorted(x.m.waits) {
		if w := x.m.waits[id]; w.State == gateway.StateWaiting {
			ended := *w
			ended.State, ended.EndedAt = gateway.StateResumed, x.now
			x.commit(t, &gateway.Change{Wait: &ended})
			x.m.waits[id] = &ended
			break
		}
	}
	oldest := x.now
	for _, w := range x.m.waits {
		if w.State == gateway.StateWaiting && w.CreatedAt.Before(oldest) {
			oldest = w.CreatedAt
		}
	}
	x.ReleaseBefore(gateway.AllSlots(), oldest)
}

func (x *machine) mark(t *rapid.T) {
	m := gateway.Mark{
		Tenant: modelTenants.Draw(t, "tenant"), Key: gateway.MarkKey{byte(rapid.IntRange(0, 3).Draw(t, "key"))},
		WaitID: gateway.NewID(gateway.PrefixWait, x.now),
	}
	// Never shorter than the one it replaces: so it is with windows.
	m.Expires = x.now.Add(time.Duration(rapid.IntRange(1, 7*24).Draw(t, "hours")) * time.Hour)
	id := m.Tenant + "/" + string(m.Key[:])
	if before := x.m.marks[id]; m.Expires.Before(before.Expires) {
		m.Expires = before.Expires
	}
	x.commit(t, &gateway.Change{Marks: []gateway.Mark{m}})
	x.m.marks[id] = m
}

func (x *machine) name(t *rapid.T) {
	n := gateway.Names{Tenant: modelTenants.Draw(t, "tenant"), Used: x.now, All: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "12", "pi_3", "é"}), 1, 4, rapid.ID).Draw(t, "names")}
	x.commit(t, &gateway.Change{Names: &n})
	for _, name := range n.All {
		x.m.names[n.Tenant+"/"+name] = n
	}
}

func (x *machine) park(t *rapid.T) {
	p := &gateway.Parked{
		Tenant: modelTenants.Draw(t, "tenant"), Source: "s", Key: "k", Expires: x.now.Add(5 * time.Minute),
		Callback: gateway.TakenCallback{ID: gateway.NewID(gateway.PrefixCallback, x.now), ReceivedAt: x.now},
	}
	x.commit(t, &gateway.Change{Park: p})
	x.m.parked[p.Callback.ID] = p
}

func (x *machine) unpark(t *rapid.T) {
	for _, id := range sorted(x.m.parked) {
		x.commit(t, &gateway.Change{Unpark: x.m.parked[id]})
		delete(x.m.parked, id)
		return
	}
}

func (x *machine) trace(t *rapid.T) {
	trace := gateway.Trace{
		Tenant: modelTenants.Draw(t, "tenant"), Key: rapid.SampledFrom([]string{"1", "12"}).Draw(t, "key"),
		At: x.now, Kind: "wait", ID: fmt.Sprintf("%06d", x.made),
	}
	x.commit(t, &gateway.Change{Traces: []gateway.Trace{trace}, Refused: true})
	x.m.traces = append(x.m.traces, trace)
	x.made++
}

func (x *machine) pass(t *rapid.T) {
	x.now = x.now.Add(rapid.SampledFrom([]time.Duration{time.Millisecond, time.Minute, 5 * time.Hour, 30 * time.Hour, 9 * day}).Draw(t, "time"))
	if err := x.Expire(x.now); err != nil {
		t.Fatal(err)
	}
}

func (x *machine) deleteTenant(t *rapid.T) {
	tenant := modelTenants.Draw(t, "tenant")
	if err := x.DeleteTenant(tenant); err != nil {
		t.Fatal(err)
	}
	for id, w := range x.m.waits {
		if w.Tenant == tenant {
			delete(x.m.waits, id)
		}
	}
	for id, p := range x.m.parked {
		if p.Tenant == tenant {
			delete(x.m.parked, id)
		}
	}
	for id, c := range x.m.calls {
		if c.Tenant == tenant {
			delete(x.m.calls, id)
		}
	}
	for _, of := range [...]map[string]*gateway.Delivery{x.m.unsettle, x.m.ended} {
		for id, d := range of {
			if d.Tenant == tenant {
				delete(of, id)
			}
		}
	}
	for _, of := range [...]map[string]gateway.Mark{x.m.marks} {
		for id := range of {
			if strings.HasPrefix(id, tenant+"/") {
				delete(of, id)
			}
		}
	}
	for id := range x.m.names {
		if strings.HasPrefix(id, tenant+"/") {
			delete(x.m.names, id)
		}
	}
	x.m.traces = slices.DeleteFunc(x.m.traces, func(t gateway.Trace) bool { return t.Tenant == tenant })
}

func sorted[T any](m map[string]T) []string {
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// check compares all that the store gives with all that the model has.
func (x *machine) check(t *rapid.T) {
	var open []string
	for id, w := range x.m.waits {
		_, err := x.Wait(w.Tenant, id)
		remembered := w.State == gateway.StateWaiting || x.now.Sub(w.EndedAt) < gateway.OutcomeKept
		if (err == nil) != remembered {
			t.Fatalf("wait %s, %s since %s, at %s: %v", id, w.State, w.EndedAt, x.now, err)
		}
		if w.State == gateway.StateWaiting {
			open = append(open, id)
		}
	}
	var waits []string
	parked := 0
	err := x.Recover(gateway.AllSlots(), func(w *gateway.Wait) error { waits = append(waits, w.ID); return nil }, func(*gateway.Parked) error { parked++; return nil })
	slices.Sort(open)
	slices.Sort(waits)
	if err != nil || !slices.Equal(waits, open) {
		t.Fatalf("recovered %v, %v, want %v", waits, err, open)
	}
	for _, p := range x.m.parked {
		if p.Expires.After(x.now) {
			parked--
		}
	}
	if parked != 0 {
		t.Fatalf("recovered %d parked too many", parked)
	}
	x.checkCalls(t)
	x.checkLookups(t)
	x.checkQueue(t)
}

func (x *machine) checkLookups(t *rapid.T) {
	for id, want := range x.m.marks {
		got, found, err := x.Mark(want.Tenant, want.Key, gateway.MaxMarkAge)
		if err != nil || found != want.Expires.After(x.now) || found && !reflect.DeepEqual(got, want) {
			t.Fatalf("mark %q at %s: %+v, %v, %v, want %+v", id, x.now, got, found, err, want)
		}
	}
	for id, want := range x.m.names {
		tenant, name, _ := strings.Cut(id, "/")
		got, found, err := x.Names(tenant, name)
		if err != nil || found != (x.now.Sub(want.Used) < gateway.AliasKept) || found && !slices.Equal(got.All, want.All) {
			t.Fatalf("names of %s at %s: %+v, %v, %v, want %+v", id, x.now, got, found, err, want)
		}
	}
	for _, tenant := range []string{"a", "a-b", "b"} {
		var want []string
		since := x.now.Add(-6 * day)
		for _, trace := range x.m.traces {
			if trace.Tenant == tenant && !trace.At.Before(since) {
				want = append(want, trace.ID)
			}
		}
		got, err := x.Traces(store.Timeline{Tenant: tenant, Names: []string{"1", "12"}, Since: since})
		slices.Reverse(got)
		ids := make([]string, 0, len(got))
		for _, trace := range got {
			ids = append(ids, trace.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Fatalf("traces of %s: %v, %v, want %v", tenant, ids, err, want)
		}
	}
}
