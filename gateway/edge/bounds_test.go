package edge

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// sized is a request with a target of so many bytes, and so many of fields, line ends
// included.
func sized(target, fields int) []byte {
	const host, x = "Host: a.test\r\n", "X-A: "
	return fmt.Appendf(nil, "GET /%s HTTP/1.1\r\n%s%s%s\r\n\r\n",
		strings.Repeat("t", target-1), host, x, strings.Repeat("x", fields-len(host)-len(x)-len("\r\n")))
}

// Target and fields have bounds of their own, and a head that is over one hears which,
// however it is cut: with the last byte that is allowed it is taken, with one more it
// is not.
func TestHeadIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		want int
	}{
		"both at their bounds": {sized(maxTarget, maxFieldBytes), 200},
		"a long target":        {sized(maxTarget+1, 100), 414},
		"a target of 17 KB":    {sized(17_000, 100), 414},
		"one without end":      {sized(200_000, 100), 414},
		"large fields":         {sized(100, maxFieldBytes+1), 431},
		"fields of 17 KB":      {sized(100, 17_000), 431},
		"fields without end":   {sized(100, 200_000), 431},
		"both over":            {sized(9_000, 17_000), 414},
		"101 fields":           {[]byte("GET / HTTP/1.1\r\nHost: a.test\r\n" + strings.Repeat("a: b\r\n", 100) + "\r\n"), 431},
		"no request line":      {bytes.Repeat([]byte("x"), 20_000), 400},
		"a long method":        {append(bytes.Repeat([]byte("X"), 9_000), " / HTTP/1.1\r\n"...), 400},
	} {
		for _, f := range flavours {
			for _, piece := range []int{1 << 20, 4_000, 97} {
				t.Run(fmt.Sprintf("%s/%s/%d", f.name, name, piece), func(t *testing.T) {
					t.Parallel()
					s := newSite(t, testLimits(f.streams), echo)
					conn := s.dial(t)
					go send(t, conn, c.raw, piece)
					answer, body := readAnswer(t, bufio.NewReader(conn))
					if answer.StatusCode != c.want {
						t.Errorf("answered %d %s, want %d", answer.StatusCode, body, c.want)
					}
				})
			}
		}
	}
}

// Who sends all of a body before it looks for an answer has its 413 all the same, be it
// several times what is taken (case c16).
func TestRefusalIsReadBehindALargeBody(t *testing.T) {
	const size = 17 << 20
	for _, f := range flavours {
		for name, framing := range map[string]string{"announced": fmt.Sprintf("Content-Length: %d\r\n\r\n", size), "chunked": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", size)} {
			t.Run(f.name+"/"+name, func(t *testing.T) {
				c := newSite(t, testLimits(f.streams), echo).dial(t)
				if _, err := c.Write([]byte("POST / HTTP/1.1\r\nHost: a.test\r\n" + framing + strings.Repeat("x", size))); err != nil {
					t.Fatalf("before all of it was sent: %v", err)
				}
				if answer, body := readAnswer(t, bufio.NewReader(c)); answer.StatusCode != 413 || !answer.Close || !strings.Contains(body, `"too_large"`) {
					t.Errorf("answered %d %s, close %v", answer.StatusCode, body, answer.Close)
				}
			})
		}
	}
}
