package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// hears waits until a receiver got so many requests of a path.
func hears(t *testing.T, r *gatewaytest.Receiver, path string, n int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), hostilePatience)
	defer stop()
	if _, err := r.Await(ctx, func(gatewaytest.Received) bool {
		heard := 0
		for _, q := range r.Got() {
			if strings.HasPrefix(q.Path, path) {
				heard++
			}
		}
		return heard >= n
	}); err != nil {
		t.Fatalf("%s was not asked %d times: %v", path, n, err)
	}
}

// Of what was deleted no series is left, also when stragglers come after: an attempt
// that was under way, a wait that ends, a callback, a call.
func TestNoSeriesOfWhatIsGone(t *testing.T) {
	t.Parallel()
	let := make(chan struct{})
	receiver := gatewaytest.NewReceiver(t)
	receiver.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		if strings.HasPrefix(q.Path, "/slow") {
			<-let
		}
		return gatewaytest.Reply{}
	})
	p := program.Start(t, program.Options{Config: "egress: { allow: [127.0.0.0/8] }\n"})
	api := p.Admin()
	for _, tenant := range []string{"stays", "goes"} {
		base := "/v1/tenants/" + tenant
		api.Must(t, []int{201}, "PUT", base, fmt.Sprintf(`{"platform":{"url":"%s/platform"}}`, receiver.URL))
		api.Must(t, []int{201}, "PUT", base+"/sources/gone-source", `{"verify":{"type":"none"}}`)
		for _, path := range []string{"/slow", "/dead"} {
			url := receiver.URL + path
			if path == "/dead" {
				url = "http://127.0.0.1:1/"
			}
			api.Must(t, []int{201}, "PUT", base+"/endpoints/gone-endpoint"+path[1:], fmt.Sprintf(`{"url":%q}`, url))
		}
		api.Must(t, []int{201}, "PUT", base+"/webhooks/gone-webhook", fmt.Sprintf(`{"url":"%s/slow","mode":"async"}`, receiver.URL))
		api.Must(t, []int{202}, "POST", base+"/events", `{"events":[{"event":{"type":"note"}}]}`)
		api.Must(t, []int{202}, "POST", base+"/webhooks/gone-webhook/call", `{}`)
		api.Must(t, []int{201}, "POST", base+"/waits", `{"source":"gone-source","conversation_key":"k","mode":"notify","timeout_seconds":1}`)
		p.Sender().Must(t, []int{202}, "POST", "/hooks/"+tenant+"/gone-source", `{"conversation_key":"other"}`)
	}
	hears(t, receiver, "/slow", 4) // both attempts and both calls are under way
	scrape := func() string { return string(api.As("").Must(t, []int{200}, "GET", "/metrics", nil).Body) }
	for _, want := range []string{`source="gone-source"`, `endpoint="gone-endpointslow"`, `webhook="gone-webhook"`, `tenant="goes"`} {
		if !strings.Contains(scrape(), want) {
			t.Fatalf("/metrics has no %s", want)
		}
	}
	for _, of := range []string{"/endpoints/gone-endpointslow", "/endpoints/gone-endpointdead", "/sources/gone-source", "/webhooks/gone-webhook"} {
		api.Must(t, []int{204}, "DELETE", "/v1/tenants/stays"+of, nil)
	}
	api.Must(t, []int{204}, "DELETE", "/v1/tenants/goes", nil)
	scrape()
	close(let)
	hears(t, receiver, "/platform", 2) // of the call's end, and the wait's
	for line := range strings.Lines(scrape()) {
		if strings.Contains(line, "gone-") || strings.Contains(line, `"goes"`) {
			t.Errorf("left: %s", line)
		}
	}
}

// c22: the first bad reload ever is an increase, and so is the first of anything.
func TestTheFirstBadReloadIsAnIncrease(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: "tenants: { acme: { sources: { pay: { verify: { type: none } } } } }\n"})
	scrape := func() string { return string(p.Admin().As("").Must(t, []int{200}, "GET", "/metrics", nil).Body) }
	before := scrape()
	for _, series := range []string{
		`hookgate_config_reloads_total{result="error"}`, `hookgate_config_reloads_total{result="ok"}`,
		`hookgate_auth_failures_total{where="internal"}`, `hookgate_callbacks_total{outcome="unauthenticated",source="pay",tenant="acme"}`,
		`hookgate_waits_ended_total{state="timed_out",tenant="acme"}`,
	} {
		if !strings.Contains(before, series+" 0\n") {
			t.Errorf("/metrics has no %s 0", series)
		}
	}
	if err := os.WriteFile(p.File, []byte("tenants: { acme: { source: {} } }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Admin().Must(t, []int{422}, "POST", "/v1/reload", nil)
	if after := scrape(); !strings.Contains(after, `hookgate_config_reloads_total{result="error"} 1`+"\n") {
		t.Error("a bad reload is not counted")
	}
}
