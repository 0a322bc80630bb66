package api_test

import (
	"strings"
	"testing"
	"time"

	"hookgate/gateway/shares"
)

// Requests that stay are shared among tenants: one that holds all that it may have is
// refused before anything is opened, and others are not.
func TestHeldRequestsAreShared(t *testing.T) {
	k := withAcme(t)
	k.holds.Take(shares.Tenant("bystander"), 1)
	k.want(201, "PUT", "/v1/tenants/acme/webhooks/w", `{"url": "https://crm.example.com/"}`)
	open := k.want(201, "POST", v1Waits, `{"source": "payments", "conversation_key": "c", "mode": "poll"}`).str("id")
	if !k.holds.Take(shares.Tenant("acme"), 249) {
		t.Fatal("a quarter is not to be had")
	}
	const other = `{"source": "payments", "conversation_key": "d"}`
	held := []<-chan got{k.held("GET", v1Waits+"/"+open+"?hold=60", "")}
	k.eventually("the hold is counted", func() bool { return k.holds.Stat().Used == 251 })
	for _, ask := range [][3]string{
		{"GET", v1Waits + "/" + open + "?hold=60", ""},
		{"POST", v1Waits, other},
		{"POST", "/v1/tenants/acme/webhooks/w/call", `{}`},
		{"POST", "/v1/tenants/acme/webhooks/w/run", `{}`},
		{"PUT", "/v1/tenants/acme/endpoints/e", `{"url": "https://crm.example.com/", "event_types": ["*"]}`},
	} {
		g := k.want(503, ask[0], ask[1], ask[2])
		if g.header.Get("Retry-After") == "" || !strings.Contains(g.text, "bounds.holds") {
			t.Errorf("%s %s: %v %s", ask[0], ask[1], g.header, g.text)
		}
	}
	if left := k.pages(v1Waits + "?state=waiting"); len(left) != 1 {
		t.Errorf("%d waits are open, one was", len(left))
	}
	k.want(200, "GET", v1Waits+"/"+open, "") // who does not stay needs no seat
	k.want(201, "PUT", "/v1/tenants/other", `{}`)
	k.want(201, "PUT", "/v1/tenants/other/sources/payments", `{"verify": {"type": "none"}}`)
	k.holds.Give(shares.Tenant("acme"), 249)
	k.want(200, "POST", v1Waits, `{"source": "payments", "conversation_key": "d", "timeout_seconds": 1}`)
	k.callback("c", `{"amount": 7}`)
	for _, answer := range held {
		if g := <-answer; g.str("state") != "resumed" {
			t.Errorf("held: %s", g.text)
		}
	}
	if used := k.holds.Stat().Used; used != 1 {
		t.Errorf("%d seats are still taken", used)
	}
}

// eventually waits until something is so.
func (k *kit) eventually(what string, is func() bool) {
	k.t.Helper()
	for until := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			k.t.Fatalf("never: %s", what)
		}
	}
}
