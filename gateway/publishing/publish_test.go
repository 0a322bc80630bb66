package publishing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/publishing"
	"hookgate/gateway/store"
)

func TestPublishIsAllOrNothing(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(nil)
	good := `{"event":{"type":"note"},"account":{"key":"VGYh5KEUxnaS043726528180Llb9R8pe"}}`
	big := `{"event":{"type":"note"},"filler":"` + strings.Repeat("x", gateway.MaxEventBytes) + `"}`
	acme := snapshot.Tenant("acme")
	for name, c := range map[string]struct {
		tenant *directory.Tenant
		body   string
		code   gateway.Code
		path   string
	}{
		"no JSON":                  {nil, `{"events":`, gateway.CodeInvalidBody, ""},
		"no list":                  {nil, `{"events":{}}`, gateway.CodeInvalidField, "events"},
		"nothing":                  {nil, `{}`, gateway.CodeInvalidField, "events"},
		"an empty list":            {nil, `{"events":[]}`, gateway.CodeInvalidField, "events"},
		"too many":                 {acme, `{"events":[` + strings.Repeat(good+",", 1000) + good + `]}`, gateway.CodeInvalidField, "events"},
		"no type":                  {acme, `{"events":[` + good + `,{"event":{}}]}`, gateway.CodeInvalidField, "events[1].event.type"},
		"a type that is no string": {acme, `{"events":[` + good + `,{"event":{"type":42}}]}`, gateway.CodeInvalidField, "events[1].event.type"},
		"a type that is odd":       {acme, `{"events":[{"event":{"type":"No"}}]}`, gateway.CodeInvalidField, "events[0].event.type"},
		"no object":                {acme, `{"events":[7]}`, gateway.CodeInvalidField, "events[0].event.type"},
		"no account":               {nil, `{"events":[` + good + `,{"event":{"type":"note"}}]}`, gateway.CodeUnknownAccount, "events[1].account"},
		"another's account":        {nil, `{"events":[{"event":{"type":"note"},"account":{"key":"nobody's"}}]}`, gateway.CodeUnknownAccount, "events[0].account"},
		"an event too large":       {acme, `{"events":[` + good + `,` + big + `]}`, gateway.CodeTooLarge, "events[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: c.tenant, Body: []byte(c.body)})
			var refused *gateway.Error
			if !errors.As(err, &refused) || refused.Code != c.code {
				t.Fatalf("answered %v, want %s", err, c.code)
			}
			if c.path != "" && (len(refused.Faults) != 1 || refused.Faults[0].Path != c.path) {
				t.Errorf("faults %v, want one at %s", refused.Faults, c.path)
			}
		})
	}
	stored := 0
	if _, err := w.store.Events(store.Query{Tenant: "acme"}, func(*gateway.Event) bool { stored++; return true }); err != nil || stored != 0 {
		t.Errorf("%d events were stored, %v", stored, err)
	}
}

func TestPublishFindsTenantsAndEndpoints(t *testing.T) {
	w := open(t)
	off := false
	p, snapshot := w.publisher(map[string]gateway.Endpoint{
		"all":     {URL: "https://a.example.com/"},
		"texts":   {URL: "https://b.example.com/", EventTypes: []string{"message/text"}},
		"answers": {URL: "https://c.example.com/", EventTypes: []string{"message/button.response", "note"}},
		"off":     {URL: "https://d.example.com/", Enabled: &off},
	})
	event := func(account, event string) string { return `{"event":` + event + `,"account":` + account + `}` }
	const acme, byID = `{"key":"VGYh5KEUxnaS043726528180Llb9R8pe","id":1}`, `{"key":"unknown","id":99}`
	body := `{"events":[` + strings.Join([]string{
		event(acme, `{"type":"message","payload":{"message":{"type":"text"}}}`),
		event(acme, `{"type":"message","payload":{"message":{"type":"button.response"}}}`),
		event(acme, `{"type":"note"}`),
		event(acme, `{"type":"made.up-type_9"}`),
		event(byID, `{"type":"note"}`),
	}, ",") + `]}`
	published, err := p.Publish(publishing.Request{Snapshot: snapshot, Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	if got := gjson.GetBytes(published.Body, "events.#.deliveries").Raw; got != "[2,2,2,1,0]" {
		t.Errorf("deliveries %s, want [2,2,2,1,0]", got)
	}
	id := gjson.GetBytes(published.Body, "events.4.id").String()
	if e, _, err := gatewaytest.Event(w.store, "byid", id); err != nil || e.Tenant != "byid" {
		t.Errorf("the event of the account id 99: %+v, %v", e, err)
	}
}

func TestPublishedOnce(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(nil)
	q := publishing.Request{
		Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: []byte(`{"events":[{"event":{"type":"note"}}]}`), IdempotencyKey: "k1",
	}
	const tries = 8
	bodies := make([]string, tries)
	fresh := 0
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range tries {
		all.Go(func() {
			published, err := p.Publish(q)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			bodies[i] = string(published.Body)
			if !published.Replayed {
				fresh++
			}
		})
	}
	all.Wait()
	for _, body := range bodies {
		if body != bodies[0] || !json.Valid([]byte(body)) {
			t.Errorf("one Idempotency-Key is answered %s and %s", bodies[0], body)
		}
	}
	if fresh != 1 {
		t.Errorf("%d were published", fresh)
	}
	q.Body = []byte(`{"events":[{"event":{"type":"status"}}]}`)
	_, err := p.Publish(q)
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != gateway.CodeIdempotencyKeyReused {
		t.Errorf("with another body: %v", err)
	}
	q.Tenant = nil // the key is another's there
	q.Body = []byte(`{"events":[{"event":{"type":"note"},"account":{"id":99}}]}`)
	if published, err := p.Publish(q); err != nil || published.Replayed {
		t.Errorf("on the path of all tenants: %+v, %v", published, err)
	}
}

func TestPublishRateOfATenant(t *testing.T) {
	w := open(t)
	p, snapshot := w.publisher(nil)
	publish := func(n int) error {
		item := `{"event":{"type":"note"}}`
		body := fmt.Sprintf(`{"events":[%s]}`, strings.TrimSuffix(strings.Repeat(item+",", n), ","))
		_, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("slow"), Body: []byte(body)})
		return err
	}
	if err := publish(10); err != nil { // more than a burst passes when all of it is free
		t.Fatal(err)
	}
	var refused *gateway.Error
	if err := publish(1); !errors.As(err, &refused) || refused.Code != gateway.CodeRateLimited || refused.RetryAfter <= 0 {
		t.Errorf("over the rate: %v", err)
	}
}
