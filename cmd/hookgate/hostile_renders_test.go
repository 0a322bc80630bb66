package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest"
)

// Requests of a megabyte that a few bytes ask for, to a backend that says nothing: each is
// kept until it does.
func TestHostileRenders(t *testing.T) {
	const large = `{"url":%q,"method":"POST","timeout":"60s","headers":{"Content-Type":"text/plain"},"body":"{%% for i in range(1000) %%}%s{%% endfor %%}"}`
	attack(t, func(a *arena) {
		a.target.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Hang: true} })
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/webhooks/large", fmt.Sprintf(large, a.target.URL, strings.Repeat("x", 1000)))
	}, func(a *arena) {
		a.flood(300, func(n int) {
			way := []string{"call", "run"}[n%2]
			a.try(a.mallory, "POST", ofMallory+"/webhooks/large/"+way, `{}`)
		})
	})
}

// Runs that show a megabyte of control characters, six bytes each, twice.
func TestHostileRuns(t *testing.T) {
	text := strings.Repeat("\x01", 1<<20)
	attack(t, func(a *arena) {
		a.target.Script(func(gatewaytest.Received) gatewaytest.Reply {
			return gatewaytest.Reply{Body: text, Header: http.Header{"Content-Type": {"text/plain"}}}
		})
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/webhooks/own", fmt.Sprintf(anyWebhook, a.target.URL))
	}, func(a *arena) {
		a.flood(300, func(int) { a.try(a.mallory, "POST", ofMallory+"/webhooks/own/run", `{}`) })
	})
}

// A name of 60 KB and a list of 300,000 items are small; the form of both has 18 GB.
func TestHostileForms(t *testing.T) {
	list := `{"variables":{"l":[` + strings.Repeat("1,", 300_000) + `1]}}`
	attack(t, func(a *arena) {
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/webhooks/form", fmt.Sprintf(
			`{"url":%q,"method":"POST","headers":{"Content-Type":"application/x-www-form-urlencoded"},"body":{%q:"{{ l }}"}}`, a.target.URL, strings.Repeat("n", 60<<10)))
	}, func(a *arena) {
		a.flood(4, func(int) { a.try(a.mallory, "POST", ofMallory+"/webhooks/form/call", list) })
	})
}
