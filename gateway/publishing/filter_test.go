package publishing_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/publishing"
)

func where(path, value string) gateway.Condition {
	return gateway.Condition{Path: path, Equals: new(gateway.Raw(value))}
}

// An event makes deliveries for the endpoints that want its type and whose filters it
// passes; of other tenants none is asked.
func TestPublishFilters(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(map[string]gateway.Endpoint{
		"all":   {URL: "https://a.example.com/"},
		"web":   {URL: "https://b.example.com/", Filter: []gateway.Condition{where("conversation.channel", `"web"`)}},
		"same":  {URL: "https://c.example.com/", Filter: []gateway.Condition{where("conversation.channel", `"web"`)}},
		"notes": {URL: "https://d.example.com/", EventTypes: []string{"note"}, Filter: []gateway.Condition{{Not: new(where("n", "1"))}}},
	})
	event := func(account, kind, channel string, n int) string {
		return fmt.Sprintf(`{"event":{"type":%q},"account":{"id":%q,"key":%q},"conversation":{"channel":%q},"n":%d}`, kind, account, account, channel, n)
	}
	const acme = "VGYh5KEUxnaS043726528180Llb9R8pe"
	published, err := p.Publish(publishing.Request{Snapshot: snapshot, Body: []byte(`{"events":[` + strings.Join([]string{
		event(acme, "message", "web", 1), event("99", "message", "web", 1), event(acme, "message", "sms", 2), event(acme, "note", "web", 1), event(acme, "note", "sms", 2),
	}, ",") + `]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if got := gjson.GetBytes(published.Body, "events.#.deliveries").Raw; got != "[3,0,1,3,2]" {
		t.Errorf("deliveries %s", got)
	}
	for endpoint, want := range map[string]int{"all": 4, "web": 2, "same": 2, "notes": 1} {
		if n := w.toldOf(endpoint); n != want {
			t.Errorf("%s has %d, want %d", endpoint, n, want)
		}
	}
	if published, err = p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("byid"), Body: []byte(`{"events":[{"event":{"type":"note"}}]}`)}); err != nil {
		t.Error(err)
	}
}

// A publish that makes very many, and one that would be too many but for filters.
func TestManyAreFiltered(t *testing.T) {
	w := open(t)
	endpoints := map[string]gateway.Endpoint{}
	for i := range 40 {
		endpoints[fmt.Sprintf("e%d", i)] = gateway.Endpoint{URL: "https://a.example.com/", Filter: []gateway.Condition{where("conversation.key", fmt.Sprintf(`"c%d"`, i%10))}}
	}
	for most, want := range map[int]string{3000: "", 1999: string(gateway.CodeTooManyDeliveries)} {
		p, snapshot := w.publisher(endpoints, func(o *publishing.Options) { o.Most = most })
		published, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: talk(0, 500)})
		if want != "" {
			if refused, is := err.(*gateway.Error); !is || string(refused.Code) != want {
				t.Errorf("at most %d: %v", most, err)
			}
			continue
		}
		if err != nil || gjson.GetBytes(published.Body, "events.7.deliveries").Int() != 4 {
			t.Errorf("%v %.100s", err, published.Body)
		}
		for endpoint, want := range map[string]int{"e0": 100, "e14": 100, "e5": 0} {
			if n := w.toldOf(endpoint); n != want {
				t.Errorf("%s has %d, want %d", endpoint, n, want)
			}
		}
	}
}

// BenchmarkPublishFilters is a publish of 1000 events to 1000 endpoints, each with a
// filter of its own that lets one event in a thousand pass.
func BenchmarkPublishFilters(b *testing.B) {
	w := open(b)
	endpoints := map[string]gateway.Endpoint{}
	for i := range 1000 {
		endpoints[fmt.Sprintf("e%d", i)] = gateway.Endpoint{URL: "https://a.example.com/", Filter: []gateway.Condition{where("n", fmt.Sprint(i))}}
	}
	p, snapshot := w.publisher(endpoints)
	q := publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: talk(0, 1000)}
	for b.Loop() {
		if _, err := p.Publish(q); err != nil {
			b.Fatal(err)
		}
	}
}
