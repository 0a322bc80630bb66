package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// oneSource is a configuration with one source that a token opens.
const oneSource = `
tenants:
  acme:
    sources:
      payments: { verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] } }
`

const sourceToken = "X-Token: a-token-of-16-characters"

var adminToken = regexp.MustCompile(`hg_admin_\S+`)

// The first start without an admin token makes one and shows it, this once.
func TestFirstStartShowsTheAdminToken(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	o := program.Options{Dir: dir, Env: []string{"HOOKGATE_ADMIN_TOKEN="}}
	p := program.Start(t, o)
	shown := adminToken.FindAllString(p.Log.Text(), -1)
	if len(shown) != 1 {
		t.Fatalf("the first start shows %d admin tokens:\n%s", len(shown), p.Log.Text())
	}
	p.Admin().As(shown[0]).Must(t, []int{200}, "GET", "/v1/tenants", nil)
	p.Admin().Must(t, []int{401}, "GET", "/v1/tenants", nil)
	if code := p.Terminate(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	canaries{"the admin token": shown[0]}.lookIntoFolder(t, dir, "")
	if again := adminToken.FindAllString(p.Log.Text(), -1); len(again) != 1 {
		t.Errorf("it was shown %d times", len(again))
	}
	p = program.Start(t, o)
	if again := adminToken.FindString(p.Log.Text()); again != "" {
		t.Errorf("the second start shows an admin token too")
	}
	p.Admin().As(shown[0]).Must(t, []int{200}, "GET", "/v1/tenants", nil)
	p.Terminate(t)

	o.Env = nil // the environment's is the admin token while it is set
	p = program.Start(t, o)
	p.Admin().Must(t, []int{200}, "GET", "/v1/tenants", nil)
	p.Admin().As(shown[0]).Must(t, []int{401}, "GET", "/v1/tenants", nil)
}

// The token of the environment is kept nowhere: a start without it, on a folder that knew
// one, says that there is none, and how to get one; with one it says nothing.
func TestStartWithoutAnyAdminToken(t *testing.T) {
	t.Parallel()
	const warning = "there is no admin token in force"
	o := program.Options{Dir: filepath.Join(t.TempDir(), "data")}
	p := program.Start(t, o)
	if p.Terminate(t); strings.Contains(p.Log.Text(), warning) {
		t.Errorf("with one, it says:\n%s", p.Log.Text())
	}
	o.Env = []string{"HOOKGATE_ADMIN_TOKEN="}
	p = program.Start(t, o)
	if p.Terminate(t); !strings.Contains(p.Log.Text(), warning) || !strings.Contains(p.Log.Text(), "set HOOKGATE_ADMIN_TOKEN") || adminToken.MatchString(p.Log.Text()) {
		t.Errorf("without one, it says:\n%s", p.Log.Text())
	}
}

// A first start that fails at its last step shows no token: the next one does, and that
// one is good. A variable that is misspelt is told at each start.
func TestFirstStartThatFailsShowsNoToken(t *testing.T) {
	t.Parallel()
	other := program.Start(t, program.Options{})
	dir := filepath.Join(t.TempDir(), "data")
	env := []string{"HOOKGATE_ADMIN_TOKEN=", "HOOKGATE_ADMINTOKEN=canary"}
	for _, args := range [][]string{
		{"--public", strings.TrimPrefix(other.Public, "http://")}, {"--internal", strings.TrimPrefix(other.Internal, "http://")},
	} {
		p := program.Launch(t, program.Options{Dir: dir, Env: env, Args: args})
		if code := p.Wait(t); code != 1 || !strings.Contains(p.Log.Text(), "in use") || adminToken.MatchString(p.Log.Text()) {
			t.Fatalf("%q: exit code %d\n%s", args, code, p.Log.Text())
		}
	}
	p := program.Start(t, program.Options{Dir: dir, Env: env})
	shown := adminToken.FindAllString(p.Log.Text(), -1)
	if len(shown) != 1 {
		t.Fatalf("the first start that serves shows %d admin tokens:\n%s", len(shown), p.Log.Text())
	}
	p.Admin().As(shown[0]).Must(t, []int{200}, "GET", "/v1/tenants", nil)
	if !strings.Contains(p.Log.Text(), "did you mean HOOKGATE_ADMIN_TOKEN?") || strings.Contains(p.Log.Text(), "canary") {
		t.Errorf("of the variable it says\n%s", p.Log.Text())
	}
}

// Without a file it runs on defaults, with its data beside it.
func TestServeWithoutAFile(t *testing.T) {
	p := &program.Program{Log: &program.Log{}}
	c := program.Command(t, []string{"HOOKGATE_PUBLIC_ADDR=127.0.0.1:0", "HOOKGATE_INTERNAL_ADDR=127.0.0.1:0"}, "serve")
	c.Dir, c.Stderr = t.TempDir(), p.Log
	p.Run(t, c)
	if err := p.Listening(t); err != nil {
		t.Fatalf("%v\n%s", err, p.Log.Text())
	}
	p.WaitReady(t)
	key, err := os.Stat(filepath.Join(c.Dir, "hookgate-data", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && key.Mode().Perm() != 0o600 {
		t.Errorf("the master key has mode %s", key.Mode())
	}
}

// What watches a process needs no token; the public listener knows none of it.
func TestHealthReadinessMetrics(t *testing.T) {
	p := program.Start(t, program.Options{Config: oneSource})
	anybody := p.Admin().As("")
	for _, path := range []string{"/healthz", "/readyz"} {
		anybody.Must(t, []int{200}, "GET", path, nil)
	}
	p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", `{"conversation_key":"k"}`, sourceToken)
	metrics := anybody.Must(t, []int{200}, "GET", "/metrics", nil)
	for _, want := range []string{
		"hookgate_build_info{", `hookgate_callbacks_total{outcome="parked",source="payments",tenant="acme"} 1`, `hookgate_callbacks_parked{tenant="acme"} 1`,
	} {
		if !bytes.Contains(metrics.Body, []byte(want)) {
			t.Errorf("/metrics has no %s", want)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/v1/tenants", "/v1/tenants/acme/waits"} {
		p.Sender().Must(t, []int{404}, "GET", path, nil)
	}
	anybody.Must(t, []int{404}, "POST", "/hooks/acme/payments", `{"conversation_key":"k"}`, sourceToken)
}

// A start that cannot succeed says what to change, and leaves the other process alone.
func TestStartRefused(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	for name, c := range map[string]struct {
		dir  string
		args []string
		want string
	}{
		"public port in use":   {"", []string{"--public", strings.TrimPrefix(p.Public, "http://")}, "public.addr"},
		"internal port in use": {"", []string{"--internal", strings.TrimPrefix(p.Internal, "http://")}, "internal.addr"},
		"data folder in use":   {p.Dir, nil, p.Dir},
	} {
		t.Run(name, func(t *testing.T) {
			other := program.Launch(t, program.Options{Dir: c.dir, Args: c.args})
			if code := other.Wait(t); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if log := other.Log.Text(); !strings.Contains(log, c.want) || !strings.Contains(log, "in use") {
				t.Errorf("it does not say that %s is in use:\n%s", c.want, log)
			}
		})
	}
	p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", `{"conversation_key":"k"}`, sourceToken)
}

// Without the right master key nothing starts, and nothing is touched.
func TestMasterKeyRefused(t *testing.T) {
	t.Parallel()
	key := func(fill string) string {
		return "HOOKGATE_MASTER_KEY=" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, 32)))
	}
	t.Run("another one", func(t *testing.T) {
		refusesAnotherKey(t, []string{key("a")}, func(string) []string { return []string{key("b")} })
	})
	t.Run("a lost file", func(t *testing.T) {
		refusesAnotherKey(t, nil, func(dir string) []string {
			if err := os.Rename(filepath.Join(dir, "master.key"), filepath.Join(dir, "..", "lost.key")); err != nil {
				t.Fatal(err)
			}
			return nil
		})
	})
	t.Run("no key at all", func(t *testing.T) {
		p := program.Launch(t, program.Options{Env: []string{"HOOKGATE_MASTER_KEY=c2hvcnQ="}})
		if code := p.Wait(t); code != 1 || !strings.Contains(p.Log.Text(), "HOOKGATE_MASTER_KEY") {
			t.Errorf("exit code %d\n%s", code, p.Log.Text())
		}
		if _, err := os.Stat(p.Dir); !os.IsNotExist(err) {
			t.Errorf("a data folder was made all the same: %v", err)
		}
	})
}

func refusesAnotherKey(t *testing.T, right []string, lose func(dir string) []string) {
	dir := filepath.Join(t.TempDir(), "data")
	p := program.Start(t, program.Options{Dir: dir, Env: right})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/sources/payments",
		`{"verify":{"type":"token","in":"header","name":"X-Token","secrets":["a-token-of-16-characters"]}}`)
	p.Terminate(t)
	wrong := lose(dir)
	before := contents(t, dir)
	p = program.Launch(t, program.Options{Dir: dir, Env: wrong})
	if code := p.Wait(t); code != 1 || !strings.Contains(p.Log.Text(), "master key") {
		t.Errorf("exit code %d\n%s", code, p.Log.Text())
	}
	if after := contents(t, dir); after != before {
		t.Errorf("the data folder was touched; before:\n%safter:\n%s", before, after)
	}
	if lost := filepath.Join(dir, "..", "lost.key"); right == nil {
		if err := os.Rename(lost, filepath.Join(dir, "master.key")); err != nil {
			t.Fatal(err)
		}
	}
	p = program.Start(t, program.Options{Dir: dir, Env: right})
	p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", `{"conversation_key":"k"}`, sourceToken)
}

// contents lists the files of a folder with what is in them, but for those of
// Pebble: opening them writes its log anew, and what they hold is looked up when
// the right key is back.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var list strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "pebble":
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&list, "%s %d %x\n", strings.TrimPrefix(path, dir), len(text), sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.String()
}

// A token is made through a running gateway.
func TestTokenCreate(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	run := func(admin string, args ...string) (stdout, stderr string, code int) {
		c := program.Command(t, []string{"HOOKGATE_ADMIN_TOKEN=" + admin}, append([]string{"token", "create", "--internal", p.Internal}, args...)...)
		var out, log bytes.Buffer
		c.Stdout, c.Stderr = &out, &log
		_ = c.Run() // its exit code says how it went
		return out.String(), log.String(), c.ProcessState.ExitCode()
	}
	out, _, code := run(program.AdminToken, "--scope", "platform", "--name", "bot")
	platform := p.Admin().As(strings.TrimSpace(out))
	if code != 0 || !strings.HasPrefix(out, "hg_platform_") {
		t.Fatalf("exit code %d, %q", code, out)
	}
	platform.Must(t, []int{200}, "GET", "/v1/tenants/acme/waits", nil)
	platform.Must(t, []int{403}, "GET", "/v1/tokens", nil)

	out, _, code = run(program.AdminToken, "--scope", "tenant", "--tenant", "acme", "--name", "acme's own")
	if code != 0 || !strings.HasPrefix(out, "hg_tenant_") {
		t.Fatalf("exit code %d, %q", code, out)
	}
	p.Admin().As(strings.TrimSpace(out)).Must(t, []int{200}, "GET", "/v1/tenants/acme/waits", nil)

	for _, c := range []struct {
		admin string
		args  []string
	}{
		{"hg_admin_that_is_wrong", []string{"--scope", "platform"}},
		{program.AdminToken, []string{"--scope", "king"}},
		{program.AdminToken, []string{"--scope", "tenant", "--tenant", "nobody"}},
		{"", []string{"--scope", "platform"}},
		{program.AdminToken, []string{"--scope", "platform", "--internal", closedPort(t)}},
	} {
		if out, log, code := run(c.admin, c.args...); code != 1 || out != "" || !strings.Contains(log, "hookgate: create token: ") {
			t.Errorf("%q: exit code %d, %q, %q", c.args, code, out, log)
		}
	}
}

// closedPort gives an address where nobody listens, nor will in this test: it is taken, by the end
// of a connection.
func closedPort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), ln.Close() })
	return c.LocalAddr().String()
}
