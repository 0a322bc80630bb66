package outbound_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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

func TestRelayedOnce(t *testing.T) {
	r := relaysTo(real(t, always(200)), "http://127.0.0.1:1/")
	r.to(func(to *outbound.Target) { to.Off = true })
	const tries = 16
	for name, with := range map[string]func(*outbound.RelayRequest, int){
		"an id":              func(q *outbound.RelayRequest, _ int) { q.IDs = []string{"wamid.1"} },
		"an Idempotency-Key": func(q *outbound.RelayRequest, _ int) { q.IdempotencyKey = "wamid.1" },
		"both": func(q *outbound.RelayRequest, n int) {
			q.IdempotencyKey, q.IDs = "same", []string{fmt.Sprint("other ", n)}
		},
		"several ids, turned round": func(q *outbound.RelayRequest, n int) {
			if q.IDs = []string{"a", "b", "", "c"}; n%2 == 0 {
				slices.Reverse(q.IDs)
			}
		},
		"more ids than are kept": func(q *outbound.RelayRequest, _ int) {
			for i := range 1001 {
				q.IDs = append(q.IDs, fmt.Sprint("many ", i))
			}
		},
	} {
		before := r.stat("acme", "_route_wa").Depth
		var mu sync.Mutex
		var all sync.WaitGroup
		fresh, ids := 0, map[outbound.Relayed]bool{}
		for n := range tries {
			all.Go(func() {
				q := r.request(name)
				with(&q, n)
				relayed, err := r.publisher.Relay(q)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if !relayed.Duplicate {
					fresh++
				}
				relayed.Duplicate = false
				ids[relayed] = true
			})
		}
		all.Wait()
		if stored := r.stat("acme", "_route_wa").Depth - before; fresh != 1 || len(ids) != 1 || stored != 1 {
			t.Errorf("%s: %d were taken, %d are stored, answered %v", name, fresh, stored, ids)
		}
		for relayed := range ids {
			if !gateway.IsID(gateway.PrefixCallback, relayed.CallbackID) || relayed.CallbackID[3:] != relayed.EventID[4:] {
				t.Errorf("%s: %+v", name, relayed)
			}
		}
	}
}

// TestRelayedAgain relays what is no repeat: not the same message, or not any more.
func TestRelayedAgain(t *testing.T) {
	inRelayBubble(t, always(200), []string{upB}, func(t *testing.T, r *relayWorld) {
		took := func(what string, want bool, change func(*outbound.RelayRequest)) {
			t.Helper()
			q := r.request("hi")
			q.IDs, q.IdempotencyKey, q.Window = []string{"1", "2"}, "k", time.Hour
			change(&q)
			if relayed := r.relay(q); relayed.Duplicate == want {
				t.Errorf("%s: %+v", what, relayed)
			}
		}
		took("the first", true, func(*outbound.RelayRequest) {})
		took("its repeat", false, func(*outbound.RelayRequest) {})
		took("one of its ids", false, func(q *outbound.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"2"}, "" })
		took("its key alone", false, func(q *outbound.RelayRequest) { q.IDs = nil })
		took("its ids under another key", false, func(q *outbound.RelayRequest) { q.IdempotencyKey = "k2" })
		took("one id more", true, func(q *outbound.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"2", "3", "1"}, "" })
		took("that id alone", false, func(q *outbound.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"3"}, "" })
		took("another route", true, func(q *outbound.RelayRequest) { q.Route = "slack" })
		took("its key as an id", true, func(q *outbound.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"k"}, "" })
		for range 2 {
			took("the same words, without an id", true, func(q *outbound.RelayRequest) { q.IDs, q.IdempotencyKey = nil, "" })
		}
		took("for a minute", true, func(q *outbound.RelayRequest) {
			q.IDs, q.IdempotencyKey, q.Window = []string{"short"}, "", time.Minute
		})
		passed(59 * time.Minute)
		took("just within the hour", false, func(*outbound.RelayRequest) {})
		took("after its minute", true, func(q *outbound.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"short"}, "" })
		passed(2 * time.Minute)
		took("after the hour", true, func(*outbound.RelayRequest) {})
	})
}

// What the disk refuses is not remembered, or the provider's repeat would be lost.
func TestRelayThatCannotBeStored(t *testing.T) {
	inRelayBubble(t, always(200), []string{upB}, func(t *testing.T, r *relayWorld) {
		q := r.request("x")
		q.IDs = []string{"1"}
		failing := outbound.NewPublisher(outbound.PublisherOptions{Queue: refusing{r.store}, Lanes: r.lanes})
		if _, err := failing.Relay(q); err == nil {
			t.Fatal("it was taken")
		}
		if relayed := r.relay(q); relayed.Duplicate {
			t.Error("its repeat is a duplicate")
		}
		r.await(1)
	})
}

// refusing takes nothing in.
type refusing struct{ outbound.Queue }

func (refusing) Accept(*gateway.Publication) error { return errDisk }

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
