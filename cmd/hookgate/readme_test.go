//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

var (
	// blocks finds the README's blocks of commands: each may be marked by a line as
	// <!-- test: five-minutes -->, and followed by one of what it prints.
	blocks = regexp.MustCompile("(?s)(?:<!-- test: (\\S+) -->\n)?```(?:sh|bash|console)\n(.*?)```\n(?:```(?:json|text)\n(.*?)```\n)?")
	// written finds the configuration that the README has its reader write.
	written = regexp.MustCompile(`(?m)^echo '(.*)' > hookgate\.yaml$`)
)

// pasted is one block of commands, and what the README says that it prints.
type pasted struct{ commands, prints string }

// unrun are the blocks that no test runs: the gateway of the reader's first terminal,
// which the tests start by themselves, the demo, which has a test of its own and no end,
// and all tests.
var unrun = []string{
	"go run ./cmd/hookgate demo\n",
	"go test ./...\n",
	"go build -o hookgate ./cmd/hookgate\nHOOKGATE_ADMIN_TOKEN=my-first-admin-token ./hookgate serve\n",
	"echo 'egress: { allow: [\"127.0.0.0/8\"] }' > hookgate.yaml\nHOOKGATE_ADMIN_TOKEN=my-first-admin-token ./hookgate serve --config hookgate.yaml\n",
}

// readme gives the README's steps by the names of their tests, and the configuration
// that it writes.
func readme(t *testing.T) (steps map[string][]pasted, config string) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	line := written.FindSubmatch(text)
	if line == nil {
		t.Fatal("README.md has no line that writes hookgate.yaml")
	}
	steps = map[string][]pasted{}
	for _, block := range blocks.FindAllSubmatch(text, -1) {
		name, one := string(block[1]), pasted{string(block[2]), string(block[3])}
		if name == "" && !slices.Contains(unrun, one.commands) {
			t.Errorf("README.md has a block that no test runs: put <!-- test: name --> before it:\n%s", one.commands)
		}
		steps[name] = append(steps[name], one)
	}
	return steps, string(line[1])
}

// What is pasted into a shell is read as if it were typed. zsh knows no comments there:
// it looks for the command #, takes an apostrophe for the start of a text, and a question
// mark for a file's name. In both shells ! repeats an earlier command. sed differs from
// system to system.
func TestReadmeCanBePasted(t *testing.T) {
	steps, _ := readme(t)
	for name, all := range steps {
		for _, s := range all {
			for line := range strings.Lines(s.commands) {
				if strings.Contains(line, "#") || strings.Contains(line, "!") && !strings.Contains(line, "$!") || regexp.MustCompile(`\bsed\b`).MatchString(line) {
					t.Errorf("%s: cannot be pasted everywhere: %s", name, line)
				}
			}
		}
	}
}

// TestReadme runs the marked blocks of the README as they are written, but for the
// ports: in bash and in zsh, as if they were pasted there, and twice, beside a gateway
// with the configuration that the README writes. Each must print what the README says.
func TestReadme(t *testing.T) {
	steps, config := readme(t)
	for _, name := range []string{"five-minutes", "events", "calls", "routes"} {
		if len(steps[name]) == 0 {
			t.Errorf("README.md has no ```sh block after <!-- test: %s -->", name)
		}
		for _, shell := range [][]string{{"bash", "--norc", "--noprofile", "-i"}, {"zsh", "-f", "-i"}} {
			t.Run(name+" in "+shell[0], func(t *testing.T) {
				t.Parallel()
				for _, tool := range []string{shell[0], "curl"} {
					if _, err := exec.LookPath(tool); err != nil {
						t.Skipf("this machine has no %s", tool)
					}
				}
				runSteps(t, shell, steps[name], config)
			})
		}
	}
}

// begin ends a shell at the first command that fails, and keeps what it starts in its
// process group; curl fails where the gateway refuses.
const begin = `set +m -e
curl() { command curl --fail-with-body --max-time 60 "$@"; }
`

// stop stands between what two blocks print.
const stop = "==== the next block ====\n"

// runSteps has a shell run steps twice, beside a gateway and in a folder that has
// ./hookgate, and holds what each prints to what it should.
func runSteps(t *testing.T, shell []string, steps []pasted, config string) {
	script := begin
	for range 2 {
		for _, s := range steps {
			script += s.commands + "echo '" + strings.TrimSuffix(stop, "\n") + "'\n"
		}
	}
	said := strings.Split(runShell(t, shell, script, config), stop)
	for i, text := range said[:len(said)-1] {
		s := steps[i%len(steps)]
		if !printed(s.prints).MatchString(pressed(text)) {
			t.Errorf("run %d, this block:\n%sprints\n%s\nand the README says\n%s", 1+i/len(steps), s.commands, text, s.prints)
		}
	}
	if len(said) != 2*len(steps)+1 {
		t.Fatalf("it ended in step %d of %d", len(said), 2*len(steps))
	}
}

// pressed is a text without its white space, of which the README has what is good to
// read.
func pressed(text string) string { return strings.Join(strings.Fields(text), "") }

// printed gives the expression of what the README says: … stands for anything.
func printed(text string) *regexp.Regexp {
	parts := strings.Split(pressed(text), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
}

func runShell(t *testing.T, shell []string, script, config string) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, program.Name)); err != nil { // by this name it is the program: see TestMain
		t.Fatal(err)
	}
	p := program.Start(t, program.Options{Config: config})
	ports := []string{"http://127.0.0.1:8080", p.Public, "http://127.0.0.1:8081", p.Internal}
	for port := 8090; port < 8096; port++ {
		ports = append(ports, fmt.Sprint("127.0.0.1:", port), freeAddr(t))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute) // for a busy machine: no measure of speed
	defer cancel()
	var out, errs bytes.Buffer
	c := exec.CommandContext(ctx, shell[0], shell[1:]...)
	c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, strings.NewReader(strings.NewReplacer(ports...).Replace(script)), &out, &errs
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the shell and all that it starts
	c.Cancel, c.WaitDelay = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }, 10*time.Second
	developers := func(pair string) bool { return strings.HasPrefix(pair, "HOOKGATE_") }
	c.Env = append(slices.DeleteFunc(os.Environ(), developers), "TOKEN="+program.AdminToken, "PS1=", "PS2=")
	err = c.Run()
	_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // what it left behind when it failed
	if err != nil {
		t.Errorf("%v\n%s\n--- the gateway's log\n%s", err, errs.String(), p.Log.Text())
	}
	return out.String()
}

// freeAddr gives an address of loopback where nobody listens now.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	}()
	return listener.Addr().String()
}
