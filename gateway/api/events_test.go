package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
)

// publish publishes items and gives their ids.
func (k history) publish(items ...string) (ids []string) {
	k.t.Helper()
	g := k.want(202, "POST", events, `{"events":[`+strings.Join(items, ",")+`]}`)
	var published struct {
		Accepted int
		Events   []struct{ ID string }
	}
	k.must(json.Unmarshal([]byte(g.text), &published))
	for _, e := range published.Events {
		ids = append(ids, e.ID)
	}
	if published.Accepted != len(items) || len(ids) != len(items) {
		k.t.Fatalf("published %s", g.text)
	}
	return ids
}

func TestEvents(t *testing.T) {
	k := withAcme(t)
	k.want(201, "PUT", crmOf, `{"url": "https://crm.example.com/", "event_types": ["status"]}`)
	k.want(200, "POST", crmOf+"/pause", "")
	const status = `{ "event" : {"type":"status", "payload": {"external_key": "ext-1"}}, "conversation": {"key": "K1"}, "big": 12345678901234567890.10 }`
	text := `{"event":{"type":"message","payload":{"message":{"type":"text"}}},"conversation":{"key":"K2"}}`
	first := history{k}.publish(status)[0]
	second := history{k}.publish(text)[0]
	g := k.want(200, "GET", events+"/"+first, "")
	if !strings.Contains(g.text, `"body":`+status+`,`) {
		t.Errorf("the body is not what was published: %s", g.text)
	}
	var shown struct {
		ID, Tenant, Type string
		Key              string    `json:"conversation_key"`
		AcceptedAt       time.Time `json:"accepted_at"`
		Deliveries       []struct{ ID, Endpoint, State string }
	}
	k.must(json.Unmarshal([]byte(g.text), &shown))
	if shown.ID != first || shown.Tenant != "acme" || shown.Type != "status" || shown.Key != "K1" || len(shown.Deliveries) != 1 ||
		shown.Deliveries[0].Endpoint != "crm" || shown.Deliveries[0].State != "pending" || time.Since(shown.AcceptedAt) > time.Minute {
		t.Errorf("the event is %s", g.text)
	}
	if g := k.want(200, "GET", events+"/"+second, ""); !strings.HasSuffix(g.text, `"deliveries":[]}`) {
		t.Errorf("an event that nobody wants is %s", g.text)
	}
	at := gateway.IDTime(gateway.PrefixEvent, second)
	for query, want := range map[string][]string{
		"?limit=1": {second, first}, "?type=status": {first}, "?type=message": {second}, "?type=message/text": {second}, "?type=message/list": nil,
		"?conversation_key=K1": {first}, "?conversation_key=ext-1": {first}, "?conversation_key=none": nil,
		"?since=" + at.Format(gateway.TimeFormat): {second}, "?until=" + at.Add(time.Hour).Format(time.RFC3339): {second, first},
		"?until=2020-01-01T00:00:00Z": nil, "?limit=1&until=" + at.Add(time.Hour).Format(time.RFC3339): {second, first},
	} {
		if strings.HasPrefix(query, "?since=") && at.Equal(gateway.IDTime(gateway.PrefixEvent, first)) {
			want = []string{second, first} // both in one millisecond
		}
		if seen := k.pages(events + query); !slices.Equal(seen, want) {
			t.Errorf("%s lists %q, want %q", query, seen, want)
		}
	}
	if g := k.do("GET", events+"?type=A&since=x&until=y", ""); g.status != 422 || !slices.Equal(g.paths(), []string{"type", "since", "until"}) {
		t.Errorf("odd filters: %d %s", g.status, g.text)
	}
	for _, key := range []string{"K1", "ext-1"} {
		if ids := k.pages(v1Acme + "/deliveries?conversation_key=" + key); len(ids) != 1 || ids[0] != shown.Deliveries[0].ID {
			t.Errorf("deliveries of %s are %q", key, ids)
		}
	}
	k.want(404, "GET", events+"/evt_x", "")
	k.want(404, "GET", "/v1/tenants/filed/events/"+first, "")
}

func TestEventsPageBySize(t *testing.T) {
	k := withAcme(t)
	var want []string
	for i := range 12 { // more than a page may have in bytes
		item := fmt.Sprintf(`{"event":{"type":"status"},"n":%d,"filler":%q}`, i, strings.Repeat("x", 900<<10))
		want = append(want, history{k}.publish(item)...)
	}
	slices.Reverse(want)
	if seen := k.pages(events + "?limit=100"); !slices.Equal(seen, want) {
		t.Errorf("pages have %d events, want %d", len(seen), len(want))
	}
	if g := k.want(200, "GET", events, ""); len(g.text) > 10<<20 || !strings.Contains(g.text[len(g.text)-100:], `"next_cursor":"`) {
		t.Errorf("a page has %d bytes and ends %s", len(g.text), g.text[len(g.text)-100:])
	}
}

func TestPublishOverTheAPI(t *testing.T) {
	k := withAcme(t)
	k.want(200, "PUT", v1Acme, `{"account_keys": ["acc"]}`)
	any := k.want(202, "POST", "/v1/events", `{"events":[{"event":{"type":"note"},"account":{"key":"acc"}}]}`)
	if !strings.Contains(any.text, `"accepted":1`) {
		t.Errorf("published by account key: %s", any.text)
	}
	body := `{"events":[{"event":{"type":"note"}}]}`
	first := k.want(202, "POST", events, body, "Idempotency-Key", "one")
	again := k.want(202, "POST", events, body, "Idempotency-Key", "one")
	if first.text != again.text || first.header.Get("Idempotency-Replayed") != "" || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("a repeat answers %s %q, the first %s", again.text, again.header.Get("Idempotency-Replayed"), first.text)
	}
	if g := k.do("POST", events, body+" ", "Idempotency-Key", "one"); g.status != 422 || g.code() != "idempotency_key_reused" {
		t.Errorf("another body: %d %s", g.status, g.text)
	}
	if n := len(k.pages(events)); n != 2 {
		t.Errorf("%d events are kept, want 2", n)
	}
	for body, want := range map[string]string{
		`{"events":[{"event":{"type":"note"}},{"event":{}}]}`: "422 invalid_field", `{"events":[]}`: "422 invalid_field", `{"events":`: "400 invalid_body",
	} {
		if g := k.do("POST", events, body); fmt.Sprint(g.status, " ", g.code()) != want {
			t.Errorf("%s: %d %s", body, g.status, g.text)
		}
	}
	if g := k.do("POST", "/v1/events", `{"events":[{"event":{"type":"note"},"account":{"key":"nobody's"}}]}`); g.status != 422 || g.code() != "unknown_account" {
		t.Errorf("an account of nobody: %d %s", g.status, g.text)
	}
	if n := len(k.pages(events)); n != 2 {
		t.Errorf("of refused ones %d are kept", n-2)
	}
}

func TestTimelineShowsWhatBecameOfEvents(t *testing.T) {
	k := withAcme(t)
	k.want(201, "PUT", crmOf, crm)
	k.want(200, "POST", crmOf+"/pause", "")
	event := history{k}.publish(`{"event":{"type":"status","payload":{"external_key":"ext-1"}},"conversation":{"key":"K1"}}`)[0]
	_, deliveries, err := gatewaytest.Event(k.store, "acme", event)
	k.must(err)
	d, _, err := k.store.Delivery("acme", deliveries[0].ID)
	k.must(err)
	for n, status := range []int{0, 503} {
		d.State, d.Attempts, d.NextAttemptAt = gateway.DeliveryRetrying, n+1, d.NextAttemptAt.Add(time.Hour)
		word := map[int]string{0: "timeout", 503: "5xx"}[status]
		k.must(k.store.Settle(d, &gateway.Attempt{Number: n + 1, At: d.CreatedAt.Add(time.Duration(n+1) * time.Second), Duration: 20 * time.Millisecond, Status: status, Error: word}))
	}
	for _, key := range []string{"K1", "ext-1"} {
		g := k.want(200, "GET", v1Acme+"/conversations/"+key, "")
		var got []string
		for _, line := range g.body["data"].([]any) {
			line := line.(map[string]any)
			got = append(got, fmt.Sprint(line["kind"], " ", line["id"], " ", line["state"], " ", line["error"], " ", line["status"], " ", line["number"]))
		}
		want := []string{
			"event " + event + " <nil> <nil> <nil> <nil>", "delivery " + d.ID + " retrying <nil> <nil> <nil>",
			"attempt " + d.ID + "/1 <nil> timeout <nil> 1", "attempt " + d.ID + "/2 <nil> 5xx 503 2",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the timeline of %s is\n%s\nwant\n%s", key, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	newest := k.want(200, "GET", v1Acme+"/conversations/K1?limit=2", "")
	if n := strings.Count(newest.text, `"kind":"attempt"`); n != 2 || strings.Contains(newest.text, `"kind":"event"`) {
		t.Errorf("the newest two lines are %s", newest.text)
	}
}
