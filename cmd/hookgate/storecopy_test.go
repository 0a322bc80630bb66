package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
)

// copiedConfig is a source where callbacks come early; %[1]s is where all is sent.
const copiedConfig = toLoopback + `
tenants:
  acme:
    platform: { url: "%[1]s/platform" }
    sources:
      payments: { verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] }, conversation_key: { path: conversation_key } }
`

// copied is a program that is copied to and fro.
type copied struct {
	*database
	file string // with the URL of the database
}

// newCopied starts one on a folder, with something of every sort that must go on.
func newCopied(t *testing.T) *copied {
	t.Helper()
	c := &copied{database: &database{db: postgres.Start(t), receiver: gatewaytest.NewReceiver(t)}, file: filepath.Join(t.TempDir(), "url")}
	if err := os.WriteFile(c.file, []byte(c.db.URL()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Program = program.Start(t, program.Options{Config: c.config()})
	return c
}

func (c *copied) config() string { return fmt.Sprintf(copiedConfig, c.receiver.URL) }

func (c *copied) opens(t *testing.T, key string, seconds int) (id string) {
	t.Helper()
	return c.Admin().Must(t, []int{201}, "POST", acmeWaits, fmt.Sprintf(`{"source":"payments","conversation_key":%q,"timeout_seconds":%d,"mode":"poll"}`, key, seconds)).Field("id")
}

func (c *copied) calls(t *testing.T, key, outcome string) {
	t.Helper()
	a := c.Sender().Must(t, []int{200, 202}, "POST", "/hooks/acme/payments", fmt.Sprintf(`{"conversation_key":%q,"paid":true}`, key), sourceToken)
	if a.Field("outcome") != outcome {
		t.Errorf("the callback of %s: %s, want %s", key, a, outcome)
	}
}

func (c *copied) publishes(t *testing.T, text string) {
	t.Helper()
	e := map[string]any{"event": map[string]any{"type": "message", "text": text}, "conversation": map[string]any{"key": "chat"}} // an order is one of a conversation
	c.Admin().Must(t, []int{202}, "POST", "/v1/tenants/made/events", map[string]any{"events": []any{e}})
}

func (c *copied) state(t *testing.T, id string) string {
	t.Helper()
	return c.Admin().Must(t, []int{200}, "GET", acmeWaits+"/"+id, nil).Field("state")
}

// copies runs the command, which must end well.
func (c *copied) copies(t *testing.T, env []string, args ...string) (out string) {
	t.Helper()
	out, log, code := runs(t, env, append([]string{"store", "copy"}, args...)...)
	if code != 0 {
		t.Fatalf("store copy %s: exit code %d\n%s%s", args, code, out, log)
	}
	return out
}

// refuses runs the command, which must say why it does nothing.
func refuses(t *testing.T, why string, args ...string) {
	t.Helper()
	_, log, code := runs(t, nil, append([]string{"store", "copy"}, args...)...)
	if code != 1 || !strings.Contains(log, why) {
		t.Errorf("store copy %s: exit code %d, want to be told of %q\n%s", args, code, why, log)
	}
}

// From a folder to a database and back: what waits, is parked, due or sealed goes on where the
// copy is served, in its order.
func TestStoreCopy(t *testing.T) {
	t.Parallel()
	c := newCopied(t)
	c.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/made", `{}`)
	c.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/made/endpoints/crm", fmt.Sprintf(`{"url":"%s/crm","ordered":true,"auth":{"type":"bearer","token":"sealed-in-the-store"}}`, c.receiver.URL))
	const crm = "/v1/tenants/made/endpoints/crm"
	c.Admin().Must(t, []int{200}, "POST", crm+"/pause", nil)
	for _, text := range []string{"first", "second", "third"} {
		c.publishes(t, text)
	}
	open, short := c.opens(t, "open", 300), c.opens(t, "short", 1)
	c.calls(t, "early", "parked")
	refuses(t, "in use", "--from", c.Dir, "--to", "@"+c.file)
	if code := c.Terminate(t); code != 0 {
		t.Fatalf("exit code %d\n%s", code, c.Log.Text())
	}

	folder := c.Dir
	out := c.copies(t, nil, "--from", folder, "--to", "@"+c.file)
	if sides := strings.Count(out, ", digest "); sides != 2 || !strings.Contains(out, "unfinished              3") || !strings.Contains(out, folder+"/master.key") {
		t.Errorf("it prints\n%s", out)
	}
	refuses(t, "holds something", "--from", folder, "--to", "@"+c.file)
	refuses(t, "one folder", "--from", folder, "--to", folder)

	env := []string{keyOfFolder(t, folder)}
	c.Program = program.Start(t, program.Options{Config: onPostgres(c.db) + c.config(), Env: env})
	c.goesOn(t, open, short)
	back := filepath.Join(t.TempDir(), "data")
	_, log, code := runs(t, env, "store", "copy", "--from", "@"+c.file, "--to", back)
	if code != 1 || !strings.Contains(log, "in use") {
		t.Errorf("while it is served: exit code %d\n%s", code, log)
	}
	c.Admin().Must(t, []int{200}, "POST", crm+"/resume", nil)
	for n, word := range []string{"first", "second", "third"} {
		c.gets(t, "/crm", word)
		if q := c.receiver.Got()[n]; !strings.Contains(string(q.Body), word) || q.Header.Get("Authorization") != "Bearer sealed-in-the-store" {
			t.Errorf("delivery %d is %s with %v", n, q.Body, q.Header)
		}
	}
	c.Admin().Must(t, []int{200}, "POST", crm+"/pause", nil)
	c.publishes(t, "fourth")
	late := c.opens(t, "late", 300)
	c.calls(t, "early-again", "parked")
	if code := c.Terminate(t); code != 0 {
		t.Fatalf("exit code %d\n%s", code, c.Log.Text())
	}

	var told copiedJSON
	out = c.copies(t, env, "--from", "@"+c.file, "--to", back, "--json")
	if err := json.Unmarshal([]byte(out), &told); err != nil || told.Records == 0 || told.Resumed || len(told.Digest) != 64 {
		t.Errorf("it prints %s (%v)", out, err)
	}
	c.Program = program.Start(t, program.Options{Dir: back, Config: c.config(), Env: env})
	c.calls(t, "late", "resumed")
	if c.state(t, late) != "resumed" || c.state(t, open) != "resumed" || c.state(t, short) != "timed_out" {
		t.Errorf("the waits are %s, %s and %s", c.state(t, late), c.state(t, open), c.state(t, short))
	}
	c.Admin().Must(t, []int{200}, "POST", crm+"/resume", nil)
	c.gets(t, "/crm", "fourth")
	for path, least := range map[string]int{
		"/v1/tenants/made/events": 4, "/v1/tenants/made/deliveries?state=succeeded": 3, "/v1/tenants/acme/callbacks": 4, "/v1/tenants/acme/waits": 4, "/v1/audit": 3,
	} {
		var page struct{ Data []any }
		if c.Admin().Must(t, []int{200}, http.MethodGet, path, nil).Decode(t, &page); len(page.Data) < least {
			t.Errorf("%s has %d, want %d", path, len(page.Data), least)
		}
	}
}

// goesOn sees to what waits: one is resumed, one ends by its deadline, and one takes what came
// early.
func (c *copied) goesOn(t *testing.T, open, short string) {
	t.Helper()
	c.calls(t, "open", "resumed")
	if c.state(t, open) != "resumed" {
		t.Errorf("the open wait is %s", c.state(t, open))
	}
	program.Eventually(t, 30*time.Second, func() error {
		if is := c.state(t, short); is != "timed_out" {
			return fmt.Errorf("the short wait is %s", is)
		}
		return nil
	})
	a := c.Admin().Must(t, []int{200, 201}, "POST", acmeWaits, `{"source":"payments","conversation_key":"early","timeout_seconds":300,"mode":"poll"}`)
	if a.Field("state") != "resumed" {
		t.Errorf("the wait of what came early: %s", a)
	}
}

// A copy that is killed cannot be served, and goes on where it was.
func TestStoreCopyKilled(t *testing.T) {
	t.Parallel()
	c := newCopied(t)
	c.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/made", `{}`)
	c.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/made/endpoints/crm", fmt.Sprintf(`{"url":"%s/crm"}`, c.receiver.URL))
	c.Admin().Must(t, []int{200}, "POST", "/v1/tenants/made/endpoints/crm/pause", nil)
	one := `{"event":{"type":"message","text":"` + strings.Repeat("x", 2000) + `"}}`
	for range 60 {
		c.Admin().Must(t, []int{202}, "POST", "/v1/tenants/made/events", `{"events":[`+strings.Repeat(one+",", 99)+one+`]}`)
	}
	if code := c.Terminate(t); code != 0 {
		t.Fatalf("exit code %d\n%s", code, c.Log.Text())
	}
	args := []string{"store", "copy", "--from", c.Dir, "--to", "@" + c.file}
	killed := program.Command(t, nil, args...)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	program.Eventually(t, time.Minute, func() error {
		if n, err := c.db.Ask("SELECT count(*) FROM hookgate.events"); err != nil || n == "0" {
			return fmt.Errorf("%s events were copied: %v", n, err)
		}
		return nil
	})
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // it was killed
	if n, err := c.db.Ask("SELECT count(*) FROM hookgate.events"); err != nil || n == "6000" {
		t.Fatalf("%s events were copied before the kill (%v)", n, err)
	}

	refuses(t, "cut short", args[2:]...)
	env := []string{keyOfFolder(t, c.Dir)}
	p := program.Launch(t, program.Options{Config: onPostgres(c.db) + c.config(), Env: env})
	if code := p.Wait(t); code == 0 || !strings.Contains(p.Log.Text(), "cut short") {
		t.Errorf("half a copy was served: exit code %d\n%s", code, p.Log.Text())
	}
	var told copiedJSON
	out := c.copies(t, nil, append(args[2:], "--resume", "--json")...)
	if err := json.Unmarshal([]byte(out), &told); err != nil || !told.Resumed {
		t.Errorf("it prints %s (%v)", out, err)
	}
	if n, err := c.db.Ask("SELECT count(*) FROM hookgate.events"); err != nil || n != "6000" {
		t.Errorf("%s events were copied (%v)", n, err)
	}
	c.Program = program.Start(t, program.Options{Config: onPostgres(c.db) + c.config(), Env: env})
}

func keyOfFolder(t *testing.T, dir string) string {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return "HOOKGATE_MASTER_KEY=" + strings.TrimSpace(string(key))
}
