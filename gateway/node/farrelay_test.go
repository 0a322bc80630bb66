package node

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/proxy"
	"hookgate/gateway/publishing"
)

// What came from outside travels byte for byte, whatever it is. As JSON the bytes that are no
// UTF-8 became one.
func TestRelayTravelsWhole(t *testing.T) {
	var every []byte
	for c := range 256 {
		every = append(every, byte(c))
	}
	span := &gateway.SpanContext{Trace: [16]byte{1}, Span: [8]byte{2}, State: "a=b", Link: &gateway.SpanContext{Trace: [16]byte{3}, Span: [8]byte{4}}}
	request := gateway.RelayedRequest{Method: "POST", Target: "/a?b=%ff", Header: []gateway.HeaderField{{Name: "X-A", Value: "caf\xe9"}, {Name: "X-A", Value: "caf\xe8"}}}
	var all []proxy.RelayRequest
	var want []publishing.RelayRequest
	for i := range 3 {
		q := proxy.RelayRequest{
			Route: &directory.Route{ID: "in", Window: time.Hour}, Key: "é", Keys: []string{"é", "b"}, Span: span, Request: request, Body: every[i:],
			IDs: []string{string(every), fmt.Sprint(i)}, IdempotencyKey: "\xe9" + fmt.Sprint(i),
		}
		all, want = append(all, q), append(want, relayRequest(&q))
	}
	route, got, err := unpackRelay(packRelay(all))
	if err != nil || route != "in" || !reflect.DeepEqual(got, want) {
		t.Errorf("%s, %v\n%+v\nwant\n%+v", route, err, got, want)
	}
	message := packRelay(all)
	for cut := range message {
		if _, _, err := unpackRelay(message[:cut]); err == nil {
			t.Fatalf("%d of %d bytes pass for all", cut, len(message))
		}
	}
}

// A request of a relay route is the same at its owner and at another node: its fields, what
// it is known by, and its size.
func TestRelayAtAnotherNode(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	w := newTown(t, 2, func(c *configs.Config) {
		c.Public.MaxBody = 16 << 20
		c.Tenants = parsed[configs.Tenants](`{"acme":{}}`)
		c.Routes = parsed[configs.Routes](fmt.Sprintf(`{
			"in": {"match":{"path":"/in"},"mode":"relay","tenant":"acme","upstreams":[{"url":"%[1]s"}]},
			"split": {"match":{"path":"/split"},"mode":"relay","tenant":"acme","each":"list","split":true,"upstreams":[{"url":"%[1]s"}]}}`, receiver.URL))
	})
	large := bytes.Repeat([]byte("x"), 15<<20)
	// Each of the three messages has what stands around all.
	split := fmt.Sprintf(`{"around":"%s","list":[{"n":1},{"n":2},{"n":3}]}`, large[:7<<20])
	for _, c := range w.nodes {
		id := c.self.ID
		for _, key := range []string{"\xe8", "\xe9"} {
			if r := c.call(t, "/in/key", "{}", "Idempotency-Key", id+key, "X-Name", "caf"+key); r.status != 200 || r.get("outcome") != "accepted" {
				t.Errorf("%s answers %d %s", id, r.status, r.body)
			}
		}
		if r := c.call(t, "/in/large", string(large)); r.status != 200 {
			t.Errorf("%s answers a large one with %d %s", id, r.status, r.body)
		}
		if r := c.call(t, "/split", split, "Content-Type", "application/json"); r.status != 200 {
			t.Errorf("%s answers one that is split with %d %s", id, r.status, r.body)
		}
	}
	for _, want := range []struct {
		path, field string
		size, times int
	}{{"/in/key", "caf\xe8", 2, 2}, {"/in/key", "caf\xe9", 2, 2}, {"/in/large", "", len(large), 2}, {"/split", "", len(split) - 2*len(`{"n":1},`), 6}} {
		came := func() (n int) {
			for _, q := range receiver.Got() {
				if strings.HasPrefix(q.Path, want.path) && len(q.Body) == want.size && q.Header.Get("X-Name") == want.field {
					n++
				}
			}
			return n
		}
		for end := time.Now().Add(20 * time.Second); came() < want.times && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
		if n := came(); n != want.times {
			t.Errorf("%d requests to %s came with %q, want %d", n, want.path, want.field, want.times)
		}
	}
}
