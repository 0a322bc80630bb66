package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// A folder gets another key, killed at any moment of that, again and again: a start with
// half of it is refused with what to do, and in the end all secrets are as they were, the
// header fields of relayed requests too, by the new key alone.
func TestKillRekey(t *testing.T) {
	t.Parallel()
	receiver := gatewaytest.NewReceiver(t)
	var well atomic.Bool
	receiver.Script(func(gatewaytest.Received) gatewaytest.Reply {
		if well.Load() {
			return gatewaytest.Reply{}
		}
		return gatewaytest.Reply{Status: 500}
	})
	const relays, endpoints = 400, 30
	config := fmt.Sprintf(`
egress: { allow: [127.0.0.0/8] }
tenants: { acme: {} }
routes:
  wa: { tenant: acme, match: { path: /wa }, mode: relay, upstreams: [{ url: %q }], retry: { initial: 200ms, max: 1s } }
`, receiver.URL)
	p := program.Start(t, program.Options{Config: config})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/shop", `{}`)
	for i := range endpoints {
		p.Admin().Must(t, []int{201}, "PUT", fmt.Sprintf("/v1/tenants/shop/endpoints/e%d", i),
			fmt.Sprintf(`{"url":"%s/e%d","auth":{"type":"bearer","token":"secret %d & <own>"}}`, receiver.URL, i, i))
	}
	for i := range relays {
		p.Sender().Must(t, []int{200}, "POST", "/wa", fmt.Sprintf(`{"n":%d}`, i), fmt.Sprintf("X-Own: own %d", i))
	}
	p.Terminate(t)
	old, err := os.ReadFile(filepath.Join(p.Dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	begun := func() bool { _, err := os.Stat(filepath.Join(p.Dir, "rekey")); return err == nil }
	killed := 0
	for range 8 {
		c := program.Command(t, nil, "rekey", "--data", p.Dir)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		if err := killAfter(c, begun, ended); err == nil {
			continue // a whole one: the next begins anew
		}
		if begun() {
			killed++
			q := program.Launch(t, program.Options{Dir: p.Dir, Config: config})
			if code := q.Wait(t); code != 1 || !strings.Contains(q.Log.Text(), "run hookgate rekey") {
				t.Fatalf("a start amid it: exit code %d\n%s", code, q.Log.Text())
			}
		}
	}
	if killed == 0 {
		t.Error("it was never killed amid it")
	}
	if out, log, code := runs(t, nil, "rekey", "--data", p.Dir); code != 0 {
		t.Fatalf("exit code %d, %s%s", code, out, log)
	}
	if out, log, code := runs(t, nil, "check", "--data", p.Dir); code != 0 {
		t.Fatalf("check: exit code %d, %s%s", code, out, log)
	}
	now, err := os.ReadFile(filepath.Join(p.Dir, "master.key"))
	if err != nil || string(now) == string(old) {
		t.Fatalf("the key is the old one, %v", err)
	}
	q := program.Launch(t, program.Options{Dir: p.Dir, Config: config, Env: []string{"HOOKGATE_MASTER_KEY=" + strings.TrimSpace(string(old))}})
	if code := q.Wait(t); code != 1 || !strings.Contains(q.Log.Text(), "master key") {
		t.Errorf("with the old key: exit code %d\n%s", code, q.Log.Text())
	}
	receiver.Take()
	well.Store(true)
	p = program.Start(t, program.Options{Dir: p.Dir, Config: config})
	p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/shop/events", `{"events":[{"event":{"type":"note"}}]}`)
	hears(t, receiver, "/wa", relays)
	hears(t, receiver, "/e", endpoints)
	for _, q := range receiver.Got() {
		var n int
		switch {
		case strings.HasPrefix(q.Path, "/e"):
			if _, err := fmt.Sscanf(q.Path, "/e%d", &n); err != nil || q.Header.Get("Authorization") != fmt.Sprintf("Bearer secret %d & <own>", n) {
				t.Errorf("%s came with %q", q.Path, q.Header.Get("Authorization"))
			}
		default:
			if _, err := fmt.Sscanf(string(q.Body), `{"n":%d}`, &n); err != nil || q.Header.Get("X-Own") != fmt.Sprintf("own %d", n) {
				t.Errorf("%s came with %q", q.Body, q.Header.Get("X-Own"))
			}
		}
	}
}

// With a key that is not the store's nothing is begun, also where the file that tells so is
// gone: the folder goes on with its own key.
func TestRekeyByAWrongKey(t *testing.T) {
	t.Parallel()
	key := func(fill string) string { return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, 32))) }
	env := []string{"HOOKGATE_MASTER_KEY=" + key("o")}
	p := program.Start(t, program.Options{Config: oneSource, Env: env})
	p.Terminate(t)
	if err := os.Remove(filepath.Join(p.Dir, "sealed")); err != nil {
		t.Fatal(err)
	}
	out, log, code := runs(t, []string{"HOOKGATE_MASTER_KEY=" + key("w"), "HOOKGATE_NEW_MASTER_KEY=" + key("n")}, "rekey", "--data", p.Dir)
	if code != 1 || !strings.Contains(log, "master key is not the one") {
		t.Errorf("a wrong key: exit code %d, %s%s", code, out, log)
	}
	program.Start(t, program.Options{Dir: p.Dir, Config: oneSource, Env: env}).Terminate(t)
	env = append(env, "HOOKGATE_NEW_MASTER_KEY="+key("n"))
	if out, log, code := runs(t, env, "rekey", "--data", p.Dir); code != 0 {
		t.Errorf("the right key: exit code %d, %s%s", code, out, log)
	}
}

// killAfter kills a command some moment after it has begun. nil: it was faster.
func killAfter(c *exec.Cmd, begun func() bool, ended chan error) error {
	for !begun() {
		select {
		case err := <-ended:
			return err
		case <-time.After(time.Millisecond):
		}
	}
	time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
	_ = c.Process.Kill() // it may have ended
	return <-ended
}

// A data folder that is damaged or in use is not called a good one.
func TestCheckData(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", `{"conversation_key":"k"}`, sourceToken)
	if out, log, code := runs(t, nil, "check", "--data", p.Dir); code != 1 || !strings.Contains(log, "in use") || strings.Contains(out, "ok") {
		t.Errorf("in use: exit code %d, %s%s", code, out, log)
	}
	p.Terminate(t)
	if out, log, code := runs(t, nil, "check", "--data", p.Dir); code != 0 || !strings.Contains(out, ": ok: ") {
		t.Errorf("whole: exit code %d, %s%s", code, out, log)
	}
	for _, name := range []string{"sealed", "master.key", "format", "known"} {
		path := filepath.Join(p.Dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := append([]byte(nil), text...)
		bad[10] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, log, code := runs(t, nil, "check", "--data", p.Dir); code != 1 || !strings.Contains(out+log, name) {
			t.Errorf("%s changed: exit code %d, %s%s", name, code, out, log)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
