//go:build unix

package main

import (
	"slices"
	"testing"
)

// unrun are the blocks that no test runs: the gateway of the reader's first terminal,
// which the tests start by themselves, the demo, which has a test of its own and no end,
// and all tests.
var unrun = []string{
	"CGO_ENABLED=0 go run ./cmd/hookgate demo\n",
	"go test ./...\n",
	"CGO_ENABLED=0 go build -o hookgate ./cmd/hookgate\nHOOKGATE_ADMIN_TOKEN=my-first-admin-token ./hookgate serve\n",
}

// TestReadme runs the marked blocks of the README as they are written, but for the
// ports: in bash and in zsh, as if they were pasted there, and twice, beside a gateway
// without a configuration. Each must print what the README says.
func TestReadme(t *testing.T) {
	t.Parallel()
	steps := map[string][]pasted{}
	for _, b := range pastedOf(t, "README.md") {
		checkPaste(t, "README.md", b)
		if b.test == "" && !slices.Contains(unrun, b.commands) {
			t.Errorf("README.md has a block that no test runs: put <!-- test: name --> before it:\n%s", b.commands)
		}
		steps[b.test] = append(steps[b.test], b)
	}
	for _, name := range []string{"five-minutes", "why"} {
		if len(steps[name]) == 0 {
			t.Errorf("README.md has no ```sh block after <!-- test: %s -->", name)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scene{rounds: 2}.play(t, steps[name])
		})
	}
}
