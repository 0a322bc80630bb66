package publishing_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/publishing"
	"hookgate/gateway/shares"
	"hookgate/gateway/store"
)

// listeners makes endpoints that want everything, and one that wants notes alone.
func listeners(n int) map[string]gateway.Endpoint {
	all := map[string]gateway.Endpoint{"notes": {URL: "https://notes.example.com/", EventTypes: []string{"note"}}}
	for i := range n - 1 {
		all[fmt.Sprint("e", i)] = gateway.Endpoint{URL: "https://crm.example.com/"}
	}
	return all
}

func eventsOf(kind string, n int) []byte {
	return []byte(`{"events":[` + strings.TrimSuffix(strings.Repeat(`{"event":{"type":"`+kind+`"}},`, n), ",") + `]}`)
}

// A publish that would make more deliveries than one may is refused before anything
// of it is made or stored; one that makes just so many is taken.
func TestTooManyDeliveries(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(listeners(100), func(o *publishing.Options) { o.Most = 5000 })
	acme := snapshot.Tenant("acme")
	_, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: acme, Body: eventsOf("message", 51), IdempotencyKey: "k"})
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != gateway.CodeTooManyDeliveries ||
		!strings.Contains(refused.Message, "51 events") || !strings.Contains(refused.Message, "5049") || !strings.Contains(refused.Message, "5000") {
		t.Fatalf("answered %v", err)
	}
	stored := 0
	if _, err := w.store.Events(store.Query{Tenant: "acme"}, func(*gateway.Event) bool { stored++; return true }); err != nil || stored != 0 {
		t.Errorf("%d events were stored, %v", stored, err)
	}
	for kind, n := range map[string]int{"message": 50, "note": 50} { // 4950 and 5000
		if _, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: acme, Body: eventsOf(kind, n), IdempotencyKey: kind}); err != nil {
			t.Errorf("%d of %s: %v", n, kind, err)
		}
	}
}

// What publishes under way are about to make is shared, and given back.
func TestDeliveriesInTheMakingAreShared(t *testing.T) {
	w := open(t)
	making := shares.New(10_000)
	p, snapshot := w.publisher(listeners(100), func(o *publishing.Options) { o.Making = making })
	q := publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: eventsOf("note", 25)}
	making.Take(shares.Tenant("bystander"), 1)
	making.Take(shares.Tenant("acme"), 1) // of one that is under way
	_, err := p.Publish(q)
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != gateway.CodeUnavailable || refused.RetryAfter <= 0 || !strings.Contains(refused.Message, "bounds.publishing") {
		t.Fatalf("answered %v", err)
	}
	making.Give(shares.Tenant("acme"), 1)
	if _, err := p.Publish(q); err != nil {
		t.Error(err)
	}
	if used := making.Stat().Used; used != 1 {
		t.Errorf("%d are still in the making", used)
	}
	q.Body = eventsOf("note", 10) // few are nobody's matter
	making.Take(shares.Tenant("acme"), 2400)
	if _, err := p.Publish(q); err != nil {
		t.Error(err)
	}
}
