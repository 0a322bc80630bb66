package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/gatewaytest"
)

// set configures what these tests use, through a node.
func (c *citizen) set(t *testing.T, receiver *gatewaytest.Receiver) {
	t.Helper()
	c.must(t, 201, "PUT", "/v1/tenants/acme", fmt.Sprintf(`{"platform":{"url":"%s/platform"},"account_keys":["acme-key"]}`, receiver.URL))
	c.must(t, 201, "PUT", "/v1/tenants/acme/sources/pay", `{"verify":{"type":"none"}}`)
	c.must(t, 201, "PUT", "/v1/tenants/acme/endpoints/crm", fmt.Sprintf(`{"url":"%s/crm","retry":{"initial":"100ms","max":"200ms"}}`, receiver.URL))
	defer c.town.known(t)
	c.must(t, 201, "PUT", "/v1/tenants/acme/webhooks/stock", fmt.Sprintf(`{"url":"%s/stock","response":{"variables":[{"name":"left","path":"left","type":"number"}]}}`, receiver.URL))
}

const wait = `{"source":"pay","conversation_key":"%s","mode":"hold","timeout_seconds":60}`

// holding is a wait that is held at a node.
type holding struct {
	key    string
	answer chan reply
}

func (c *citizen) holds(t *testing.T, key string) holding {
	t.Helper()
	h := holding{key, make(chan reply, 1)}
	go func() {
		h.answer <- c.ask(t, "POST", "/v1/tenants/acme/waits", fmt.Sprintf(wait, key), "Idempotency-Key", "open-"+key)
	}()
	return h
}

// opened waits until a wait is there.
func (c *citizen) opened(t *testing.T, key string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if r := c.ask(t, "GET", "/v1/tenants/acme/waits?state=waiting&conversation_key="+key, ""); strings.Contains(r.body, `"conversation_key":"`+key+`"`) {
			return
		}
	}
	t.Fatalf("no wait of %s was opened", key)
}

func (h holding) resumed(t *testing.T) {
	t.Helper()
	select {
	case r := <-h.answer:
		if r.status != http.StatusOK || r.get("state") != "resumed" {
			t.Errorf("the hold of %s ends with %d %s", h.key, r.status, r.body)
		}
	case <-time.After(10 * time.Second):
		t.Errorf("the hold of %s does not end", h.key)
	}
}

func (c *citizen) resumes(t *testing.T, key string) {
	t.Helper()
	if r := c.call(t, "/hooks/acme/pay", `{"conversation_key":"`+key+`"}`); r.status != http.StatusOK || r.get("outcome") != "resumed" {
		t.Errorf("%s answers the callback of %s with %d %s", c.self.ID, key, r.status, r.body)
	}
}

// Any node answers any request as if it were alone.
func TestAnyNodeAnswersAnyRequest(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	receiver.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Body: `{"left":7}`} })
	w := newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	b.set(t, receiver) // a decides, and b uses it at once
	for _, c := range []struct{ hold, call *citizen }{{a, a}, {a, b}, {b, a}, {b, b}} {
		key := "k-" + c.hold.self.ID + "-" + c.call.self.ID
		h := c.hold.holds(t, key)
		c.hold.opened(t, key)
		c.call.resumes(t, key)
		h.resumed(t)
	}
	for _, c := range w.nodes {
		r := c.must(t, 202, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note","payload":{"by":"`+c.self.ID+`"}}}]}`)
		if !strings.Contains(r.body, `"accepted":1`) {
			t.Errorf("%s answers %s", c.self.ID, r.body)
		}
		c.must(t, 202, "POST", "/v1/events", `{"events":[{"account":{"key":"acme-key"},"event":{"type":"note","payload":{"any":"`+c.self.ID+`"}}}]}`)
		if r := c.must(t, 200, "POST", "/v1/tenants/acme/webhooks/stock/call", `{"conversation_key":"c"}`); !strings.Contains(r.body, `"left":7`) {
			t.Errorf("%s answers a call with %s", c.self.ID, r.body)
		}
		if r := c.call(t, "/hooks/acme/none", "{}"); r.status != 404 {
			t.Errorf("%s answers a callback to no source with %d %s", c.self.ID, r.status, r.body)
		}
	}
	for _, word := range []string{`"by":"node-0"`, `"by":"node-1"`, `"any":"node-0"`, `"any":"node-1"`} {
		gets(t, receiver, "/crm", word)
	}
	steered(t, w)
	pulled(t, w)
}

// pulled pulls through each node, with a hold: the one that owns the lane lends.
func pulled(t *testing.T, w *town) {
	t.Helper()
	w.nodes[0].must(t, 201, "PUT", "/v1/tenants/acme/endpoints/desk", `{"mode":"pull"}`)
	for _, c := range w.nodes {
		c.must(t, 202, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note","payload":{}}}]}`)
		if r := c.must(t, 200, "POST", "/v1/tenants/acme/endpoints/desk/pull", `{"max":5,"hold":"30s"}`); !strings.Contains(r.body, `"lease"`) {
			t.Errorf("%s lends %s", c.self.ID, r.body)
		}
		c.must(t, 200, "POST", "/v1/tenants/acme/endpoints/desk/pull", `{"max":5,"hold":"100ms"}`)
		began, pulled := time.Now(), make(chan reply, 1)
		go func() {
			pulled <- c.ask(t, "POST", "/v1/tenants/acme/endpoints/desk/pull", `{"max":5,"hold":"30s"}`)
		}()
		time.Sleep(300 * time.Millisecond) // it is held by then, or the test proves less
		w.nodes[0].publishes(t, "late")
		if r := <-pulled; !strings.Contains(r.body, `"lease"`) || time.Since(began) > 20*time.Second {
			t.Errorf("%s lends to one who waits, after %s: %s", c.self.ID, time.Since(began), r.body)
		}
	}
}

// gets waits until something with a word in it came at a path.
func gets(t *testing.T, receiver *gatewaytest.Receiver, path, word string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	_, err := receiver.Await(ctx, func(q gatewaytest.Received) bool {
		return strings.HasPrefix(q.Path, path) && strings.Contains(string(q.Body), word)
	})
	if err != nil {
		t.Errorf("nothing with %s came at %s", word, path)
	}
}

// steered steers a lane through the node that has it not.
func steered(t *testing.T, w *town) {
	t.Helper()
	other := w.nodes[1]
	if r := other.must(t, 200, "POST", "/v1/tenants/acme/endpoints/crm/pause", ""); !strings.Contains(r.body, `"paused":true`) {
		t.Errorf("a paused endpoint is shown as %s", r.body)
	}
	other.must(t, 202, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note","payload":{}}}]}`)
	for _, c := range w.nodes {
		if r := c.must(t, 200, "GET", "/v1/tenants/acme/endpoints/crm", ""); !strings.Contains(r.body, `"paused":true`) || !strings.Contains(r.body, `"queue_depth":1`) {
			t.Errorf("%s shows the endpoint as %s", c.self.ID, r.body)
		}
	}
	list := other.must(t, 200, "GET", "/v1/tenants/acme/deliveries?state=pending", "")
	at := strings.Index(list.body, `"id":"dlv_`)
	if at < 0 {
		t.Fatalf("no delivery is pending: %s", list.body)
	}
	id := list.body[at+6 : at+6+strings.IndexByte(list.body[at+6:], '"')]
	if r := other.must(t, 200, "POST", "/v1/tenants/acme/deliveries/"+id+"/cancel", ""); !strings.Contains(r.body, `"state":"cancelled"`) {
		t.Errorf("a cancelled delivery is shown as %s", r.body)
	}
}

// A hold goes on while its slot moves, wherever it is held and wherever the callback comes.
func TestHoldsGoOnWhileSlotsMove(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	w := newTown(t, 3)
	a, b, c := w.nodes[0], w.nodes[1], w.nodes[2]
	a.set(t, receiver)
	var all []holding
	for i := range 12 {
		key := fmt.Sprint("m", i)
		all = append(all, w.nodes[i%3].holds(t, key))
		w.nodes[i%3].opened(t, key)
	}
	slots := gateway.SlotsOf(gateway.SlotOf("acme"))
	for i, to := range []*citizen{b, c, a, c} {
		w.give(t, slots, to)
		for j := range 3 {
			h := all[3*i+j]
			w.nodes[(i+j)%3].resumes(t, h.key)
			h.resumed(t)
		}
	}
}

// The wait of a call that fails ends with it, also where another node decides it by then.
func TestCallFailsWhileItsSlotMoves(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	w := newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.set(t, receiver)
	came, ends := make(chan struct{}, 9), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		came <- struct{}{}
		<-ends
		answer.WriteHeader(http.StatusInternalServerError)
	}))
	defer backend.Close()
	a.must(t, 201, "PUT", "/v1/tenants/acme/webhooks/slow", fmt.Sprintf(`{"url":"%s/","timeout":"5s"}`, backend.URL))
	w.known(t)
	slots := gateway.SlotsOf(gateway.SlotOf("acme"))
	w.give(t, slots, a)
	answered := make(chan reply, 1)
	go func() {
		answered <- a.ask(t, "POST", "/v1/tenants/acme/webhooks/slow/call", `{"conversation_key":"k","wait":{"source":"pay","timeout_seconds":300}}`)
	}()
	select {
	case <-came:
		w.give(t, slots, b)
		close(ends)
	case r := <-answered:
		close(ends)
		t.Fatalf("the call was not made: %d %s", r.status, r.body)
	}
	r := <-answered
	if r.get("outcome") != "failure" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	eventually(t, "the wait has ended with its call", func() bool {
		return strings.Contains(b.ask(t, "GET", "/v1/tenants/acme/waits/"+r.get("wait_id"), "").body, `"reason":"call_failed"`)
	})
}

// What one node configures every node uses within a second, and the one that answered at once;
// a token that was deleted is refused everywhere as soon.
func TestConfigurationIsEverywhere(t *testing.T) {
	w := newTown(t, 3)
	w.give(t, gateway.SlotsOf(gateway.SlotOf("_configuration")), w.nodes[1])
	for i, c := range w.nodes {
		tenant := fmt.Sprint("t", i)
		c.must(t, 201, "PUT", "/v1/tenants/"+tenant, `{}`)
		c.must(t, 200, "GET", "/v1/tenants/"+tenant, ``)
		token := c.must(t, 201, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"`+tenant+`","name":"n"}`)
		id, bearer := token.get("id"), "Bearer "+token.get("token")
		for _, other := range w.nodes { // at once: who does not know a token looks
			other.must(t, 200, "GET", "/v1/tenants/"+tenant, "", "Authorization", bearer)
		}
		w.nodes[(i+1)%3].must(t, 204, "DELETE", "/v1/tokens/"+id, "")
		w.known(t)
		for _, other := range w.nodes {
			other.must(t, 401, "GET", "/v1/tenants/"+tenant, "", "Authorization", bearer)
			other.must(t, 200, "GET", "/v1/tenants/"+tenant, "")
		}
		w.nodes[(i+2)%3].must(t, 204, "DELETE", "/v1/tenants/"+tenant, "")
		w.known(t)
		for _, other := range w.nodes {
			other.must(t, 404, "GET", "/v1/tenants/"+tenant, "")
		}
	}
}

// A token that was deleted is refused by the node that decides, too: another that stood still, or is
// cut off from the database, may not know yet that it is none, and requests wait there for an owner.
func TestTokensEndWhereItIsDecided(t *testing.T) {
	w := newTown(t, 1)
	a := w.nodes[0]
	a.must(t, 201, "PUT", "/v1/tenants/acme", `{}`)
	made := a.must(t, 201, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"acme"}`)
	by, known := a.directory.Current().Token(token.Hash([]byte(made.get("token"))))
	if !known {
		t.Fatal("a token that was made is not known")
	}
	who, err := json.Marshal(map[string]any{"by": by, "digest": token.Hash([]byte(made.get("token")))})
	if err != nil {
		t.Fatal(err)
	}
	asks := func() int { // as another node has it
		ctx := edge.NewRemote(&edge.Remote{Address: netip.MustParseAddr("192.0.2.1"), Node: true})
		ctx.Request.Header.SetMethod("POST")
		ctx.Request.SetRequestURI("/v1/tenants/acme/events")
		ctx.Request.SetBodyString(`{"events":[{"event":{"type":"note","payload":{}}}]}`)
		a.others.answer(ctx, who)
		return ctx.Response.StatusCode()
	}
	if got := asks(); got != 202 {
		t.Fatalf("a token is answered %d", got)
	}
	a.must(t, 204, "DELETE", "/v1/tokens/"+made.get("id"), "")
	if got := asks(); got != 401 {
		t.Errorf("one that was deleted is answered %d", got)
	}
	a.must(t, 204, "DELETE", "/v1/tenants/acme", "")
	a.must(t, 201, "PUT", "/v1/tenants/acme", `{}`)
	if got := asks(); got != 401 {
		t.Errorf("one of a tenant that was there before is answered %d", got)
	}
}
