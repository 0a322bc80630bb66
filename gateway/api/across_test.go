package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// Lists across tenants show each caller what it may see, newest first and each once,
// wherever pages end.
func TestListsAcrossTenants(t *testing.T) {
	k, c := withTree(t)
	start := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Minute)
	var all, dead, ours []string // newest first
	for i := range 12 {
		tenant := []string{"acme", "shop", "rival"}[i%3]
		at := start.Add(time.Duration(i) * time.Second)
		n := gateway.WaitNotice(&gateway.Wait{ID: "wait_x", Tenant: tenant, ConversationKey: "c", State: gateway.StateTimedOut}, at)
		k.must(k.store.Commit(&gateway.Change{Notice: n}))
		d := n.Delivery
		if i%2 == 0 {
			d.State, d.Attempts, d.EndedAt = gateway.DeliveryDead, 1, at
			k.must(k.store.Settle(&d, &gateway.Attempt{Number: 1, At: at, Status: 500, Error: "5xx"}))
			dead = slices.Insert(dead, 0, d.ID)
		}
		if all = slices.Insert(all, 0, d.ID); tenant != "rival" {
			ours = slices.Insert(ours, 0, d.ID)
		}
	}
	same := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	for _, limit := range []int{1, 2, 5, 12, 100} {
		same(fmt.Sprint("all by ", limit), k.pages(fmt.Sprintf("/v1/deliveries?limit=%d", limit)), all)
		same(fmt.Sprint("the dead by ", limit), k.pages(fmt.Sprintf("/v1/deliveries?limit=%d&state=dead&endpoint=_platform&conversation_key=c", limit)), dead)
	}
	since := start.Add(9 * time.Second).Format(time.RFC3339)
	same("since", k.pages("/v1/deliveries?since="+since), all[:3])
	for token, want := range map[string][]string{c.platform: all, c.own: ours, c.parent: ours} {
		same("as another", idsOf(k.as(token, "GET", "/v1/deliveries", "")), want)
	}
	for _, id := range idsOf(k.as(c.stranger, "GET", "/v1/deliveries", "")) {
		if slices.Contains(ours, id) {
			t.Errorf("a stranger sees %s", id)
		}
	}
	if g := k.do("GET", "/v1/deliveries?tenant=acme", ""); g.status != 422 {
		t.Errorf("an unknown word: %d %s", g.status, g.text)
	}
	if g := k.do("GET", "/v1/deliveries?cursor=YWNtZQ", ""); g.code() != "invalid_cursor" {
		t.Errorf("a tenant's cursor: %s", g.text)
	}

	k.want(201, "PUT", "/v1/tenants/rival/sources/payments", payments)
	var waits []string
	for i := range 6 {
		tenant := []string{"acme", "rival"}[i%2]
		g := k.want(201, "POST", "/v1/tenants/"+tenant+"/waits", fmt.Sprintf(`{"source": "payments", "conversation_key": "k%d", "mode": "poll"}`, i))
		waits = slices.Insert(waits, 0, g.str("id"))
		time.Sleep(2 * time.Millisecond) // they are told apart by the millisecond
	}
	k.want(200, "DELETE", v1Waits+"/"+waits[1], "")
	same("waits", k.pages("/v1/waits?limit=2"), waits)
	same("cancelled waits", k.pages("/v1/waits?state=cancelled"), waits[1:2])
	same("open waits", k.pages("/v1/waits?limit=1&state=waiting&source=payments"), slices.Delete(slices.Clone(waits), 1, 2))
	if g := k.as(c.own, "GET", "/v1/waits", ""); strings.Contains(g.text, "rival") || len(idsOf(g)) != 3 {
		t.Errorf("acme's own: %s", g.text)
	}
}

// idsOf gives the ids of a page.
func idsOf(g got) (ids []string) {
	data, _ := g.body["data"].([]any)
	for _, one := range data {
		if thing, is := one.(map[string]any); is {
			id, _ := thing["id"].(string)
			ids = append(ids, id)
		}
	}
	return ids
}
