package inbound_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// slowly begins a callback and gives what sends the last byte of its body and reads the
// answer.
func (k *kit) slowly(path, body string, fields ...string) (end func() (status int, outcome string)) {
	k.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(k.url, "http://"))
	check(k.t, err)
	k.t.Cleanup(func() { _ = c.Close() })
	check(k.t, c.SetDeadline(time.Now().Add(20*time.Second)))
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, len(body))
	for _, field := range fields {
		head += field + "\r\n"
	}
	// More than fasthttp reads before the handler runs.
	_, err = io.WriteString(c, head+"\r\n"+body[:len(body)-1])
	check(k.t, err)
	return func() (int, string) {
		_, err := io.WriteString(c, body[len(body)-1:])
		check(k.t, err)
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		check(k.t, err)
		return answer.StatusCode, answer.Header.Get("Hookgate-Outcome")
	}
}

// inHand waits until the handler has read most of a body.
func (k *kit) inHand(used int64) {
	k.t.Helper()
	for until := time.Now().Add(10 * time.Second); k.bodies.Stat().Used < used; {
		if time.Now().After(until) {
			k.t.Fatal("the body does not come")
		}
		time.Sleep(time.Millisecond)
	}
}

func withSecret(secret string) gateway.Source {
	return gateway.Source{
		Verify:          gateway.Verify{Type: "token", In: "header", Name: "X-T", Secrets: []gateway.Secret{gateway.Secret(secret)}},
		ConversationKey: gateway.KeyPlace{In: "query", Path: "k"},
	}
}

// A callback is judged by what is configured at the end of its body.
func TestJudgedAtTheEnd(t *testing.T) {
	const first, second = "the-secret-of-the-first", "the-secret-of-the-second"
	tight, off := withSecret(first), withSecret(first)
	small, no := gateway.Size(10<<10), false
	tight.MaxBody, off.Enabled = &small, &no
	body := `"` + strings.Repeat("a", 20<<10) + `"`
	for name, c := range map[string]struct {
		then   map[string]gateway.Source
		secret string
		status int
	}{
		"as before":          {map[string]gateway.Source{"one": withSecret(first)}, first, 202},
		"its secret is old":  {map[string]gateway.Source{"one": withSecret(second)}, first, 401},
		"its secret is new":  {map[string]gateway.Source{"one": withSecret(second)}, second, 202},
		"its source is gone": {map[string]gateway.Source{"other": withSecret(first)}, first, 404},
		"it is off":          {map[string]gateway.Source{"one": off}, first, 404},
		"it takes less":      {map[string]gateway.Source{"one": tight}, first, 413},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, map[string]gateway.Source{"one": withSecret(first)})
			end := k.slowly("/hooks/acme/one?k=1", body, "X-T: "+c.secret)
			k.inHand(20 << 10)
			k.load(c.then)
			if status, outcome := end(); status != c.status {
				t.Errorf("%d %s, want %d", status, outcome, c.status)
			}
		})
	}
}

// A tenant that is made anew under an old id gets nothing that was verified for the old
// one: not even what had been read, and was about to be stored.
func TestNothingForTheNextOwner(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"one": withSecret("the-secret-of-the-first")})
	old := k.directory.Current().Tenant("acme")
	k.before = func() { // between the last look at the configuration and the commit
		k.directory.Swap(k.directory.Current().Without("acme"))
		old.Life.End()
		k.sessions.Forget("acme")
		k.load(map[string]gateway.Source{"one": withSecret("the-secret-of-the-second")})
	}
	a := k.send(post{path: "/hooks/acme/one?k=1", kind: asJSON, body: `"a"`, header: map[string]string{"X-T": "the-secret-of-the-first"}})
	if a.status != 404 {
		t.Errorf("%d %s", a.status, a.raw)
	}
	k.before = nil
	w := k.open("one", "1")
	if w.State != gateway.StateWaiting {
		t.Errorf("the next owner's wait got %s", w.Callback.ID)
	}
}

func TestSeveralContentEncodings(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"one": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "query", Path: "k"}}})
	for i, fields := range [][]string{
		{"Content-Encoding: gzip", "Content-Encoding: identity"}, {"Content-Encoding: identity", "content-encoding: identity"},
		{"Content-Encoding:", "Content-Encoding: gzip"}, {"Content-Encoding: identity, identity"}, {"Content-Encoding: gzip, br"},
	} {
		if status, outcome := k.slowly(fmt.Sprintf("/hooks/acme/one?k=%d", i), `"a"`, fields...)(); status != 415 {
			t.Errorf("%q: %d %s", fields, status, outcome)
		}
	}
	if status, _ := k.slowly("/hooks/acme/one?k=last", `"a"`, "Content-Encoding: identity")(); status != 202 {
		t.Errorf("one that is none: %d", status)
	}
}

// A flood that is refused for want of memory does not fill the log.
func TestRefusedBodiesAreNotLogged(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"one": withSecret("the-secret-of-the-first")})
	if !k.bodies.Take(k.neighbour, k.bodies.Most()) {
		t.Fatal("nothing to be had")
	}
	for range 3 {
		if a := k.send(post{path: "/hooks/acme/one?k=1", kind: asJSON, body: `"a"`}); a.status != 503 || a.header.Get("Retry-After") == "" {
			t.Errorf("%d %s", a.status, a.raw)
		}
	}
	if k.log.Len() > 0 {
		t.Errorf("%s", k.log.String())
	}
}
