package main

import (
	"bytes"
	"context"
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
	// marked finds the blocks of the README that are run: a fenced one after a line
	// as <!-- test: five-minutes -->.
	marked = regexp.MustCompile("(?s)<!-- test: (\\S+) -->\\s*```(?:sh|bash|console)\n(.*?)```")
	// written finds the configuration that the README has its reader write.
	written = regexp.MustCompile(`(?m)^echo '(.*)' > hookgate\.yaml$`)
)

// strict ends a script at the first command that fails, and what it started with
// it, and has curl fail where the gateway refuses.
const strict = `set -eu -o pipefail
trap 'kill $(jobs -p) 2> /dev/null || :' EXIT
curl() { command curl --fail-with-body --max-time 60 "$@"; }
`

// shown says what the blocks must show, by their names: a wait that was resumed
// (its callback may come before it is open: then it says "parked", and the outcome
// is the same); failed attempts with an open breaker, then a delivery, a signature
// that is good, and a receiver that takes one made by hand; a lookup that is mapped,
// one that fails, and a payment whose callback finds its wait by a learned alias; a
// message that waits for its platform and is known when it comes again, and an answer
// through the proxy.
var shown = map[string][]string{
	"five-minutes": {`"state":"resumed"`},
	"events":       {`"accepted":1`, `"error":"connect"`, `"state":"open"`, `"state":"succeeded"`, "\nok\n", `"outcome":"parked"`},
	"routes":       {"1158201444\n", `"outcome":"accepted"`, `"outcome":"duplicate"`, `"state":"succeeded"`, `"outcome":"parked"`},
	"calls":        {`"balance":1200.50`, `"owner":"ADA LOVELACE"`, `"limit":500`, `"reason":"status"`, `"wait_id":"wait_`, `"outcome":"resumed"`, `"kind":"call"`},
}

// TestReadme runs the marked blocks of the README as they are written, but for the
// ports, each against a gateway with the configuration that the README writes.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("this machine has no %s", tool)
		}
	}
	config := written.FindSubmatch(readme)
	if config == nil {
		t.Fatal("README.md has no line that writes hookgate.yaml")
	}
	scripts := make(map[string]string)
	for _, block := range marked.FindAllSubmatch(readme, -1) {
		scripts[string(block[1])] += string(block[2])
	}
	for name := range scripts {
		if shown[name] == nil {
			t.Errorf("README.md has a block %q, and nothing says what it must show", name)
		}
	}
	for name, wants := range shown {
		t.Run(name, func(t *testing.T) {
			if scripts[name] == "" {
				t.Fatalf("README.md has no ```sh block after <!-- test: %s -->", name)
			}
			out := runBlock(t, scripts[name], string(config[1]))
			for _, want := range wants {
				if !strings.Contains(strings.ReplaceAll(out, `": "`, `":"`), want) {
					t.Errorf("nothing shows %s:\n%s", want, out)
				}
			}
		})
	}
}

// runBlock runs a script beside a gateway, in a folder that has ./hookgate, and
// gives what it printed.
func runBlock(t *testing.T, script, config string) string {
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
	ports := strings.NewReplacer("http://127.0.0.1:8080", p.Public, "http://127.0.0.1:8081", p.Internal, "127.0.0.1:8090", freeAddr(t), "127.0.0.1:8092", freeAddr(t),
		"127.0.0.1:8093", freeAddr(t), "127.0.0.1:8094", freeAddr(t), "127.0.0.1:8095", freeAddr(t))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // for a busy machine: no measure of speed
	defer cancel()
	var out bytes.Buffer
	bash := exec.CommandContext(ctx, "bash", "-c", strict+ports.Replace(script))
	bash.Dir, bash.Stdout, bash.Stderr = dir, &out, &out
	bash.Cancel, bash.WaitDelay = func() error { return bash.Process.Signal(syscall.SIGTERM) }, 10*time.Second // time for its trap
	developers := func(pair string) bool { return strings.HasPrefix(pair, "HOOKGATE_") }
	bash.Env = append(slices.DeleteFunc(os.Environ(), developers), "TOKEN="+program.AdminToken)
	if err := bash.Run(); err != nil {
		t.Fatalf("%v\n%s\n--- the gateway's log\n%s", err, out.String(), p.Log.Text())
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
