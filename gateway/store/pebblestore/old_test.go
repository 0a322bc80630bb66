package pebblestore

import (
	"archive/tar"
	"compress/gzip"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// holding is what a folder of an older version holds, as that version gave it back.
type holding struct {
	Now        time.Time
	Waits      []*gateway.Wait // newest first
	Open       []string        // those that are recovered
	Parked     []*gateway.Parked
	Marks      []gateway.Mark
	Names      []gateway.Names
	Own        []gateway.OwnKey
	Traces     []gateway.Trace
	Events     []gateway.Event // newest first
	Deliveries []heldDelivery  // newest first
	Holds      []gateway.Hold
	Status     gateway.EndpointStatus
	Pending    []*gateway.PendingCall
	Resources  []gateway.Record
}

type heldDelivery struct {
	Delivery *gateway.Delivery
	Attempts []gateway.Attempt
	Events   []string // of an unfinished one
}

// unpack gives a folder that an older version left when it was killed, and what it held.
func unpack(t *testing.T, name string) (dir string, h holding) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	dir = t.TempDir()
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(dir, "data"), h
		}
		must(t, err)
		if header.Name == "want.gob" {
			must(t, gob.NewDecoder(r).Decode(&h))
			continue
		}
		data, err := io.ReadAll(r)
		must(t, err)
		name := filepath.Join(dir, filepath.FromSlash(header.Name))
		must(t, os.MkdirAll(filepath.Dir(name), 0o700))
		must(t, os.WriteFile(name, data, 0o600))
	}
}

// TestOpensOldFormat opens what the last version of a format left, and finds all of it.
func TestOpensOldFormat(t *testing.T) {
	for _, name := range []string{"format2.tar.gz", "format4.tar.gz"} {
		t.Run(name, func(t *testing.T) {
			dir, h := unpack(t, name)
			for range 2 {
				s := mustOpen(t, Options{Dir: dir, Now: func() time.Time { return h.Now }})
				h.check(t, s)
				mustClose(t, s)
				if version, err := formatOf(vfs.Default, dir); err != nil || version != formatVersion {
					t.Errorf("the folder has format %d (%v), want %d", version, err, formatVersion)
				}
			}
		})
	}
}

// TestNamesAnOlderFormat damages the digit of a folder of today to that of an older one, which
// no check of that file alone can tell: it is opened as such, and has all that it had.
func TestNamesAnOlderFormat(t *testing.T) {
	for older := 1; older < formatVersion; older++ {
		t.Run(strconv.Itoa(older), func(t *testing.T) {
			dir, h := unpack(t, "format4.tar.gz")
			p := published(h.Now, 3)
			for i := range p.Events {
				h.Events = append([]gateway.Event{p.Events[i]}, h.Events...)
				h.Deliveries = append([]heldDelivery{{Delivery: &p.Deliveries[i], Events: p.Deliveries[i].EventIDs}}, h.Deliveries...)
			}
			o := Options{Dir: dir, Now: func() time.Time { return h.Now }}
			s := mustOpen(t, o)
			must(t, s.Accept(p))
			h.check(t, s)
			mustClose(t, s)
			must(t, os.WriteFile(filepath.Join(dir, "format"), []byte(formatWords+strconv.Itoa(older)+"\n"), 0o600))
			s = mustOpen(t, o)
			h.check(t, s)
			mustClose(t, s)
		})
	}
}

// TestOldBesideNew accepts and merges on a folder of format 4: lines and deliveries of old
// events, which have records of them, stand among those of new ones, which have none.
func TestOldBesideNew(t *testing.T) {
	dir, h := unpack(t, "format4.tar.gz")
	s := mustOpen(t, Options{Dir: dir, Now: func() time.Time { return h.Now }})
	p := published(h.Now, 3)
	for i := range p.Events {
		p.Events[i].ConversationKey, p.Deliveries[i].ConversationKey = "42", "42"
		h.Events = append([]gateway.Event{p.Events[i]}, h.Events...)
		h.Deliveries = append([]heldDelivery{{Delivery: &p.Deliveries[i], Events: p.Deliveries[i].EventIDs}}, h.Deliveries...)
		h.Traces = append(h.Traces, p.Events[i].Line())
	}
	must(t, s.Accept(p))
	h.check(t, s)
	old := slices.IndexFunc(h.Deliveries, func(d heldDelivery) bool {
		return d.Delivery.State == gateway.DeliveryRetrying && d.Delivery.Endpoint == p.Deliveries[0].Endpoint
	})
	into := *h.Deliveries[old].Delivery
	into.EventIDs = append(slices.Clone(into.EventIDs), p.Events[0].ID)
	must(t, s.Merge(&into, []gateway.Due{{ID: p.Deliveries[0].ID, At: p.Deliveries[0].NextAttemptAt}}))
	for _, id := range into.EventIDs {
		var shown []string
		must(t, s.EventDeliveries("acme", id, func(d gateway.EventDelivery) bool { shown = append(shown, d.ID); return true }))
		same(t, "what the event shows", shown, []string{into.ID})
	}
	mustClose(t, s)
}

// TestArrangedHalf kills the first start on such a folder at many moments: the next one
// finds all of it, and finds it by all that lists ask for.
func TestArrangedHalf(t *testing.T) {
	defer func(size int) { arrangeBatch = size }(arrangeBatch)
	arrangeBatch = 1
	dir, h := unpack(t, "format2.tar.gz")
	mem := vfs.NewCrashableMem()
	must(t, copyToMem(mem, dir))
	options := func(fs vfs.FS) Options {
		return Options{Dir: "data", FS: fs, Now: func() time.Time { return h.Now }, Logger: slog.New(slog.DiscardHandler)}
	}
	random := rand.New(rand.NewPCG(3, 4))
	locked, opened := make(chan struct{}), make(chan *Store)
	go func() {
		first := options(mem)
		first.Newest = func(time.Time) { close(locked) } // MemFS.Lock and CrashClone may wait for each other
		s, err := Open(first)
		if err != nil {
			t.Error(err)
		}
		opened <- s
	}()
	<-locked
	left := make([]*vfs.MemFS, 0, 30) // some of all, each as likely
	for s, n := (*Store)(nil), 0; s == nil; n++ {
		select {
		case s = <-opened:
			mustClose(t, s)
		default:
			one := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
			if len(left) < cap(left) {
				left = append(left, one)
			} else if at := random.IntN(n + 1); at < len(left) {
				left[at] = one
			}
		}
	}
	half := 0
	for _, fs := range left {
		s := mustOpen(t, options(fs))
		h.check(t, s)
		if s.turns.last.Load()>>turnBits > 1 { // it was killed after it had begun
			half++
		}
		mustClose(t, s)
	}
	t.Logf("killed %d times, %d of them when it was under way", len(left), half)
}

// copyToMem copies a folder, durably.
func copyToMem(mem *vfs.MemFS, dir string) error {
	if err := mem.MkdirAll("data/pebble", 0o700); err != nil {
		return err
	}
	for _, folder := range []string{"", "pebble"} {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if entry.IsDir() {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, folder, entry.Name()))
			if err == nil {
				err = writeWhole(mem, mem.PathJoin("data", folder, entry.Name()), text)
			}
			if err != nil {
				return err
			}
		}
	}
	return errors.Join(syncDir(mem, "data/pebble"), syncDir(mem, "data"), syncDir(mem, "."))
}

func (h *holding) check(t *testing.T, s *Store) {
	t.Helper()
	h.checkLists(t, s)
	h.checkWaits(t, s)
	h.checkMarks(t, s)
	h.checkDeliveries(t, s)
	h.checkRest(t, s)
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func (h *holding) checkWaits(t *testing.T, s *Store) {
	t.Helper()
	var waits []*gateway.Wait
	_, err := s.Waits(store.Query{Tenant: "acme", Bodies: true}, func(w *gateway.Wait) bool { waits = append(waits, w); return true })
	must(t, err)
	same(t, "waits", waits, h.Waits)
	var open []string
	must(t, s.Recover(gateway.AllSlots(), func(w *gateway.Wait) error { open = append(open, w.ID); return nil }, func(p *gateway.Parked) error {
		same(t, "recovered callback", p.Key, h.Parked[0].Key)
		return nil
	}))
	same(t, "open waits", open, h.Open)
	for _, p := range h.Parked {
		got, err := s.Parked(p.Tenant, p.Callback.ID)
		must(t, err)
		same(t, "parked", got, p)
	}
}

func (h *holding) checkMarks(t *testing.T, s *Store) {
	t.Helper()
	for _, m := range h.Marks {
		got, _, err := s.Mark(m.Tenant, m.Key, gateway.MaxMarkAge)
		must(t, err)
		same(t, "mark", got, m)
	}
	for _, n := range h.Names {
		for _, name := range n.All {
			got, _, err := s.Names(n.Tenant, name)
			must(t, err)
			same(t, "names", got, n)
		}
	}
	for _, o := range h.Own {
		own, err := s.Own(o.Tenant, []string{o.Key})
		must(t, err)
		same(t, "own key "+o.Key, own, []bool{true})
	}
}

func (h *holding) checkDeliveries(t *testing.T, s *Store) {
	t.Helper()
	var listed []*gateway.Delivery
	_, err := s.Deliveries(store.Query{Tenant: "acme", Rows: 1 << 30}, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool {
		listed = append(listed, d)
		return true
	})
	must(t, err)
	same(t, "how many deliveries", len(listed), len(h.Deliveries))
	for i, want := range h.Deliveries {
		same(t, "listed", listed[i], want.Delivery)
		d, attempts, err := s.Delivery("acme", want.Delivery.ID)
		must(t, err)
		same(t, "delivery", d, want.Delivery)
		same(t, "its attempts", attempts, want.Attempts)
		if d.State.Ended() {
			continue
		}
		_, events, err := s.Load("acme", d.ID)
		must(t, err)
		var ids []string
		for i := range events {
			ids = append(ids, events[i].ID)
		}
		same(t, "its events", ids, want.Events)
	}
	var events []gateway.Event
	_, err = s.Events(store.Query{Tenant: "acme", Rows: 1 << 30}, func(v *gateway.Event) bool { events = append(events, *v); return true })
	must(t, err)
	same(t, "events", events, h.Events)
	for i := range events {
		var shown, want []string
		must(t, s.EventDeliveries("acme", events[i].ID, func(d gateway.EventDelivery) bool { shown = append(shown, d.ID); return true }))
		for _, d := range slices.Backward(h.Deliveries) {
			if slices.Contains(d.Delivery.EventIDs, events[i].ID) {
				want = append(want, d.Delivery.ID)
			}
		}
		same(t, "deliveries of an event", shown, want)
	}
}

func (h *holding) checkRest(t *testing.T, s *Store) {
	t.Helper()
	traces, err := s.Traces(store.Timeline{Tenant: "acme", Names: []string{"40", "41", "42", "43", "44", "45"}})
	slices.Reverse(traces)
	must(t, err)
	same(t, "traces", traces, h.Traces)
	lane := gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}
	holds, err := s.Holds(lane)
	must(t, err)
	same(t, "holds", holds, h.Holds)
	status, err := s.Status(lane)
	must(t, err)
	same(t, "status", status, h.Status)
	pending, err := s.PendingCalls(gateway.AllSlots())
	must(t, err)
	same(t, "pending calls", pending, h.Pending)
	var resources []gateway.Record
	must(t, s.Resources(func(r gateway.Record) error { resources = append(resources, r); return nil }))
	same(t, "resources", resources, h.Resources)
}

// checkLists asks for what is there in all ways, and compares with a look at each.
func (h *holding) checkLists(t *testing.T, s *Store) {
	t.Helper()
	var queries []store.Query
	for _, state := range []string{"", "pending", "retrying", "succeeded", "dead", "cancelled", "waiting", "resumed", "timed_out"} {
		for _, key := range []string{"", "42", "wa_41", "never"} {
			for _, name := range []string{"", "crm", "payments", "message", "never"} {
				q := store.Query{Tenant: "acme", State: state, Endpoint: name, Source: name, Type: name}
				if key != "" {
					q.Conversation = []string{key, "another"}
				}
				queries = append(queries, q)
			}
		}
	}
	queries = append(queries, store.Query{Tenant: "acme", Type: "message", Kind: "text"}, store.Query{Tenant: "acme", Since: h.Now.Add(-20 * time.Minute)},
		store.Query{Tenant: "acme", Until: h.Now.Add(-20 * time.Minute)})
	for _, q := range queries {
		h.checkList(t, s, q)
	}
}

func (h *holding) checkList(t *testing.T, s *Store, q store.Query) {
	t.Helper()
	var got, want []string
	ofDelivery, ofEvent, ofWait := q, q, q
	ofDelivery.Type, ofEvent.State, ofWait.Type = "", "", ""
	for i := range h.Deliveries {
		if d := h.Deliveries[i].Delivery; ofDelivery.Delivery(d) {
			want = append(want, d.ID)
		}
	}
	_, err := s.Deliveries(ofDelivery, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool { got = append(got, d.ID); return true })
	must(t, err)
	for i := range h.Events {
		if ofEvent.Event(&h.Events[i]) {
			want = append(want, h.Events[i].ID)
		}
	}
	_, err = s.Events(ofEvent, func(v *gateway.Event) bool { got = append(got, v.ID); return true })
	must(t, err)
	for _, w := range h.Waits {
		if ofWait.Wait(w) {
			want = append(want, w.ID)
		}
	}
	_, err = s.Waits(ofWait, func(w *gateway.Wait) bool { got = append(got, w.ID); return true })
	must(t, err)
	same(t, fmt.Sprintf("asked for %+v", q), got, want)
}
