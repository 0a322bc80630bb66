package api_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/api"
)

// agency lies above acme, acme above shop; rival has nothing to do with them.
type callers struct {
	admin, platform, own, parent, child, stranger string
	out                                           []string // nobody, somebody unknown, and a tenant that is no more
}

// withTree makes tenants of each kind, with something of each secret.
func withTree(t *testing.T) (*kit, callers) {
	k := withAcme(t)
	k.want(201, "PUT", "/v1/tenants/agency", `{}`)
	k.want(200, "PUT", v1Acme, acmeBelow)
	k.want(201, "PUT", "/v1/tenants/shop", `{"parent": "acme"}`)
	k.want(201, "PUT", "/v1/tenants/rival", `{"headers": {"X-R": "canary-rival"}}`)
	k.want(201, "PUT", "/v1/tenants/gone", `{"parent": "acme"}`)
	k.want(201, "PUT", crmOf, crm)
	k.want(200, "POST", crmOf+"/pause", "")
	c := callers{
		admin: adminToken, platform: k.token("platform", ""), own: k.token("tenant", "acme"), parent: k.token("tenant", "agency"),
		child: k.token("tenant", "shop"), stranger: k.token("tenant", "rival"), out: []string{"", "hg_tenant_wrong", k.token("tenant", "gone")},
	}
	k.want(204, "DELETE", "/v1/tenants/gone", "")
	return k, c
}

const acmeBelow = `{"name": "Acme", "parent": "agency", "account_keys": ["acme's"]}`

// stateOf is all that a caller could have changed.
func stateOf(k *kit) string {
	text := fmt.Sprintf("%p", k.here.Current())
	for _, of := range []string{"waits", "events", "deliveries", "endpoints"} {
		list, _, err := k.exchange(adminToken, "GET", v1Acme+"/"+of, "") // the table's own calls hold it to the description
		if k.must(err); list.status != 200 {
			k.t.Fatalf("the list of %s is answered %d %s", of, list.status, list.text)
		}
		text += "\n" + list.text
	}
	return text
}

// Every operation, on things that are there, by every kind of caller, against the
// table of rights.
func TestRights(t *testing.T) {
	k, c := withTree(t)
	for i := range rights {
		r := &rights[i]
		for who, status := range strings.Fields(r.want) {
			want, err := strconv.Atoi(status)
			k.must(err)
			token := []string{c.admin, c.platform, c.own, c.parent, c.child, c.stranger}[who]
			k.asks(r, token, want, who > 3 && r.told)
		}
		for _, token := range c.out {
			k.asks(r, token, 401, false)
		}
	}
}

// asks makes one call, on a thing made for it, and puts things back.
func (k *kit) asks(r *right, token string, want int, told bool) {
	k.t.Helper()
	id := ""
	if r.thing != nil {
		id = r.thing(k)
	}
	method, path := r.path("acme", id)
	body := strings.ReplaceAll(r.body, "@", strconv.Itoa(k.next()))
	g := k.as(token, method, path, body)
	if g.status != want {
		k.t.Errorf("%s %s with %.20s: %d, want %d: %s", method, path+" "+body, token, g.status, want, g.text)
	}
	if want > 400 && changes(k, token, method, path, body) {
		k.t.Errorf("%s %s with %.20s is refused and changes something", method, path+" "+body, token)
	}
	if told {
		if !strings.Contains(r.operation, "{id}") {
			id = ""
		}
		method, path := r.path("nobody", id)
		if nobody := k.as(token, method, path, body); nobody.status != g.status || nobody.text != g.text {
			k.t.Errorf("%s %s with %.20s tells that it is there: %s, and of nobody's %s", method, path, token, g.text, nobody.text)
		}
	}
	if method == "PUT" && g.status < 300 && strings.Count(path, "/") == 3 {
		if id != "" {
			k.want(204, "DELETE", path, "")
		} else {
			k.want(200, "PUT", v1Acme, acmeBelow)
		}
	}
}

// changes tells whether a call that is refused changes something, each time that it is made:
// of what runs out by itself, such as a wait, one may end beside one of them.
func changes(k *kit, token, method, path, body string) bool {
	for range 3 {
		before := stateOf(k)
		if k.as(token, method, path, body); stateOf(k) == before {
			return false
		}
	}
	return true
}

// A route that is not in the table is one of which nobody has thought who may use it.
func TestEveryRouteHasItsRights(t *testing.T) {
	var all []string
	for _, r := range rights {
		all = append(all, r.operation)
		if len(strings.Fields(r.want)) != 6 {
			t.Errorf("%s says %q: six kinds of callers have a status each", r.operation, r.want)
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); !slices.Equal(all, api.Routes()) {
		t.Errorf("the table has\n%s\nthe routes are\n%s", strings.Join(all, "\n"), strings.Join(api.Routes(), "\n"))
	}
}

// A tenant's token sees that things went to the platform and how that ended, and
// nothing of what they carried or were answered.
func TestWhatThePlatformGetsIsNotShown(t *testing.T) {
	k, c := withTree(t)
	relay, relayed := history{k}.relayed("c", gateway.Raw(`{"text": "canary-relay"}`))
	k.must(k.store.Commit(&gateway.Change{Notice: gateway.WaitNotice(&gateway.Wait{
		ID: "wait_x", Tenant: "acme", ConversationKey: "c", State: gateway.StateTimedOut, Context: gateway.Raw(`"canary-notice"`),
	}, time.Now())}))
	own := history{k}.publish(`{"event": {"type": "wait.resumed"}, "id": "evt_00000000000000000000000000", "own": "canary-own"}`)[0]
	notice := k.pages(v1Acme + "/events?type=wait.timed_out")[0]
	described := description(t).Components.Schemas["Event"].Value
	for _, path := range []string{
		"/events/" + relay.ID, "/events/" + notice, "/events", "/deliveries/" + relayed.ID, "/deliveries", "/conversations/c",
	} {
		for token, whole := range map[string]bool{c.admin: true, c.platform: true, c.own: false, c.parent: false} {
			g := k.as(token, "GET", v1Acme+path, "")
			shows := strings.Contains(strings.ReplaceAll(g.text, "canary-own", ""), "canary")
			if g.status != 200 || shows && !whole {
				t.Errorf("GET %s with %.20s: %d %s", path, token, g.status, g.text)
			}
			if strings.Contains(path, "/events/") && shows != whole {
				t.Errorf("GET %s with %.20s shows the body: %t, want %t", path, token, shows, whole)
			}
			if path == "/events/"+relay.ID {
				if err := described.VisitJSON(g.body, jsonSchema); err != nil {
					t.Errorf("%s does not fit the description: %v", g.text, err)
				}
				if strings.Contains(g.text, "/channels/wa") != whole {
					t.Errorf("the path of a relayed request, which may hold a credential: %s", g.text)
				}
			}
			if path == "/deliveries/"+relayed.ID && (!strings.Contains(g.text, `"status":500,"error":"5xx"`) || g.str("state") != "dead") {
				t.Errorf("how it ended is not seen: %s", g.text)
			}
		}
	}
	if g := k.as(c.own, "GET", v1Acme+"/events/"+own, ""); !strings.Contains(g.text, "canary-own") {
		t.Errorf("what the tenant published itself: %s", g.text)
	}
	if g := k.as(c.own, "GET", v1Acme+"/events/"+relay.ID, ""); g.body["body"] != nil || !strings.Contains(g.text, `"body_encoding":"hidden"`) {
		t.Errorf("a relayed request: %s", g.text)
	}
}

func TestTenantsListTheirTree(t *testing.T) {
	k, c := withTree(t)
	for token, want := range map[string][]string{
		c.admin: {"acme", "agency", "filed", "rival", "shop"}, c.own: {"acme", "shop"}, c.parent: {"acme", "agency", "shop"}, c.child: {"shop"}, c.stranger: {"rival"},
	} {
		var page struct{ Data []struct{ ID string } }
		k.must(unmarshal(k.as(token, "GET", "/v1/tenants", "").text, &page))
		var seen []string
		for _, one := range page.Data {
			seen = append(seen, one.ID)
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%.20s lists %q, want %q", token, seen, want)
		}
	}
}

// A tenant's limit is that of the whole tree below it.
func TestLimitsHoldForTheTree(t *testing.T) {
	k, _ := withTree(t)
	const slow = `{"per_second": 0.001, "burst": 5}`
	k.want(200, "PUT", "/v1/tenants/agency", `{"limits": {"waits_open": 5, "events_per_second": `+slow+`, "calls_per_second": `+slow+`}}`)
	k.want(200, "PUT", v1Acme, `{"parent": "agency", "limits": {"waits_open": 3}}`)
	for _, id := range []string{"agency", "shop"} {
		k.want(201, "PUT", "/v1/tenants/"+id+"/sources/payments", payments)
	}
	for _, id := range []string{"agency", "acme", "shop"} {
		k.want(201, "PUT", "/v1/tenants/"+id+"/webhooks/bank", `{"url": "http://127.0.0.1:1/"}`)
	}
	// many asks until it is refused, and says how often it was not.
	many := func(path, body string) (n int) {
		t.Helper()
		for ; n < 10; n++ {
			if g := k.do("POST", "/v1/tenants/"+path, strings.ReplaceAll(body, "@", strconv.Itoa(k.next()))); g.status == 429 {
				if g.header.Get("Retry-After") == "" {
					t.Errorf("%s: no Retry-After", path)
				}
				return n
			} else if g.status > 202 {
				t.Fatalf("%s: %d %s", path, g.status, g.text)
			}
		}
		return n
	}
	const open = `{"source": "payments", "mode": "poll", "conversation_key": "k@"}`
	if n := many("shop/waits", open); n != 3 {
		t.Errorf("shop opens %d waits, want the 3 of acme", n)
	}
	if n := many("acme/waits", open); n != 0 {
		t.Errorf("acme opens %d waits, want none: shop has them", n)
	}
	if n := many("agency/waits", open); n != 2 {
		t.Errorf("agency opens %d waits, want the last 2", n)
	}
	id := k.pages("/v1/tenants/shop/waits")[0]
	k.want(200, "DELETE", "/v1/tenants/shop/waits/"+id, "")
	if n := many("acme/waits", open); n != 1 {
		t.Errorf("one of shop's ended, and acme opens %d", n)
	}
	for path, body := range map[string]string{"events": `{"events": [{"event": {"type": "status"}}]}`, "webhooks/bank/call": `{}`} {
		if a, b, c := many("shop/"+path, body), many("acme/"+path, body), many("agency/"+path, body); a != 5 || b+c != 0 {
			t.Errorf("%s: shop has %d, acme %d and agency %d; want all 5 of agency's, and then none", path, a, b, c)
		}
	}
}

// The connections API keeps a secret by the same rule as /v1, and what was written
// under /v1 and stays is kept as if its mask had been written back.
func TestConnectionsMaskStaysWithItsURL(t *testing.T) {
	k, b, token := withConnections(t)
	other := newBackend(t)
	elsewhere := other.url + "/hook"
	bare := object{"name": "N", "url": elsewhere}
	for _, c := range []struct {
		more  object
		fault string
	}{
		{object{"token": "***"}, "token"},
		{object{"headers": object{"X-Own": "***"}}, "headers.X-Own"},
		{object{"auth": object{"username": "bot", "password": "***"}}, "auth.password"},
	} {
		one := connections + "/" + k.connect(token, whole(b))
		b.next(t)
		if g := k.as(token, "PUT", one, jsonOf(t, with(bare, c.more))); g.status != 422 || !slices.Equal(g.paths(), []string{c.fault}) {
			t.Errorf("%v: %d %s", c.more, g.status, g.text)
		}
		other.nothing(t) // nobody is asked, and nothing is sent, before that is settled
		if g := k.as(token, "PUT", one, jsonOf(t, with(bare, with(c.more, object{"url": b.url + "/elsewhere"})))); g.status != 200 {
			t.Errorf("%v, to another path: %d %s", c.more, g.status, g.text)
		}
		b.next(t)
		if g := k.as(token, "PUT", one, jsonOf(t, bare)); g.status != 200 {
			t.Errorf("without secrets: %d %s", g.status, g.text)
		}
		other.next(t)
	}
	id := k.connect(token, with(whole(b), object{"auth": nil}))
	b.next(t)
	k.want(200, "PUT", v1Acme+"/webhooks/"+id, `{"profile": "chatbot", "name": "N", "url": "`+b.url+`/hook", "auth": {"type": "bearer", "token": "canary-bearer"}}`)
	if g := k.as(token, "PUT", connections+"/"+id, jsonOf(t, bare)); g.status != 422 || !slices.Equal(g.paths(), []string{"auth.token"}) {
		t.Errorf("a bearer token of /v1 would go elsewhere: %d %s", g.status, g.text)
	}
	if g := k.as(token, "PUT", connections+"/"+id, jsonOf(t, object{"name": "M", "url": b.url + "/hook"})); g.status != 200 {
		t.Errorf("it stays where it is: %d %s", g.status, g.text)
	}
	if auth := k.here.Current().Tenant("acme").Webhook(id).Spec.Auth; auth.Token != "canary-bearer" {
		t.Errorf("then it is %q", auth.Token.Reveal())
	}
	other.nothing(t)
}
