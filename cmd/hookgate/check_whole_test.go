package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

const wholePathsConfig = `tenants:
  acme:
    sources:
      batches:
        verify: { type: none }
        each: list
        conversation_key: { path: "list[0].chat" }
        variables: [{ name: shop, path: shop }, { name: text, path: item.text }, { name: first, path: "list[0].text" }]
      line:
        verify: { type: line, secrets: ["a-secret-of-some-length"] }
        conversation_key: { path: item.source.userId }
        variables: [{ name: text, path: "events[0].message.text" }]
routes:
  relay:
    tenant: acme
    mode: relay
    match: { path: /relay }
    each: list
    conversation_key: { path: "list[0].chat" }
    upstreams: [{ url: "http://127.0.0.1:9" }]
`

// A path that leads into the list of a request's callbacks is told by check, with its
// place, by the start, and where it is written: it is no mistake, for it may be meant.
func TestWholePathsIntoListsAreTold(t *testing.T) {
	t.Parallel()
	stdout, stderr, ok := checked(t, t.TempDir(), wholePathsConfig)
	if !ok || !strings.Contains(stdout, "ok") {
		t.Fatalf("check: %s%s", stdout, stderr)
	}
	for _, place := range []string{
		"hookgate.yaml:7:35: tenants.acme.sources.batches.conversation_key.path: leads into the list",
		"hookgate.yaml:8:103: tenants.acme.sources.batches.variables[2].path: ",
		"hookgate.yaml:12:41: tenants.acme.sources.line.variables[0].path: ",
		"hookgate.yaml:19:31: routes.relay.conversation_key.path: ",
	} {
		if !strings.Contains(stderr, place) {
			t.Errorf("check tells no %q:\n%s", place, stderr)
		}
	}
	if told := strings.Count(stderr, "leads into the list"); told != 4 {
		t.Errorf("check tells of %d paths, want 4:\n%s", told, stderr)
	}

	p := program.Start(t, program.Options{Config: wholePathsConfig})
	if told := strings.Count(p.Log.Text(), "a path leads into the list"); told != 4 {
		t.Errorf("the start tells of %d paths, want 4:\n%s", told, p.Log.Text())
	}
	written := func(key string) string {
		before := len(p.Log.Text())
		p.Admin().Must(t, []int{200, 201}, "PUT", "/v1/tenants/acme/sources/api", `{"verify":{"type":"none"},"each":"[*]","conversation_key":{"path":"`+key+`"}}`)
		// What the program says comes here by a pipe; this is its last word of a write.
		program.Eventually(t, 30*time.Second, func() error {
			if !strings.Contains(p.Log.Text()[before:], "a source was written") {
				return errors.New("the write is not in the log")
			}
			return nil
		})
		return p.Log.Text()[before:]
	}
	if told := written("[0].chat"); strings.Count(told, "a path leads into the list") != 1 ||
		!strings.Contains(told, `"source":"api"`) || !strings.Contains(told, `"place":"conversation_key.path"`) {
		t.Errorf("a PUT tells: %s", told)
	}
	if told := written("item.chat"); strings.Contains(told, "a path leads") {
		t.Errorf("a PUT of paths that begin with item tells: %s", told)
	}
}
