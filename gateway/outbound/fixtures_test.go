package outbound_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

// publisherOf makes a Publisher over a world, for the tenants acme, which has the
// fixtures' account and these endpoints, and other. A store may stand in for the world's.
func publisherOf(t testing.TB, w *world, endpoints map[string]gateway.Endpoint, stores ...publishing.Store) (*publishing.Publisher, *directory.Snapshot) {
	t.Helper()
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
		t.Fatal(faults)
	}
	snapshot := directory.Build(metrics.New("test"), tenants, nil)
	sessions := waiting.New(waiting.Options{Ledger: w.store, Archive: w.store, Recovery: w.store})
	if err := sessions.Acquire(gateway.AllSlots()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sessions.Close)
	o := publishing.Options{Store: w.store, Learner: sessions, Wake: w.lanes.Wake, WakeMany: w.lanes.WakeMany}
	for _, store := range stores {
		o.Store = store
	}
	return publishing.New(o), snapshot
}

// Every event of the fixtures reaches the endpoint as it was published, byte for
// byte, and is shown with its delivery.
func TestFixturesPassUnchanged(t *testing.T) {
	w := real(t, always(204))
	w.to(func(target *outbound.Target) { target.Form = outbound.Envelope })
	p, snapshot := publisherOf(t, w, map[string]gateway.Endpoint{"crm": {URL: "https://crm.example.com/in"}})
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(files) != 28 {
		t.Fatalf("%d fixtures, %v; want 28", len(files), err)
	}
	want := map[string]string{} // by event id
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		published, err := p.Publish(publishing.Request{Snapshot: snapshot, Body: body})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		answer := gjson.ParseBytes(published.Body)
		if answer.Get("accepted").Int() != 1 || answer.Get("events.0.deliveries").Int() != 1 {
			t.Fatalf("%s is answered %s", file, published.Body)
		}
		id, item := answer.Get("events.0.id").String(), gjson.GetBytes(body, "events.0")
		want[id] = item.Raw
		event, deliveries, err := gatewaytest.Event(w.store, "acme", id)
		if err != nil || string(event.Body) != item.Raw || len(deliveries) != 1 || deliveries[0].Endpoint != "crm" {
			t.Fatalf("%s is shown as %+v with %+v, %v", file, event, deliveries, err)
		}
		if kind := item.Get("event.payload.message.type").String(); event.Type != item.Get("event.type").String() || event.Kind != kind {
			t.Errorf("%s has type %s and kind %s", file, event.Type, event.Kind)
		}
		if event.ConversationKey != item.Get("conversation.key").String() {
			t.Errorf("%s has conversation %s", file, event.ConversationKey)
		}
	}
	w.await(len(files))
	for _, r := range w.receiver.all() {
		if got := string(r.body); got != `{"events":[`+want[r.id()]+`]}` {
			t.Errorf("%s arrived as %s", r.id(), got)
		}
	}
	// conversation_create teaches that its external_key and the tail of its
	// conversation_url are the same conversation.
	n, found, err := w.store.Names("acme", "7f984da9a15b4bceb512ecad8ca461051693283267")
	if err != nil || !found || n.All[0] != "42bb83f00d8240e5bb41290a12eb44401693552452" {
		t.Errorf("names learned: %+v, %v", n, err)
	}
}
