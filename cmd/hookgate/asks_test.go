package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"hookgate/gateway/gatewaytest/program"
)

// asksFile is the configuration of the gateway that commands ask: it has a route, which
// only a file may have.
const asksFile = `
egress: { allow: [127.0.0.0/8] }
tenants:
  filed: { sources: { payments: { verify: { type: none } } } }
routes:
  bot: { mode: proxy, match: { path: /bot }, upstreams: [{ url: "http://127.0.0.1:9" }] }
`

// asksEnv is what a command needs to ask a gateway.
func asksEnv(p *program.Program) []string {
	return []string{"HOOKGATE_SERVER=" + p.Internal, "HOOKGATE_TOKEN=" + program.AdminToken, "PUBLIC=" + p.Public}
}

// TestAsks runs each command that asks a gateway as a process of its own, beside one
// gateway for all; a script has tenants of its own.
func TestAsks(t *testing.T) {
	p := program.Start(t, program.Options{Config: asksFile})
	testscript.Run(t, testscript.Params{Dir: "testdata/asks", Setup: func(e *testscript.Env) error {
		e.Vars = append(e.Vars, asksEnv(p)...)
		return nil
	}, Cmds: map[string]func(*testscript.TestScript, bool, []string){"keep": keepMember, "status": wantStatus}})
}

// keepMember is `keep NAME MEMBER`: it puts a member of the JSON that was printed last into
// the environment.
func keepMember(ts *testscript.TestScript, _ bool, args []string) {
	var members map[string]any
	text := ts.ReadFile("stdout")
	if strings.HasPrefix(strings.TrimSpace(text), "[") { // of a list, its first
		var all []map[string]any
		ts.Check(json.Unmarshal([]byte(text), &all))
		if len(all) == 0 {
			ts.Fatalf("the list is empty")
		}
		members = all[0]
	} else {
		ts.Check(json.Unmarshal([]byte(text), &members))
	}
	value, is := members[args[1]].(string)
	if !is {
		ts.Fatalf("%s is no text in %s", args[1], text)
	}
	ts.Setenv(args[0], value)
}

// wantStatus is `status N COMMAND...`: the command exits with it.
func wantStatus(ts *testscript.TestScript, _ bool, args []string) {
	got := "0"
	err := ts.Exec(args[1], args[2:]...)
	if exit, is := errors.AsType[*exec.ExitError](err); is {
		got = strconv.Itoa(exit.ExitCode())
	} else {
		ts.Check(err)
	}
	if got != args[0] {
		ts.Fatalf("it exits with %s, want %s", got, args[0])
	}
}

// ownTests are commands whose examples are run elsewhere: they ask no gateway, or have no
// end.
var ownTests = []string{"serve", "demo", "check", "doctor", "backup", "restore", "rekey", "config", "healthcheck", "sign", "verify", "version", "completion", "help", "man", "store"}

// Every example of the help of a command that asks runs as it is written, and so goes well.
func TestExamplesOfHelp(t *testing.T) {
	p := program.Start(t, program.Options{Config: asksFile})
	dir := t.TempDir()
	for name, text := range exampleFiles {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := &exampleRunner{Program: p, dir: dir}
	n := 0
	for _, cmd := range newRootCommand().Commands() {
		if !strings.Contains(strings.Join(ownTests, " ")+" ", cmd.Name()+" ") {
			n += e.below(t, cmd)
		}
	}
	if n < 45 {
		t.Errorf("%d examples only", n)
	}
}

// exampleFiles are the files that examples name.
var exampleFiles = map[string]string{
	"acme.yaml": `
tenants:
  acme:
    sources:
      payments:
        verify: { type: stripe, secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] }
        conversation_key: { path: data.object.metadata.conversation_key }
        variables: [{ name: amount, path: data.object.amount_total, type: number }]
    endpoints: { crm: { url: "http://127.0.0.1:9/", event_types: [message] } }
    webhooks: { lookup: { url: "http://127.0.0.1:9/" } }
`,
	"events.json":    `[{"event":{"type":"message"},"conversation":{"key":"chat-42"}}]`,
	"event.json":     `{"event":{"type":"message"},"conversation":{"key":"chat-42"}}`,
	"variables.json": `[{"name":"amount","path":"a","type":"number"}]`,
	"body.json":      `{"a":"12.5"}`,
}

type exampleRunner struct {
	*program.Program
	dir string
}

// hookgate runs a command; its standard output must be there where it goes well.
func (e *exampleRunner) hookgate(t *testing.T, args ...string) string {
	t.Helper()
	c := program.Command(t, asksEnv(e.Program), args...)
	c.Dir = e.dir
	out, err := c.Output()
	if err != nil {
		exit, _ := err.(*exec.ExitError)
		t.Fatalf("hookgate %q: %v\n%s\n%s", args, err, out, exit.Stderr)
	}
	return string(out)
}

// fresh puts everything back that an example may have deleted, and gives a line ids that
// are there.
func (e *exampleRunner) fresh(t *testing.T, line string) string {
	e.hookgate(t, "apply", "-f", "acme.yaml")
	id := func(member string, args ...string) string {
		var told map[string]any
		text := e.hookgate(t, append(args, "--json")...)
		if err := json.Unmarshal([]byte(text), &told); err != nil {
			t.Fatalf("%q prints %s", args, text)
		}
		value, _ := told[member].(string)
		return value
	}
	first := func(args ...string) string {
		var all []map[string]any
		text := e.hookgate(t, append(args, "--json")...)
		if err := json.Unmarshal([]byte(text), &all); err != nil || len(all) == 0 {
			t.Fatalf("%q prints %s", args, text)
		}
		return all[0]["id"].(string)
	}
	trigger := func() {
		request := []string{"trigger", "stripe", "--to", e.Public + "/hooks/acme/payments", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
		e.hookgate(t, request...)
	}
	for placeholder, give := range map[string]func() string{
		"wait_…": func() string {
			for _, open := range strings.Fields(strings.ReplaceAll(e.hookgate(t, "wait", "list", "--tenant", "acme", "--state", "waiting", "--json"), `"`, " ")) {
				if strings.HasPrefix(open, "wait_") {
					e.hookgate(t, "wait", "cancel", open, "--tenant", "acme")
				}
			}
			return id("id", "wait", "open", "--tenant", "acme", "--source", "payments", "--conversation", "other-chat", "--mode", "poll")
		},
		"evt_…": func() string {
			e.hookgate(t, "event", "publish", "--tenant", "acme", "-f", "events.json")
			return first("event", "list", "--tenant", "acme")
		},
		"dlv_…": func() string {
			e.hookgate(t, "event", "publish", "--tenant", "acme", "-f", "events.json")
			return first("delivery", "list", "--tenant", "acme")
		},
		"tok_…": func() string {
			e.hookgate(t, "token", "create", "--scope", "platform")
			return first("token", "list")
		},
		"req_…": func() string { trigger(); return first("source", "requests", "payments", "--tenant", "acme") },
		"cb_…":  func() string { trigger(); return first("callback", "list", "--tenant", "acme") },
	} {
		if strings.Contains(line, placeholder) {
			line = strings.ReplaceAll(line, placeholder, give())
		}
	}
	if strings.Contains(line, "request.http") {
		e.request(t)
	}
	return strings.ReplaceAll(line, "http://127.0.0.1:8080", e.Public)
}

// request writes a request that the source payments takes.
func (e *exampleRunner) request(t *testing.T) {
	body := `{"id":"evt_1","data":{"object":{"metadata":{"conversation_key":"chat-42"}}}}`
	sign := program.Command(t, []string{"HOOKGATE_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "sign", "--type", "stripe")
	sign.Stdin = strings.NewReader(body)
	headers, err := sign.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := "POST /hooks/acme/payments HTTP/1.1\r\nContent-Type: application/json\r\n" + strings.ReplaceAll(string(headers), "\n", "\r\n") + "\r\n" + body
	if err := os.WriteFile(filepath.Join(e.dir, "request.http"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// below runs the examples of a command and of all below it, and counts them.
func (e *exampleRunner) below(t *testing.T, cmd *cobra.Command) (n int) {
	if cmd.Example == "" {
		t.Errorf("%s has no example", cmd.CommandPath())
	}
	for line := range strings.Lines(cmd.Example) {
		line = strings.TrimSpace(line)
		n++
		t.Run(line, func(t *testing.T) {
			args := strings.Fields(e.fresh(t, line))
			switch cmd.Name() {
			case "drain":
				t.Skip("of a folder there is one node, and the last one is not drained: TestNodes of the API drains another")
			case "migrate":
				t.Skip("of a folder there is no schema: TestPostgresMigrateAndDoctor runs it on a database")
			case "tail", "listen":
				e.untilStopped(t, args[1:])
			default:
				e.hookgate(t, args[1:]...)
			}
		})
	}
	for _, one := range cmd.Commands() {
		n += e.below(t, one)
	}
	return n
}

// untilStopped runs a command that has no end until it has printed what happens, and stops
// it as Ctrl-C does: that is no failure.
func (e *exampleRunner) untilStopped(t *testing.T, args []string) {
	log := &program.Log{}
	c := program.Command(t, asksEnv(e.Program), args...)
	c.Dir, c.Stdout, c.Stderr = e.dir, log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	program.Eventually(t, 30*time.Second, func() error {
		e.hookgate(t, "trigger", "stripe", "--to", e.Public+"/hooks/acme/payments", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
		if len(log.Lines()) == 0 {
			return os.ErrNotExist
		}
		return nil
	})
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("hookgate %q: %v\n%s", args, err, log.Text())
	}
}
