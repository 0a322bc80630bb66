package main

import (
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// What runs is asked of the gateway itself: what is in force and where it comes from, how
// it was loaded last, whither a request goes, and what becomes of one that is made up.
func TestTheGatewayIsAsked(t *testing.T) {
	t.Parallel()
	up := platformServer(t, "one")
	file := routed("match: { path: /bot }, strip_prefix: true, upstreams: [{ url: " + up.URL + "/base }]")
	p := program.Start(t, program.Options{Config: file, Env: []string{"HOOKGATE_LOG_LEVEL=debug"}})
	has := func(a program.Answer, all ...string) {
		t.Helper()
		for _, want := range all {
			if !strings.Contains(string(a.Body), want) {
				t.Errorf("no %s in %s", want, a)
			}
		}
	}
	ask := func(method, path, body string) program.Answer {
		t.Helper()
		return p.Admin().Must(t, []int{200}, method, path, body)
	}
	has(ask("GET", "/v1/config", ""), `{"key":"log.level","value":"debug","from":"HOOKGATE_LOG_LEVEL","needs_restart":true,"waits":false}`,
		`{"key":"drain.timeout","value":"15s","from":"default"`, `{"key":"tenants","value":1,"from":"`)
	has(ask("GET", "/v1/config/last-reload", ""), `"result":"ok"`, `"difference":[]`)
	has(ask("GET", "/v1/info", ""), `"driver":"pebble"`, `"public":"127.0.0.1:`)
	has(ask("GET", "/v1/me", ""), `"scope":"admin"`)
	has(ask("POST", "/v1/routes/test", `{"method":"POST","url":"https://x.example.com/bot/a?b=1"}`), `"route":"bot"`, `"path":"/base/a?b=1"`, `"url":"`+up.URL+`/base/a?b=1"`)
	has(ask("POST", "/v1/routes/test", `{"url":"/other"}`), `"route":null`, `"reason":"404: no route has this host and path"`, `{"route":"bot","reason":"is for the path /bot, and what is below it"}`)
	a := ask("POST", "/v1/tenants/acme/sources/payments/test", "")
	has(a, `"outcome":"parked","status":202`, `"signed":true`, `"step":"verify","ok":true`, `"conversation_key":"test-`)
	if strings.Contains(string(a.Body), "a-token-of-16-characters") {
		t.Errorf("the secret is shown: %s", a)
	}
	has(ask("GET", "/v1/tenants/acme/sources/payments/requests", ""), a.Field("callback_id"))
	has(ask("GET", "/v1/audit?action=test", ""), `"object":"tenants/acme/sources/payments"`)

	p.Configure(t, file+"  second: { mode: proxy, match: { path: /second }, upstreams: [{ url: "+up.URL+" }] }\ndrain: 9s\n")
	ask("POST", "/v1/reload", "")
	has(ask("GET", "/v1/config/last-reload", ""), `"result":"ok"`, `{"key":"routes.second","change":"created","before":null,"after":null}`, `"needs_restart":["drain.timeout"]`)
	has(ask("GET", "/v1/config", ""), `{"key":"drain.timeout","value":"15s","from":"`, `"needs_restart":true,"waits":true}`)
	p.Configure(t, file+"  bot2: { mode: nonesuch }\n")
	p.Admin().Must(t, nil, "POST", "/v1/reload", nil)
	has(ask("GET", "/v1/config/last-reload", ""), `"result":"refused"`, `"message":"routes.bot2.mode: is \"nonesuch\"`, `"excerpt":"    `, `"difference":[]`)
}
