package console

import (
	"testing"
	"time"
)

// A change says what is to come only before its moment, and which breakers opened anew.
func TestChangesTell(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	past, ahead := now.Add(-3*time.Second), now.Add(time.Minute)
	crm, erp := "tenants/acme/endpoints/crm", "tenants/acme/endpoints/erp"
	all := []change{ // the newest first
		{Kind: "breaker", State: "opened", Object: crm, Until: &ahead},
		{Kind: "certificate", State: "ends_soon", Object: "public.tls", Until: &ahead},
		{Kind: "breaker", State: "opened", Object: erp, Until: &past},
		{Kind: "breaker", State: "opened", Object: crm, Until: &past},
		{Kind: "breaker", State: "closed", Object: erp},
		{Kind: "breaker", State: "opened", Object: erp, Until: &past},
	}
	again(all)
	for i, want := range []struct{ what, word, ahead string }{
		{"the breaker of", "reopened", "it lets a probe through"},
		{"the certificate of", "ends_soon", "it ends"},
		{"the breaker of", "opened", ""},
		{"the breaker of", "opened", ""},
		{"the breaker of", "closed", ""},
		{"the breaker of", "opened", ""},
	} {
		c := &all[i]
		if c.What() != want.what || c.Word() != want.word || c.Ahead(now) != want.ahead {
			t.Errorf("line %d: %q %q %q, want %q", i, c.What(), c.Word(), c.Ahead(now), want)
		}
	}
}

// What was refused while a wait was open is told beside it, with what all of it has in common.
func TestRefusedMeanwhile(t *testing.T) {
	opened := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	ended := opened.Add(time.Minute)
	at := func(d time.Duration, status int, outcome string) publicRequest {
		t := opened.Add(d)
		return publicRequest{At: &t, Status: status, Outcome: outcome}
	}
	w := wait{CreatedAt: &opened, EndedAt: &ended, Requests: "/r"}
	all := []publicRequest{at(2*time.Minute, 401, "unauthenticated"), at(3*time.Second, 401, "unauthenticated"), at(2*time.Second, 200, "parked"), at(-time.Second, 401, "unauthenticated")}
	if got := w.refusedIn(all, ended); got == nil || *got != (refusedShown{1, "unauthenticated", "/r?outcome=unauthenticated"}) {
		t.Errorf("found %+v", got)
	}
	all = append(all, at(time.Second, 413, "too_large"))
	if got := w.refusedIn(all, ended); got == nil || *got != (refusedShown{2, "", "/r"}) {
		t.Errorf("of two kinds: found %+v", got)
	}
	if got := w.refusedIn(all[2:4], ended); got != nil {
		t.Errorf("none was refused: found %+v", got)
	}
}
