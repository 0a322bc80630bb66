package proxy

import (
	"fmt"
	"io"
	"net/http"
	"testing"
)

// The answer to a body that was passed on whole may overtake whoever passed it on:
// the connection stays all the same.
func TestUploadKeepsConnection(t *testing.T) {
	up := upstreamServer(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	s := newSite(t, routed("", up.URL), siteOptions{})
	for _, framing := range []struct{ field, first, last string }{
		{"Transfer-Encoding: chunked", "5\r\nhel", "lo\r\n0\r\n\r\n"},
		{fmt.Sprint("Content-Length: ", smallBody+5), string(make([]byte, smallBody)), "hello"},
	} {
		c := s.dial(t)
		for i := range 300 {
			c.send(t, "POST / HTTP/1.1\r\nHost: a.test\r\n"+framing.field+"\r\n\r\n"+framing.first)
			c.send(t, framing.last)
			if a, _ := c.answer(t, "POST"); a.StatusCode != 200 || a.Close {
				t.Fatalf("%s: request %d is answered %d, closes %v", framing.field, i, a.StatusCode, a.Close)
			}
		}
	}
}
