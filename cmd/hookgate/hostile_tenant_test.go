package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest"
)

const (
	anyWebhook  = `{"url":%q,"method":"POST","body":{"a":"{{ a }}"},"timeout":"5s"}`
	oneMoreText = `{"event":{"type":"message"},"conversation":{"key":"m-%d"}}`
)

// Endpoints, sources, webhooks and child tenants, written and deleted.
func TestAttackWrites(t *testing.T) {
	attack(t, func(a *arena) {
		for i := range 200 { // a configuration of some size
			a.mallory.Must(a.t, []int{201}, "PUT", fmt.Sprintf("%s/endpoints/was%d", ofMallory, i), fmt.Sprintf(`{"url":%q}`, a.target.URL))
		}
	}, func(a *arena) {
		a.flood(8, func(n int) {
			path, body := fmt.Sprintf("%s/endpoints/e%d", ofMallory, n), fmt.Sprintf(`{"url":%q}`, a.target.URL)
			switch n % 4 {
			case 1:
				path, body = fmt.Sprintf("%s/sources/s%d", ofMallory, n), arenaOpen
			case 2:
				path, body = fmt.Sprintf("%s/webhooks/w%d", ofMallory, n), fmt.Sprintf(anyWebhook, a.target.URL)
			case 3:
				path, body = fmt.Sprintf("/v1/tenants/mallory-%d", n), `{"parent":"mallory"}`
			}
			a.try(a.mallory, "PUT", path, body)
			a.try(a.mallory, "DELETE", path, nil)
		})
	})
}

// Waits opened and cancelled, and opened and answered.
func TestAttackWaits(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(8, func(n int) {
			wait := a.try(a.mallory, "POST", ofMallory+"/waits", fmt.Sprintf(`{"source":"payments","conversation_key":"w%d","mode":"poll"}`, n))
			if n%2 == 0 {
				a.try(a.sender, "POST", "/hooks/mallory/payments", keyed(fmt.Sprint("w", n), `"x":1`), sourceToken)
				return
			}
			a.try(a.mallory, "DELETE", ofMallory+"/waits/"+wait.Field("id"), nil)
		})
	})
}

// Waits held by the thousand.
func TestAttackHolds(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(1500, func(n int) {
			a.try(a.mallory, "POST", ofMallory+"/waits", fmt.Sprintf(`{"source":"payments","conversation_key":"h%d","mode":"hold","timeout_seconds":300}`, n))
		})
	})
}

// Callbacks parked, and marks of them, under ever new keys.
func TestAttackParked(t *testing.T) {
	attack(t, nil, func(a *arena) {
		pad := `"x":"` + strings.Repeat("x", 8<<10) + `"`
		a.flood(8, func(n int) {
			a.try(a.sender, "POST", "/hooks/mallory/payments", keyed(fmt.Sprint("p", n), pad), sourceToken)
		})
	})
}

// Endpoints that hang, that answer with endless heads and bodies, and that cut.
func TestAttackEndpoints(t *testing.T) {
	attack(t, func(a *arena) {
		head := map[string][]string{"X-Large": {strings.Repeat("x", 128<<10)}}
		a.target.Script(func(q gatewaytest.Received) gatewaytest.Reply {
			return [...]gatewaytest.Reply{{Hang: true}, {Header: head}, {Body: strings.Repeat("x", 256<<10)}, {Reset: true}, {Status: 500}}[q.Number%5]
		})
		for i := range 10 {
			a.mallory.Must(a.t, []int{201}, "PUT", fmt.Sprintf("%s/endpoints/e%d", ofMallory, i), fmt.Sprintf(
				`{"url":%q,"timeout":"1s","concurrency":64,"breaker":{"enabled":false},"retry":{"schedule":["1s","1s","1s"]}}`, a.target.URL))
		}
	}, func(a *arena) {
		a.flood(1, func(n int) {
			a.publish(fmt.Sprintf(oneMoreText, n))
		})
	})
}

// Events as fast as they are taken, each with names of its own to be learned.
func TestAttackNames(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(8, func(n int) {
			a.publish(fmt.Sprintf(
				`{"event":{"type":"conversation_create"},"conversation":{"key":"n%d","external_key":"x%d"},"variables":{"conversation_url":"https://a.test/u%d"}}`, n, n, n))
		})
	})
}

// One conversation's long timeline, and lists that look through everything to find
// nothing, read again and again.
func TestAttackReads(t *testing.T) {
	attack(t, func(a *arena) {
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/endpoints/own", fmt.Sprintf(`{"url":%q}`, a.target.URL))
		a.mallory.Must(a.t, []int{200}, "POST", ofMallory+"/endpoints/own/pause", nil)
		a.fill(100000, 1000, func(int) string { return `{"event":{"type":"message"},"conversation":{"key":"long"}}` })
	}, func(a *arena) {
		paths := []string{
			"/conversations/long", "/deliveries?conversation_key=none&limit=1000", "/deliveries?state=dead&limit=1000", "/events?limit=1000",
			"/deliveries?event_type=none", "/deliveries?since=2100-01-01T00:00:00Z", "/waits?state=resumed&limit=1000", "/deliveries?limit=1000",
		}
		a.flood(8, func(n int) { a.try(a.mallory, "GET", ofMallory+paths[n%len(paths)], nil) })
	})
}

// Dead letters sent again, all of them, in a loop.
func TestAttackReplay(t *testing.T) {
	attack(t, func(a *arena) {
		a.target.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Status: 400} })
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/endpoints/own", fmt.Sprintf(`{"url":%q,"breaker":{"enabled":false},"retry":{"never":["400"]}}`, a.target.URL))
		a.fill(2000, 1000, func(n int) string { return fmt.Sprintf(oneMoreText, n) })
	}, func(a *arena) {
		a.flood(8, func(int) {
			a.try(a.mallory, "POST", ofMallory+"/endpoints/own/replay", `{"since":"2000-01-01T00:00:00Z"}`)
		})
	})
}

// Calls that hang, runs and tests, as many as are let in.
func TestAttackCalls(t *testing.T) {
	attack(t, func(a *arena) {
		a.target.Script(func(q gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Hang: q.Number%2 == 0} })
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/webhooks/own", fmt.Sprintf(anyWebhook, a.target.URL))
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/endpoints/own", fmt.Sprintf(`{"url":%q}`, a.target.URL))
	}, func(a *arena) {
		context, err := json.Marshal(map[string]any{"variables": map[string]string{"a": strings.Repeat("x", 32<<10)}})
		if err != nil {
			a.t.Fatal(err)
		}
		a.flood(32, func(n int) {
			switch n % 4 {
			case 0:
				a.try(a.mallory, "POST", ofMallory+"/endpoints/own/test", `{}`)
			case 1:
				a.try(a.mallory, "POST", ofMallory+"/webhooks/own/run", context)
			default:
				a.try(a.mallory, "POST", ofMallory+"/webhooks/own/call", context)
			}
		})
	})
}

// A publish of 24 KB that makes a hundred thousand deliveries, again and again.
func TestAttackFanout(t *testing.T) {
	const endpoints, events = 1000, 100
	event := `{"event":{"type":"message"},"conversation":{"key":"c"},"pad":"` + strings.Repeat("x", 170) + `"}`
	body := `{"events":[` + strings.Repeat(event+",", events-1) + event + `]}`
	var attacked *arena
	attack(t, func(a *arena) {
		attacked = a
		for i := range endpoints {
			a.mallory.Must(a.t, []int{201}, "PUT", fmt.Sprintf("%s/endpoints/e%d", ofMallory, i), fmt.Sprintf(`{"url":%q}`, a.target.URL))
		}
		a.target.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Hang: true} })
	}, func(a *arena) {
		a.flood(4, func(int) { a.try(a.mallory, "POST", ofMallory+"/events", body) })
	})
	shown := attacked.mallory.Must(t, []int{200}, "GET", ofMallory+"/events?limit=1000", nil)
	if n := strings.Count(string(shown.Body), "evt_"); n < events {
		t.Errorf("no publish of so many deliveries was taken: there are %d events", n)
	}
}

// A tree of tenants as deep as it can be made, asked from its root for its leaf.
func TestAttackTree(t *testing.T) {
	leaf := "mallory"
	attack(t, func(a *arena) {
		for i := range 1000 {
			next := fmt.Sprint("deep-", i)
			if a.try(a.mallory, "PUT", "/v1/tenants/"+next, fmt.Sprintf(`{"parent":%q}`, leaf)).Status != 201 {
				break
			}
			leaf = next
		}
		a.t.Logf("the leaf is %s", leaf)
	}, func(a *arena) {
		a.flood(8, func(n int) {
			a.try(a.mallory, "GET", []string{"/v1/tenants/" + leaf, "/v1/tenants?limit=1000", "/v1/tenants/" + leaf + "/deliveries"}[n%3], nil)
		})
	})
}

// Calls of the internal API with tokens that nobody gave out.
func TestAttackTokens(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(8, func(n int) {
			got := a.try(a.mallory.As(fmt.Sprint("hg_tenant_", n)), "POST", "/v1/tenants/bystander/events", `{"events":[]}`)
			if got.Status != 0 && got.Status != 401 {
				a.t.Errorf("a token that nobody gave out: %s", got)
			}
		})
	})
}
