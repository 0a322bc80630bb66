package publishing_test

import (
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
	"hookgate/gateway/publishing"
)

// The large bodies that a tenant publishes are looked into one after the other, and small ones
// beside them; one that is refused gives its turn back.
func TestLargeBodiesTakeTurns(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(map[string]gateway.Endpoint{"crm": {URL: "https://a.example.com/", EventTypes: []string{"note"}}})
	acme := snapshot.Tenant("acme")
	publish := func(filler int, kind string) error {
		_, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: acme, Body: []byte(`{"events":[{"event":{"type":"note"},"filler":"` + strings.Repeat("x", filler) + `"},{"event":{"type":"` + kind + `"}}]}`)})
		return err
	}
	const large = 500 << 10
	if publish(large, "Not a type") == nil {
		t.Fatal("no type is taken for one")
	}
	var other mapping.Values
	if err := other.Hold(acme.Tree(), large); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- publish(large, "note") }()
	for range 100 {
		if err := publish(10, "note"); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-done:
		t.Errorf("a large body has not waited for its turn: %v", err)
	default:
	}
	other.Let()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
