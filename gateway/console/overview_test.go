package console

import (
	"fmt"
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

// A thing that flaps is told once, as it stands now; loads of the file are told by how they went.
func TestRepeatedChangesAreFolded(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	var all []change // the newest first
	happened := func(kind, state, object string) {
		at := now.Add(-time.Duration(len(all)) * time.Minute)
		all = append(all, change{Kind: kind, State: state, Object: object, At: &at})
	}
	crm, erp := "tenants/acme/endpoints/crm", "tenants/acme/endpoints/erp"
	for range 20 {
		happened("breaker", "opened", crm)
		happened("breaker", "closed", crm)
	}
	happened("breaker", "opened", erp)
	happened("endpoint", "disabled", crm)
	for _, state := range []string{"done", "refused", "done", "refused", "refused"} {
		happened("reload", state, "configuration")
	}
	for i := range 30 {
		happened("endpoint", "enabled", fmt.Sprint("tenants/acme/endpoints/e", i))
	}
	again(all)
	few := folded(all)
	if len(few) != changesShown {
		t.Fatalf("%d are shown, want %d", len(few), changesShown)
	}
	for i, want := range []struct {
		kind, word, object string
		times, first       int // in minutes before now
	}{
		{"breaker", "opened", crm, 39, 39}, {"breaker", "opened", erp, 0, 0}, {"endpoint", "disabled", crm, 0, 0},
		{"reload", "done", "configuration", 1, 44}, {"reload", "refused", "configuration", 2, 46}, {"endpoint", "enabled", "tenants/acme/endpoints/e0", 0, 0},
	} {
		c := few[i]
		if c.Kind != want.kind || c.Word() != want.word || c.Object != want.object || c.Times != want.times {
			t.Errorf("line %d is %+v, want %+v", i, c, want)
		}
		if c.Times > 0 && !c.First.Equal(now.Add(-time.Duration(want.first)*time.Minute)) {
			t.Errorf("line %d happened first at %s", i, c.First)
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
	if got := w.refusedIn(all, ended); got == nil || *got != (refusedShown{2, "", "/r?outcome=refused"}) {
		t.Errorf("of two kinds: found %+v", got)
	}
	if got := w.refusedIn(all[2:4], ended); got != nil {
		t.Errorf("none was refused: found %+v", got)
	}
}
