package api_test

import (
	"fmt"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/requests"
)

// right is one row of the table of rights: an operation on something of the tenant
// acme, and how it is answered to each kind of caller. Whoever has no token that is
// in force is answered 401, whatever it asks.
type right struct {
	operation string              // as routes.go has it
	query     string              // behind the path
	thing     func(k *kit) string // makes what is operated on, anew for each call, and gives its id
	body      string              // "@" is a number that no other call has
	// Statuses to an admin, a platform token, acme's own, its parent's, its child's
	// and a stranger's.
	want string
	// told is that a caller outside the tree is told no more than of a tenant that is
	// not there.
	told bool
}

const (
	ofAll    = "%d %d %d %d 404 404"
	managed  = "%[1]d 403 %[1]d %[1]d 404 404"
	read     = "200 200 200 200 404 404"
	operated = "%d 403 403 403 404 404"
)

func managedAs(status int) string  { return fmt.Sprintf(managed, status) }
func operatedAs(status int) string { return fmt.Sprintf(operated, status) }
func usedAs(status int) string     { return fmt.Sprintf(ofAll, status, status, status, status) }

func named(id string) func(*kit) string { return func(*kit) string { return id } }

// made makes a part of acme as the admin, under an id of its own.
func made(kind, body string) func(*kit) string {
	return func(k *kit) string {
		id := fmt.Sprintf("t%d", k.next())
		k.want(201, "PUT", v1Acme+"/"+kind+"/"+id, body)
		return id
	}
}

// quiet is an endpoint that takes no events but those of a test.
const quiet = `{"url": "https://crm.example.com/bot", "event_types": ["none"]}`

// Things of acme. None of them is on its way anywhere: what happens to it is what a
// caller did.
var (
	aSource    = made("sources", payments)
	anURL      = `{"url": "https://crm.example.com/bot", "headers": {"X-Own": "canary-own"}}`
	aWebhook   = made("webhooks", anURL)
	aTenant    = func(k *kit) string { return history{k}.child("acme") }
	aToken     = func(k *kit) string { return k.want(201, "POST", "/v1/tokens", `{"scope": "platform"}`).str("id") }
	aWait      = func(k *kit) string { return history{k}.polled(fmt.Sprintf("w%d", k.next())) }
	anEvent    = func(k *kit) string { return history{k}.publish(`{"event": {"type": "status"}}`)[0] }
	aRelay     = func(k *kit) string { e, _ := history{k}.relayed("c", gateway.Raw(`"canary-relay"`)); return e.ID }
	aRelayed   = func(k *kit) string { _, d := history{k}.relayed("c", gateway.Raw(`"canary-relay"`)); return d.ID }
	aNotice    = func(k *kit) string { return history{k}.deliver("c", time.Now()).EventIDs[0] }
	aNotified  = func(k *kit) string { return history{k}.deliver("c", time.Now()).ID }
	anEndpoint = func(k *kit) string {
		id := made("endpoints", quiet)(k)
		k.want(200, "POST", v1Acme+"/endpoints/"+id+"/pause", "")
		return id
	}
	aDesk     = made("endpoints", `{"mode": "pull", "event_types": ["none"]}`)
	aDelivery = func(k *kit) string {
		g := k.want(202, "POST", v1Acme+"/endpoints/"+anEndpoint(k)+"/test", "")
		return g.str("delivery_id")
	}
	// A request to the source payments, which was kept.
	aRequest = func(k *kit) string {
		k.kept.Keep(&requests.Record{
			Tenant: "acme", Place: "payments", At: time.Now(), Method: "POST", Path: []byte("/hooks/acme/payments"), Outcome: gateway.OutcomeUnauthenticated, Status: 401,
		})
		return k.kept.List(requests.Query{Tenant: "acme", Place: "payments", Most: 1})[0].ID
	}
	aCallback = func(k *kit) string { return k.callback(fmt.Sprintf("cb%d", k.next()), `{}`).CallbackID }
	aMadeCall = func(k *kit) string {
		now := gateway.At(time.Now()).Time
		c := &gateway.Call{ID: gateway.NewID(gateway.PrefixCall, now), Tenant: "acme", Webhook: "bank", Outcome: gateway.CallSuccess, CreatedAt: now, EndedAt: now}
		k.must(k.store.Commit(&gateway.Change{Call: c}))
		return c.ID
	}
	aJob = func(k *kit) string {
		of := v1Acme + "/endpoints/" + anEndpoint(k)
		for range 2 {
			k.want(202, "POST", of+"/test", "")
		}
		return k.want(202, "POST", of+"/replay", `{"state": "pending", "rate": 0.01}`).str("job_id") // the second is due in 100 seconds
	}
	aConnection = func(k *kit) string {
		id := fmt.Sprintf("%024x", k.next())
		k.want(201, "PUT", v1Acme+"/webhooks/"+id, `{"profile": "chatbot", "url": "https://bank.example.com/"}`)
		return id
	}
)

// aKnown marks failures as known, and gives the mark's id.
func aKnown(k *kit) string {
	return k.want(200, "POST", v1Acme+"/deliveries/groups/known", fmt.Sprintf(`{"endpoint": "crm", "status": %d, "until": "%s"}`, k.next()%900, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))).str("id")
}

// next gives a number that was not there before.
func (k *kit) next() int { k.numbers++; return k.numbers }

// polled opens a wait that nobody holds, and gives its id. It lasts longer than a test.
func (k history) polled(key string) string {
	g := k.want(201, "POST", v1Waits, `{"source": "payments", "mode": "poll", "timeout_seconds": 300, "conversation_key": "`+key+`"}`)
	<-k.opened
	return g.str("id")
}

// child makes a tenant below another.
func (k history) child(parent string) string {
	id := fmt.Sprintf("c%d", k.next())
	k.want(201, "PUT", "/v1/tenants/"+id, `{"parent": "`+parent+`"}`)
	return id
}

const (
	inAcme   = " /v1/tenants/{tenant}"
	ofSource = inAcme + "/sources/{id}"
	ofEnd    = inAcme + "/endpoints/{id}"
	ofHook   = inAcme + "/webhooks/{id}"
	ofSent   = inAcme + "/deliveries/{id}"
	ofV2     = " /v2/integrations/webhook"
)

// rights is the whole table (SPEC 3, 14 "Tokens", 16 "Rights").
var rights = []right{
	{operation: "GET /v1/tenants", want: "200 200 200 200 200 200"},
	{operation: "GET" + inAcme, want: read, told: true},
	{operation: "GET" + inAcme + "/sealed", want: "200 403 403 403 403 403"},
	{operation: "PUT" + inAcme, body: `{"parent": "agency"}`, want: "200 403 200 200 403 403"},
	{operation: "PUT" + inAcme, body: `{"parent": "agency", "platform": {"url": "https://evil.example.com/"}}`, want: "200 403 403 200 403 403"},
	{operation: "PUT" + inAcme, body: `{"parent": "agency", "limits": {"waits_open": 7}}`, want: "200 403 403 200 403 403"},
	{operation: "PUT" + inAcme, body: `{"parent": "agency", "account_keys": ["k@"]}`, want: "200 403 403 403 403 403"},
	{operation: "PUT" + inAcme, body: `{"parent": "shop"}`, want: "422 403 403 422 403 403"}, // acme would be above itself
	{operation: "PUT" + inAcme, body: `{"parent": "rival"}`, want: "200 403 403 403 403 403"},
	{operation: "PUT" + inAcme, thing: named("fresh"), body: `{"parent": "acme"}`, want: "201 403 201 201 403 403"},
	{operation: "PUT" + inAcme, thing: named("fresh"), body: `{"parent": "acme", "account_keys": ["k@"]}`, want: "201 403 403 403 403 403"},
	{operation: "PUT" + inAcme, thing: named("fresh"), body: `{}`, want: "201 403 403 403 403 403"},
	{operation: "PUT" + inAcme, thing: named("fresh"), body: `{"parent": "rival"}`, want: "201 403 403 403 403 201"},
	{operation: "PUT" + inAcme, thing: named("fresh"), body: `{"parent": "nobody"}`, want: "422 403 403 403 403 403"},
	{operation: "DELETE" + inAcme, want: "409 403 409 409 404 404", told: true}, // shop lies below it
	{operation: "DELETE" + inAcme, thing: aTenant, want: managedAs(204), told: true},

	{operation: "GET" + inAcme + "/sources", want: read, told: true},
	{operation: "GET" + ofSource, thing: aSource, want: read, told: true},
	{operation: "PUT" + ofSource, thing: aSource, body: payments, want: managedAs(200), told: true},
	{operation: "DELETE" + ofSource, thing: aSource, want: managedAs(204), told: true},

	{operation: "GET" + ofSource + "/requests", thing: aSource, want: read, told: true},
	{operation: "GET" + inAcme + "/requests/{id}", thing: aRequest, want: read, told: true},
	{operation: "POST" + inAcme + "/requests/{id}/explain", thing: aRequest, want: read, told: true},
	{operation: "POST" + inAcme + "/requests/{id}/explain", thing: aRequest, body: `{"source": ` + payments + `}`, want: managedAs(200), told: true},
	{operation: "POST" + ofSource + "/explain", thing: aSource, body: `{"body": "{}"}`, want: read, told: true},
	{operation: "POST" + ofSource + "/explain", thing: aSource, body: `{"body": "{}", "source": ` + payments + `}`, want: managedAs(200), told: true},
	{operation: "POST" + ofSource + "/test", thing: aSource, want: managedAs(200), told: true},
	{operation: "POST /v1/map", body: `{"variables": [{"name": "a", "path": "b"}], "body": {"b": 1}}`, want: "200 200 200 200 200 200"},
	{operation: "POST /v1/routes/test", body: `{"url": "/bot"}`, want: "200 200 403 403 403 403"},
	{operation: "GET /v1/config", want: "200 403 403 403 403 403"},
	{operation: "GET /v1/config/last-reload", want: "200 403 403 403 403 403"},
	{operation: "GET /v1/me", want: "200 200 200 200 200 200"},
	{operation: "GET /v1/info", want: "200 200 200 200 200 200"},
	{operation: "GET /v1/routes", want: "200 200 403 403 403 403"},
	{operation: "GET /v1/routes/{id}", thing: named("bot"), want: "200 200 403 403 403 403"},
	{operation: "GET /v1/routes/{id}/requests", thing: named("bot"), want: "200 200 403 403 403 403"},
	{operation: "GET /v1/routes/{id}/requests/{request}", thing: named("bot"), want: "404 404 403 403 403 403"}, // there is none of this name
	{operation: "GET /v1/requests", query: "?unmatched=true", want: "200 403 403 403 403 403"},

	{operation: "GET" + inAcme + "/endpoints", want: read, told: true},
	{operation: "GET" + ofEnd, thing: anEndpoint, want: read, told: true},
	{operation: "PUT" + ofEnd, thing: anEndpoint, body: quiet, want: managedAs(200), told: true},
	{operation: "DELETE" + ofEnd, thing: anEndpoint, want: managedAs(204), told: true},
	{operation: "POST" + ofEnd + "/verify", thing: anEndpoint, want: managedAs(200), told: true},
	{operation: "POST" + ofEnd + "/test", thing: anEndpoint, want: managedAs(202), told: true},
	{operation: "POST" + ofEnd + "/pause", thing: anEndpoint, want: managedAs(200), told: true},
	{operation: "POST" + ofEnd + "/resume", thing: anEndpoint, want: managedAs(200), told: true},
	{operation: "POST" + ofEnd + "/close-breaker", thing: anEndpoint, want: managedAs(200), told: true},
	{operation: "POST" + ofEnd + "/rotate-secret", thing: anEndpoint, want: managedAs(200), told: true},
	{operation: "POST" + ofEnd + "/replay", thing: anEndpoint, want: managedAs(202), told: true},
	{operation: "POST" + ofEnd + "/pull", thing: aDesk, want: managedAs(200), told: true},
	{operation: "POST" + ofEnd + "/pull", thing: anEndpoint, want: managedAs(409), told: true}, // it has a url
	{operation: "POST" + ofEnd + "/ack", thing: aDesk, body: `{"leases": ["l"]}`, want: managedAs(200), told: true},
	{operation: "POST" + ofEnd + "/nack", thing: aDesk, body: `{"leases": ["l"]}`, want: managedAs(200), told: true},
	{operation: "POST" + ofEnd + "/extend", thing: aDesk, body: `{"leases": ["l"]}`, want: managedAs(200), told: true},
	{operation: "POST" + ofEnd + "/replay", thing: named("_platform"), want: managedAs(404), told: true},

	{operation: "GET" + inAcme + "/webhooks", want: read, told: true},
	{operation: "GET" + ofHook, thing: aWebhook, want: read, told: true},
	{operation: "PUT" + ofHook, thing: aWebhook, body: anURL, want: managedAs(200), told: true},
	{operation: "DELETE" + ofHook, thing: aWebhook, want: managedAs(204), told: true},
	{operation: "POST" + ofHook + "/call", thing: aWebhook, body: `{"variabels": {}}`, want: usedAs(422), told: true},
	{operation: "POST" + ofHook + "/run", thing: aWebhook, body: `{"variabels": {}}`, want: usedAs(422), told: true},
	{operation: "POST" + ofHook + "/run", thing: aWebhook, body: `{"webhook": {"url": 1}}`, want: managedAs(422), told: true},

	{operation: "GET" + inAcme + "/waits", want: read, told: true},
	{operation: "POST" + inAcme + "/waits", body: `{"source": "payments", "conversation_key": "own@", "mode": "poll"}`, want: usedAs(201), told: true},
	{operation: "GET" + inAcme + "/waits/{id}", thing: aWait, want: read, told: true},
	{operation: "DELETE" + inAcme + "/waits/{id}", thing: aWait, want: usedAs(200), told: true},
	{operation: "POST" + inAcme + "/waits/{id}/resolve", thing: aWait, body: `{"branch": "SUCCESS"}`, want: usedAs(200), told: true},
	{operation: "POST" + inAcme + "/waits/{id}/extend", thing: aWait, body: `{"timeout_seconds": 300}`, want: usedAs(200), told: true},

	{operation: "GET" + inAcme + "/callbacks", want: read, told: true},
	{operation: "GET" + inAcme + "/callbacks/{id}", thing: aCallback, want: read, told: true},
	{operation: "GET" + inAcme + "/calls", want: read, told: true},
	{operation: "GET" + inAcme + "/calls/{id}", thing: aMadeCall, want: read, told: true},

	{operation: "POST /v1/events", body: `{"events": [{"event": {"type": "status"}, "account": {"key": "acme's"}}]}`, want: "202 202 403 403 403 403"},
	{operation: "POST" + inAcme + "/events", body: `{"events": [{"event": {"type": "status"}}]}`, want: usedAs(202), told: true},
	{operation: "GET" + inAcme + "/events", want: read, told: true},
	{operation: "GET" + inAcme + "/events/{id}", thing: anEvent, want: read, told: true},
	{operation: "GET" + inAcme + "/events/{id}", thing: aRelay, want: read, told: true},
	{operation: "GET" + inAcme + "/events/{id}", thing: aNotice, want: read, told: true},
	{operation: "GET" + inAcme + "/conversations/{id}", thing: named("c"), want: read, told: true},

	{operation: "GET" + inAcme + "/deliveries", want: read, told: true},
	{operation: "GET" + inAcme + "/deliveries/groups", want: read, told: true},
	{operation: "GET" + ofSent, thing: aDelivery, want: read, told: true},
	{operation: "GET" + ofSent, thing: aRelayed, want: read, told: true},
	{operation: "GET" + ofSent, thing: aNotified, want: read, told: true},
	{operation: "POST" + ofSent + "/retry", thing: aDelivery, want: managedAs(202), told: true},
	{operation: "POST" + ofSent + "/retry", thing: aRelayed, want: operatedAs(202), told: true},
	{operation: "POST" + ofSent + "/retry", thing: aNotified, want: operatedAs(202), told: true},
	{operation: "POST" + ofSent + "/cancel", thing: aDelivery, want: managedAs(200), told: true},
	{operation: "POST" + ofSent + "/cancel", thing: aRelayed, want: operatedAs(409), told: true}, // it is dead
	{operation: "POST" + ofSent + "/cancel", thing: aNotified, want: operatedAs(200), told: true},
	{operation: "POST" + inAcme + "/deliveries/groups/known", body: `{"endpoint": "crm", "error": "5xx", "status": 500, "until": "` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}`, want: managedAs(200), told: true},
	{operation: "DELETE" + inAcme + "/deliveries/groups/known/{id}", thing: aKnown, want: managedAs(204), told: true},
	{operation: "POST" + inAcme + "/deliveries/replay", body: `{"endpoint": "crm"}`, want: managedAs(202), told: true},
	{operation: "POST" + inAcme + "/deliveries/replay", body: `{"endpoint": "_platform"}`, want: operatedAs(202), told: true},
	{operation: "POST" + inAcme + "/deliveries/replay", body: `{"endpoint": "_route_wa"}`, want: operatedAs(422), told: true}, // there is no such route
	{operation: "POST" + inAcme + "/deliveries/replay", body: `{}`, want: managedAs(202), told: true},

	{operation: "GET /v1/deliveries", want: "200 200 200 200 200 200"}, // each sees its own: see across_test.go
	{operation: "GET /v1/waits", want: "200 200 200 200 200 200"},

	{operation: "GET /v1/jobs", want: "200 200 200 200 200 200"}, // each sees its own: see jobs_test.go
	{operation: "GET /v1/jobs/{id}", thing: aJob, want: read},
	{operation: "POST /v1/jobs/{id}/cancel", thing: aJob, want: managedAs(200)},

	{operation: "POST /v1/sessions/revoke", body: `{}`, want: "200 403 200 200 200 200"},
	{operation: "POST /v1/tenants/{tenant}/portal-links", body: `{"pages": ["deliveries"]}`, want: managedAs(201)},
	{operation: "GET /v1/tokens", want: "200 403 403 403 403 403"},
	{operation: "POST /v1/tokens", body: `{"scope": "tenant", "tenant": "acme"}`, want: "201 403 403 403 403 403"},
	{operation: "GET /v1/tokens/{id}", thing: aToken, want: "200 403 403 403 403 403"},
	{operation: "DELETE /v1/tokens/{id}", thing: aToken, want: "204 403 403 403 403 403"},
	{operation: "GET /v1/audit", want: "200 403 200 200 200 200"},
	{operation: "GET /v1/overview", want: "200 200 200 200 200 200"},                 // what each is shown: TestOverviewOfTheTree
	{operation: "GET /v1/search", query: "?q=acme", want: "200 200 200 200 200 200"}, // what each finds: TestSearchOfTheTree
	{operation: "GET /v1/changes", want: "200 200 200 200 200 200"},                  // what each is shown: TestChangesOfTheTree
	{operation: "POST /v1/reload", want: "200 403 403 403 403 403"},
	{operation: "GET" + inAcme + "/stats", want: read, told: true},
	{operation: "GET /v1/stats", want: "200 200 200 200 200 200"},  // whose figures: TestStatsOfTheTree
	{operation: "GET /v1/stream", want: "200 200 200 200 200 200"}, // what each is shown: TestStreamShowsTheTree
	{operation: "GET /v1/nodes", want: "200 403 403 403 403 403"},
	{operation: "POST /v1/nodes/{id}/drain", thing: named("1"), want: "409 403 403 403 403 403"},
	{operation: "POST /v1/backup", want: "200 403 403 403 403 403"},
	{operation: "POST /v1/resume", want: "200 403 403 403 403 403"},
	{operation: "GET /v1/openapi.yaml", want: "200 200 200 200 200 200"},

	{operation: "GET" + ofV2, want: "403 403 200 200 200 200"},
	{operation: "POST" + ofV2, body: `{}`, want: "403 403 422 422 422 422"},
	{operation: "GET" + ofV2 + "/{id}", thing: aConnection, want: "403 403 200 404 404 404"},
	{operation: "PUT" + ofV2 + "/{id}", thing: aConnection, body: `{"name": "N", "url": "https://bank.example.com/"}`, want: "403 403 200 404 404 404"},
	{operation: "DELETE" + ofV2 + "/{id}", thing: aConnection, want: "403 403 200 404 404 404"},
}

// path puts a tenant and an id into an operation; of an operation on a tenant that
// the row makes, that one's id is the tenant.
func (r *right) path(tenant, id string) (method, path string) {
	method, path, _ = strings.Cut(r.operation, " ")
	if id != "" && !strings.Contains(path, "{id}") {
		tenant = id
	}
	return method, strings.NewReplacer("{tenant}", tenant, "{id}", id).Replace(path) + r.query
}
