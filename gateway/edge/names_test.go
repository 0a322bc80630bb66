package edge

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// Names that their RFC calls case-insensitive are read in any case, and a field Trailer
// that comes alone is nothing to us (cases c02; SPEC 15).
func TestNamesHaveNoCase(t *testing.T) {
	const head = "POST /a HTTP/1.1\r\nHost: A.Test\r\n"
	for name, raw := range map[string]string{
		"coding":           head + "TRANSFER-ENCODING: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"length":           head + "CONTENT-LENGTH: 2\r\n\r\nhi",
		"expectation":      head + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n",
		"both":             head + "expect: 100-CONTINUE\r\ntransfer-encoding: CHUNKED\r\n\r\n",
		"keep-alive":       "POST /a HTTP/1.0\r\nHost: a.test\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi",
		"a trailer alone":  head + "Trailer: X-Checksum\r\nContent-Length: 2\r\n\r\nhi",
		"trailer of none":  head + "Trailer: X-Checksum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"a trailer's case": head + "TRAILER: x-checksum, Other\r\nContent-Length: 2\r\n\r\nhi",
	} {
		for _, f := range flavours {
			for _, piece := range []int{1 << 20, 1} {
				t.Run(fmt.Sprintf("%s/%s/%d", f.name, name, piece), func(t *testing.T) {
					t.Parallel()
					s := newSite(t, testLimits(f.streams), echo)
					c := s.dial(t)
					r := bufio.NewReader(c)
					send(t, c, []byte(raw), piece)
					if strings.Contains(strings.ToLower(raw), "expect") {
						if got := answered(t, r); !strings.HasPrefix(got, "100 ") {
							t.Fatalf("before the body: %s", got)
						}
						body := "hi"
						if strings.Contains(raw, "CHUNKED") {
							body = "2\r\nhi\r\n0\r\n\r\n"
						}
						send(t, c, []byte(body), piece)
					}
					if got := answered(t, r); got != "200 OK hi" {
						t.Errorf("answered %s", got)
					}
					send(t, c, []byte("GET /last HTTP/1.1\r\nHost: a.test\r\nConnection: CLOSE\r\n\r\n"), piece)
					if answer, _ := readAnswer(t, r); answer.StatusCode != 200 || !answer.Close {
						t.Errorf("the last: %d, close %v", answer.StatusCode, answer.Close)
					}
				})
			}
		}
	}
}

// No 100 goes to a client whose body is refused, or who speaks HTTP/1.0, and exactly one
// to others.
func TestContinueIsSaidOnce(t *testing.T) {
	for raw, want := range map[string]string{
		"POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-CONTINUE\r\nContent-Length: 9000000\r\n\r\n":     "413 ",
		"POST / HTTP/1.0\r\nHost: a.test\r\nExpect: 100-CONTINUE\r\nContent-Length: 2\r\n\r\nhi":         "200 OK hi",
		"POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-CONTINUE\r\n\r\n":                                "200 OK",
		"POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\nhi":               "417 ",
		"POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-CONTINUE, x\r\nContent-Length: 2\r\n\r\nhi":      "417 ",
		"POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-Continue\r\nTransfer-Encoding: zip\r\n\r\nhi":    "400 ",
		"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi":                                 "200 OK hi",
		"POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\nx": "400 ",
	} {
		for _, f := range flavours {
			s := newSite(t, testLimits(f.streams), func(ctx *fasthttp.RequestCtx) {
				ctx.SetConnectionClose()
				echo(ctx)
			})
			c := s.dial(t)
			send(t, c, []byte(raw), 1<<20)
			if got := answered(t, bufio.NewReader(c)); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q is answered %s, want %s", f.name, raw, got, want)
			}
		}
	}
}
