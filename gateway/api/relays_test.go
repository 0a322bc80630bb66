package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/transport"
)

// relayed makes a relayed request durable, whose delivery died, and gives both.
func (k history) relayed(key string, body gateway.Raw) (gateway.Event, gateway.Delivery) {
	k.t.Helper()
	now := gateway.At(time.Now()).Time
	e := gateway.Event{
		ID: gateway.NewID(gateway.PrefixEvent, now), Tenant: "acme", Type: gateway.EventRelay, ConversationKey: key, AcceptedAt: now, Body: body,
		Relay: &gateway.Relayed{Route: "wa", Method: "POST", Path: "/channels/wa", Sealed: []byte("sealed")},
	}
	d := gateway.Delivery{
		ID: gateway.NewID(gateway.PrefixDelivery, now), Tenant: "acme", Endpoint: "_route_wa", EventIDs: []string{e.ID}, EventType: e.Type,
		ConversationKey: key, State: gateway.DeliveryPending, NextAttemptAt: now, CreatedAt: now,
	}
	k.must(k.store.Accept(&gateway.Publication{Events: []gateway.Event{e}, Deliveries: []gateway.Delivery{d}, Traces: []gateway.Trace{
		{Tenant: "acme", Key: key, At: now, Kind: "event", ID: e.ID, Data: gateway.Raw(`{"type":"relay","route":"wa"}`)},
	}}))
	d.State, d.Attempts, d.NextAttemptAt, d.EndedAt = gateway.DeliveryDead, 1, time.Time{}, now
	k.must(k.store.Settle(&d, &gateway.Attempt{Number: 1, At: now, Status: 500, Error: "5xx", ResponseBody: []byte("canary-answer"),
		Detail: "canary-answer-detail", Address: "canary-answer-address", RequestHeaders: [][2]string{{"X-A", "canary-answer-sent"}}, ResponseHeaders: [][2]string{{"X-B", "canary-answer-header"}}}))
	return e, d
}

func TestRelayedRequestsAreShown(t *testing.T) {
	k, described := withAcme(t), description(t).Components.Schemas["Event"].Value
	var all []string
	for body, want := range map[string]string{
		"":                         `null none`,
		`{ "a": 1.0 }` + "\r\n":    `{ "a": 1.0 } json`,
		`"quoted"`:                 `"quoted" json`,
		"a=1&b=\"\u2028<":          `"a=1&b=\"` + "\u2028" + `<" text`,
		`{"half"`:                  `"{\"half\"" text`,
		"{\"a\":\"\xff\"}":         `"eyJhIjoi/yJ9" base64`,
		"\x00\x01\xfe":             `"AAH+" base64`,
		strings.Repeat("[", 1<<16): `"` + strings.Repeat("[", 1<<16) + `" text`,
		"line\x00\nbreak":          `"bGluZQAKYnJlYWs=" base64`,
		"line\r\n\tbreak":          `"line\r\n\tbreak" text`,
	} {
		e, d := history{k}.relayed("c", gateway.Raw(body))
		all = append(all, e.ID)
		g := k.want(200, "GET", events+"/"+e.ID, "")
		var shown struct {
			Type  string
			Body  json.RawMessage
			Relay struct {
				Route, Method, Path string
				Encoding            string `json:"body_encoding"`
			}
			Deliveries []struct{ ID, Endpoint, State string }
		}
		k.must(unmarshal(g.text, &shown))
		if got := string(shown.Body) + " " + shown.Relay.Encoding; got != want || shown.Type != "relay" || shown.Relay.Route != "wa" || shown.Relay.Method != "POST" ||
			shown.Relay.Path != "/channels/wa" || len(shown.Deliveries) != 1 || shown.Deliveries[0].ID != d.ID || shown.Deliveries[0].Endpoint != "_route_wa" {
			t.Errorf("%.40q is shown as %.300s", body, g.text)
		}
		if err := described.VisitJSON(g.body, jsonSchema); err != nil {
			t.Errorf("%.300s does not fit the description: %v", g.text, err)
		}
		if strings.Contains(g.text, "sealed") {
			t.Errorf("it shows what is sealed: %.300s", g.text)
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	for _, query := range []string{"", "?type=relay", "?conversation_key=c"} {
		if seen := k.pages(events + query); !slices.Equal(seen, all) {
			t.Errorf("%s lists %q, want %q", query, seen, all)
		}
	}
}

func TestRelaysAreSteered(t *testing.T) {
	k := withAcme(t)
	k.want(201, "PUT", crmOf, crm)
	e, d := history{k}.relayed("c", gateway.Raw("x"))
	deliveries := v1Acme + "/deliveries"
	for query, want := range map[string][]string{
		"": {d.ID}, "?endpoint=_route_wa": {d.ID}, "?endpoint=wa": nil, "?event_type=relay&state=dead&conversation_key=c": {d.ID}, "?endpoint=_platform": nil,
	} {
		if seen := k.pages(deliveries + query); !slices.Equal(seen, want) {
			t.Errorf("%s lists %q, want %q", query, seen, want)
		}
	}
	if g := k.want(200, "GET", v1Acme+"/conversations/c", ""); strings.Count(g.text, `"kind"`) != 3 || !strings.Contains(g.text, `"id":"`+e.ID+`","type":"relay","route":"wa"`) {
		t.Errorf("the timeline is %s", g.text)
	}
	state := func(want string) {
		t.Helper()
		if g := k.want(200, "GET", deliveries+"/"+d.ID, ""); g.str("state") != want || g.str("endpoint") != "_route_wa" || g.str("event_type") != "relay" {
			t.Errorf("want it %s: %s", want, g.text)
		}
	}
	k.want(202, "POST", deliveries+"/"+d.ID+"/retry", "")
	state("pending")
	k.want(200, "POST", deliveries+"/"+d.ID+"/cancel", "")
	state("cancelled")
	k.want(404, "POST", v1Acme+"/endpoints/_route_wa/replay", "")

	const replay = `{"endpoint": "_route_wa", "state": "cancelled"}`
	if g := k.do("POST", deliveries+"/replay", replay); g.status != 422 || !slices.Equal(g.paths(), []string{"endpoint"}) {
		t.Errorf("of a route that is not there: %d %s", g.status, g.text)
	}
	spec := func(tenant, mode string) gateway.Route {
		return gateway.Route{Match: gateway.RouteMatch{Path: "/" + tenant + mode}, Mode: mode, Tenant: tenant, Upstreams: []gateway.Upstream{{URL: "http://127.0.0.1:1"}}}
	}
	routes, faults := directory.CompileRoutes(map[string]gateway.Route{
		"wa": spec("acme", gateway.ModeRelay), "passed": spec("acme", gateway.ModeProxy), "theirs": spec("filed", gateway.ModeRelay),
	}, directory.Options{MaxBody: 1 << 20, CheckURL: transport.Egress{}.CheckURL, CheckHeader: transport.CheckHeader})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	k.here.Swap(k.here.Current().WithRoutes(routes))
	replayed(k, deliveries+"/replay", replay, 1)
	state("pending")
	for _, endpoint := range []string{"crm", "_platform", "_route_wa"} {
		replayed(k, deliveries+"/replay", fmt.Sprintf(`{"endpoint": %q, "event_types": ["relay"], "limit": 5}`, endpoint), 0)
	}
	for body, fault := range map[string]string{
		`{"endpoint": ""}`: "endpoint", `{"endpoint": "none"}`: "endpoint", `{"endpoint": "_route_passed"}`: "endpoint", `{"endpoint": "_route_theirs"}`: "endpoint",
		`{"endpoint": "_route_"}`: "endpoint", `{"endpoint": "crm", "state": "odd"}`: "state", `{"endpoint": "crm", "x": 1}`: "x",
	} {
		if g := k.do("POST", deliveries+"/replay", body); g.status != 422 || !slices.Equal(g.paths(), []string{fault}) {
			t.Errorf("%s: %d %s", body, g.status, g.text)
		}
	}
}
