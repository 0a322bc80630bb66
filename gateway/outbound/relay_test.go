package outbound_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/outbound"
	"hookgate/gateway/store"
)

// TestRelayPassesEverything compares all bytes of the request that the upstream
// gets: method, path and query as they were written, fields in their order, and
// bodies of every kind.
func TestRelayPassesEverything(t *testing.T) {
	large := strings.Repeat("\x00\xff\r\nabc", 1<<20/7)
	for name, c := range map[string]struct {
		method, target, body string
		length               string
	}{
		"nothing":      {"POST", "/", "", "Content-Length: 0\r\n"},
		"binary":       {"PUT", "/a%2Fb;v=1/\"|[\xff]?q=a+b%20c&x=?&", "\x00\x01\xff\r\n\r\nGET / HTTP/1.1", "Content-Length: 21\r\n"},
		"a mebibyte":   {"PATCH", "/channels/wa", large, fmt.Sprintf("Content-Length: %d\r\n", len(large))},
		"without body": {"DELETE", "?x=/", "", ""},
		"its own word": {"REPORT", "/?", "x", "Content-Length: 1\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			inRelayBubble(t, always(200), []string{upA}, func(t *testing.T, r *relayWorld) {
				r.to(func(to *outbound.Target) {
					to.Headers = []directory.Header{{Name: "X-Set", Value: "ours"}, {Name: "hookgate-attempt", Value: "7"}}
					to.Relay.Remove = []string{"x-gone"}
				})
				q := r.request(c.body)
				q.Request = gateway.RelayedRequest{Method: c.method, Target: c.target, Header: []gateway.HeaderField{
					{Name: "Host", Value: "public.example.com"}, {Name: "connection", Value: "close"}, {Name: "x-b", Value: "1"}, {Name: "Authorization", Value: "Bearer t"},
					{Name: "X_Set", Value: "theirs"}, {Name: "Cookie", Value: "a=b; c=\xfc"}, {Name: "Content-Length", Value: "999"}, {Name: "X-Gone", Value: "x"},
					{Name: "X-B", Value: ""}, {Name: "Hookgate-Attempt", Value: "9"}, {Name: "X-Forwarded-For", Value: "192.0.2.1"}, {Name: "Transfer-Encoding", Value: "chunked"},
				}}
				relayed := r.relay(q)
				r.await(1)
				want := c.method + " /bot" + c.target + " HTTP/1.1\r\nHost: 93.184.215.14\r\nx-b: 1\r\nAuthorization: Bearer t\r\nCookie: a=b; c=\xfc\r\nX-B: \r\n" +
					"X-Forwarded-For: 192.0.2.1\r\nX-Set: ours\r\nHookgate-Attempt: 1\r\nwebhook-id: " + relayed.EventID + "\r\n" + c.length + "\r\n" + c.body
				got := r.receiver.all()
				if len(got) != 1 || string(got[0].raw) != want {
					t.Errorf("got %d requests:\n%.900q\nwant\n%.900q", len(got), got[0].raw, want)
				}
			})
		})
	}
}

// A provider that brings a webhook-id, and signs it, is passed on as it is: its id
// is the same in every attempt, too.
func TestRelayKeepsTheOriginalID(t *testing.T) {
	script := func(got received) reply { return reply{status: []int{503, 200}[got.n-1]} }
	inRelayBubble(t, script, []string{upB}, func(t *testing.T, r *relayWorld) {
		q := r.request("x")
		q.Request.Header = []gateway.HeaderField{{Name: "Webhook-Id", Value: "msg_1"}}
		r.relay(q)
		r.await(1)
		for i, got := range r.receiver.all() {
			if ids := got.header.Values("Webhook-Id"); !slices.Equal(ids, []string{"msg_1"}) || got.header.Get("Hookgate-Attempt") != fmt.Sprint(i+1) {
				t.Errorf("attempt %d came as %q, number %s", i+1, ids, got.header.Get("Hookgate-Attempt"))
			}
		}
	})
}

func TestRelayReads(t *testing.T) {
	inRelayBubble(t, always(200), []string{upB}, func(t *testing.T, r *relayWorld) {
		q := r.request("\x00hi")
		q.Key = "42"
		relayed := r.relay(q)
		r.await(1)
		e, deliveries, err := gatewaytest.Event(r.store, "acme", relayed.EventID)
		if err != nil || e.Type != "relay" || e.ConversationKey != "42" || !bytes.Equal(e.Body, q.Body) ||
			e.Relay.Route != "wa" || e.Relay.Method != "POST" || e.Relay.Path != "/channels/wa" {
			t.Errorf("event %+v, %+v, %v", e, e.Relay, err)
		}
		d, attempts := r.delivery(relayed)
		if d.Endpoint != "_route_wa" || d.EventType != "relay" || d.State != gateway.DeliverySucceeded || len(attempts) != 1 || len(deliveries) != 1 {
			t.Errorf("delivery %+v, %v, %v", d, attempts, deliveries)
		}
		traces, err := r.store.Traces(store.Timeline{Tenant: "acme", Names: []string{"42"}, Limit: 10})
		want := `{"type":"relay","route":"wa","callback_id":"` + relayed.CallbackID + `"}`
		if err != nil || len(traces) != 1 || traces[0].Kind != "event" || traces[0].ID != relayed.EventID || string(traces[0].Data) != want {
			t.Errorf("traces %+v, %v", traces, err)
		}
	})
}
