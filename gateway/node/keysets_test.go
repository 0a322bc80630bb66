package node

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hookgate/configs"
)

// Key sets are fetched by the guarded way out: a private address is refused unless it is
// allowed, no answer but a whole 200 is a set, no redirect is followed, and what went
// wrong is said.
func TestKeySetsAreFetchedThroughTheGuard(t *testing.T) {
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/keys", http.StatusFound)
		case "/keys":
			_, _ = w.Write([]byte(`{"keys":[]}`))
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte(" "), keySetBytes+1))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(issuer.Close)
	var log bytes.Buffer
	k := newKit(t, &log)
	b := between{&k.parts}
	if text, err := b.fetchKeySet(issuer.URL + "/keys"); err == nil || !strings.Contains(log.String(), "key set cannot be had") {
		t.Errorf("a private address: %q, %v, log %s", text, err, log.String())
	}
	k.change = func(c *configs.Config) { c.Egress.Allow = parsed[[]configs.Network](`["127.0.0.0/8"]`) }
	if _, err := k.Reload(); err != nil {
		t.Fatal(err)
	}
	if text, err := b.fetchKeySet(issuer.URL + "/keys"); err != nil || string(text) != `{"keys":[]}` {
		t.Errorf("an allowed one: %q, %v", text, err)
	}
	for _, path := range []string{"/moved", "/large", "/gone"} {
		if text, err := b.fetchKeySet(issuer.URL + path); err == nil {
			t.Errorf("%s: %.20q", path, text)
		}
	}
}
