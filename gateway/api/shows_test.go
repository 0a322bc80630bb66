package api_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"hookgate/auth"
	"hookgate/gateway/api"
)

// What is large when it is read or shown waits for a turn, as lists do: a configuration that is
// asked for by very many at once takes no more of the processors than half. A page of the console
// is made in such a turn, and gives it up while it asks.
func TestLargeThingsTakeTurns(t *testing.T) {
	k := newKit(t)
	k.want(201, "PUT", "/v1/tenants/large", `{}`)
	k.want(201, "PUT", "/v1/tenants/large/sources/s", `{"verify":{"type":"none"}}`)
	k.want(201, "PUT", "/v1/tenants/large/endpoints/e", `{"mode":"pull"}`)
	k.want(201, "PUT", "/v1/tenants/large/webhooks/w", `{"url":"https://api.example.com/"}`)
	filler := `{"url":"https://api.example.com/","body":{"a":"` + strings.Repeat("x", 40_000) + `"}}`
	var pages []*api.Page
	for i := range max(1, runtime.GOMAXPROCS(0)/2) {
		p, may := k.api.Begin(api.Who{By: auth.Principal{Scope: auth.Admin}}, fmt.Sprint("tenant", i))
		if !may {
			t.Fatal("the first pages may not be made")
		}
		pages = append(pages, p)
	}
	asked := []struct{ method, path, body string }{
		{"GET", "/v1/tenants/large", ""}, {"GET", "/v1/tenants/large/sources/s", ""}, {"GET", "/v1/tenants/large/endpoints/e", ""}, {"GET", "/v1/tenants/large/webhooks/w", ""},
		{"PUT", "/v1/tenants/large/webhooks/v?dry_run=true", filler},
	}
	done := make(chan string, len(asked))
	for _, q := range asked {
		go func() {
			if got := k.do(q.method, q.path, q.body); got.status != 200 {
				t.Errorf("%s %s: %d %s", q.method, q.path, got.status, got.text)
			}
			done <- q.method + " " + q.path
		}()
	}
	for range 50 {
		k.want(200, "GET", "/v1/me", "")
	}
	select {
	case what := <-done:
		t.Errorf("%s has not waited for a turn", what)
	default:
	}
	for _, p := range pages {
		p.Aside(false, func() api.Answered {
			k.want(200, "GET", "/v1/tenants/large/webhooks/w", "")
			return api.Answered{}
		})
		p.End()
	}
	for range asked {
		<-done
	}
}
