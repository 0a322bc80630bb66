package publishing_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/publishing"
	"hookgate/gateway/store"
)

// known is a publish of events by these ids, "" for none.
func known(of *directory.Snapshot, ids ...string) publishing.Request {
	var list []string
	for i, id := range ids {
		if id != "" {
			id = fmt.Sprintf(`,"id":%q`, id)
		}
		list = append(list, fmt.Sprintf(`{"event":{"type":"note"%s},"n":%d}`, id, i))
	}
	body := `{"dedupe":{"event_id":"event.id"},"events":[` + strings.Join(list, ",") + `]}`
	return publishing.Request{Snapshot: of, Tenant: of.Tenant("acme"), Body: []byte(body)}
}

func events(w *world, tenant string) (n int) {
	w.t.Helper()
	if _, err := w.store.Events(store.Query{Tenant: tenant}, func(*gateway.Event) bool { n++; return true }); err != nil {
		w.t.Error(err)
	}
	return n
}

func publish(t testing.TB, p *publishing.Publisher, q publishing.Request) gjson.Result {
	t.Helper()
	published, err := p.Publish(q)
	if err != nil {
		t.Fatal(err)
	}
	return gjson.ParseBytes(published.Body)
}

// A repeated event is taken once, and answered as the first time; those beside it that
// are new are taken, and those without an id always.
func TestEventsAreKnownByTheirIDs(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(three)
	first := publish(t, p, known(snapshot, "a", "b", "", "a"))
	if first.Get("accepted").Int() != 4 || first.Get("duplicates").Int() != 1 || first.Get("events.3.id").Str != first.Get("events.0.id").Str ||
		!first.Get("events.3.duplicate").Bool() || first.Get("events.0.duplicate").Exists() || first.Get("events.#.deliveries").Raw != "[3,3,3,3]" {
		t.Errorf("the first: %s", first.Raw)
	}
	again := publish(t, p, known(snapshot, "b", "c", "", "a"))
	if again.Get("events.0.id").Str != first.Get("events.1.id").Str || again.Get("events.3.id").Str != first.Get("events.0.id").Str || again.Get("duplicates").Int() != 2 ||
		again.Get("events.#(duplicate==true)#.deliveries").Raw != "[3,3]" || again.Get("events.2.duplicate").Exists() {
		t.Errorf("again: %s\nfirst: %s", again.Raw, first.Raw)
	}
	all := publish(t, p, known(snapshot, "a", "b", "c"))
	if all.Get("accepted").Int() != 3 || all.Get("duplicates").Int() != 3 || all.Get("events.2.id").Str != again.Get("events.1.id").Str {
		t.Errorf("all of them: %s", all.Raw)
	}
	if n, told := events(w, "acme"), w.toldOf("a"); n != 5 || told != 5 {
		t.Errorf("%d events are there, %d deliveries of each endpoint, want 5", n, told)
	}
	q := known(snapshot, "a")
	q.Body = []byte(strings.Replace(string(q.Body), "event.id", "event['id']", 1))
	if other := publish(t, p, q); other.Get("duplicates").Int() != 0 {
		t.Errorf("ids of another path are compared: %s", other.Raw)
	}
	q.Body = []byte(`{"events":[{"event":{"type":"note","id":"a"}}]}`)
	if plain := publish(t, p, q); plain.Get("duplicates").Exists() || plain.Get("events.0.duplicate").Exists() {
		t.Errorf("without dedupe: %s", plain.Raw)
	}
}

// Whose an event is says its account, also where any tenant's are published; an id is
// its tenant's.
func TestEventIDsAreOfTheirTenant(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(nil)
	body := `{"dedupe":{"event_id":"id","window":"1h"},"events":[{"id":7,"event":{"type":"note"},"account":{"key":"VGYh5KEUxnaS043726528180Llb9R8pe"}},{"id":7,"event":{"type":"note"},"account":{"id":99}}]}`
	for i, duplicates := range []int64{0, 2} {
		q := publishing.Request{Snapshot: snapshot, Body: []byte(body), IdempotencyKey: fmt.Sprint("k", i)}
		got := publish(t, p, q)
		replayed, err := p.Publish(q)
		if got.Get("duplicates").Int() != duplicates || err != nil || !replayed.Replayed || string(replayed.Body) != got.Raw {
			t.Errorf("%s, replayed %s, %v", got.Raw, replayed.Body, err)
		}
	}
	if events(w, "acme") != 1 || events(w, "byid") != 1 {
		t.Error("not one event of each")
	}
}

// Of many publishers that carry one event at the same time, each beside others, one
// has it taken.
func TestEventsAtOnceAreTakenOnce(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(three)
	const tries = 16
	ids := make([]string, tries)
	var all sync.WaitGroup
	for i := range tries {
		all.Go(func() {
			ids[i] = publish(t, p, known(snapshot, fmt.Sprint("own", i), "shared", fmt.Sprint("pair", i/2))).Get("events.1.id").Str
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] || id == "" {
			t.Errorf("the shared event is %s and %s", ids[0], id)
		}
	}
	if n := events(w, "acme"); n != tries+1+tries/2 {
		t.Errorf("%d events, want %d", n, tries+1+tries/2)
	}
}

// A publish that makes very many deliveries remembers its events as any.
func TestManyAreKnownByTheirIDs(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(three)
	ids := make([]string, 400)
	for i := range ids {
		ids[i] = fmt.Sprint("id", i)
	}
	first, again := publish(t, p, known(snapshot, ids...)), publish(t, p, known(snapshot, ids...))
	if again.Get("duplicates").Int() != 400 || again.Get("events.#.id").Raw != first.Get("events.#.id").Raw || again.Get("events.399.deliveries").Int() != 3 {
		t.Errorf("again: %.300s", again.Raw)
	}
	if n := w.toldOf("b"); n != 400 {
		t.Errorf("%d deliveries", n)
	}
}

// Nothing is remembered of what was not stored, and of what was until its window ends.
func TestEventIDsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		failing := true
		p, snapshot := w.publisher(three, func(o *publishing.Options) {
			o.Store = &onceRefusing{Store: w.store, fails: &failing}
		})
		q := known(snapshot, "a")
		if _, err := p.Publish(q); !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
		failing = false
		q.Body = []byte(strings.Replace(string(q.Body), `"event.id"`, `"event.id","window":"1m"`, 1))
		for i, step := range []struct {
			after      time.Duration
			duplicates int64
		}{{0, 0}, {time.Minute - time.Second, 1}, {2 * time.Second, 0}} {
			time.Sleep(step.after)
			if got := publish(t, p, q); got.Get("duplicates").Int() != step.duplicates {
				t.Errorf("%d: %s", i, got.Raw)
			}
		}
	})
}

type onceRefusing struct {
	publishing.Store
	fails *bool
}

func (s *onceRefusing) Accept(p *gateway.Publication) error {
	if *s.fails {
		return errDisk
	}
	return s.Store.Accept(p)
}

func TestDedupeFaults(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(nil)
	for dedupe, want := range map[string]string{
		`1`:                                 "dedupe: must be an object, not a number",
		`{}`:                                "dedupe.event_id: at 0: a path is missing",
		`{"event_id":"header:X"}`:           "dedupe.event_id: must lead to one place within an event, without filters",
		`{"event_id":"{{ id | upper }}"}`:   "dedupe.event_id: must lead to one place within an event, without filters",
		`{"event_id":"$..id"}`:              "dedupe.event_id: must lead to one place within an event, without filters",
		`{"event_id":"id","window":"8d"}`:   "dedupe.window: is 8d: must be 1s to 7d",
		`{"event_id":"id","window":0}`:      "dedupe.window: is 0s: must be 1s to 7d",
		`{"event_ids":"id"}`:                "dedupe.event_ids: is not a known field, did you mean event_id?",
		`{"event_id":"id","event_id":"id"}`: "dedupe.event_id: is written twice",
	} {
		_, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: []byte(`{"events":[{"event":{"type":"note"}}],"dedupe":` + dedupe + `}`)})
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Code != gateway.CodeInvalidField || !strings.Contains(refused.Error(), want) {
			t.Errorf("%s: %v, want %s", dedupe, err, want)
		}
	}
	if got := publish(t, p, publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: []byte(`{"dedupe":null,"events":[{"event":{"type":"note"}}]}`)}); got.Get("duplicates").Exists() {
		t.Errorf("null: %s", got.Raw)
	}
}
