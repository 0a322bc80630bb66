package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// recorder is the platform: a server with a parser of its own, which keeps what it
// was asked.
type recorder struct {
	*httptest.Server
	mu  sync.Mutex
	got []string // "METHOD target body"
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		r.mu.Lock()
		r.got = append(r.got, fmt.Sprintf("%s %s %s", q.Method, q.RequestURI, body))
		r.mu.Unlock()
		_, _ = io.WriteString(w, q.RequestURI)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// everything is a file with one route for all paths.
func everything(mode, upstream string) string {
	return oneSource + "routes:\n  all: { mode: " + mode + ", tenant: acme, match: { path: / }, upstreams: [{ url: " + upstream + " }] }\n"
}

// Each hostile request of the vectors, to a route that proxies and to one that relays:
// what is refused never arrives, what is taken arrives once, and nothing that stood
// in a body, or behind a request, arrives as a request of its own.
func TestHostileFraming(t *testing.T) {
	for _, mode := range []string{"proxy", "relay"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			up := newRecorder(t)
			p := program.Start(t, program.Options{Config: everything(mode, up.URL)})
			taken := 0
			for _, v := range hostileVectors(t) {
				c := dialRaw(t, p.Public)
				c.send(string(v.Raw))
				_ = c.Conn.(*net.TCPConn).CloseWrite() // a body that is cut short ends here; of a closed one, the answers tell
				statuses := slices.DeleteFunc(c.statuses(), func(status int) bool { return status == 100 })
				if len(statuses) == 0 || !slices.Contains(v.Status, statuses[0]) {
					t.Errorf("%s (%s): answered %v, want one of %v", v.ID, v.Why, statuses, v.Status)
				}
				good := len(slices.DeleteFunc(statuses, func(status int) bool { return status != 200 }))
				taken += good
				if v.Handled != nil && good != *v.Handled {
					t.Errorf("%s (%s): %d were taken, want %d", v.ID, v.Why, good, *v.Handled)
				}
			}
			p.Sender().Must(t, []int{200}, "POST", "/in/last", "{}")
			taken++
			program.Eventually(t, hostilePatience, func() error {
				if n := len(up.requests()); n < taken {
					return fmt.Errorf("%d requests were taken, %d arrived", taken, n)
				}
				return nil
			})
			got := up.requests()
			if len(got) != taken {
				t.Errorf("%d requests were taken, %d arrived: %q", taken, len(got), got)
			}
			for _, request := range got {
				method, rest, _ := strings.Cut(request, " ")
				target, body, _ := strings.Cut(rest, " ")
				if pipelined := request == "GET /smuggled "; pipelined && strings.Count(strings.Join(got, "\n"), request) == 1 {
					continue // te-get: its body is empty, and this stands behind it
				}
				if !strings.HasPrefix(target, "/in") || !slices.Contains([]string{"", "hello", "{}"}, body) || !slices.Contains([]string{"GET", "POST"}, method) {
					t.Errorf("the upstream was asked %q", request)
				}
			}
		})
	}
}

type hostileVector struct {
	ID      string `json:"id"`
	Raw     []byte `json:"raw_base64"`
	Status  []int  `json:"status"`
	Handled *int   `json:"handled"`
	Why     string `json:"why"`
}

// hostileVectors are those of package proxy; one of them is for routes that verify.
func hostileVectors(t *testing.T) (all []hostileVector) {
	t.Helper()
	data, err := os.ReadFile("../../gateway/proxy/testdata/http_raw.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil || len(all) < 50 {
		t.Fatal(len(all), err)
	}
	return slices.DeleteFunc(all, func(v hostileVector) bool { return v.ID == "sig-dup" })
}

// A thousand requests in one write are answered one by one, in order; so is what a
// client has sent that then closes its sending side.
func TestHostilePipeline(t *testing.T) {
	t.Parallel()
	up := newRecorder(t)
	p := program.Start(t, program.Options{Config: everything("proxy", up.URL)})
	const n = 1000
	c := dialRaw(t, p.Public)
	go func() {
		var requests strings.Builder
		for i := range n {
			if i%2 == 0 {
				fmt.Fprintf(&requests, "GET /in/%d HTTP/1.1\r\nHost: a.test\r\n\r\n", i)
			} else {
				fmt.Fprintf(&requests, "POST /in/%d HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1a;a=b\r\nGET /smuggled HTTP/1.1\r\n\r\n\r\n0\r\n\r\n", i)
			}
		}
		c.send(requests.String())
		_ = c.Conn.(*net.TCPConn).CloseWrite() // of a closed one, the answers tell
	}()
	for i := range n {
		if a, body := c.answer(t); a.StatusCode != 200 || body != fmt.Sprintf("/in/%d", i) {
			t.Fatalf("request %d is answered %d %q", i, a.StatusCode, body)
		}
	}
	if more := c.statuses(); len(more) > 0 {
		t.Errorf("and then %v", more)
	}
	if got := up.requests(); len(got) != n {
		t.Errorf("%d requests arrived", len(got))
	}
}

// Chunked bodies that never come to their end, and expectations, are cut off by what
// they carry, not by time.
func TestHostileChunks(t *testing.T) {
	t.Parallel()
	up := newRecorder(t)
	p := program.Start(t, program.Options{Config: everything("proxy", up.URL)})
	const head = "POST %s HTTP/1.1\r\nHost: a.test\r\n" + sourceToken + "\r\n%s\r\n\r\n"
	for name, c := range map[string]struct {
		fields, body string
		endless      string // sent until the connection ends
		want         int
	}{
		"an extension":          {"Transfer-Encoding: chunked", "5;", "a", 400},
		"extensions":            {"Transfer-Encoding: chunked", "5", ";a=b", 400},
		"a size":                {"Transfer-Encoding: chunked", "", "0", 400},
		"trailers":              {"Transfer-Encoding: chunked", "1\r\na\r\n0\r\n", "X-A: b\r\n", 400},
		"chunks":                {"Transfer-Encoding: chunked", "", "1;" + strings.Repeat("a", 250) + "\r\na\r\n", 400},
		"small chunks":          {"Transfer-Encoding: chunked", "", "1\r\na\r\n", 413},
		"a size that overflows": {"Transfer-Encoding: chunked", "fffffffffffffffff\r\n", "a", 400},
		"a size that is large":  {"Transfer-Encoding: chunked", "fffffffffffff\r\n", "a", 413},
		"a length":              {"Content-Length: 999999999999999999", "", "a", 413},
		"an expectation":        {"Expect: 100-continue\r\nContent-Length: 99999999", "", "a", 413},
	} {
		for _, path := range []string{"/in/x", "/hooks/acme/payments"} {
			t.Run(name+" to "+path, func(t *testing.T) {
				conn := dialRaw(t, p.Public)
				go func() {
					part := strings.Repeat(c.endless, 1+4096/len(c.endless))
					_, err := fmt.Fprintf(conn, head+"%s", path, c.fields, c.body)
					for sent := 0; err == nil && sent < 512<<20; sent += len(part) {
						_, err = io.WriteString(conn, part)
					}
				}()
				if statuses := conn.statuses(); len(statuses) != 1 || statuses[0] != c.want {
					t.Errorf("answered %v, want %d and the end", statuses, c.want)
				}
			})
		}
	}
	for _, request := range up.requests() {
		if !strings.Contains(request, "unexpected EOF") {
			t.Errorf("the upstream took %.100q for whole", request)
		}
	}
}
