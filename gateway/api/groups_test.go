package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
)

// died makes a dead letter of an endpoint that was answered so, and ended then.
func (k history) died(endpoint, word string, status int, ended time.Time) {
	k.t.Helper()
	d := k.deliverTo(endpoint, ended.Add(-time.Minute))
	d.State, d.Attempts, d.NextAttemptAt, d.EndedAt = gateway.DeliveryDead, 1, time.Time{}, ended
	k.must(k.store.Settle(&d, &gateway.Attempt{Number: 1, At: ended, Status: status, Error: word}))
}

// deliverTo makes a delivery of an event to an endpoint.
func (k history) deliverTo(endpoint string, at time.Time) gateway.Delivery {
	k.t.Helper()
	at = gateway.At(at).Time
	e := gateway.Event{ID: gateway.NewID(gateway.PrefixEvent, at), Tenant: "acme", Type: "note", AcceptedAt: at, Body: gateway.Raw(`{}`)}
	d := gateway.Delivery{
		ID: gateway.NewID(gateway.PrefixDelivery, at), Tenant: "acme", Endpoint: endpoint, EventIDs: []string{e.ID}, EventType: "note",
		State: gateway.DeliveryPending, NextAttemptAt: at, CreatedAt: at,
	}
	k.must(k.store.Accept(&gateway.Publication{Events: []gateway.Event{e}, Deliveries: []gateway.Delivery{d}}))
	return d
}

func TestDeliveriesAreGrouped(t *testing.T) {
	d := description(t)
	k := withAcme(t)
	start := gateway.At(time.Now().Add(-time.Hour)).Time
	for i := range 6 {
		history{k}.died("crm", "5xx", 503, start.Add(time.Duration(i)*time.Second))
	}
	history{k}.died("crm", "5xx", 500, start)
	for range 3 {
		history{k}.died("log", "timeout", 0, start)
	}
	history{k}.deliverTo("log", start)
	groups := func(query string) (all []string) {
		t.Helper()
		g := k.want(200, "GET", v1Acme+"/deliveries/groups"+query, "")
		if err := fits(d, "DeliveryGroups", g.body); err != nil {
			t.Errorf("%s: %v", g.text, err)
		}
		for _, one := range gjson.Get(g.text, "data").Array() {
			all = append(all, fmt.Sprintf("%d %s %s %s", one.Get("count").Int(), one.Get("endpoint").Str, one.Get("error").Str, one.Get("status").Raw))
		}
		return all
	}
	for query, want := range map[string][]string{
		"": {"6 crm 5xx 503", "3 log timeout null", "1 crm 5xx 500"}, "?by=endpoint": {"7 crm  ", "3 log  "}, "?by=status,error": {"6  5xx 503", "3  timeout null", "1  5xx 500"},
		"?endpoint=log": {"3 log timeout null"}, "?state=pending": {"1 log  null"}, "?state=succeeded": nil,
		"?until=" + start.Add(-time.Minute).Format(time.RFC3339Nano): nil,
	} {
		if got := groups(query); !slices.Equal(got, want) {
			t.Errorf("%s gives %q, want %q", query, got, want)
		}
	}
	g := k.want(200, "GET", v1Acme+"/deliveries/groups", "")
	first, last := gjson.Get(g.text, "data.0.first").Time(), gjson.Get(g.text, "data.0.last").Time()
	if !first.Equal(start) || !last.Equal(start.Add(5*time.Second)) || gjson.Get(g.text, "looked").Int() != 10 || g.body["next_cursor"] != nil {
		t.Errorf("from %s: %s", start, g.text)
	}
	for _, by := range []string{"", "type", "error,error", "error,"} {
		if g := k.want(422, "GET", v1Acme+"/deliveries/groups?by="+by, ""); !slices.Equal(g.paths(), []string{"by"}) {
			t.Errorf("by %q: %s", by, g.text)
		}
	}
}

// A group can be marked as known, by whom and until; the mark ends by itself, or is taken away.
func TestFailuresAreKnown(t *testing.T) {
	d := description(t)
	k := withAcme(t)
	start := gateway.At(time.Now().Add(-time.Hour)).Time
	history{k}.died("crm", "5xx", 503, start)
	history{k}.died("crm", "timeout", 0, start)
	const mark = v1Acme + "/deliveries/groups/known"
	until := gateway.At(time.Now().Add(time.Hour))
	body := func(member, value string) string {
		all := object{"endpoint": "crm", "error": "5xx", "status": 503, "note": "ticket 812", "until": until}
		all[member] = gateway.Raw(value)
		return jsonOf(t, all)
	}
	own := k.want(201, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"acme","name":"engineer"}`).str("token")
	made := k.as(own, "POST", mark, body("note", `"ticket 812"`))
	if err := fits(d, "Known", made.body); err != nil || made.status != 200 || made.str("by") != "engineer" {
		t.Fatalf("%d %s: %v", made.status, made.text, err)
	}
	known := func() (all []string) {
		g := k.want(200, "GET", v1Acme+"/deliveries/groups", "")
		if err := fits(d, "DeliveryGroups", g.body); err != nil {
			t.Errorf("%s: %v", g.text, err)
		}
		for _, one := range gjson.Get(g.text, "data").Array() {
			all = append(all, one.Get("error").Str+" "+one.Get("known.by").Str+" "+one.Get("known.note").Str)
		}
		slices.Sort(all)
		return all
	}
	if got := known(); !slices.Equal(got, []string{"5xx engineer ticket 812", "timeout  "}) {
		t.Errorf("known is %q", got)
	}
	if g := k.want(200, "GET", v1Acme+"/deliveries/groups?by=endpoint", ""); strings.Contains(g.text, "known") {
		t.Errorf("a mark of a part stands at the whole: %s", g.text)
	}
	if again := k.want(200, "POST", mark, body("note", `"later"`)); again.str("id") != made.str("id") {
		t.Errorf("marked again: %s", again.text)
	}
	if got := known(); got[0] != "5xx "+k.want(200, "POST", mark, body("note", `"later"`)).str("by")+" later" {
		t.Errorf("marked again, known is %q", got)
	}
	for member, value := range map[string]string{"endpoint": `"Odd Id"`, "error": `"a word"`, "status": "1000", "note": `"a\nb"`, "until": `"2020-01-01T00:00:00Z"`, "colour": "1"} {
		if g := k.want(422, "POST", mark, body(member, value)); !slices.Equal(g.paths(), []string{member}) {
			t.Errorf("%s: %s", member, g.text)
		}
	}
	for _, odd := range []string{"null", jsonOf(t, time.Now().Add(91*24*time.Hour))} {
		if g := k.want(422, "POST", mark, body("until", odd)); !slices.Equal(g.paths(), []string{"until"}) {
			t.Errorf("until %s: %s", odd, g.text)
		}
	}
	if all, last := linesShown(k, adminToken, "&object=tenants/acme/deliveries/groups/known/"+made.str("id")); len(all) == 0 || last.Tenant != "acme" {
		t.Errorf("the audit has %q", all)
	}
	k.want(204, "DELETE", mark+"/"+made.str("id"), "")
	k.want(404, "DELETE", mark+"/"+made.str("id"), "")
	if got := known(); !slices.Equal(got, []string{"5xx  ", "timeout  "}) {
		t.Errorf("taken away, known is %q", got)
	}
}

// Very many groups, and very many deliveries, are looked at part by part.
func TestGroupsAreBounded(t *testing.T) {
	k := withAcme(t)
	start := time.Now().Add(-time.Hour)
	for i := range 1100 {
		history{k}.died(fmt.Sprintf("e%d", i), "5xx", 500, start.Add(time.Duration(i)*time.Millisecond))
	}
	seen, next := 0, v1Acme+"/deliveries/groups"
	for pages := 0; next != ""; pages++ {
		g := k.want(200, "GET", next, "")
		n := len(gjson.Get(g.text, "data").Array())
		if seen += n; n > 1000 || pages > 2 {
			t.Fatalf("%d groups in answer %d", n, pages)
		}
		if next = ""; gjson.Get(g.text, "next_cursor").Str != "" {
			next = v1Acme + "/deliveries/groups?cursor=" + gjson.Get(g.text, "next_cursor").Str
		}
	}
	if seen != 1100 {
		t.Errorf("%d groups are seen", seen)
	}
}
