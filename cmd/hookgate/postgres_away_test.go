package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
)

// A database that is away: who writes is told to come again, at once; who holds a wait holds it;
// the process says what it lacks, and goes on by itself when it is back.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	d := startOnPostgres(t)
	id, held := holding(t, d.Program, "k", "i")
	anybody := d.Admin().As("")
	anybody.Must(t, []int{200}, "GET", "/readyz", nil)
	d.db.Stop()
	program.Eventually(t, 30*time.Second, func() error {
		a := anybody.Must(t, []int{200, 503}, "GET", "/readyz", nil)
		if a.Status == 200 {
			return errors.New("it is ready without a database")
		}
		if !strings.Contains(string(a.Body), `"path":"database"`) || a.Header.Get("Retry-After") == "" {
			t.Errorf("/readyz says %s", a)
		}
		return nil
	})
	anybody.Must(t, []int{200}, "GET", "/readyz?ignore=database", nil)
	anybody.Must(t, []int{200}, "GET", "/healthz", nil)
	for path, body := range map[string]any{
		acmeWaits: `{"source":"payments","conversation_key":"other","timeout_seconds":300,"mode":"notify"}`, "/v1/tenants/acme/events": event("away"),
		"/v1/tenants/beta": nil,
	} {
		method := "POST"
		if body == nil {
			method, body = "PUT", `{}`
		}
		began := time.Now()
		a := d.Admin().Must(t, []int{503}, method, path, body)
		if a.Field("code") != "unavailable" || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s", path, a)
		}
		if took := time.Since(began); took > 10*time.Second { // 3 s, and the pace of a machine that is shared
			t.Errorf("%s took %s", path, took)
		}
	}
	a := d.Sender().Must(t, []int{503}, "POST", "/hooks/acme/payments", `{"conversation_key":"k","paid":true}`, sourceToken)
	if a.Header.Get("Retry-After") == "" {
		t.Errorf("a sender is told %s", a)
	}
	select {
	case a := <-held:
		t.Fatalf("the holder was sent away: %s", a)
	default:
	}
	if err := d.db.Run(); err != nil {
		t.Fatal(err)
	}
	d.recovers(t)
	program.Eventually(t, 30*time.Second, func() error {
		a, err := d.Sender().Do(t.Context(), "POST", "/hooks/acme/payments", `{"conversation_key":"k","paid":true}`, sourceToken)
		if err == nil && a.Status != 200 {
			err = errors.New(a.String())
		}
		return err
	})
	checkHeld(t, held, id)
	program.Eventually(t, 30*time.Second, func() error {
		if a := anybody.Must(t, []int{200, 503}, "GET", "/readyz", nil); a.Status != 200 {
			return errors.New(a.String())
		}
		return nil
	})
	a = d.Admin().Must(t, []int{409}, "POST", "/v1/backup", nil)
	if a.Field("code") != "use_pg_dump" {
		t.Errorf("a backup: %s", a)
	}
}

// Whoever writes as the database is killed is taken or told to come again: never that something
// of ours is wrong.
func TestPostgresKilledUnderLoad(t *testing.T) {
	t.Parallel()
	d := startOnPostgres(t)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				a, err := d.Admin().Do(t.Context(), "POST", "/v1/tenants/acme/events", event("load"), fmt.Sprintf("Idempotency-Key: %d-%d", n, i))
				if err != nil || a.Status != 202 && (a.Status != 503 || a.Header.Get("Retry-After") == "") {
					t.Errorf("%s, %v", a, err)
					return
				}
			}
		})
	}
	for range 3 {
		time.Sleep(300 * time.Millisecond) // under load, not just begun
		d.db.Kill()
		if err := d.db.Run(); err != nil {
			t.Fatal(err)
		}
		d.recovers(t)
	}
	stop()
	all.Wait()
	if t.Failed() {
		t.Log(d.Log.Text())
	}
}

// Another master key than that of the schema is refused by name, and so is none; who starts on
// a new schema is shown an admin token, once.
func TestPostgresKeyAndFirstToken(t *testing.T) {
	t.Parallel()
	db := postgres.Start(t)
	o := program.Options{Config: onPostgres(db), Env: []string{keyOfTests, "HOOKGATE_ADMIN_TOKEN="}}
	p := program.Start(t, o)
	shown := adminToken.FindAllString(p.Log.Text(), -1)
	if len(shown) != 1 {
		t.Fatalf("the first start shows %d admin tokens:\n%s", len(shown), p.Log.Text())
	}
	p.Admin().As(shown[0]).Must(t, []int{201}, "PUT", "/v1/tenants/beta", `{}`)
	p.Terminate(t)
	if _, err := os.Stat(p.Dir); !os.IsNotExist(err) {
		t.Errorf("a data folder was made: %v", err)
	}
	p = program.Start(t, o)
	if again := adminToken.FindString(p.Log.Text()); again != "" {
		t.Error("the second start shows an admin token too")
	}
	p.Admin().As(shown[0]).Must(t, []int{200}, "GET", "/v1/tenants/beta", nil)
	for _, env := range [][]string{{strings.Replace(keyOfTests, "a2tr", "a2tq", 1)}, {}} {
		other := program.Launch(t, program.Options{Config: onPostgres(db), Env: env})
		if code := other.Wait(t); code != 1 || !strings.Contains(other.Log.Text(), "HOOKGATE_MASTER_KEY") {
			t.Errorf("%q: exit code %d\n%s", env, code, other.Log.Text())
		}
	}
}

// An owner makes the schema, a role without rights serves on it; doctor tells how both stand.
func TestPostgresMigrateAndDoctor(t *testing.T) {
	t.Parallel()
	db := postgres.Start(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "hookgate.yaml")
	plain := strings.Replace(db.URL(), "hookgate@", "plain@", 1)
	config := fmt.Sprintf("store: { driver: postgres, url_file: database, migrate_url: %q, schema: mine }\ncluster: { advertise: \"127.0.0.1:0\" }\n", db.URL())
	for name, text := range map[string]string{"hookgate.yaml": config, "database": plain + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{keyOfTests, "HOOKGATE_PUBLIC_ADDR=127.0.0.1:0", "HOOKGATE_INTERNAL_ADDR=127.0.0.1:0"}
	if out, log, code := runs(t, env, "doctor", "--config", file); code != 1 || !strings.Contains(strings.Join(strings.Fields(out), " "), "cannot be asked") {
		t.Errorf("a role that is not there: %d %s%s", code, out, log)
	}
	if _, err := db.Ask("CREATE ROLE plain LOGIN"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"schema mine: made, at version", "schema mine: is at version"} {
		if out, log, code := runs(t, env, "migrate", "--config", file); code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "role plain") {
			t.Errorf("migrate: %d %s%s, want %s", code, out, log, want)
		}
	}
	p := program.Start(t, program.Options{Config: strings.Replace(config, "url_file: database", fmt.Sprintf("url: %q", plain), 1), Env: env})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	out, log, _ := runs(t, env, "doctor", "--config", file)
	out = strings.Join(strings.Fields(out), " ") // wherever its lines end
	for _, want := range []string{"fsync is off", "synchronous_standby_names is empty", "grant pg_read_all_stats"} {
		if !strings.Contains(out, want) {
			t.Errorf("doctor does not say %q: %s%s", want, out, log)
		}
	}
	if strings.Contains(out, plain) {
		t.Errorf("doctor shows the url: %s", out)
	}
	metrics := p.Admin().As("").Must(t, []int{200}, "GET", "/metrics", nil)
	for _, want := range []string{"hookgate_store_round_trip_seconds_count", "hookgate_store_oldest_transaction_seconds", "hookgate_store_dead_rows"} {
		if !strings.Contains(string(metrics.Body), want) {
			t.Errorf("/metrics has no %s", want)
		}
	}
}
