package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
)

// keyOfTests is a master key in the environment: with a database there is no folder for one.
var keyOfTests = "HOOKGATE_MASTER_KEY=" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))

// onPostgres is a configuration for a database.
func onPostgres(db *postgres.Server) string {
	return fmt.Sprintf("store: { driver: postgres, url: %q }\ncluster: { advertise: \"127.0.0.1:0\" }\n", db.URL())
}

// postgresConfig is a tenant that uses all ways; %[1]s is where everything is sent.
const postgresConfig = toLoopback + `
tenants:
  acme:
    platform: { url: "%[1]s/platform" }
    sources:
      payments: { verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] } }
    endpoints:
      crm: { url: "%[1]s/crm", retry: { initial: 100ms, max: 200ms } }
    webhooks:
      stock: { url: "%[1]s/stock", response: { variables: [{ name: left, path: left, type: number }] } }
routes:
  wa: { tenant: acme, match: { path: /wa }, mode: relay, upstreams: [{ url: "%[1]s" }], retry: { initial: 100ms, max: 200ms } }
`

// database is a program on PostgreSQL, and who gets what it sends.
type database struct {
	*program.Program
	db       *postgres.Server
	options  program.Options
	receiver *gatewaytest.Receiver
}

func startOnPostgres(t *testing.T) *database {
	t.Helper()
	d := &database{db: postgres.Start(t), receiver: gatewaytest.NewReceiver(t)}
	d.receiver.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		return gatewaytest.Reply{Body: `{"left":7}`}
	})
	d.options = program.Options{Config: onPostgres(d.db) + fmt.Sprintf(postgresConfig, d.receiver.URL), Env: []string{keyOfTests}}
	d.Program = program.Start(t, d.options)
	return d
}

// again starts the program anew, with its database as it is.
func (d *database) again(t *testing.T) {
	t.Helper()
	d.Program = program.Start(t, d.options)
}

// One node on PostgreSQL is a whole hookgate: what it took is there after it was killed, and
// after its database was.
func TestPostgresAllWays(t *testing.T) {
	t.Parallel()
	d := startOnPostgres(t)
	d.allWays(t, "first")
	d.Kill9()
	d.again(t)
	d.allWays(t, "after a kill")
	d.db.Kill()
	if err := d.db.Run(); err != nil {
		t.Fatal(err)
	}
	d.recovers(t)
	d.allWays(t, "after the database was killed")
	d.listed(t)
	if code := d.Terminate(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, d.Log.Text())
	}
}

// recovers waits until the program goes on with a database that is back: who asks meanwhile is
// told to come again.
func (d *database) recovers(t *testing.T) {
	t.Helper()
	began := time.Now()
	for path, body := range map[string]any{
		acmeWaits: `{"source":"payments","conversation_key":"probe","timeout_seconds":300,"mode":"notify"}`, "/v1/tenants/acme/events": event("probe"),
	} {
		program.Eventually(t, 30*time.Second, func() error {
			switch a, err := d.Admin().Do(t.Context(), "POST", path, body); {
			case err != nil:
				return err
			case a.Status == 503 && a.Header.Get("Retry-After") == "" || a.Status != 503 && a.Status/100 != 2 && a.Status != 409:
				t.Errorf("while the database comes back: %s", a)
			case a.Status == 503:
				return errors.New(a.String())
			}
			return nil
		})
	}
	t.Logf("the database was back for %s when everything went on", time.Since(began).Round(time.Millisecond))
}

// allWays lets one thing of each way happen.
func (d *database) allWays(t *testing.T, round string) {
	t.Helper()
	key := strings.ReplaceAll(round, " ", "-")
	held := d.holds(t, key)
	id := awaitOpen(t, d.Program, key)
	resume(t, d.Program, key, id)
	checkHeld(t, held, id)
	d.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", event(round))
	d.gets(t, "/crm", round)
	a := d.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/stock/call", `{"conversation_key":"`+key+`"}`)
	if !strings.Contains(string(a.Body), `"left":7`) {
		t.Errorf("the call gave %s", a)
	}
	d.Sender().Must(t, []int{200}, "POST", "/wa", `{"relayed":"`+round+`"}`)
	d.gets(t, "/wa", round)
}

// holds asks for a wait and holds it; who is told to come again does.
func (d *database) holds(t *testing.T, key string) <-chan program.Answer {
	t.Helper()
	held := make(chan program.Answer, 1)
	go func() {
		defer close(held)
		for t.Context().Err() == nil {
			a, err := d.Admin().Do(t.Context(), http.MethodPost, acmeWaits, holdBody(key, 300), "Idempotency-Key: "+key)
			if err != nil {
				return
			}
			if a.Status != 503 {
				held <- a
				return
			}
			t.Logf("a holder is told to come again: %s", a)
			time.Sleep(100 * time.Millisecond) // sooner than he is told
		}
	}()
	return held
}

// gets waits until something with a word in it came at a path.
func (d *database) gets(t *testing.T, path, word string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := d.receiver.Await(ctx, func(q gatewaytest.Received) bool {
		return q.Path == path && strings.Contains(string(q.Body), word)
	}); err != nil {
		t.Errorf("%s with %q: %v\n%s", path, word, err, d.Log.Text())
	}
}

// listed reads all that there are lists of.
func (d *database) listed(t *testing.T) {
	t.Helper()
	for path, least := range map[string]int{
		"/v1/tenants/acme/waits": 3, "/v1/tenants/acme/events": 3, "/v1/tenants/acme/deliveries": 6, "/v1/tenants/acme/callbacks": 3,
		"/v1/tenants/acme/calls": 3, "/v1/tenants/acme/conversations/first": 1, "/v1/tenants": 1,
	} {
		var page struct{ Data []any }
		if d.Admin().Must(t, []int{200}, http.MethodGet, path, nil).Decode(t, &page); len(page.Data) < least {
			t.Errorf("%s has %d, want %d", path, len(page.Data), least)
		}
	}
}

func event(round string) map[string]any {
	return map[string]any{"events": []any{map[string]any{"event": map[string]any{"type": "message", "text": round}}}}
}
