package outbound_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
	"hookgate/gateway/transport"
)

// many is how many deliveries the large publish of these tests makes: 600 events for
// three endpoints.
const many = 3 * 600

var three = map[string]gateway.Endpoint{
	"a": {URL: "https://a.example.com/"}, "b": {URL: "https://b.example.com/"}, "c": {URL: "https://c.example.com/"},
}

// talk makes events number from to below of five conversations in turns.
func talk(from, below int) []byte {
	var list []string
	for n := from; n < below; n++ {
		list = append(list, fmt.Sprintf(`{"n":%d,"event":{"type":"message"},"conversation":{"key":"c%d"}}`, n, n%5))
	}
	return []byte(`{"events":[` + strings.Join(list, ",") + `]}`)
}

// watchedStore tells of each part of a fan-out.
type watchedStore struct {
	publishing.Store
	made func([]gateway.Delivery)
}

func (q *watchedStore) FanOut(p *gateway.Publication, of []gateway.Fanout, promised func(), made func([]gateway.Delivery) bool) error {
	return q.Store.FanOut(p, of, promised, func(some []gateway.Delivery) bool {
		q.made(some)
		return made(some)
	})
}

// ordered lets each endpoint of a world keep the order, and have a path of its own.
func (w *world) ordered(t *testing.T) {
	t.Helper()
	_ = w.halt()
	w.options.Targets = func(_, endpoint string) *outbound.Target {
		w.mu.Lock()
		defer w.mu.Unlock()
		target := *w.target
		target.Ordered, target.Form, target.URL = true, outbound.Envelope, w.target.URL+"/"+endpoint
		return &target
	}
	w.start()
}

// inOrder holds what arrived to the order of each of five conversations at three
// endpoints: every event below n came, and none for the first time before an earlier one
// had.
func (w *world) inOrder(t *testing.T, n int) {
	t.Helper()
	w.inOrderOf(t, 3, 5, n)
}

// inOrderOf is inOrder for so many endpoints and conversations.
func (w *world) inOrderOf(t *testing.T, endpoints, conversations, n int) {
	t.Helper()
	next := map[string]int{}
	for _, r := range w.receiver.all() {
		got := int(gjson.GetBytes(r.body, "events.0.n").Int())
		talk := fmt.Sprint(r.path, got%conversations)
		if _, begun := next[talk]; !begun {
			next[talk] = got % conversations
		}
		switch {
		case got == next[talk]:
			next[talk] += conversations
		case got > next[talk]:
			t.Fatalf("%s: event %d overtook %d", r.path, got, next[talk])
		}
	}
	for talk, at := range next {
		if at < n {
			t.Errorf("%s: event %d never came", talk, at)
		}
	}
	if len(next) != endpoints*conversations {
		t.Errorf("%d conversations arrived, want %d", len(next), endpoints*conversations)
	}
}

// slack is how long a test waits for what comes in any case, before it says that it hangs.
const slack = 3 * time.Minute

func (w *world) awaitWithin(t *testing.T, n int, limit time.Duration) {
	t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for range n {
		select {
		case <-w.told:
		case <-timer.C:
			t.Fatal("not all deliveries have ended")
		}
	}
}

// A publish of many deliveries is answered as any other; what is published after it
// comes after it, and its repeat makes nothing new.
func TestManyKeepTheOrder(t *testing.T) {
	w := real(t, func(r received) reply {
		if r.n%50 == 0 {
			return reply{status: 500}
		}
		return reply{}
	})
	w.to(func(target *outbound.Target) {
		target.Breaker, target.Retry.Schedule = nil, []time.Duration{time.Millisecond, time.Millisecond}
	})
	w.ordered(t)
	steps := 0
	p, snapshot := publisherOf(t, w, three, &watchedStore{Store: w.store, made: func([]gateway.Delivery) { steps++ }})
	acme := snapshot.Tenant("acme")
	q := publishing.Request{Snapshot: snapshot, Tenant: acme, Body: talk(0, 600), IdempotencyKey: "k"}
	first, err := p.Publish(q)
	if err != nil {
		t.Fatal(err)
	}
	if steps < 2 {
		t.Fatalf("made in %d steps", steps)
	}
	answer := gjson.ParseBytes(first.Body)
	if answer.Get("accepted").Int() != 600 || answer.Get("events.599.deliveries").Int() != 3 {
		t.Errorf("answered %.200s", first.Body)
	}
	if _, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: acme, Body: talk(600, 610)}); err != nil {
		t.Fatal(err)
	}
	again, err := p.Publish(q)
	if err != nil || !again.Replayed || string(again.Body) != string(first.Body) {
		t.Errorf("its repeat: %v, %v", again.Replayed, err)
	}
	w.awaitWithin(t, many+30, slack)
	w.inOrder(t, 610)
	id := answer.Get("events.42.id").String()
	_, shown, err := gatewaytest.Event(w.store, "acme", id)
	if err != nil || len(shown) != 3 || slices.ContainsFunc(shown, func(d gateway.EventDelivery) bool { return d.State != gateway.DeliverySucceeded }) {
		t.Errorf("an event is shown with %v, %v", shown, err)
	}
}

// The power goes while deliveries are made, some of which have been sent. The next
// process makes the others, and what is published to it comes after them.
func TestManyKeepTheOrderOverACrash(t *testing.T) {
	mem := vfs.NewCrashableMem()
	w := &world{t: t, fs: mem, dir: "data", receiver: newReceiver(always(204))}
	url := w.receiver.listen(t)
	w.init(url, transport.Options{Egress: transport.Egress{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	w.ordered(t)
	steps := 0
	var crashed vfs.FS
	p, snapshot := publisherOf(t, w, three, &watchedStore{Store: w.store, made: func([]gateway.Delivery) {
		if steps++; steps == 12 {
			crashed = mem.CrashClone(vfs.CrashCloneCfg{})
		}
	}})
	if _, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: talk(0, 600)}); err != nil || crashed == nil {
		t.Fatal(err)
	}
	_ = w.halt() // it sent some that the crash knows nothing of
	w.fs = crashed
	w.told = make(chan struct{}, 1<<20)
	w.start()
	defer func() { _ = w.halt(); w.sender.Close() }()
	p, snapshot = publisherOf(t, w, three)
	if _, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: talk(600, 610)}); err != nil {
		t.Fatal(err)
	}
	w.awaitWithin(t, many+30, slack)
	w.inOrder(t, 610)
}

// An endpoint is deleted while deliveries are made for it: nothing of them is sent.
func TestManyToADeletedEndpoint(t *testing.T) {
	w := real(t, always(204))
	w.to(func(target *outbound.Target) { target.Off = true })
	dropped := false
	p, snapshot := publisherOf(t, w, three, &watchedStore{Store: w.store, made: func(made []gateway.Delivery) {
		if !dropped && made[0].Endpoint == "b" {
			dropped = true
			if err := w.lanes.Dropped("acme", "b"); err != nil {
				t.Error(err)
			}
		}
	}})
	published, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: talk(0, 600)})
	if err != nil || !dropped {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, e := range gjson.GetBytes(published.Body, "events.#.id").Array() {
		_, shown, err := gatewaytest.Event(w.store, "acme", e.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range shown {
			counts[d.Endpoint+" "+string(d.State)]++
		}
	}
	if counts["a pending"] != 600 || counts["b cancelled"] != 600 || counts["c pending"] != 600 || len(counts) != 3 {
		t.Errorf("%v", counts)
	}
}
