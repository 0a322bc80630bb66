package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// An endpoint has as many requests at once as its concurrency says.
func TestConcurrencyIsReached(t *testing.T) {
	t.Parallel()
	const many = 600
	var here atomic.Int32
	all := make(chan struct{}) // closed when as many are here at once
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if here.Add(1) == many {
			close(all)
		}
		select {
		case <-all:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(receiver.Close)
	o := startOut(t, toLoopback)
	o.put(t, "/endpoints/wide", fmt.Sprintf(`{"url":%q,"concurrency":%d,"timeout":"60s"}`, receiver.URL, many))
	events := strings.Repeat(`{"event":{"type":"order.paid"}},`, many)
	o.admin.Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[`+strings.TrimSuffix(events, ",")+`]}`)
	select {
	case <-all:
	case <-t.Context().Done():
		t.Errorf("%d requests at once, want %d", here.Load(), many)
	}
}

// A tenant has as many endpoints as limits.endpoints says, 10,000 where it does not.
func TestManyEndpoints(t *testing.T) {
	t.Parallel()
	came := make(chan string, 16)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { came <- r.URL.Path }))
	t.Cleanup(receiver.Close)
	var config strings.Builder
	config.WriteString(toLoopback + "tenants:\n")
	for _, tenant := range []struct {
		id, limits string
		endpoints  int
	}{{"large", "", 10_000}, {"some", "limits: { endpoints: 1501 }", 1500}} {
		fmt.Fprintf(&config, "  %s:\n    %s\n    endpoints:\n", tenant.id, tenant.limits)
		for i := range tenant.endpoints {
			fmt.Fprintf(&config, "      e%d: { url: %q, event_types: [t%d] }\n", i, fmt.Sprintf("%s/%s/%d", receiver.URL, tenant.id, i), i)
		}
	}
	p := program.Start(t, program.Options{Config: config.String()})
	admin := p.Admin()
	for tenant, last := range map[string]int{"large": 9999, "some": 1499} {
		a := admin.Must(t, []int{202}, "POST", "/v1/tenants/"+tenant+"/events", fmt.Sprintf(`{"events":[{"event":{"type":"t%d"}}]}`, last))
		if !strings.Contains(string(a.Body), `"deliveries":1`) {
			t.Errorf("%s: %s", tenant, a)
		}
		if got, want := <-came, fmt.Sprintf("/%s/%d", tenant, last); got != want {
			t.Errorf("it came to %s, want %s", got, want)
		}
	}
	more := fmt.Sprintf(`{"url":%q}`, receiver.URL)
	admin.Must(t, []int{201}, "PUT", "/v1/tenants/some/endpoints/one-more", more)
	for tenant, most := range map[string]string{"large": "10000", "some": "1501"} {
		a := admin.Must(t, []int{422}, "PUT", "/v1/tenants/"+tenant+"/endpoints/too-many", more)
		if text := string(a.Body); !strings.Contains(text, "limits.endpoints") || !strings.Contains(text, most) {
			t.Errorf("%s: %s", tenant, a)
		}
	}
	admin.Must(t, []int{200}, "PUT", "/v1/tenants/some/endpoints/one-more", more) // what is there may be written
}
