package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hookgate/gateway/wire"
)

// FuzzAnswerHead: a head that is taken frames its body in one way. net/http, where it
// takes the head too, reads the same status and length; and the head with the framing
// that we give it says the same when it is read again.
func FuzzAnswerHead(f *testing.F) {
	for _, fields := range []string{
		"Content-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: +2\r\n",
		"Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "Transfer-Encoding: gzip, chunked\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Connection: close, Content-Length\r\nContent-Length: 2\r\n",
		"Content-Length: 2, 2\r\n", "Content-Length : 2\r\n", "X: a\r\n b\r\n", "Transfer-Encoding:\x0bchunked\r\n", "",
	} {
		f.Add("1", "200 OK", fields)
		f.Add("0", "304", fields)
	}
	f.Fuzz(func(t *testing.T, minor, line, fields string) {
		head := []byte("HTTP/1." + minor + " " + line + "\r\n" + fields + "\r\n")
		end := bytes.Index(head, []byte("\r\n\r\n")) + 4
		var h answerHead
		if h.parse(head[:end]) != nil {
			return
		}
		if h.length < untilClose {
			t.Fatalf("%q has the length %d", head[:end], h.length)
		}
		if h.status >= 200 { // net/http has a reading of its own of interim answers
			agrees(t, head[:end], &h)
		}
		written := h.appendStart(nil)
		switch {
		case h.length == chunked:
			written = append(written, "Transfer-Encoding: chunked\r\n"...)
		case h.length >= 0:
			written = fmt.Appendf(written, "Content-Length: %d\r\n", h.length)
		}
		written = append(written, "\r\n"...)
		var again answerHead
		if err := again.parse(written); err != nil || again.length != h.length || again.status != h.status {
			t.Fatalf("%q, written as %q, says %d with length %d, %v", head[:end], written, again.status, again.length, err)
		}
	})
}

func agrees(t *testing.T, head []byte, h *answerHead) {
	t.Helper()
	a, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), &http.Request{Method: "GET"})
	if err != nil {
		return
	}
	_ = a.Body.Close()
	length := h.length
	if len(a.TransferEncoding) > 0 {
		a.ContentLength = chunked
	} else if a.ContentLength < 0 {
		a.ContentLength = untilClose
	}
	if wire.Bodiless(h.status) {
		return // whatever its fields say
	}
	if a.StatusCode != h.status || a.ContentLength != length {
		t.Fatalf("%q is %d with length %d; to net/http it is %d with %d", head, h.status, length, a.StatusCode, a.ContentLength)
	}
}

// FuzzMatchAsURL: a path goes to the route that the path which net/url reads would go
// to, by comparing it with every route.
func FuzzMatchAsURL(f *testing.F) {
	for _, path := range []string{"/", "/api", "/api/", "/apis", "/api/users/7", "/%61pi/users", "/api/v1/%61dmin", "/api/v1/admin;x=1/y", "/caf%C3%A9/x", "/files/", "/files"} {
		f.Add(path, "x.test", "GET")
		f.Add(path, "bot.example.com", "POST")
	}
	routes := compile(f, manyRoutes)
	table := tableOf(f, manyRoutes)
	f.Fuzz(func(t *testing.T, path, host, method string) {
		u, err := url.ParseRequestURI(path)
		// What the edge refuses is none of ours, and so is what has a query: the path ends there.
		if err != nil || path[0] != '/' || strings.ContainsAny(path, "?#\\") || !isPlain(u) || strings.ContainsAny(host, ":[].") && host != "x.test" && host != "bot.example.com" {
			return
		}
		want, longest := "", -1
		for _, r := range routes {
			fits := u.Path == r.Path || strings.HasPrefix(u.Path, strings.TrimSuffix(r.Path, "/")+"/")
			if !fits || r.Host != "" && !strings.EqualFold(r.Host, host) || !r.Takes([]byte(method)) {
				continue
			}
			if rank := 2 * len(r.Path); rank > longest || r.Host != "" && rank+1 > longest {
				if want, longest = r.ID, rank; r.Host != "" {
					longest++
				}
			}
		}
		got := ""
		if found, _ := table.find([]byte(method), []byte(host), []byte(path)); found != nil {
			got = found.ID
		}
		if got != want {
			t.Fatalf("%s %s %q goes to %q; by net/url's path %q it goes to %q", method, host, path, got, u.Path, want)
		}
	})
}

// isPlain says whether the edge passes a path, and it has no parameters, of which
// net/url knows nothing.
func isPlain(u *url.URL) bool {
	if strings.ContainsAny(u.Path, ";\\") || strings.Count(u.Path, "/") != strings.Count(u.EscapedPath(), "/") {
		return false
	}
	for i, segment := range strings.Split(u.Path[1:], "/") {
		last := i == strings.Count(u.Path, "/")-1
		if segment == "." || segment == ".." || segment == "" && !last {
			return false
		}
	}
	return !strings.ContainsFunc(u.Path, func(c rune) bool { return c < ' ' || c == 0x7f })
}
