//go:build unix

package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
)

// scenes are what stands around the blocks of the pages, by the tests that they name.
var scenes = map[string]scene{
	"alerts":    {before: alarming},
	"cluster":   {alone: true, env: databased},
	"integrate": {config: toLoopback},
	"operate":   {alone: true},
	"recipes":   {alone: true},
	"tutorial":  {alone: true, rounds: 2},
	"verify":    {alone: true},
}

// lacking are what a test does not have, as pages say it to their readers, with who runs
// such a block all the same.
var lacking = map[string]string{
	"Go":                 "CI itself",
	"root and Debian":    "tests that need a database start one of their own",
	"root and systemd":   "CI judges the unit with systemd-analyze",
	"Docker":             "CI builds the image, where a builder without a daemon is to be had",
	"Helm and a cluster": "CI renders the chart",
	"PostgreSQL":         "the tests of gateway/cluster and gateway/node start one",
}

// TestPages runs the blocks of the pages in configs/docs as they are written, but for the
// ports: in bash and in zsh, as if they were pasted there. Each must print what its page
// says. Those that take what no test has are read: what they name must be there.
func TestPages(t *testing.T) {
	t.Parallel()
	steps := map[string][]pasted{}
	for _, page := range pages(t) {
		for _, b := range pastedOf(t, page) {
			checkPaste(t, page, b)
			switch _, known := lacking[b.needs]; {
			case b.needs != "" && !known:
				t.Errorf("%s: no block needs %s: give its reason in lacking", page, b.needs)
			case b.needs != "":
				readBlock(t, page, b.commands)
			case b.test == "":
				t.Errorf("%s has a block that no test runs: put <!-- test: name --> before it:\n%s", page, b.commands)
			default:
				steps[b.test] = append(steps[b.test], b)
			}
		}
	}
	if got, want := slices.Sorted(maps.Keys(steps)), slices.Sorted(maps.Keys(scenes)); !slices.Equal(got, want) {
		t.Fatalf("the pages have blocks of the tests %v, and there are scenes of %v", got, want)
	}
	for name, s := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.play(t, steps[name])
		})
	}
}

// pages gives the pages for people, by their paths within the tree.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../../configs/docs/*.md")
	if err != nil || len(found) == 0 {
		t.Fatalf("configs/docs has %v: %v", found, err)
	}
	for i, path := range found {
		found[i] = strings.TrimPrefix(filepath.ToSlash(path), "../../")
	}
	return found
}

var ofTheTree = regexp.MustCompile(`(?:^|[\s=])(?:\./)?((?:configs|cmd|gateway|auth|retry|metrics|\.ci)/[A-Za-z0-9_./-]+)`)

// readBlock holds a block that cannot be run to what can be said of it: bash can read it,
// the files of the tree that it names are there, and so are commands and flags of hookgate.
func readBlock(t *testing.T, page, commands string) {
	t.Helper()
	if bash, err := exec.LookPath("bash"); err == nil {
		c := exec.CommandContext(t.Context(), bash, "-n")
		c.Stdin = strings.NewReader(commands)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: bash cannot read\n%s%s", page, commands, out)
		}
	}
	for _, m := range ofTheTree.FindAllStringSubmatch(commands, -1) {
		if _, err := os.Stat(filepath.Join("..", "..", strings.TrimSuffix(m[1], "..."))); err != nil {
			t.Errorf("%s: %v", page, err)
		}
	}
	for line := range strings.Lines(commands) {
		switch words := strings.Fields(line); {
		case len(words) > 0 && words[0] == "hookgate":
			knownCommand(t, page, words[1:])
		case len(words) > 2 && words[0] == "go" && words[1] == "test":
			knownTests(t, page, line)
		}
	}
}

var ofGoTest = regexp.MustCompile(`^go test \./(\S+)(?: -run '?([A-Za-z|$]+)'?)?(?: -[a-z]+[= ]\S+)*\n$`)

// knownTests says where a package has no such test.
func knownTests(t *testing.T, page, line string) {
	t.Helper()
	m := ofGoTest.FindStringSubmatch(line)
	if m == nil {
		t.Errorf("%s: cannot read %s", page, line)
		return
	}
	files, err := filepath.Glob(filepath.Join("..", "..", m[1], "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Errorf("%s: %s has no tests: %v", page, m[1], err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for name := range strings.SplitSeq(m[2], "|") {
		found := "\nfunc " + strings.TrimSuffix(name, "$")
		if strings.HasSuffix(name, "$") {
			found += "("
		}
		if name != "" && !strings.Contains(all.String(), found) {
			t.Errorf("%s: %s has no %s", page, m[1], name)
		}
	}
}

// databased starts a PostgreSQL with an empty database, and names it.
func databased(t *testing.T) []string { return []string{"DATABASE_URL=" + postgres.Start(t).URL()} }

// alarmed is a gateway in which all is wrong that the page of alerts looks for: all that
// goes out is answered 500.
const alarmed = toLoopback + `
tenants:
  acme:
    platform: { url: "%[1]s/platform", sign: { type: none }, retry: { schedule: [1h] } }
    sources: { pay: { verify: { type: none } }, shut: { verify: { type: bearer, secrets: [a-token-of-16-characters] } } }
    endpoints: { crm: { url: "%[1]s/crm", sign: { type: none }, retry: { schedule: [1h], never: [500] }, breaker: { failures: 1, open: 1h } } }
    webhooks: { broken: { url: "%[1]s/backend", breaker: { enabled: false } } }
routes:
  bot: { match: { path: /bot }, mode: proxy, upstreams: [{ url: "%[1]s" }] }
`

// alarming starts it, and makes each of these things happen.
func alarming(t *testing.T) *program.Program {
	p := program.Start(t, program.Options{Config: fmt.Sprintf(alarmed, gatewaytest.NewReceiver(t, 500).URL)})
	admin, sender, acme := p.Admin(), p.Sender(), "/v1/tenants/acme"
	const event = `{"events":[{"event":{"type":"message"},"conversation":{"key":"chat-1"}}]}`
	admin.As("not-a-token").Must(t, []int{401}, "GET", acme, nil)
	sender.Must(t, []int{401}, "POST", "/hooks/acme/shut", `{"conversation_key":"chat-1"}`)
	sender.Must(t, []int{500}, "POST", "/bot/x", `{}`)
	admin.Must(t, []int{201}, "POST", acme+"/waits", `{"source":"pay","conversation_key":"chat-1","mode":"notify","timeout_seconds":1}`)
	admin.Must(t, []int{202}, "POST", acme+"/events", event)
	until := func(query string) {
		program.Eventually(t, time.Minute, func() error {
			a, err := admin.Do(t.Context(), "GET", acme+query, nil)
			if err == nil && !strings.Contains(string(a.Body), `"id":`) {
				err = fmt.Errorf("%s finds %s", query, a.Body)
			}
			return err
		})
	}
	until("/deliveries?endpoint=crm&state=dead")
	admin.Must(t, []int{202}, "POST", acme+"/events", event)
	until("/deliveries?endpoint=_platform&state=retrying")
	return p
}
