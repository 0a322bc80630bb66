package api_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
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

// state is all that a caller could have changed.
func (k *kit) state() string {
	text := fmt.Sprintf("%p", k.here.Current())
	for _, of := range []string{"waits", "events", "deliveries", "endpoints"} {
		text += "\n" + k.want(200, "GET", v1Acme+"/"+of, "").text
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
			k.holds(r, token, want, who > 3 && r.told)
		}
		for _, token := range c.out {
			k.holds(r, token, 401, false)
		}
	}
}

// holds makes one call, on a thing made for it, and puts things back.
func (k *kit) holds(r *right, token string, want int, told bool) {
	k.t.Helper()
	id := ""
	if r.thing != nil {
		id = r.thing(k)
	}
	method, path := r.path("acme", id)
	body := strings.ReplaceAll(r.body, "@", strconv.Itoa(k.next()))
	before := ""
	if want > 400 {
		before = k.state()
	}
	g := k.as(token, method, path, body)
	if g.status != want {
		k.t.Errorf("%s %s with %.20s: %d, want %d: %s", method, path+" "+body, token, g.status, want, g.text)
	}
	if want > 400 && k.state() != before {
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
	relay, relayed := k.relayed("c", gateway.Raw(`{"text": "canary-relay"}`))
	k.must(k.store.Commit(&gateway.Change{Notice: gateway.WaitNotice(&gateway.Wait{
		ID: "wait_x", Tenant: "acme", ConversationKey: "c", State: gateway.StateTimedOut, Context: gateway.Raw(`"canary-notice"`),
	}, time.Now())}))
	own := k.publish(`{"event": {"type": "wait.resumed"}, "id": "evt_00000000000000000000000000", "own": "canary-own"}`)[0]
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
				if err := described.VisitJSON(g.body); err != nil {
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

// A body that is slow to come outlives its token, and its tenant: whoever has the id
// by then is served nothing of it.
func TestSlowBodyOutlivesItsTenant(t *testing.T) {
	for _, c := range []struct{ method, path, body string }{
		{"PUT", "/v1/tenants/shop", `{"name": "mine"}`},
		{"PUT", "/v1/tenants/fresh", `{"parent": "shop"}`},
		{"PUT", "/v1/tenants/shop/endpoints/e", crm},
		{"PUT", "/v1/tenants/shop/sources/s", payments},
		{"PUT", "/v1/tenants/shop/webhooks/w", crm},
		{"POST", "/v1/tenants/shop/events", `{"events": [{"event": {"type": "status"}}]}`},
		{"POST", "/v1/tenants/shop/waits", `{"source": "payments", "conversation_key": "c", "mode": "poll"}`},
		{"POST", "/v1/tenants/shop/webhooks/lookup/call", `{}`},
		{"POST", "/v1/tenants/shop/endpoints/crm/rotate-secret", `{"overlap": 0}`},
		{"POST", "/v2/integrations/webhook", `{"storyId": "5a8ad4d3a4d6d40007b05d5e", "name": "N", "url": "https://bank.example.com/"}`},
	} {
		k, tokens := withTree(t)
		fill := func() {
			k.want(201, "PUT", "/v1/tenants/shop/sources/payments", payments)
			k.want(201, "PUT", "/v1/tenants/shop/endpoints/crm", crm)
			k.want(201, "PUT", "/v1/tenants/shop/webhooks/lookup", `{"url": "https://bank.example.com/"}`)
		}
		fill()
		conn, err := net.Dial("tcp", strings.TrimPrefix(k.url, "http://"))
		k.must(err)
		defer conn.Close()
		half := len(c.body) / 2
		_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", c.method, c.path, tokens.child, len(c.body))
		k.must(err)
		answers := bufio.NewReader(conn)
		if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100") { // it is at its body
			t.Fatalf("%s %s: %q, %v", c.method, c.path, line, err)
		}
		_, err = conn.Write([]byte(c.body[:half]))
		k.must(err)
		k.want(204, "DELETE", "/v1/tenants/shop", "")
		k.want(201, "PUT", "/v1/tenants/shop", `{"parent": "rival"}`)
		fill()
		before := k.here.Current()
		_, err = conn.Write([]byte(c.body[half:]))
		k.must(err)
		_, _ = answers.ReadString('\n')
		answer, err := http.ReadResponse(answers, nil)
		k.must(err)
		_ = answer.Body.Close()
		if answer.StatusCode != 401 || k.here.Current() != before {
			t.Errorf("%s %s: %d, and the configuration is the same: %t", c.method, c.path, answer.StatusCode, k.here.Current() == before)
		}
		for _, of := range []string{"events", "waits"} {
			if g := k.want(200, "GET", "/v1/tenants/shop/"+of, ""); g.text != `{"data":[],"next_cursor":null}` {
				t.Errorf("%s %s leaves %s", c.method, c.path, g.text)
			}
		}
	}
}
