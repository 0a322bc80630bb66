package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest"
)

// marked finds the blocks of the README that are run: a fenced one after the line
// <!-- test: five-minutes -->.
var marked = regexp.MustCompile("(?s)<!-- test: five-minutes -->\\s*```(?:sh|bash|console)\n(.*?)```")

// strict ends a script at the first command that fails, and has curl fail where
// the gateway refuses.
const strict = `set -eu -o pipefail
curl() { command curl --fail-with-body --max-time 60 "$@"; }
`

// TestReadme runs the five minutes of the README as they are written, but for the
// ports: a wait is opened, its callback comes, and the session goes on.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range marked.FindAllSubmatch(readme, -1) {
		script.Write(block[1])
	}
	if script.Len() == 0 {
		t.Fatal("README.md has no ```sh block after <!-- test: five-minutes -->")
	}
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("this machine has no %s", tool)
		}
	}
	p := gatewaytest.Start(t, gatewaytest.Options{})
	ports := strings.NewReplacer(
		"http://localhost:8080", p.Public, "http://127.0.0.1:8080", p.Public, "http://localhost:8081", p.Internal, "http://127.0.0.1:8081", p.Internal,
		"localhost:8080", strings.TrimPrefix(p.Public, "http://"), "localhost:8081", strings.TrimPrefix(p.Internal, "http://"))
	var out bytes.Buffer
	bash := exec.CommandContext(t.Context(), "bash", "-c", strict+ports.Replace(script.String()))
	bash.Dir, bash.Stdout, bash.Stderr = t.TempDir(), &out, &out
	bash.Env = append(os.Environ(), "HOOKGATE_ADMIN_TOKEN="+gatewaytest.AdminToken, "TOKEN="+gatewaytest.AdminToken)
	if err := bash.Run(); err != nil {
		t.Fatalf("%v\n%s\n--- the gateway's log\n%s", err, out.String(), p.Log.Text())
	}
	// The callback may come before its wait is open: then it says "parked", and the
	// outcome is the same.
	if shown := strings.ReplaceAll(out.String(), `": "`, `":"`); !strings.Contains(shown, `"state":"resumed"`) {
		t.Errorf("nothing shows a wait that was resumed:\n%s", shown)
	}
}
