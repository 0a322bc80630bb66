package main

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// verifiedSource is oneSource with a large source beside it, and a route that
// verifies its callers.
func verifiedSource(upstream string) string {
	const verify = `verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] }`
	return oneSource + `
      big: { ` + verify + `, max_body: 16MiB, early: { max: 1000 }, variables: [{ name: all, path: "$..x" }] }
      any: { ` + verify + `, max_body: 16MiB, conversation_key: { in: query, path: k } }
routes:
  verified: { mode: proxy, match: { path: /verified }, ` + verify + `, upstreams: [{ url: ` + upstream + ` }] }
`
}

// A small body that inflates to a thousand times its size is too large; many of them
// take no memory. A route verifies and passes on what came, and inflates nothing.
func TestHostileInflation(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	up := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body) // a cut body is counted short
		passed.Add(n)
	}))
	defer up.Close()
	p := program.Start(t, program.Options{Config: verifiedSource(up.URL)})
	zeros := make([]byte, 64<<20)
	zip, deflate := gzipped(t, zeros), deflated(t, zeros)
	nested := gzipped(t, zip)
	// The budget of bodies is 128 MiB, and the collector leaves some garbage beside it; the
	// bombs are 14 GiB.
	staysBelow(t, p, residentMemory, 192<<20, func() {
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for range 8 {
					for _, c := range []struct {
						path, coding string
						body         []byte
						want         int
					}{
						{"/hooks/acme/payments", "gzip", zip, 413}, {"/hooks/acme/payments", "deflate", deflate, 413},
						{"/hooks/acme/big", "gzip", zip, 413}, {"/hooks/acme/payments", "gzip, gzip", nested, 415},
						{"/hooks/acme/payments", "gzip", nested, 400}, // one layer is undone, and holds no JSON
						{"/verified", "gzip", zip, 200}, {"/verified", "identity", zeros[:2<<20], 413},
					} {
						a, err := p.Sender().Do(t.Context(), "POST", c.path, c.body, sourceToken, "Content-Encoding: "+c.coding)
						for err == nil && a.Status == 503 { // all are one client, who has a share: he comes again
							a, err = p.Sender().Do(t.Context(), "POST", c.path, c.body, sourceToken, "Content-Encoding: "+c.coding)
						}
						if err != nil || a.Status != c.want {
							t.Errorf("%s to %s: %s, %v, want %d", c.coding, c.path, a, err, c.want)
						}
					}
				}
			})
		}
		wait.Wait()
	})
	if got, want := passed.Load(), int64(4*8*len(zip)); got != want {
		t.Errorf("the upstream got %d bytes, want %d as they were sent", got, want)
	}
	// No length is announced: the bytes count.
	for _, path := range []string{"/verified", "/hooks/acme/payments"} {
		c := dialRaw(t, p.Public)
		c.send("POST " + path + " HTTP/1.1\r\nHost: a.test\r\n" + sourceToken + "\r\nTransfer-Encoding: chunked\r\n\r\n")
		for range 17 {
			c.send(fmt.Sprintf("10000\r\n%s\r\n", zeros[:1<<16]))
		}
		if status := c.status(); status != 413 {
			t.Errorf("over the limit in chunks, to %s: %d", path, status)
		}
	}
	answers(t, p, dialRaw(t, p.Internal), true)
}

func gzipped(t *testing.T, b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func deflated(t *testing.T, b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(b); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// keyed is an object of the conversation k with one more member.
func keyed(k, more string) string { return fmt.Sprintf(`{"conversation_key":%q,%s}`, k, more) }

// JSON that other parsers fall over gets the answer that its content deserves.
func TestHostileJSON(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: verifiedSource("http://127.0.0.1:1")})
	nest := func(open, shut string, n int) string { return strings.Repeat(open, n) + "1" + strings.Repeat(shut, n) }
	for name, c := range map[string]struct {
		body    string
		want    int
		outcome string
	}{
		"128 deep":           {keyed("deep", `"x":`+nest("[", "]", 127)), 202, "parked"},
		"129 deep":           {keyed("deep", `"x":`+nest("[", "]", 128)), 400, "invalid_body"},
		"objects, 129 deep":  {keyed("deep", `"x":`+nest(`{"a":`, "}", 128)), 400, "invalid_body"},
		"a million brackets": {strings.Repeat("[", 1<<20), 400, "invalid_body"},
		"a million closed":   {nest("[", "]", 1<<20), 400, "invalid_body"},
		"a huge exponent":    {keyed("exp", `"x":1e999999999`), 202, "parked"},
		"a huge number":      {keyed("num", `"x":`+strings.Repeat("9", 1<<20)), 422, "variables_too_large"}, // it is mapped
		"a huge key":         {`{"conversation_key":` + strings.Repeat("9", 1<<20) + `}`, 422, "conversation_key_missing"},
		"an exponent as key": {`{"conversation_key":1e999999999}`, 422, "conversation_key_missing"},
		"a million members":  {keyed("many", strings.Repeat(`"a":0,`, 1<<20)+`"z":0`), 422, "too_complex"}, // it is searched
		"invalid UTF-8":      {keyed("utf", "\"x\":\"\xff\""), 400, "invalid_body"},
		"overlong UTF-8":     {keyed("utf", "\"x\":\"\xc0\xaf\""), 400, "invalid_body"},
		"a surrogate, raw":   {keyed("utf", "\"x\":\"\xed\xa0\x80\""), 400, "invalid_body"},
		"half a surrogate":   {keyed("half", `"x":"\ud800"`), 202, "parked"},
		"two documents":      {keyed("two", `"x":1`) + `{}`, 400, "invalid_body"},
		"cut short":          {`{"conversation_key":"cut"`, 400, "invalid_body"},
	} {
		a := p.Sender().Must(t, nil, "POST", "/hooks/acme/big", c.body, sourceToken)
		if a.Status != c.want || a.Field("outcome") != c.outcome {
			t.Errorf("%s: %.300s, want %d %s", name, a, c.want, c.outcome)
		}
	}
	// Of members with one name the last counts, as most parsers have it: the platform,
	// who gets the body, and we must mean the same conversation.
	a := p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/big", `{"conversation_key":"first","conversation_key":"last"}`, sourceToken)
	if key := a.Field("conversation_key"); key != "last" {
		t.Errorf("of two keys %q counts", key)
	}
}

// What a body costs grows with its size and no faster, whatever is in it: the same
// bytes in one body cost not much more than in sixty-four.
func TestHostileJSONCostsWhatItWeighs(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: verifiedSource("http://127.0.0.1:1")})
	conn := dialRaw(t, p.Internal)
	const size, parts, rounds = 4 << 20, 64, 2
	cost := func(member string, size, times int) float64 {
		before := measured(t, conn, cpuSeconds)
		for range times {
			body := keyed(fmt.Sprint(serial.Add(1)), strings.Repeat(member+",", size/len(member))+`"z":0`)
			// What is large is searched as far as the bound of work allows.
			if a := p.Sender().Must(t, []int{202, 422}, "POST", "/hooks/acme/big", body, sourceToken); a.Status == 422 && a.Field("outcome") != "too_complex" {
				t.Errorf("%.20s…: %s", member, a)
			}
		}
		return measured(t, conn, cpuSeconds) - before
	}
	for name, member := range map[string]string{
		"one name":   `"a":0`,
		"looked for": `"x":0`,
		"escaped":    `"\u0078":"\u0061"`,
		"key again":  `"conversation_key":"k"`,
		"nested":     `"n":` + strings.Repeat("[", 100) + strings.Repeat("]", 100),
	} {
		many := cost(member, size/parts, parts*rounds)
		one := cost(member, size, rounds)
		t.Logf("%s: %.2f s of processor time in parts, %.2f s in one", name, many, one)
		if one > 8*max(many, 0.1) {
			t.Errorf("%s: one large body costs %.2f s, the same in parts %.2f s", name, one, many)
		}
	}
}

// pipeline writes requests while their answers are read, and counts the answers by
// status.
func (c *peer) pipeline(requests func(write func(string))) map[int]int {
	go func() {
		requests(c.send)
		if half, ok := c.Conn.(*net.TCPConn); ok {
			_ = half.CloseWrite() // of a closed connection: the answers tell
		}
	}()
	counts := map[int]int{}
	for _, status := range c.statuses() {
		counts[status]++
	}
	return counts
}

// A flood of failures is told to stop, fills no log, and shuts nobody out.
func TestHostileFailures(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: "public: { trusted_proxies: [127.0.0.2/32] }\n" + verifiedSource("http://127.0.0.1:1")})
	const forged = "POST %s HTTP/1.1\r\nHost: a.test\r\nX-Token: forged\r\nX-Forwarded-For: %s\r\nContent-Length: 2\r\n\r\n{}"
	lines := func() int { return strings.Count(p.Log.Text(), "not verified") }
	for _, path := range []string{"/hooks/acme/payments", "/verified"} {
		before := lines()
		got := dialRaw(t, p.Public).pipeline(func(write func(string)) {
			for i := range 1000 {
				write(fmt.Sprintf(forged, path, fmt.Sprintf("192.0.2.%d", i%250))) // which nobody believes
			}
		})
		if got[401] != 60 || got[429] != 940 {
			t.Errorf("%s: forgeries were answered %v", path, got)
		}
		program.Eventually(t, hostilePatience, func() error { // what it writes comes by a pipe
			if n := lines() - before; n != 60 {
				return fmt.Errorf("%s: they fill %d lines of the log", path, n)
			}
			return nil
		})
	}
	p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", keyed("good", `"a":1`), sourceToken)
	p.Sender().Must(t, []int{502}, "POST", "/verified", "{}", sourceToken) // passes, to an upstream that is not there
	// From ever new addresses, through a proxy that is believed.
	staysBelow(t, p, residentMemory, 64<<20, func() {
		before := lines()
		got := dialFrom(t, net.IPv4(127, 0, 0, 2), p.Public).pipeline(func(write func(string)) {
			for i := range 20000 {
				write(fmt.Sprintf(forged, "/hooks/acme/payments", fmt.Sprintf("2001:db8:%x:%x::1", i>>8, i&255)))
			}
		})
		if got[401] != 20000 {
			t.Errorf("from ever new addresses: %v", got)
		}
		if n := lines() - before; n > 1000 {
			t.Errorf("they fill %d lines of the log", n)
		}
	})
	answers(t, p, dialRaw(t, p.Internal), true)
}

// Whoever guesses names leaves no trace: no line in the log, no series of metrics.
func TestHostileGuessesLeaveNoTrace(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: verifiedSource("http://127.0.0.1:1")})
	series := func() int {
		text := p.Admin().Must(t, []int{200}, "GET", "/metrics", nil).Body
		return bytes.Count(text, []byte("\nhookgate_"))
	}
	guess := func() map[int]int {
		return dialRaw(t, p.Public).pipeline(func(write func(string)) {
			for i := range 2000 {
				path := []string{"/hooks/t%d/s", "/hooks/acme/s%d", "/r%d", "/hooks/acme/payments%d/x"}[i%4]
				write(fmt.Sprintf("POST "+path+" HTTP/1.1\r\nHost: h%d.test\r\nContent-Length: 2\r\n\r\n{}", i, i))
			}
		})
	}
	if got := guess(); got[404] != 2000 {
		t.Errorf("guesses were answered %v", got)
	}
	seriesBefore, linesBefore := series(), len(p.Log.Lines())
	staysBelow(t, p, residentMemory, 32<<20, func() { guess() })
	if n := series(); n != seriesBefore {
		t.Errorf("there were %d series of metrics, now there are %d", seriesBefore, n)
	}
	if lines := p.Log.Lines(); len(lines) != linesBefore {
		t.Errorf("the log has %d more lines, the last %s", len(lines)-linesBefore, lines[len(lines)-1].Text)
	}
}
