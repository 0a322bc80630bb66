package proxy

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hookgate/gateway/server"
)

// vector is one case of http_raw.json: raw bytes, and what must become of them.
type vector struct {
	ID      string `json:"id"`
	Raw     []byte `json:"raw_base64"`
	Status  []int  `json:"status"`
	Close   *bool  `json:"close"`
	Handled *int   `json:"handled"`
	Why     string `json:"why"`
}

// Every hostile request, through a route, against an upstream with a parser of its
// own: both must agree on how many requests there were.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/http_raw.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(data, &all); err != nil || len(all) < 50 {
		t.Fatal(len(all), err)
	}
	for _, v := range all {
		if v.ID == "sig-dup" {
			continue // of sources with verification
		}
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			checkVector(t, v)
		})
	}
}

func checkVector(t *testing.T, v vector) {
	var handled atomic.Int32
	up := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/probe" {
			w.WriteHeader(204)
			return
		}
		handled.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		for _, name := range []string{"X-T", "X-Foo", "Upgrade", "Transfer-Encoding", "Expect", "Http2-Settings"} {
			if r.Header.Get(name) != "" && !(name == "X-Foo" && v.ID != "conn-foo") {
				t.Errorf("%s got through", name)
			}
		}
		if v.ID == "uri-252f" && !strings.Contains(r.RequestURI, "%252") {
			t.Errorf("the target became %s", r.RequestURI)
		}
	})
	s := newSite(t, routed("", up.URL), siteOptions{server: server.Options{PublicRead: 500 * time.Millisecond}})
	c := s.dial(t)
	if _, err := c.Write(v.Raw); err != nil {
		t.Fatal(err)
	}
	statuses, closed := answersOf(t, c)
	if len(statuses) == 0 || !slices.Contains(v.Status, statuses[0]) {
		t.Errorf("%s: answered %v, want one of %v", v.Why, statuses, v.Status)
	}
	if v.Close != nil && closed != *v.Close {
		t.Errorf("%s: closed is %v, want %v", v.Why, closed, *v.Close)
	}
	if n := int(handled.Load()); v.Handled != nil && n != *v.Handled {
		t.Errorf("%s: %d requests were handled upstream, want %d", v.Why, n, *v.Handled)
	}
}

// answersOf reads the final answers, and behind the first asks for one more: only a
// connection that is open answers that.
func answersOf(t *testing.T, c *client) (statuses []int, closed bool) {
	t.Helper()
	probed := false
	for {
		a, err := http.ReadResponse(c.r, nil)
		reset := probed && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE))
		if reset || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return statuses, true
		}
		if err != nil {
			t.Fatalf("after %v: %v", statuses, err)
		}
		if _, err := io.Copy(io.Discard, a.Body); err != nil {
			t.Fatal(err)
		}
		switch {
		case a.StatusCode == 100:
			continue
		case probed && a.StatusCode == 204:
			return statuses, false
		}
		statuses = append(statuses, a.StatusCode)
		if !probed {
			probed = true
			_, _ = io.WriteString(c, "GET /probe HTTP/1.1\r\nHost: a.test\r\n\r\n") // of a closed connection: reading tells
		}
	}
}
