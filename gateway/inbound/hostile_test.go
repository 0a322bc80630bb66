package inbound_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/server"
)

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

// What a body grows to is limited to what the source takes, to the byte, and takes
// from the memory for bodies, which is given back with the answer.
func TestInflatedBodiesAreBounded(t *testing.T) {
	const most, memory = 64 << 10, 320 << 10
	limit := gateway.Size(most)
	k := newKitAt(t, "", server.Options{Bodies: memory}, map[string]gateway.Source{
		"small": {Verify: anybody, MaxBody: &limit, ConversationKey: gateway.KeyPlace{In: "query", Path: "k"}},
		"large": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "query", Path: "k"}},
	})
	text := func(n int) string { return `"` + strings.Repeat("a", n-2) + `"` }
	for i, c := range []struct {
		source string
		size   int
		status int
	}{
		{"small", 10 << 10, 202}, {"small", most + 1, 413}, {"small", 100 * most, 413},
		{"large", 10 << 10, 202}, {"large", memory, 503}, {"large", 100 * memory, 503}, {"large", 20 << 10, 202},
	} {
		for coding, body := range map[string]string{"gzip": zipped(text(c.size)), "deflate": deflated(text(c.size))} {
			a := k.send(post{path: fmt.Sprintf("/hooks/acme/%s?k=%s%d", c.source, coding, i), kind: asJSON, body: body, header: map[string]string{"Content-Encoding": coding}})
			if a.status != c.status || a.status == 503 && a.header.Get("Retry-After") == "" {
				t.Errorf("%s of %d bytes to %s: %d %s", coding, c.size, c.source, a.status, a.raw)
			}
		}
	}
}

// Behind a trusted proxy the bucket of failures is the client's, not the proxy's.
func TestFailuresBehindProxy(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"one": {Verify: gateway.Verify{Type: "token", In: "header", Name: "X-T", Secrets: []gateway.Secret{"a-secret-of-16-characters"}}}})
	status := func(client string) int {
		return k.send(post{path: "/hooks/acme/one", kind: asJSON, body: "{}", header: map[string]string{"X-Forwarded-For": client}}).status
	}
	for range 60 {
		status("192.0.2.1") // nobody is trusted yet: it is the peer who fails
	}
	if got := status("192.0.2.2"); got != 429 {
		t.Errorf("who writes the field by itself: %d", got)
	}
	k.trusts = true
	for range 60 {
		status("192.0.2.1")
	}
	for client, want := range map[string]int{"192.0.2.1": 429, "192.0.2.1:4711": 429, "192.0.2.2": 401, "nonsense": 429} {
		if got := status(client); got != want {
			t.Errorf("%s: %d, want %d", client, got, want)
		}
	}
}
