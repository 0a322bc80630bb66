package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
)

const (
	anyWebhook  = `{"url":%q,"method":"POST","body":{"a":"{{ a }}"},"timeout":"5s"}`
	oneMoreText = `{"event":{"type":"message"},"conversation":{"key":"m-%d"}}`
)

// Endpoints, sources, webhooks and child tenants, written and deleted.
func TestHostileWrites(t *testing.T) {
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
func TestHostileWaits(t *testing.T) {
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
func TestHostileHolds(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(1500, func(n int) {
			a.try(a.mallory, "POST", ofMallory+"/waits", fmt.Sprintf(`{"source":"payments","conversation_key":"h%d","mode":"hold","timeout_seconds":300}`, n))
		})
	})
}

// Callbacks parked, and marks of them, under ever new keys.
func TestHostileParked(t *testing.T) {
	attack(t, nil, func(a *arena) {
		pad := `"x":"` + strings.Repeat("x", 8<<10) + `"`
		a.flood(8, func(n int) {
			a.try(a.sender, "POST", "/hooks/mallory/payments", keyed(fmt.Sprint("p", n), pad), sourceToken)
		})
	})
}

// Callbacks parked under one key, and waits that each find one of them: fifty thousand
// made the next start take 19 s.
func TestHostileParkedUnderOne(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(8, func(n int) {
			if n%10 == 0 {
				a.try(a.mallory, "POST", ofMallory+"/waits", `{"source":"payments","conversation_key":"one","mode":"poll"}`)
				return
			}
			a.try(a.sender, "POST", "/hooks/mallory/payments", keyed("one", fmt.Sprintf(`"n":%d`, n)), sourceToken)
		})
	})
}

// Endpoints that hang, that answer with endless heads and bodies, and that cut.
func TestHostileEndpoints(t *testing.T) {
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

// Retries without a pause and without an end, to endpoints that refuse all. They have a
// rate, that of the tenant, however many endpoints and deliveries there are.
func TestHostileRetries(t *testing.T) {
	const endpoints, events = 10, 200
	const burst, rate = 1000, 500 // of retries that come within a second
	steer := func(a *arena, what string) {
		for i := range endpoints {
			a.mallory.Must(a.t, []int{200}, "POST", fmt.Sprintf("%s/endpoints/e%d/%s", ofMallory, i, what), nil)
		}
	}
	attack(t, func(a *arena) {
		a.target.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Status: 500} })
		for i := range endpoints {
			a.mallory.Must(a.t, []int{201}, "PUT", fmt.Sprintf("%s/endpoints/e%d", ofMallory, i), fmt.Sprintf(
				`{"url":"%s/e%d","concurrency":64,"breaker":{"enabled":false},"retry":{"initial":"1ms","max":"1ms","multiplier":1,"jitter":0,"max_attempts":100000}}`,
				a.target.URL, i))
		}
		steer(a, "pause")
		a.fill("mallory", events, events, func(n int) string { return fmt.Sprintf(oneMoreText, n) })
	}, func(a *arena) {
		began := time.Now()
		steer(a, "resume")
		<-a.ctx.Done()
		retries := retriesOf(a.target.Take())
		// The number is held by TestHaste of gateway/outbound, this by half as much again.
		most := 3 * (burst + int(rate*time.Since(began).Seconds())) / 2
		steer(a, "pause")
		t.Logf("%d retries, at most %d", retries, most)
		if retries == 0 || retries > most {
			t.Errorf("%d retries in %s, want some and at most %d", retries, time.Since(began), most)
		}
	})
}

// retriesOf counts the requests that repeat another one of the same delivery.
func retriesOf(got []gatewaytest.Received) int {
	first := map[string]bool{}
	for _, q := range got {
		first[q.Path+" "+q.Header.Get("Webhook-Id")] = true
	}
	return len(got) - len(first)
}

// Events as fast as they are taken, each with names of its own to be learned.
func TestHostileNamesLearned(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(8, func(n int) {
			a.publish(fmt.Sprintf(
				`{"event":{"type":"conversation_create"},"conversation":{"key":"n%d","external_key":"x%d"},"variables":{"conversation_url":"https://a.test/u%d"}}`, n, n, n))
		})
	})
}

// One conversation's long timeline, and lists that look through everything to find
// nothing, read again and again.
func TestHostileReads(t *testing.T) {
	attack(t, func(a *arena) {
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/endpoints/own", fmt.Sprintf(`{"url":%q}`, a.target.URL))
		a.mallory.Must(a.t, []int{200}, "POST", ofMallory+"/endpoints/own/pause", nil)
		a.fill("mallory", 100000, 1000, func(int) string { return `{"event":{"type":"message"},"conversation":{"key":"long"}}` })
	}, func(a *arena) {
		paths := []string{
			"/conversations/long", "/deliveries?conversation_key=none&limit=1000", "/deliveries?state=dead&limit=1000", "/events?limit=1000",
			"/deliveries?event_type=none", "/deliveries?since=2100-01-01T00:00:00Z", "/waits?state=resumed&limit=1000", "/deliveries?limit=1000",
		}
		a.flood(8, func(n int) { a.try(a.mallory, "GET", ofMallory+paths[n%len(paths)], nil) })
	})
}

// Dead letters sent again, all of them, in a loop.
func TestHostileReplay(t *testing.T) {
	attack(t, func(a *arena) {
		a.target.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Status: 400} })
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/endpoints/own", fmt.Sprintf(`{"url":%q,"breaker":{"enabled":false},"retry":{"never":["400"]}}`, a.target.URL))
		a.fill("mallory", 2000, 1000, func(n int) string { return fmt.Sprintf(oneMoreText, n) })
	}, func(a *arena) {
		a.flood(8, func(int) {
			a.try(a.mallory, "POST", ofMallory+"/endpoints/own/replay", `{"since":"2000-01-01T00:00:00Z"}`)
		})
	})
}

// Calls that hang, runs and tests, as many as are let in.
func TestHostileCalls(t *testing.T) {
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
func TestHostileFanout(t *testing.T) {
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
func TestHostileTree(t *testing.T) {
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
func TestHostileTokens(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(8, func(n int) {
			got := a.try(a.mallory.As(fmt.Sprint("hg_tenant_", n)), "POST", "/v1/tenants/bystander/events", `{"events":[]}`)
			if got.Status != 0 && got.Status != 401 {
				a.t.Errorf("a token that nobody gave out: %s", got)
			}
		})
	})
}
