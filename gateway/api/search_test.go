package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// found gives what a caller finds.
func found(k *kit, token, text string) (all []string) {
	k.t.Helper()
	g := k.as(token, "GET", "/v1/search?q="+url.QueryEscape(text), "")
	var hits []struct {
		Kind, Tenant, ID string
		Name             *string
	}
	if err := json.Unmarshal([]byte(g.text), &hits); err != nil || g.status != 200 {
		k.t.Fatalf("%q: %d %s", text, g.status, g.text)
	}
	for _, one := range hits {
		name := "-"
		if one.Name != nil {
			name = *one.Name
		}
		all = append(all, strings.Join([]string{one.Kind, one.Tenant, one.ID, name}, " "))
	}
	return all
}

// Each finds what is in its own tree, by any of its names, and nothing else.
func TestSearchOfTheTree(t *testing.T) {
	k, c := withTree(t)
	k.want(201, "PUT", lookup, `{"name": "Score of a customer", "url": "https://bank.example.com/"}`)
	k.want(201, "PUT", "/v1/tenants/rival/sources/payments", payments)
	k.want(201, "POST", v1Waits, `{"source": "payments", "mode": "poll", "conversation_key": "chat-1", "aliases": ["pi_1"]}`)
	<-k.opened
	callback := k.callback("chat-2", `{}`).CallbackID
	wait, event := aWait(k), history{k}.publish(`{"event": {"type": "status"}, "conversation": {"key": "chat-3"}}`)[0]
	delivery, call, job := aDelivery(k), aMadeCall(k), aJob(k)
	for text, want := range map[string][]string{
		"pi_1": {"conversation acme chat-1 pi_1"}, "chat-2": {"conversation acme chat-2 chat-2"}, " chat-3 ": {"conversation acme chat-3 chat-3"},
		"https://bot.example.com/c/chat-1": {"conversation acme chat-1 chat-1"}, "chat": nil, "a b": nil, "score OF": {"webhook acme lookup Score of a customer"},
		"crm": {"endpoint acme crm -"}, "look": {"webhook acme lookup Score of a customer"}, "wait_00000000000000000000000000": nil,
		callback: {"callback acme " + callback + " chat-2"}, event: {"event acme " + event + " status"}, call: {"call acme " + call + " bank"},
	} {
		for _, token := range []string{c.admin, c.platform, c.own, c.parent} {
			if got := found(k, token, text); !slices.Equal(got, want) {
				t.Errorf("%q finds %q, want %q", text, got, want)
			}
		}
		for _, token := range []string{c.child, c.stranger} {
			if got := found(k, token, text); len(got) > 0 {
				t.Errorf("%.20s finds %q by %q", token, got, text)
			}
		}
	}
	for id, kind := range map[string]string{wait: "wait", delivery: "delivery", job: "job"} {
		if got := found(k, c.own, id); len(got) != 1 || !strings.HasPrefix(got[0], kind+" acme "+id+" ") {
			t.Errorf("%s finds %q", id, got)
		}
	}
	if got, want := found(k, c.admin, "payments"), []string{"source acme payments -", "source rival payments -"}; !slices.Equal(got, want) {
		t.Errorf("the operator finds %q, want %q", got, want)
	}
	var value any
	k.must(json.Unmarshal([]byte(k.want(200, "GET", "/v1/search?q=payments", "").text), &value))
	if err := fits(description(t), "Found", value); err != nil {
		t.Error(err)
	}
	if got := found(k, c.admin, "acme"); len(got) == 0 || got[0] != "tenant acme acme Acme" {
		t.Errorf("acme is found as %q", got)
	}
	for _, q := range []string{"", "%20", strings.Repeat("a", 257), "%ff"} {
		if g := k.want(422, "GET", "/v1/search?q="+q, ""); !slices.Equal(g.paths(), []string{"q"}) {
			t.Errorf("%.20q: %s", q, g.text)
		}
	}
}

// Of very many no more is shown than there is room for, and what is called so is among it.
func TestSearchIsBounded(t *testing.T) {
	k := withAcme(t)
	for i := range 60 {
		k.want(201, "PUT", fmt.Sprintf("/v1/tenants/a%02d-shop", i), `{}`)
		k.callback("many", fmt.Sprint(i))
	}
	k.want(201, "PUT", "/v1/tenants/zz", `{"name": "shop"}`)
	k.want(201, "PUT", "/v1/tenants/shop-z", `{}`)
	got := found(k, adminToken, "SHOP")
	if len(got) != 20 || got[0] != "tenant zz zz shop" || got[1] != "tenant shop-z shop-z " && got[1] != "tenant shop-z shop-z -" {
		t.Errorf("it finds %d: %q", len(got), got)
	}
	if got := found(k, adminToken, "many"); len(got) != 1 {
		t.Errorf("one conversation is %q", got)
	}
}
