package proxy

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

func coded(to func(io.Writer) io.WriteCloser, text string) string {
	var b bytes.Buffer
	w := to(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func gzipped(text string) string {
	return coded(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, text)
}

// A relay sends a body on as it came, coded, and its paths see what was coded: or a
// repeat would be delivered again, and out of its conversation's order.
func TestRelayLooksIntoCodedBodies(t *testing.T) {
	const text = `{"id":7,"chat":"C7"}`
	deflated := coded(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, text)
	large := gzipped(`{"id":7,"chat":"C7","pad":"` + strings.Repeat("a", 70<<10) + `"}`)
	for name, c := range map[string]struct{ coding, body, key string }{
		"gzip": {"GZIP", gzipped(text), "C7"}, "x-gzip": {"x-gzip", gzipped(text), "C7"}, "deflate": {"Deflate", deflated, "C7"},
		"none": {"Identity", text, "C7"}, "unknown": {"br", text, ""}, "not what it says": {"gzip", text, ""},
		"over max_body": {"gzip", large, ""}, "ends early": {"gzip", gzipped(text)[:20], ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, k := newRelay(t, `"max_body":"64KiB","conversation_key":{"path":"chat"},"dedupe":{"id":"id"},`)
			if a, text := s.ask(t, "POST", "/wa", strings.NewReader(c.body), "Content-Type", "application/json", "Content-Encoding", c.coding); a.StatusCode != 200 {
				t.Fatalf("%d %s", a.StatusCode, text)
			}
			q := k.last(t, 1)
			if q.Key != c.key || (len(q.IDs) > 0) != (c.key != "") {
				t.Errorf("key %q, ids %q", q.Key, q.IDs)
			}
			if string(q.Body) != c.body || codingOf(q) != c.coding {
				t.Errorf("delivered as %q, %d bytes", codingOf(q), len(q.Body))
			}
		})
	}
}

// A body that nobody looks into is not inflated, whatever it says of itself.
func TestRelayInflatesForPathsAlone(t *testing.T) {
	for route, want := range map[string]bool{
		`"dedupe":{"id":"header:X-Id"},`: false, githubVerify + `,`: true, `"dedupe":{"id":"id"},`: true, `"each":"[*]",`: true, "": false,
		`"conversation_key":{"in":"query","path":"k"},`: false, `"unwrap":"payload",`: true, `"conversation_key":[{"in":"header","path":"X-K"},{"path":"{{ a }}"}],`: true,
	} {
		s, _ := newRelay(t, route)
		if got := (relaying{&exchange{route: s.table.Load().byPath["/wa"][0]}}).looks(); got != want {
			t.Errorf("%s: looks into the body: %v", route, got)
		}
	}
}

// codingOf gives the coding that an upstream is told of.
func codingOf(q RelayRequest) string {
	for _, f := range q.Request.Header {
		if strings.EqualFold(f.Name, "Content-Encoding") {
			return f.Value
		}
	}
	return ""
}

// What is cut out of a coded body is not coded any more, and does not say so.
func TestRelaySplitsCodedBodies(t *testing.T) {
	s, k := newRelay(t, `"each":"items[*]","split":true,"conversation_key":{"path":"item.chat"},"dedupe":{"id":"item.id"},`)
	body := gzipped(`{"items":[{"id":1,"chat":"A"},{"id":2,"chat":"B"}]}`)
	if a, text := s.ask(t, "POST", "/wa", strings.NewReader(body), "Content-Type", "application/json", "Content-Encoding", "gzip"); a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, text)
	}
	k.last(t, 2)
	for i, want := range []string{`{"items":[{"id":1,"chat":"A"}]}`, `{"items":[{"id":2,"chat":"B"}]}`} {
		if q := k.got[i]; string(q.Body) != want || codingOf(q) != "" || !slices.Equal(q.IDs, []string{fmt.Sprint(i + 1)}) {
			t.Errorf("%q as %q, ids %q", q.Body, codingOf(q), q.IDs)
		}
	}
}

// A request that stays whole is known by the ids of all its messages, wherever dedupe.id
// looks for them; with one that has none it may be new.
func TestRelayOfSeveralIsKnownByEach(t *testing.T) {
	for body, want := range map[string]string{
		`{"items":[{"id":1,"chat":"A"},{"id":2,"chat":"B"}]}`: "[1 2]",
		`{"items":[{"id":1,"chat":"A"},{"chat":"B"}]}`:        "[]",
		`{"items":[]}`: "[]",
		`{"id":3}`:     "[]",
	} {
		s, k := newRelay(t, `"each":"items[*]","conversation_key":{"path":"item.chat"},"dedupe":{"id":"item.id"},`)
		if a, text := s.ask(t, "POST", "/wa", strings.NewReader(body), "Content-Type", "application/json"); a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, text)
		}
		if q := k.last(t, 1); fmt.Sprint(q.IDs) != want {
			t.Errorf("%s: %q, want %s", body, q.IDs, want)
		}
	}
}
