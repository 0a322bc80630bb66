package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// look gives what a list has, each as one text of some members.
func look(t *testing.T, c *program.Client, path string, members ...string) (all []string) {
	t.Helper()
	var page struct {
		Data []map[string]json.RawMessage
	}
	c.Must(t, []int{200}, "GET", path, nil).Decode(t, &page)
	for _, one := range page.Data {
		var parts []string
		for _, name := range members {
			parts = append(parts, strings.Trim(string(one[name]), `"`))
		}
		all = append(all, strings.Join(parts, " "))
	}
	return all
}

// What was asked for over the day is found again after a kill -9: callbacks, calls, the
// timeline, what changed by itself, the overview and the search.
func TestToldOutlivesAKill(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: toLoopback})
	api := p.Admin()
	const acme = "/v1/tenants/acme"
	backend, gone, failing := gatewaytest.NewReceiver(t, 200), gatewaytest.NewReceiver(t, 410), gatewaytest.NewReceiver(t, 500)
	api.Must(t, []int{201}, "PUT", acme, `{"name":"Acme"}`)
	for path, body := range map[string]string{
		"/sources/pay":     `{"verify":{"type":"none"},"conversation_key":{"path":"key"},"match":[{"name":"paid","branch":"SUCCESS","when":[{"path":"s","equals":"paid"}]}]}`,
		"/webhooks/score":  `{"url":` + quoted(backend.URL+"/score") + `,"query":{"key":"canary"}}`,
		"/endpoints/gone":  `{"url":` + quoted(gone.URL) + `,"event_types":["note"]}`,
		"/endpoints/tired": `{"url":` + quoted(failing.URL) + `,"event_types":["status"],"breaker":{"failures":1,"open":"10m"}}`,
	} {
		api.Must(t, []int{201}, "PUT", acme+path, body)
	}
	wait := api.Must(t, []int{201}, "POST", acme+"/waits", `{"source":"pay","conversation_key":"42","mode":"poll"}`).Field("id")
	hook := func(status int, body string) string {
		t.Helper()
		return p.Sender().Must(t, []int{status}, "POST", "/hooks/acme/pay", body).Field("callback_id")
	}
	ignored, resumed := hook(200, `{"key":"42","s":"open"}`), hook(200, `{"key":"42","s":"paid"}`)
	hook(409, `{"key":"42","s":"paid","again":1}`)
	parked := hook(202, `{"key":"43","s":"paid"}`)
	call := api.Must(t, []int{200}, "POST", acme+"/webhooks/score/call", `{"conversation_key":"42"}`).Field("id")
	api.Must(t, []int{202}, "POST", acme+"/events", `{"events":[{"event":{"type":"note"}},{"event":{"type":"status"}}]}`)
	p.Configure(t, "nonesuch: 1\n")
	api.Must(t, nil, "POST", "/v1/reload", nil)
	p.Configure(t, toLoopback)
	api.Must(t, []int{200}, "POST", "/v1/reload", nil)
	changes := []string{
		"breaker opened tenants/acme/endpoints/tired", "endpoint disabled tenants/acme/endpoints/gone", "reload done configuration", "reload refused configuration",
	}
	changed := func(c *program.Client, want []string) {
		t.Helper()
		program.Eventually(t, time.Minute, func() error {
			got := look(t, c, "/v1/changes", "kind", "state", "object")
			slices.Sort(got)
			if !slices.Equal(got, want) {
				return fmt.Errorf("changed are %q, want %q", got, want)
			}
			return nil
		})
	}
	changed(api, changes)
	lines := string(api.Must(t, []int{200}, "GET", acme+"/conversations/42", nil).Body)
	one := func(c *program.Client, path string) string {
		return string(c.Must(t, []int{200}, "GET", acme+path, nil).Body)
	}
	shown := map[string]string{}
	for _, path := range []string{"/callbacks/" + resumed, "/callbacks/" + parked, "/calls/" + call} {
		shown[path] = one(api, path)
	}
	if !strings.Contains(shown["/callbacks/"+resumed], `"body":{"key":"42","s":"paid"}`) || strings.Contains(shown["/calls/"+call], "canary") {
		t.Errorf("what is shown: %v", shown)
	}

	dir := p.Dir
	p.Kill9()
	<-p.Exited()
	p = program.Start(t, program.Options{Dir: dir, Config: toLoopback})
	api = p.Admin()
	for query, want := range map[string][]string{
		"": {parked + " parked 43 null", resumed + " resumed 42 " + wait, ignored + " ignored 42 " + wait}, "?outcome=parked": {parked + " parked 43 null"},
		"?source=pay&conversation_key=42&outcome=ignored": {ignored + " ignored 42 " + wait},
	} {
		if got := look(t, api, acme+"/callbacks"+query, "id", "outcome", "conversation_key", "wait_id"); !slices.Equal(got, want) {
			t.Errorf("after the kill callbacks%s are %q, want %q", query, got, want)
		}
	}
	for path, before := range shown {
		if now := one(api, path); strings.Split(now, `"request_id"`)[0] != strings.Split(before, `"request_id"`)[0] { // requests are in memory alone
			t.Errorf("%s is %s, and was %s", path, now, before)
		}
	}
	if got := look(t, api, acme+"/calls?webhook=score", "id", "outcome", "conversation_key"); !slices.Equal(got, []string{call + " success 42"}) {
		t.Errorf("after the kill the calls are %q", got)
	}
	if now := string(api.Must(t, []int{200}, "GET", acme+"/conversations/42", nil).Body); now != lines || strings.Count(lines, `"kind":"callback"`) != 3 {
		t.Errorf("the timeline is\n%s\nand was\n%s", now, lines)
	}
	changed(api, changes)
	program.Eventually(t, time.Minute, func() error { // the lane is read beside the start
		if got := look(t, api, "/v1/overview?tenant=acme", "tenant", "waits_open", "parked", "breakers_open", "backlog"); !slices.Equal(got, []string{"acme 0 1 1 1"}) {
			return fmt.Errorf("the overview is %q", got)
		}
		return nil
	})
	if found := string(api.Must(t, []int{200}, "GET", "/v1/search?q="+resumed, nil).Body); found != `[{"kind":"callback","tenant":"acme","id":"`+resumed+`","name":"42"}]` {
		t.Errorf("the search finds %s", found)
	}
	api.Must(t, []int{200}, "POST", acme+"/endpoints/gone/resume", nil)
	changed(api, slices.Sorted(slices.Values(append(slices.Clone(changes), "endpoint enabled tenants/acme/endpoints/gone"))))
	rights(t, api)
}

// rights has a stranger ask.
func rights(t *testing.T, api *program.Client) {
	t.Helper()
	api.Must(t, []int{201}, "PUT", "/v1/tenants/rival", `{}`)
	rival := api.As(api.Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"rival"}`).Field("token"))
	for _, path := range []string{"/callbacks", "/calls", "/deliveries/groups"} {
		rival.Must(t, []int{404}, "GET", "/v1/tenants/acme"+path, nil)
	}
	if got := errors.Join(empty(t, rival, "/v1/changes"), empty(t, rival, "/v1/overview?tenant=rival&limit=1")); got != nil {
		t.Error(got)
	}
	if found := string(rival.Must(t, []int{200}, "GET", "/v1/search?q=acme", nil).Body); found != "[]" {
		t.Errorf("a stranger finds %s", found)
	}
}

// empty says what of acme's a list has.
func empty(t *testing.T, c *program.Client, path string) error {
	t.Helper()
	if body := string(c.Must(t, []int{200}, "GET", path, nil).Body); strings.Contains(body, "acme") {
		return fmt.Errorf("%s shows a stranger %s", path, body)
	}
	return nil
}
