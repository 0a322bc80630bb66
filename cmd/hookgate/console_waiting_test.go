package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// A delivery that nobody has pulled says so, and promises no moment; acknowledged, it went
// well. A wait tells what was refused while it was open.
func TestConsoleTellsWhy(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	admin, b := w.Admin(), signedIn(t, w.Program, program.AdminToken)
	const v1, in = "/v1/tenants/acme", "/console/tenants/acme"
	admin.Must(t, []int{201}, "PUT", v1+"/endpoints/desk", `{"mode":"pull","event_types":["handover"]}`)
	admin.Must(t, []int{202}, "POST", v1+"/events", `{"events":[{"event":{"type":"handover"},"conversation":{"key":"chat-9"}}]}`)
	b.want(200, in+"/deliveries?endpoint=desk").has(t, "when pulled")
	var listed struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	admin.Must(t, []int{200}, "GET", v1+"/deliveries?endpoint=desk", nil).Decode(t, &listed)
	if len(listed.Data) != 1 {
		t.Fatalf("%d deliveries to pull", len(listed.Data))
	}
	page := in + "/deliveries/" + listed.Data[0].ID
	told := b.want(200, page)
	told.has(t, "nobody has pulled it: POST /v1/tenants/acme/endpoints/desk/pull lends it")
	told.hasNot(t, "The schedule ahead")
	var lent struct {
		Deliveries []struct {
			Lease string `json:"lease"`
		} `json:"deliveries"`
	}
	admin.Must(t, []int{200}, "POST", v1+"/endpoints/desk/pull", `{"hold":30,"lease":"5m"}`).Decode(t, &lent)
	if len(lent.Deliveries) != 1 {
		t.Fatalf("%d deliveries were lent", len(lent.Deliveries))
	}
	admin.Must(t, []int{200}, "POST", v1+"/endpoints/desk/ack", fmt.Sprintf(`{"leases":[%q]}`, lent.Deliveries[0].Lease))
	told = b.want(200, page)
	told.has(t, "succeeded", "✓ ok 1")
	told.hasNot(t, "failed")

	const key = "chat-waits"
	wait := admin.Must(t, []int{201}, "POST", v1+"/waits", map[string]any{"conversation_key": key, "source": "payments", "mode": "poll", "timeout_seconds": 300}).Field("id")
	b.want(200, in+"/waits/"+wait).hasNot(t, "refused meanwhile")
	w.Sender().Must(t, []int{401}, "POST", "/hooks/acme/payments", `{"conversation_key":"chat-waits"}`)
	b.want(200, in+"/conversations/"+key).has(t, "waiting its time is over in ")
	beside := b.want(200, in+"/waits/"+wait)
	beside.has(t, "1 request to this source was refused meanwhile: not verified")
	for _, link := range []string{in + "/sources/payments/requests?outcome=unauthenticated", in + "/sources/payments/requests", in + "/conversations/" + key} {
		if !strings.Contains(beside.text, `href="`+link+`"`) {
			t.Errorf("the wait has no link to %s", link)
		}
	}
	if dead := b.want(200, in+"/dead-letters"); !strings.Contains(dead.text, `/endpoints/crm/replay?of=5xx%2c%20status%20503"`) {
		t.Error("a group of dead letters does not tell its replay what it is of")
	}
	const choice = "A replay does not choose by error or status: all of this endpoint that fit below are planned, not only those of 5xx"
	form := b.want(200, in+"/endpoints/crm/replay?of=5xx")
	form.has(t, choice)
	b.post(in+"/endpoints/crm/replay", url.Values{"key": {form.key(t)}, "state": {"dead"}, "of": {"5xx"}}).has(t, choice, "Type 1 to send them")
}

// Somebody who looks for what stands still is led there: from the tenant to its open waits and
// to what is down and until when, and told that what waits for it goes out by itself. Filters
// have the words that the rows have.
func TestConsoleLeadsThere(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	admin, b := w.Admin(), signedIn(t, w.Program, program.AdminToken)
	const v1, in = "/v1/tenants/acme", "/console/tenants/acme"
	address := admin.Must(t, []int{200}, "GET", v1+"/endpoints/crm", nil).Field("url")
	admin.Must(t, []int{201}, "PUT", v1+"/endpoints/erp", map[string]any{
		"url": address, "event_types": []string{"order"}, "retry": map[string]any{"schedule": []string{"1h"}}, "breaker": map[string]any{"failures": 1, "open": "10m"}})
	admin.Must(t, []int{202}, "POST", v1+"/events", `{"events":[{"event":{"type":"order"},"conversation":{"key":"chat-9"}}]}`)
	program.Eventually(t, time.Minute, func() error {
		if got := b.want(200, in+"/endpoints/erp").words(); !strings.Contains(got, "the breaker is open until") {
			return fmt.Errorf("its breaker is not open: %s", got)
		}
		return nil
	})
	b.want(200, in+"/endpoints/erp").has(t, "1 delivery waits for it, and goes out by itself when it is back.")
	home := b.want(200, in)
	home.has(t, "Endpoints that are not sent to", "erp ✕ open lets a probe through in ")
	for _, link := range []string{in + "/waits?state=waiting", in + "/sources"} {
		if !strings.Contains(home.text, `href="`+link+`"`) {
			t.Errorf("the tenant has no link to %s", link)
		}
	}
	form := b.want(200, in+"/endpoints/erp/replay")
	b.post(in+"/endpoints/erp/replay", url.Values{"key": {form.key(t)}, "state": {"dead"}}).has(t, "None fits. What is pending or retrying is not lost")

	b.want(200, in+"/sources").has(t, "/hooks/acme/payments")
	refused := b.want(200, in+"/sources/payments/requests?outcome=unauthenticated")
	refused.has(t, "Outcome: not verified")
	if !strings.Contains(refused.text, `<option value="unauthenticated" selected>not verified</option>`) {
		t.Errorf("the filter has another word than the rows: %s", refused.text)
	}
	b.want(200, in+"/waits").has(t, "timed out")

	waiting := map[string]any{"conversation_key": "hangs", "source": "payments", "mode": "poll", "timeout_seconds": 300}
	admin.Must(t, []int{201}, "POST", v1+"/waits", waiting)
	for i := range 25 {
		waiting["conversation_key"] = fmt.Sprintf("went-on-%d", i)
		id := admin.Must(t, []int{201}, "POST", v1+"/waits", waiting).Field("id")
		admin.Must(t, []int{200}, "DELETE", v1+"/waits/"+id, nil)
	}
	b.want(200, in+"/conversations").has(t, "That wait, and that waited lately", "hangs", "went-on-24")

	dead := b.want(200, in+"/dead-letters?state=succeeded")
	dead.has(t, "✕ dead crm")
	dead.hasNot(t, ">any<", "take it away", "</span> succeeded")
	b.want(200, in+"/dead-letters?endpoint=archive").has(t, "No dead letter is here", "None fits these filters.")
	admin.Must(t, []int{201}, "PUT", "/v1/tenants/bare", `{}`)
	b.want(200, "/console/tenants/bare/dead-letters").hasNot(t, "None fits these filters.")
}
