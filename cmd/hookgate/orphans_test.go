package main

import (
	"fmt"
	"testing"

	"github.com/tidwall/gjson"

	"hookgate/gateway/gatewaytest/program"
)

const withEndpoint = `tenants:
  acme:
    endpoints:
      crm: { url: "http://crm.example.invalid/in", sign: { type: none }, retry: { schedule: ["1h"] } }
`

// What waits for an endpoint that the file has lost is cancelled at the reload;
// what waits for a tenant that has left the file waits for it to come back.
func TestDeliveriesOfALostEndpoint(t *testing.T) {
	p := program.Start(t, program.Options{Config: withEndpoint})
	publish := func() (delivery string) {
		t.Helper()
		a := p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note"}}]}`)
		id := gjson.GetBytes(a.Body, "events.0.id").String()
		a = p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/events/"+id, nil)
		return gjson.GetBytes(a.Body, "deliveries.0.id").String()
	}
	state := func(delivery string) string {
		t.Helper()
		a := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/deliveries/"+delivery, nil)
		return gjson.GetBytes(a.Body, "state").String()
	}
	delivery := publish()
	p.Configure(t, "tenants: {}\n")
	p.Admin().Must(t, []int{200}, "POST", "/v1/reload", nil)
	if got := state(delivery); got != "pending" && got != "retrying" {
		t.Errorf("while its tenant is out of the file the delivery is %s", got)
	}
	p.Configure(t, "tenants:\n  acme: {}\n")
	p.Admin().Must(t, []int{200}, "POST", "/v1/reload", nil)
	if got := state(delivery); got != "cancelled" {
		t.Errorf("when its endpoint is gone the delivery is %s, want cancelled:\n%s", got, fmt.Sprint(p.Log.Text()))
	}
}
