package node

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/gatewaytest"
)

// routed gives a town of two nodes with a route to a receiver.
func routed(t *testing.T, receiver *gatewaytest.Receiver) *town {
	t.Helper()
	return newTown(t, 2, func(k *configs.Config) {
		k.Routes = parsed[configs.Routes](fmt.Sprintf(`{"site":{"match":{"path":"/site"},"mode":"proxy","upstreams":[{"url":"%s"}]}}`, receiver.URL))
	})
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); <-tick.C {
		if is() {
			return
		}
	}
	t.Fatalf("%s is not so", what)
}

// What each node keeps in memory any of them shows: requests of routes and of sources, those
// that found nothing, how upstreams stand.
func TestRequestsOfAllNodes(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	w := routed(t, receiver)
	a, b := w.nodes[0], w.nodes[1]
	a.set(t, receiver)
	for i, c := range w.nodes {
		if r := c.call(t, fmt.Sprintf("/site?by=%d", i), "{}", "Authorization", "Bearer very-secret"); r.status != 200 {
			t.Fatalf("%s answers a request to a route with %d %s", c.self.ID, r.status, r.body)
		}
		c.call(t, fmt.Sprintf("/nothing-%d", i), "{}")
		c.call(t, "/hooks/acme/pay", fmt.Sprintf(`{"conversation_key":"k%d"}`, i))
	}
	w.give(t, gateway.SlotsOf(gateway.SlotOf("acme")), b) // what a has of it stays there
	b.call(t, "/hooks/acme/pay", `{"conversation_key":"after"}`)
	for _, c := range w.nodes {
		for path, words := range map[string][]string{
			"/v1/routes/site/requests?limit=10":               {"by=0", "by=1"},
			"/v1/requests?unmatched=true":                     {"/nothing-0", "/nothing-1"},
			"/v1/tenants/acme/sources/pay/requests?limit=100": {`"k0"`, `"k1"`, `"after"`},
		} {
			var r reply
			for _, word := range words { // each is noted behind its answer
				eventually(t, fmt.Sprintf("%s is shown at %s by %s", word, path, c.self.ID), func() bool {
					r = c.must(t, 200, "GET", path, "")
					return strings.Contains(r.body, word)
				})
			}
			if strings.Contains(r.body, "very-secret") {
				t.Errorf("%s shows a credential: %s", c.self.ID, r.body)
			}
			if got := r.header.Get("Hookgate-Missing"); got != "" {
				t.Errorf("%s says that %s is missing", c.self.ID, got)
			}
		}
		if r := c.must(t, 200, "GET", "/v1/routes/site", ""); !strings.Contains(r.body, `"count":2`) {
			t.Errorf("%s shows of the route's upstream: %s", c.self.ID, r.body)
		}
	}
	paged(t, a)
	one := member(a.must(t, 200, "GET", "/v1/routes/site/requests?limit=1", "").body, "id")
	b.must(t, 200, "GET", "/v1/routes/site/requests/"+one, "")
}

// paged reads the requests of a route one by one: each stands on one page.
func paged(t *testing.T, c *citizen) {
	t.Helper()
	seen, next := "", ""
	for range 2 {
		r := c.must(t, 200, "GET", "/v1/routes/site/requests?limit=1"+next, "")
		seen += r.body
		next = "&cursor=" + r.get("next_cursor")
	}
	if strings.Count(seen, "by=0") != 1 || strings.Count(seen, "by=1") != 1 {
		t.Errorf("two pages show %s", seen)
	}
}

// member gives the first text that a JSON text has under a name.
func member(text, name string) string {
	_, rest, _ := strings.Cut(text, `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// A node that does not answer is left out, and named.
func TestMissingNodeIsNamed(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	w := routed(t, receiver)
	a := w.nodes[0]
	a.call(t, "/site?by=0", "{}")
	eventually(t, "the request is shown", func() bool { // it is noted behind its answer
		return strings.Contains(a.must(t, 200, "GET", "/v1/routes/site/requests", "").body, "by=0")
	})
	w.mu.Lock()
	w.nodes = append(w.nodes, &citizen{town: w})
	w.nodes[2].self.ID, w.nodes[2].self.Address = "lost", "127.0.0.1:1"
	w.mu.Unlock()
	r := a.must(t, 200, "GET", "/v1/routes/site/requests", "")
	if got := r.header.Get("Hookgate-Missing"); got != "lost" || !strings.Contains(r.body, "by=0") {
		t.Errorf("with a lost node the answer has Hookgate-Missing %q: %s", got, r.body)
	}
}

// Every answer of the internal listener says who has decided.
func TestEveryAnswerNamesItsNode(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	w := newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.set(t, receiver)
	for _, q := range []struct {
		by                 *citizen
		method, path, body string
		who                string
	}{
		{b, "GET", "/healthz", "", "node-1"},
		{b, "GET", "/readyz", "", "node-1"},
		{b, "GET", "/metrics", "", "node-1"},
		{b, "GET", "/nothing", "", "node-1"},
		{b, "GET", "/v1/tenants/acme", "", "node-1"},
		{b, "GET", "/v1/tenants/acme/waits", "", "node-0"},
		{a, "GET", "/v1/tenants/acme/waits", "", "node-0"},
		{b, "PUT", "/v1/tenants/acme/sources/other", `{"verify":{"type":"none"}}`, "node-0"},
		{b, "GET", "/v1/tenants/nobody/waits", "", "node-1"},
	} {
		if got := q.by.ask(t, q.method, q.path, q.body).header.Get(edge.HeaderNode); got != q.who {
			t.Errorf("%s %s at %s: Hookgate-Node is %q, want %s", q.method, q.path, q.by.self.ID, got, q.who)
		}
	}
	h := b.holds(t, "held")
	b.opened(t, "held")
	a.resumes(t, "held")
	if r := <-h.answer; r.header.Get(edge.HeaderNode) != "node-0" || r.status != 200 {
		t.Errorf("a hold ends with %d, and Hookgate-Node %q", r.status, r.header.Get(edge.HeaderNode))
	}
}
