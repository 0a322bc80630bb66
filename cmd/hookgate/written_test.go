package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

const inOrder = `{"__type":"x","zeta":1,"alpha":{"d":1,"c":2.50}}`

// c14: members are shown, kept and sent in the order in which they were written: of the
// file and of the API, in what a GET gave and a PUT took back, after a restart, of
// campaigns, in the context of a wait, in queries and headers.
func TestMembersGoOutAsWritten(t *testing.T) {
	backend := gatewaytest.NewReceiver(t)
	backend.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Body: "{}"} })
	const names = `headers: { X-Z: z, X-A: a }, query: { z: "1", a: "2" }`
	config := fmt.Sprintf(`
egress: { allow: [127.0.0.0/8] }
tenants:
  acme: { sources: { pay: { verify: { type: none } } }, webhooks: { file: { method: POST, url: "%[1]s/", %[2]s, body: { __type: x, zeta: 1, alpha: { d: 1, c: 2.50 } } } } }
  beta:
`, backend.URL, names)
	dir := t.TempDir()
	p := program.Start(t, program.Options{Config: config, Dir: dir})
	const one = "/v1/tenants/beta/webhooks/one"
	body := fmt.Sprintf(`{"method":"POST","url":"%s/","headers":{"X-Z":"z","X-A":"a"},"query":{"z":"1","a":"2"},"body":%s}`, backend.URL, inOrder)
	p.Admin().Must(t, []int{200, 201}, "PUT", one, []byte(body))
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/beta/webhooks/two", []byte(fmt.Sprintf(`{"profile":"campaign","url":"%s/","body":%s}`, backend.URL, inOrder)))
	p.Admin().Must(t, []int{200}, "PUT", one, p.Admin().Must(t, []int{200}, "GET", one, nil).Body)
	p.Kill9()
	p = program.Start(t, program.Options{Config: config, Dir: dir})
	for _, path := range []string{"/v1/tenants/acme/webhooks/file", one} {
		shown := gjson.ParseBytes(p.Admin().Must(t, []int{200}, "GET", path, nil).Body)
		if shown.Get("body").Raw != inOrder || shown.Get("query").Raw != `{"z":"1","a":"2"}` || !strings.HasPrefix(shown.Get("headers").Raw, `{"X-Z":`) {
			t.Errorf("%s is shown as %s", path, shown.Raw)
		}
		run := gjson.ParseBytes(p.Admin().Must(t, []int{200}, "POST", path+"/run", nil).Body)
		if got := run.Get("request"); got.Get("body").Raw != inOrder || !strings.HasPrefix(got.Get("headers").Raw, `{"X-Z":"***","X-A":"***"`) || !strings.HasSuffix(got.Get("url").Str, "/?z=1&a=2") {
			t.Errorf("%s has run %s", path, got.Raw)
		}
	}
	p.Admin().Must(t, []int{200}, "POST", "/v1/tenants/beta/webhooks/two/call", nil)
	for i, got := range backend.Take() {
		if i < 2 && string(got.Body) != inOrder || i == 2 && !strings.HasSuffix(string(got.Body), ","+inOrder[1:]) {
			t.Errorf("sent %s", got.Body)
		}
	}
	wait := fmt.Sprintf(`{"conversation_key":"k","source":"pay","mode":"poll","context":%s}`, inOrder)
	opened := gjson.ParseBytes(p.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/waits", []byte(wait)).Body)
	if opened.Get("context").Raw != inOrder {
		t.Errorf("the context is shown as %s", opened.Raw)
	}
}

// c13: a text that is no JSON once it is rendered is not sent, by call and run alike.
func TestTextsThatSayJSONAreHeldToIt(t *testing.T) {
	backend := gatewaytest.NewReceiver(t)
	p := program.Start(t, program.Options{Config: fmt.Sprintf(`
egress: { allow: [127.0.0.0/8] }
tenants: { acme: { webhooks: { text: { url: "%s/", body: '{"name":"{{ name }}","n":{{ n }}}' } } } }
`, backend.URL)})
	for _, way := range []string{"call", "run"} {
		for variables, column := range map[string]int{`{"name":"a \"b\"","n":1}`: 13, `{"name":"a"}`: 17} {
			shown := gjson.ParseBytes(p.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/text/"+way, []byte(`{"variables":`+variables+`}`)).Body)
			if shown.Get("outcome").Str != "failure" || shown.Get("reason").Str != "template" || shown.Get("errors.0.path").Str != "body" ||
				!strings.Contains(shown.Get("errors.0.message").Str, fmt.Sprintf("line 1, column %d", column)) {
				t.Errorf("%s with %s: %s", way, variables, shown.Raw)
			}
		}
	}
	if got := backend.Take(); len(got) > 0 {
		t.Errorf("sent %s", got[0].Body)
	}
}

// An endpoint gets what its filter lets pass, of what is published and of what is
// replayed; a test, and what is retried by hand, it gets in any case. An event that is
// published again under its own id is taken once.
func TestFiltersAndEventIDs(t *testing.T) {
	backend := gatewaytest.NewReceiver(t)
	p := program.Start(t, program.Options{Config: "egress: { allow: [127.0.0.0/8] }\ntenants: { acme: }\n"})
	const crm = "/v1/tenants/acme/endpoints/crm"
	endpoint := func(status int, filter string) {
		p.Admin().Must(t, []int{status}, "PUT", crm, []byte(fmt.Sprintf(`{"url":"%s/","retry":{"schedule":[]},"filter":%s}`, backend.URL, filter)))
	}
	endpoint(422, `[{"path":"header:X","exists":true}]`)
	endpoint(201, `[{"path":"n","in":[1,2]},{"not":{"any":[{"path":"kind","equals":"x"},{"path":"kind","equals":"y"}]}}]`)
	if shown := gjson.GetBytes(p.Admin().Must(t, []int{200}, "GET", crm, nil).Body, "filter").Raw; shown != `[{"path":"n","in":[1,2]},{"not":{"any":[{"path":"kind","equals":"x"},{"path":"kind","equals":"y"}]}}]` {
		t.Errorf("shown as %s", shown)
	}
	backend.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Status: 400} })
	publish := func() gjson.Result {
		return gjson.ParseBytes(p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events",
			[]byte(`{"dedupe":{"event_id":"id"},"events":[{"id":"a","n":1,"event":{"type":"note"}},{"id":"b","n":2,"kind":"y","event":{"type":"note"}},{"id":"c","n":2,"event":{"type":"note"}},{"id":"d","n":3,"event":{"type":"note"}}]}`)).Body)
	}
	first, again := publish(), publish()
	if first.Get("events.#.deliveries").Raw != "[1,0,1,0]" || again.Get("events.#.id").Raw != first.Get("events.#.id").Raw || again.Get("duplicates").Int() != 4 {
		t.Errorf("%s\n%s", first.Raw, again.Raw)
	}
	program.Eventually(t, 10*time.Second, func() error {
		if dead := gjson.GetBytes(p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/deliveries?state=dead", nil).Body, "data.#").Int(); dead != 2 {
			return fmt.Errorf("%d are dead", dead)
		}
		return nil
	})
	endpoint(200, `[{"path":"id","equals":"c"}]`)
	if replayed := p.Admin().Must(t, []int{202}, "POST", crm+"/replay", nil); gjson.GetBytes(replayed.Body, "count").Int() != 1 {
		t.Errorf("replayed: %s", replayed.Body)
	}
	if test := p.Admin().Must(t, []int{202}, "POST", crm+"/test", nil); !gjson.GetBytes(test.Body, "filter_ignored").Bool() {
		t.Errorf("a test says %s", test.Body)
	}
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	for _, want := range []string{`"id":"c"`, `"test":true`} {
		if _, err := backend.Await(ctx, func(q gatewaytest.Received) bool { return strings.Contains(string(q.Body), want) }); err != nil {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, q := range backend.Got() {
		if strings.Contains(string(q.Body), `"id":"b"`) || strings.Contains(string(q.Body), `"id":"d"`) {
			t.Errorf("sent %s", q.Body)
		}
	}
}
