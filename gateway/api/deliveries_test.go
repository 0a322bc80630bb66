package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/api"
)

func unmarshal(text string, into any) error { return json.Unmarshal([]byte(text), into) }

// deliver makes a delivery of a notice durable, and gives it.
func (k history) deliver(key string, at time.Time) gateway.Delivery {
	k.t.Helper()
	n := gateway.WaitNotice(&gateway.Wait{ID: "wait_x", Tenant: "acme", ConversationKey: key, State: gateway.StateTimedOut}, at)
	k.must(k.store.Commit(&gateway.Change{Notice: n}))
	return n.Delivery
}

// resting are lanes of which one rests.
type resting struct {
	api.Lanes
	until time.Time
}

func (r resting) Rests(_, endpoint string) time.Time {
	if endpoint == gateway.PlatformEndpoint {
		return r.until
	}
	return time.Time{}
}

// A delivery that is due is tried when its endpoint's breaker lets, and says so; one whose own
// pause is longer, when that is over; one that has ended, never.
func TestNextAttemptIsWhenTheBreakerLets(t *testing.T) {
	start := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Minute)
	until := start.Add(time.Hour)
	k := withAcme(t, func(o *api.Options) { o.Lanes = resting{o.Lanes, until} })
	due, later, ended := history{k}.deliver("a", start), history{k}.deliver("b", start.Add(time.Second)), history{k}.deliver("c", start.Add(2*time.Second))
	later.State, later.Attempts, later.NextAttemptAt = gateway.DeliveryRetrying, 1, start.Add(2*time.Hour)
	k.must(k.store.Settle(&later, &gateway.Attempt{Number: 1, At: start, Status: 503, Error: "5xx"}))
	ended.State, ended.Attempts, ended.NextAttemptAt, ended.EndedAt = gateway.DeliverySucceeded, 1, time.Time{}, start
	k.must(k.store.Settle(&ended, &gateway.Attempt{Number: 1, At: start, Status: 200}))
	for id, want := range map[string]string{
		due.ID: `"` + until.Format(gateway.TimeFormat) + `"`, later.ID: `"` + start.Add(2*time.Hour).Format(gateway.TimeFormat) + `"`, ended.ID: "null",
	} {
		if g := k.want(200, "GET", v1Acme+"/deliveries/"+id, ""); !strings.Contains(g.text, `"next_attempt_at":`+want) {
			t.Errorf("want %s in %s", want, g.text)
		}
	}
	for _, path := range []string{v1Acme + "/deliveries?state=pending", "/v1/deliveries?state=pending"} {
		if g := k.do("GET", path, ""); !strings.Contains(g.text, `"next_attempt_at":"`+until.Format(gateway.TimeFormat)) {
			t.Errorf("%s: %s", path, g.text)
		}
	}
	// What stands before the platform is not the tenant's to know.
	if g := k.as(k.token("tenant", "acme"), "GET", v1Acme+"/deliveries/"+due.ID, ""); !strings.Contains(g.text, `"next_attempt_at":"`+start.Format(gateway.TimeFormat)) {
		t.Errorf("the tenant sees %s", g.text)
	}
}

func TestDeliveries(t *testing.T) {
	k := withAcme(t)
	start := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Minute)
	old, tried := history{k}.deliver("a", start), history{k}.deliver("b", start.Add(time.Second))
	tried.State, tried.Attempts, tried.NextAttemptAt = gateway.DeliveryRetrying, 1, start.Add(time.Hour)
	k.must(k.store.Settle(&tried, &gateway.Attempt{
		Number: 1, At: start.Add(2 * time.Second), Duration: 1500 * time.Millisecond, Status: 503, Error: "5xx", ResponseBody: []byte("busy \xff"),
	}))
	path := v1Acme + "/deliveries"
	g := k.want(200, "GET", path+"/"+tried.ID, "")
	var shown struct {
		State    string
		Attempts []struct {
			Number, Status int
			DurationMS     int `json:"duration_ms"`
			Error, At      string
			ResponseBody   string `json:"response_body"`
		}
		EventIDs []string `json:"event_ids"`
		Next     string   `json:"next_attempt_at"`
		Ended    *string  `json:"ended_at"`
		Endpoint string
		Type     string `json:"event_type"`
		Key      string `json:"conversation_key"`
	}
	k.must(unmarshal(g.text, &shown))
	if a := shown.Attempts; len(a) != 1 || a[0].Number != 1 || a[0].Status != 503 || a[0].DurationMS != 1500 || a[0].Error != "5xx" || a[0].ResponseBody != "busy \ufffd" {
		t.Errorf("attempts are %+v in %s", a, g.text)
	}
	if shown.State != "retrying" || shown.Endpoint != "_platform" || shown.Type != "wait.timed_out" || shown.Key != "b" || !slices.Equal(shown.EventIDs, tried.EventIDs) ||
		shown.Next != gateway.At(start.Add(time.Hour)).Format(gateway.TimeFormat) || shown.Ended != nil {
		t.Errorf("the delivery is %s", g.text)
	}
	for query, want := range map[string][]string{
		"?limit=1": {tried.ID, old.ID}, "?state=pending": {old.ID}, "?state=retrying": {tried.ID}, "?endpoint=crm": nil,
		"?endpoint=_platform": {tried.ID, old.ID}, "?event_type=wait.resumed": nil, "?conversation_key=a": {old.ID},
		"?since=" + start.Add(time.Second).Format(time.RFC3339Nano): {tried.ID},
		"?until=" + start.Add(time.Second).Format(time.RFC3339Nano): {old.ID},
		"?until=0001-01-01T00:00:00Z":                               nil, // not as if nothing was said
		"?until=0001-01-01":                                         nil, "?until=-62135596800": nil, "?since=0001-01-01": {tried.ID, old.ID},
	} {
		if seen := k.pages(path + query); !slices.Equal(seen, want) {
			t.Errorf("%s lists %q, want %q", query, seen, want)
		}
	}
	if g := k.do("GET", path+"?state=odd&since=yesterday&until=x", ""); g.status != 422 || !slices.Equal(g.paths(), []string{"since", "until", "state"}) {
		t.Errorf("odd filters: %d %s", g.status, g.text)
	}
	k.want(404, "GET", "/v1/tenants/filed/deliveries/"+tried.ID, "")
	if list := k.want(200, "GET", path, "").text; !strings.Contains(list, `"error":"5xx"`) {
		t.Errorf("the list shows no attempts: %s", list)
	}
}
