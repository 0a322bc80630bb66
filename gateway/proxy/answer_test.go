package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"hookgate/gateway/wire"
)

const date = "Date: Mon, 02 Nov 2026 10:00:00 GMT\r\n"

// What the client gets of an answer, byte for byte, and whether the connections
// live on: the client's, and the upstream's.
func TestAnswerBytes(t *testing.T) {
	const get, head, old = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n", "GET / HTTP/1.0\r\nHost: a.test\r\n\r\n"
	for name, c := range map[string]struct {
		request, answer, want string
		ends, fresh           bool // the client's connection ends; the next request needs a fresh one upstream
		late                  bool // something comes behind the answer
	}{
		"length": {request: get, answer: "HTTP/1.1 200 Fine\r\n" + date + "content-length: 002\r\nx-Case: kept\r\n\r\nhi",
			want: "HTTP/1.1 200 Fine\r\n" + date + "x-Case: kept\r\nContent-Length: 2\r\n\r\nhi"},
		"two lengths that agree": {request: get, answer: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
			want: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\n\r\nhi"},
		"no reason": {request: get, answer: "HTTP/1.1 200\r\n" + date + "Content-Length: 0\r\n\r\n",
			want: "HTTP/1.1 200\r\n" + date + "Content-Length: 0\r\n\r\n"},
		"hop by hop": {request: get, answer: "HTTP/1.1 200 OK\r\n" + date + "Connection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nTrailer: X\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
			want: "HTTP/1.1 200 OK\r\n" + date + "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"},
		"chunks": {request: get, answer: "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0A  \r\n0123456789\r\n0\r\nX-Trailer: 1\r\nX-More: 2\r\n\r\n",
			want: "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: chunked\r\n\r\nd\r\nabc0123456789\r\n0\r\n\r\n"},
		"no chunks": {request: get, answer: "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
			want: "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		"until it closes": {request: get, answer: "HTTP/1.1 200 OK\r\n" + date + "Connection: close\r\n\r\nhello", fresh: true,
			want: "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
		"HTTP/1.0 upstream": {request: get, answer: "HTTP/1.0 200 OK\r\n" + date + "Content-Length: 2\r\n\r\nhi", fresh: true,
			want: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\n\r\nhi"},
		"HTTP/1.0 client, chunks": {request: old, answer: "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", ends: true,
			want: "HTTP/1.1 200 OK\r\n" + date + "Connection: close\r\n\r\nhi"},
		"HTTP/1.0 client, length": {request: old, answer: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\n\r\nhi", ends: true,
			want: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\nConnection: close\r\n\r\nhi"},
		"client closes": {request: "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n", answer: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\n\r\nhi", ends: true,
			want: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\nConnection: close\r\n\r\nhi"},
		"HEAD": {request: head, answer: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 12345\r\n\r\n",
			want: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 12345\r\n\r\n"},
		"HEAD of chunks": {request: head, answer: "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: chunked\r\n\r\n",
			want: "HTTP/1.1 200 OK\r\n" + date + "\r\n"},
		"204": {request: get, answer: "HTTP/1.1 204 No Content\r\n" + date + "Content-Length: 0\r\n\r\n",
			want: "HTTP/1.1 204 No Content\r\n" + date + "\r\n"},
		"304": {request: get, answer: "HTTP/1.1 304 Not Modified\r\n" + date + "Content-Length: 77\r\nETag: x\r\n\r\n",
			want: "HTTP/1.1 304 Not Modified\r\n" + date + "ETag: x\r\nContent-Length: 77\r\n\r\n"},
		"204 with a body": {request: get, answer: "HTTP/1.1 204 No Content\r\n" + date + "\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", fresh: true, late: true,
			want: "HTTP/1.1 204 No Content\r\n" + date + "\r\n"},
		"more than it said": {request: get, answer: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", fresh: true, late: true,
			want: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\n\r\nhi"},
		"more than its chunks": {request: get, answer: "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nforged", fresh: true, late: true,
			want: "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		"interim": {request: get, answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\n\r\nHTTP/1.1 200 OK\r\n" + date + "Content-Length: 0\r\n\r\n",
			want: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n" + date + "Content-Length: 0\r\n\r\n"},
		"interim, HTTP/1.0 client": {request: old, answer: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n" + date + "Content-Length: 0\r\n\r\n", ends: true,
			want: "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 0\r\nConnection: close\r\n\r\n"},
	} {
		for cut, piece := range map[string]int{"whole": 1 << 20, "in bytes": 1} {
			if piece == 1 && c.late {
				continue // nobody can tell when the rest comes
			}
			t.Run(name+"/"+cut, func(t *testing.T) {
				t.Parallel()
				conns := make(chan struct{}, 10)
				s := newSite(t, routed("", rawUpstream(t, func(up *client) {
					conns <- struct{}{}
					for up.head() != "" {
						for rest := c.answer; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
							_, _ = io.WriteString(up, rest[:min(piece, len(rest))])
						}
						if strings.Contains(c.answer, "close\r\n") || strings.HasPrefix(c.answer, "HTTP/1.0") {
							return
						}
					}
				})), siteOptions{})
				client := s.dial(t)
				check := func() {
					client.send(t, c.request)
					want := c.want
					if piece == 1 && strings.Contains(want, "chunked") { // the pieces are chunks of their own
						a, body := client.answer(t, "GET")
						_, chunked, _ := strings.Cut(want, "\r\n\r\n")
						if plain := unchunk(t, chunked); body != plain || a.TransferEncoding[0] != "chunked" {
							t.Errorf("got %q, want %q", body, plain)
						}
						return
					}
					got := make([]byte, len(want)+fieldOfID)
					if _, err := io.ReadFull(client.r, got); err != nil || unidentified(t, string(got)) != want {
						t.Fatalf("got\n%q\nwant\n%q (%v)", got, want, err)
					}
				}
				check()
				if c.ends {
					client.ended(t)
					client = s.dial(t)
				}
				check()
				want := 1
				if c.fresh {
					want = 2
				}
				if n := len(conns); n != want {
					t.Errorf("%d connections to the upstream, want %d", n, want)
				}
			})
		}
	}
}

// Heads of up to 64 KiB are passed on whole (SPEC 15), after interim ones as well;
// a body follows in step, and the next answer on the same connection too.
func TestLongHeads(t *testing.T) {
	for name, fields := range map[string]string{
		"one field":   "X-Long: " + strings.Repeat("x", 64<<10-200) + "\r\n",
		"many fields": strings.Repeat("X-Some: "+strings.Repeat("y", 50)+"\r\n", 1000),
		"above 16":    "X-Long: " + strings.Repeat("x", 16<<10) + "\r\n",
	} {
		for kind, c := range map[string]struct{ framing, body, plain string }{
			"length": {"Content-Length: 100000\r\n", strings.Repeat("b", 100_000), strings.Repeat("b", 100_000)},
			"chunks": {"Transfer-Encoding: chunked\r\n", "186a0\r\n" + strings.Repeat("c", 100_000) + "\r\n0\r\n\r\n", strings.Repeat("c", 100_000)},
			"none":   {"Content-Length: 0\r\n", "", ""},
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				whole := "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n" + date + fields + c.framing + "\r\n" + c.body
				s := newSite(t, routed("", rawUpstream(t, always(whole))), siteOptions{})
				client := s.dial(t)
				for range 2 {
					client.send(t, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
					if hints := client.raw(t); !strings.HasPrefix(hints, "HTTP/1.1 103 ") {
						t.Fatalf("got %.100q", hints)
					}
					a, body := client.answer(t, "GET")
					if name, value, _ := strings.Cut(fields[:len(fields)-2], ": "); a.StatusCode != 200 || body != c.plain || a.Header.Get(name) != strings.SplitN(value, "\r\n", 2)[0] {
						t.Fatalf("status %d, a body of %d, fields %.100q", a.StatusCode, len(body), a.Header)
					}
				}
			})
		}
	}
}

func unchunk(t *testing.T, text string) string {
	t.Helper()
	var c wire.Chunks
	b := []byte(text)
	n, _, err := c.Unframe(b)
	if err != nil || !c.Over() {
		t.Fatal(text, err)
	}
	return string(b[:n])
}

func TestDateIsAdded(t *testing.T) {
	s := newSite(t, routed("", rawUpstream(t, always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))), siteOptions{})
	a, _ := s.ask(t, "GET", "/", nil)
	if _, err := http.ParseTime(a.Header.Get("Date")); err != nil || len(a.Header["Date"]) != 1 {
		t.Errorf("Date is %q", a.Header["Date"])
	}
}

// Answers that could be read in two ways, or are none, are 502; nothing of them
// gets through.
func TestFaultyAnswers(t *testing.T) {
	long := "X-Long: " + strings.Repeat("x", 1000) + "\r\n"
	for name, answer := range map[string]string{
		"nothing":              "",
		"part of a head":       "HTTP/1.1 200 OK\r\nContent-Le",
		"not HTTP":             "SSH-2.0-OpenSSH_9.6\r\n\r\n",
		"HTTP/2":               "HTTP/2 200 OK\r\n\r\n",
		"status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
		"status 600":           "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n",
		"status 099":           "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
		"length and chunks":    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks and length":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"two lengths":          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"list of lengths":      "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
		"negative length":      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"signed length":        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
		"no length":            "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello",
		"overflow":             "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
		"other coding":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"two codings":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks in HTTP/1.0":   "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"folded":               "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
		"no colon":             "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
		"space before colon":   "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
		"control byte":         "HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
		"lone CR":              "HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 0\r\n\r\n",
		"lone LF":              "HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n",
		"large head":           "HTTP/1.1 200 OK\r\n" + strings.Repeat(long, 66) + "\r\n",
		"large field":          "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 66<<10) + "\r\n\r\n",
		"endless interim":      strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 20),
		"switched unasked":     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, routed("", rawUpstream(t, once(answer))), siteOptions{})
			c := s.dial(t)
			c.send(t, "POST / HTTP/1.1\r\nHost: a.test\r\n\r\n")
			a, body := c.answer(t, "POST")
			for a.StatusCode == 102 {
				a, body = c.answer(t, "POST")
			}
			if a.StatusCode != 502 || a.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"upstream_failed"`) {
				t.Errorf("%d %s", a.StatusCode, body)
			}
			// The client's connection is none the worse for it.
			c.send(t, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
			if a, _ := c.answer(t, "GET"); a.StatusCode != 502 && a.StatusCode != 503 && a.StatusCode != 102 {
				t.Errorf("then %d", a.StatusCode)
			}
		})
	}
}

// An answer that breaks off is one to the client too, whatever its framing.
func TestCutAnswers(t *testing.T) {
	for name, c := range map[string]struct{ request, answer string }{
		"length":                  {"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"},
		"chunks":                  {"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
		"faulty chunks":           {"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloxx0\r\n\r\n"},
		"chunks, HTTP/1.0 client": {"GET / HTTP/1.0\r\nHost: a.test\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, routed("", rawUpstream(t, once(c.answer))), siteOptions{})
			client := s.dial(t)
			client.send(t, c.request)
			a, err := http.ReadResponse(client.r, nil)
			if err != nil {
				if name == "faulty chunks" || strings.Contains(name, "1.0") { // the reset may overtake it
					return
				}
				t.Fatal(err)
			}
			if body, err := io.ReadAll(a.Body); err == nil {
				t.Errorf("the client takes %q for whole", body)
			}
		})
	}
}

// A head either is refused, or says the same when it is read again as we write it.
func FuzzHead(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade, a\r\nA: 1\r\n\r\n",
		"HTTP/1.0 404\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA: \x80\r\n\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var in buffer
		in.init()
		in.w += copy(in.b[in.w:len(in.b)-behind], b)
		end := wire.HeadEnd(in.pending())
		if end == 0 {
			return
		}
		var h answerHead
		if h.parse(in.pending()[:end]) != nil {
			return
		}
		written := append(h.appendStart(nil), "\r\n"...)
		var again answerHead
		if err := again.parse(written); err != nil {
			t.Fatalf("%q: %v", written, err)
		}
		if again.status != h.status || again.length != untilClose || len(again.named) > 0 || again.upgrade != nil || again.dated && !h.dated {
			t.Fatalf("%q says %+v", written, again)
		}
	})
}
