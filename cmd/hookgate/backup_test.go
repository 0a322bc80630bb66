package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// runs runs a command of the program to its end.
func runs(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := program.Command(t, env, args...)
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	_ = c.Run() // its exit code says how it went
	return out.String(), log.String(), c.ProcessState.ExitCode()
}

// publishers publish as fast as they are answered, and remember what was acknowledged.
type publishers struct {
	wg   sync.WaitGroup
	stop chan struct{}
	mu   sync.Mutex
	ids  []string
}

func publish(t *testing.T, p *program.Program, n int) *publishers {
	l := &publishers{stop: make(chan struct{})}
	for range n {
		l.wg.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				default:
				}
				a, err := p.Admin().Do(t.Context(), "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note","text":"`+strings.Repeat("x", 500)+`"}}]}`)
				if err != nil || a.Status != 202 {
					return // the process was killed
				}
				var told struct{ Events []struct{ ID string } }
				a.Decode(t, &told)
				l.mu.Lock()
				for _, e := range told.Events {
					l.ids = append(l.ids, e.ID)
				}
				l.mu.Unlock()
			}
		})
	}
	return l
}

func (l *publishers) acknowledged() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.ids...)
}

func held(t *testing.T, p *program.Program) bool {
	t.Helper()
	ready := string(p.Admin().As("").Must(t, []int{200}, "GET", "/readyz", nil).Body)
	metrics := string(p.Admin().As("").Must(t, []int{200}, "GET", "/metrics", nil).Body)
	is := ready == `{"status":"ok","held":"restored"}`
	if want := fmt.Sprintf("\nhookgate_held %d\n", map[bool]int{true: 1}[is]); !strings.Contains(metrics, want) {
		t.Errorf("/readyz says %s, and the metrics do not say%s", ready, want)
	}
	return is
}

// A backup that is taken while events come in as fast as they can has every one that was
// acknowledged before it. What is restored of it sends nothing, over restarts, until it is
// told to, and from then on all.
func TestBackupRestore(t *testing.T) {
	t.Parallel()
	receiver := gatewaytest.NewReceiver(t)
	p := program.Start(t, program.Options{Config: "egress: { allow: [127.0.0.0/8] }\n"})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/endpoints/crm", fmt.Sprintf(`{"url":"%s/crm","auth":{"type":"bearer","token":"a secret of the endpoint"}}`, receiver.URL))
	p.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/endpoints/crm/pause", nil)
	load := publish(t, p, 4)
	program.Eventually(t, time.Minute, func() error {
		if n := len(load.acknowledged()); n < 300 {
			return fmt.Errorf("%d events", n)
		}
		return nil
	})
	before := load.acknowledged()
	above := t.TempDir()
	file, dir := filepath.Join(above, "hookgate.tar"), filepath.Join(above, "data")
	env := []string{"HOOKGATE_SERVER=" + p.Internal, "HOOKGATE_TOKEN=" + program.AdminToken}
	if _, log, code := runs(t, env, "backup", file); code != 0 {
		t.Fatalf("backup: exit code %d, %s", code, log)
	}
	if _, log, code := runs(t, env, "backup", file); code != 1 || !strings.Contains(log, "is there already") {
		t.Errorf("over a file that is there: exit code %d, %s", code, log)
	}
	if _, log, code := runs(t, env[:1], "backup", file+"2"); code != 1 || !strings.Contains(log, "no token") {
		t.Errorf("without a token: exit code %d, %s", code, log)
	}
	close(load.stop)
	load.wg.Wait()
	p.Kill9()

	out, log, code := runs(t, nil, "restore", file, "--data", dir)
	if code != 0 || !strings.Contains(out, "The master key is not in it") || !strings.Contains(out, "that of HOOKGATE_ADMIN_TOKEN is in none") {
		t.Fatalf("restore: exit code %d, %s%s", code, out, log)
	}
	if _, log, code := runs(t, nil, "restore", file, "--data", dir); code != 1 || !strings.Contains(log, "not empty") {
		t.Errorf("restored twice: exit code %d, %s", code, log)
	}
	without := program.Launch(t, program.Options{Dir: dir})
	if code := without.Wait(t); code != 1 || !strings.Contains(without.Log.Text(), "master key") {
		t.Errorf("without its key: exit code %d\n%s", code, without.Log.Text())
	}
	key, err := os.ReadFile(filepath.Join(p.Dir, "master.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "master.key"), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	options := program.Options{Dir: dir, Config: "egress: { allow: [127.0.0.0/8] }\n"}
	for range 2 {
		p = program.Start(t, options)
		if !held(t, p) {
			t.Error("the restored gateway is not held")
		}
		for _, id := range before {
			p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/events/"+id, nil)
		}
		p.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/endpoints/crm/resume", nil)
		p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note","text":"new"}}]}`)
		p.Terminate(t)
	}
	if got := receiver.Got(); len(got) > 0 {
		t.Fatalf("the endpoint was sent %d requests while the gateway was held, the first %+v", len(got), got[0])
	}
	p = program.Start(t, options)
	if _, log, code := runs(t, nil, "restore", "--resume", "--data", dir); code != 1 || !strings.Contains(log, "in use") {
		t.Errorf("resumed beside who serves it: exit code %d, %s", code, log)
	}
	env[0] = "HOOKGATE_SERVER=" + p.Internal
	if _, log, code := runs(t, env, "restore", "--resume"); code != 0 {
		t.Fatalf("resume: exit code %d, %s", code, log)
	}
	if held(t, p) {
		t.Error("it is still held")
	}
	hears(t, receiver, "/crm", len(before)+2)
	if got := receiver.Got()[0].Header.Get("Authorization"); got != "Bearer a secret of the endpoint" {
		t.Errorf("its secret came back as %q", got)
	}
	p.Kill9()
	p = program.Start(t, options)
	if held(t, p) {
		t.Error("after a restart it is held again")
	}
}

// With its key a backup needs nothing else; a folder is released without a server, too.
func TestBackupWithKey(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{"headers":{"X-A":"kept"}}`)
	env := []string{"HOOKGATE_TOKEN=" + program.AdminToken}
	archive, log, code := runs(t, env, "backup", "-", "--with-key", "--server", p.Internal)
	if code != 0 {
		t.Fatalf("exit code %d, %s", code, log)
	}
	file, dir := filepath.Join(t.TempDir(), "a.tar"), filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, []byte(archive[:len(archive)-4096]), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, log, code := runs(t, nil, "restore", file, "--data", dir); code != 1 || !strings.Contains(log, "ends before its end") {
		t.Errorf("cut: exit code %d, %s", code, log)
	}
	if err := os.WriteFile(file, []byte(archive), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{file, "--data", dir}, {"--resume", "--data", dir}} {
		if _, log, code := runs(t, nil, append([]string{"restore"}, args...)...); code != 0 {
			t.Fatalf("%q: exit code %d, %s", args, code, log)
		}
	}
	p = program.Start(t, program.Options{Dir: dir})
	if held(t, p) {
		t.Error("it was released, and is held")
	}
	p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme", nil)
}
