package main

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

const (
	doomedEndpoint = `{"url":"http://127.0.0.1:1/","event_types":["message"]}`
	plainMessage   = `{"event":{"type":"message"}}`
	deletedWithin  = 2 * time.Second // whatever was queued
)

// doomed gives a tenant an endpoint at which deliveries queue, and paths of both.
func doomed(t *testing.T, api *program.Client, tenant string) (base, endpoint string) {
	t.Helper()
	base = "/v1/tenants/" + tenant
	endpoint = base + "/endpoints/e"
	api.Must(t, []int{201}, "PUT", endpoint, doomedEndpoint)
	api.Must(t, []int{200}, "POST", endpoint+"/pause", nil)
	return base, endpoint
}

// queuesNothing wants an endpoint to have nothing of who had its id before.
func queuesNothing(t *testing.T, api *program.Client, endpoint string) {
	t.Helper()
	if a := api.Must(t, []int{200}, "GET", endpoint, nil); !strings.Contains(string(a.Body), `"queue_depth":0`) {
		t.Errorf("the new endpoint has the deliveries of the old one: %s", a)
	}
}

var hostileQueued = flag.Int("hostile.queued", 50_000, "deliveries of the first endpoint that TestHostileDeletion deletes, a multiple of 1000")

// An endpoint and then a tenant with fifty thousand deliveries queued go at once, what
// is made anew under their ids has nothing of them, and the rest is cleared up while
// others do not feel it.
func TestHostileDeletion(t *testing.T) {
	round := 0
	tenant := func(n int) string { return fmt.Sprint("doomed-", n) }
	attack(t, func(a *arena) {
		for n := range hostileRounds {
			a.mallory.Must(t, []int{201}, "PUT", "/v1/tenants/"+tenant(n), `{"parent":"mallory"}`)
			doomed(t, a.mallory, tenant(n))
			queued := 50_000
			if n == 0 {
				queued = *hostileQueued
			}
			a.fill(tenant(n), queued, 1000, func(int) string { return plainMessage })
		}
	}, func(a *arena) {
		base, endpoint := "/v1/tenants/"+tenant(round), "/v1/tenants/"+tenant(round)+"/endpoints/e"
		round++
		within := deletedWithin
		if !*hostileLong { // beside other tests a stall alone is judged
			within *= 10
		}
		quick := func(path string) {
			began := time.Now()
			a.mallory.Must(t, []int{204}, "DELETE", path, nil)
			if took := time.Since(began); took > within {
				t.Errorf("DELETE %s took %s", path, took)
			}
		}
		quick(endpoint)
		doomed(t, a.mallory, tenant(round-1))
		queuesNothing(t, a.mallory, endpoint)
		a.fill(tenant(round-1), 10000, 1000, func(int) string { return plainMessage })
		quick(base)
		a.mallory.Must(t, []int{201}, "PUT", base, `{"parent":"mallory"}`)
		doomed(t, a.mallory, tenant(round-1))
		queuesNothing(t, a.mallory, endpoint)
		if list := a.mallory.Must(t, []int{200}, "GET", base+"/events", nil); strings.Contains(string(list.Body), `"id"`) {
			t.Errorf("the new tenant has events of the old one: %.300s", list.Body)
		}
	})
}

// A kill while the rest of a deleted endpoint is cleared up leaves nothing of it.
func TestHostileDeletionAndAKill(t *testing.T) {
	t.Parallel()
	o := program.Options{Dir: t.TempDir()}
	p := program.Start(t, o)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	base, endpoint := doomed(t, p.Admin(), "acme")
	events := `{"events":[` + plainMessage + strings.Repeat(","+plainMessage, 999) + `]}`
	for range 50 {
		p.Admin().Must(t, []int{202}, "POST", base+"/events", events)
	}
	p.Admin().Must(t, []int{204}, "DELETE", endpoint, nil)
	doomed(t, p.Admin(), "acme")
	p.Kill9()
	p = program.Start(t, o)
	queuesNothing(t, p.Admin(), endpoint)
	a := p.Admin().Must(t, []int{200}, "GET", base+"/deliveries?limit=1000&state=pending", nil)
	if strings.Contains(string(a.Body), `"id"`) {
		t.Errorf("a delivery of the old endpoint is still pending: %.300s", a.Body)
	}
}
