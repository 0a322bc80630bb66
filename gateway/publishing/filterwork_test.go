package publishing_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/publishing"
)

// All filters of a publish have one bound together, whatever number of endpoints and events
// there are: beyond it nobody looks, and the events are delivered (or are too many).
func TestFiltersOfAPublishHaveOneBound(t *testing.T) {
	w := open(t)
	endpoints := map[string]gateway.Endpoint{}
	for i := range 300 {
		var costly []gateway.Condition
		for j := range 19 {
			regex := fmt.Sprintf("(a|aa|b%d|aaaaa){1,30}c", i*19+j)
			costly = append(costly, gateway.Condition{Not: &gateway.Condition{Path: "t", Regex: &regex}})
		}
		endpoints[fmt.Sprintf("e%d", i)] = gateway.Endpoint{URL: "https://a.example.com/", EventTypes: []string{"note"}, Filter: costly}
	}
	endpoints["plain"] = gateway.Endpoint{URL: "https://a.example.com/", EventTypes: []string{"message"}, Filter: []gateway.Condition{where("t", `"no"`)}}
	one := `{"event":{"type":"note"},"t":"` + strings.Repeat("a", 500) + `"}`
	body := func(events int) []byte {
		return []byte(`{"events":[` + one + strings.Repeat(","+one, events-1) + `]}`)
	}
	p, snapshot := w.publisher(endpoints, func(o *publishing.Options) { o.Most = 1000 })
	after := `{"events":[` + one + `,{"event":{"type":"message"},"t":"yes"}]}`
	published, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: []byte(after)})
	if got := gjson.GetBytes(published.Body, "events.#.deliveries").Raw; err != nil || got != "[300,1]" {
		t.Errorf("what costs too much, and what came after it: %v %s", err, got)
	}
	var refused *gateway.Error
	_, err = p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: body(1000)})
	if !errors.As(err, &refused) || refused.Code != gateway.CodeTooManyDeliveries || !strings.Contains(refused.Message, "300000") {
		t.Errorf("a thousand events: %v", err)
	}
}
