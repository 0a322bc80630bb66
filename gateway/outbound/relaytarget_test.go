package outbound_test

import (
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/gateway/transport"
	"hookgate/metrics"
)

func TestRouteTarget(t *testing.T) {
	o := directory.Options{MaxBody: 1 << 20, CheckURL: transport.Egress{}.CheckURL, CheckHeader: transport.CheckHeader}
	tenants, faults := directory.CompileFile(map[string]directory.FileTenant{
		"acme": {Tenant: gateway.Tenant{Headers: gateway.Headers{{Name: "X-Acme", Value: "a"}}}}, "other": {},
	}, o)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	timeout := gateway.Duration(3 * time.Second)
	spec := gateway.Route{
		Match: gateway.RouteMatch{Path: "/wa"}, Mode: gateway.ModeRelay, Tenant: "acme", Upstreams: []gateway.Upstream{{URL: "http://bot:3000"}, {URL: "http://bot2:3000"}},
		Timeout: &timeout, Headers: gateway.RouteHeaders{Set: gateway.Headers{{Name: "X-Set", Value: "s"}}, Remove: []string{"X-Gone"}},
	}
	proxied, gone := spec, spec
	proxied.Mode, proxied.Match.Path = gateway.ModeProxy, "/p"
	gone.Tenant, gone.Match.Path = "gone", "/g"
	routes, faults := directory.CompileRoutes(map[string]gateway.Route{"wa": spec, "proxied": proxied, "gone": gone}, o)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, r := range directory.Build(metrics.New("test"), tenants, nil).WithRoutes(routes).Routes() {
		if got := outbound.RouteTarget(r, "other", false); got != nil {
			t.Errorf("%s leads another tenant's deliveries to %+v", r.ID, got.Relay)
		}
		got := outbound.RouteTarget(r, "acme", true)
		if r.ID != "wa" {
			if got != nil {
				t.Errorf("%s has the target %+v", r.ID, got)
			}
			continue
		}
		if got == nil || len(got.Relay.Upstreams) != 2 || len(got.Relay.Remove) != 1 || len(got.Headers) != 2 || got.Timeout != 3*time.Second ||
			!got.Trusted || !got.Ordered || got.Hold <= 0 || got.Breaker == nil || len(got.Retry.Schedule) != 8 {
			t.Errorf("target %+v", got)
		}
	}
	if outbound.RouteTarget(nil, "acme", true) != nil {
		t.Error("no route has a target")
	}
}
