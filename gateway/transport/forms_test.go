package transport

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// answering gives the URL of a peer that answers each request with these bytes and
// then waits for the next one, and how many connections it has seen.
func answering(t *testing.T, bytes string) (url string, conns *atomic.Int32) {
	t.Helper()
	conns = new(atomic.Int32)
	at := listen(t, func(conn net.Conn) {
		conns.Add(1)
		if request(conn) {
			_, _ = io.WriteString(conn, bytes)
		}
	})
	return "http://" + at, conns
}

// Whatever the form of an answer, its status counts (SPEC 15).
func TestAnswersCountByTheirStatus(t *testing.T) {
	for name, c := range map[string]struct{ sent, body string }{
		"two equal lengths":            {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"a list of equal lengths":      {"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "ok"},
		"line feeds alone":             {"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok"},
		"line feeds in part":           {"HTTP/1.1 200 OK\r\nX: y\nContent-Length: 2\r\n\nok", "ok"},
		"no reason":                    {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"no reason, a space":           {"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "ok"},
		"HTTP/1.0":                     {"HTTP/1.0 200 OK\r\n\r\nok", "ok"},
		"another version":              {"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"continue before it":           {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"early hints before it":        {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"blank lines before it":        {"\r\n\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"no length":                    {"HTTP/1.1 200 OK\r\n\r\nok", "ok"},
		"bytes behind it":              {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n", "ok"},
		"a folded field":               {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"a line that is no field":      {"HTTP/1.1 200 OK\r\nhello\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"a space before the colon":     {"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", "ok"},
		"no name":                      {"HTTP/1.1 200 OK\r\n: 2\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"a length that is none":        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok", "ok"},
		"a length beside chunks":       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok"},
		"chunks of HTTP/1.0":           {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok"},
		"identity":                     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"control bytes in a value":     {"HTTP/1.1 200 OK\r\nX: \x01\x7f\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"a body where there is none":   {"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", ""},
		"HTTP in lower case":           {"http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
		"two spaces before the status": {"HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			url, conns := answering(t, c.sent)
			tr := loopback(t, Options{})
			for range 2 {
				answer, err := get(t, tr, url)
				if err != nil || answer.Status/100 != 2 || string(answer.Body) != c.body {
					t.Fatalf("%+v, %v", answer, err)
				}
			}
			if n := conns.Load(); n != 2 && name != "no reason" && name != "no reason, a space" && name != "identity" && !strings.Contains(name, "before it") {
				t.Errorf("%d connections for 2 requests: one was used again", n)
			}
		})
	}
}

// Where nobody can say what the body is, the status is told all the same, with what
// came of the body, and the error beside it. One that breaks off is no answer.
func TestABodyOutOfFormHasItsStatus(t *testing.T) {
	for name, c := range map[string]struct{ sent, body, word string }{
		"two lengths":     {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!", "", WordProtocol},
		"line feeds":      {"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n", "", WordProtocol},
		"no chunk at all": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nok", "", WordProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := answering(t, c.sent)
			answer, err := get(t, loopback(t, Options{}), url)
			if err == nil || err.Word != c.word || answer == nil || answer.Status != 200 || string(answer.Body) != c.body {
				t.Errorf("%+v, %v", answer, err)
			}
		})
	}
}

// What is no answer at all, or has no end, is none.
func TestWhatIsNoAnswer(t *testing.T) {
	for name, sent := range map[string]string{
		"another protocol": "220 mail.example.com ESMTP\r\n", "no status": "HTTP/1.1 OK\r\n\r\n", "four digits": "HTTP/1.1 2000 OK\r\n\r\n",
		"no version": "HTTP/ 200 OK\r\n\r\n", "only blank lines": strings.Repeat("\r\n", 100),
		"only interim answers": strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100), "status 99": "HTTP/1.1 099 x\r\n\r\n",
	} {
		url, _ := answering(t, sent)
		if answer, err := get(t, loopback(t, Options{}), url); answer != nil || err == nil || err.Word != WordProtocol {
			t.Errorf("%s: %+v, %v", name, answer, err)
		}
	}
}

// A header may have 64 KiB, in many fields or in one.
func TestLargeHeaders(t *testing.T) {
	for name, lines := range map[string]string{
		"many": strings.Repeat("X-Some-Field: some value of no weight\r\n", 1600), "one": "X-Long: " + strings.Repeat("x", 63<<10) + "\r\n",
	} {
		url, _ := answering(t, "HTTP/1.1 200 OK\r\n"+lines+"Retry-After: 7\r\nContent-Length: 2\r\n\r\nok")
		tr := loopback(t, Options{})
		answer, err := get(t, tr, url)
		if err != nil || string(answer.Body) != "ok" || answer.RetryAfter != "7" || sizeOf(answer.Header) > DefaultHeader {
			t.Errorf("%s: %v, %d bytes are kept", name, err, sizeOf(answer.Header))
		}
		url, _ = answering(t, "HTTP/1.1 200 OK\r\n"+lines+"Retry-After: 7\r\nContent-Length: 2\r\n\r\nok")
		whole, failed := tr.Do(t.Context(), &Request{Method: "GET", URL: url, MaxHeader: MaxHeader})
		if failed != nil || whole.Header[len(whole.Header)-1] != [2]string{"Content-Length", "2"} {
			t.Errorf("%s, all of it: %v", name, failed)
		}
	}
	url, _ := answering(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	if _, err := get(t, loopback(t, Options{}), url); err == nil || !strings.Contains(err.Text, "64 KiB") {
		t.Error(err)
	}
}

func sizeOf(header [][2]string) (n int) {
	for _, field := range header {
		n += len(field[0]) + len(field[1])
	}
	return n
}

// A peer that has seen enough answers before it has the whole request, and reads no
// further: its answer counts, at once.
func TestEarlyAnswerToAnUnreadRequest(t *testing.T) {
	hold := make(chan struct{})
	at := listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		<-hold
	})
	t.Cleanup(func() { close(hold) })
	answer, err := loopback(t, Options{}).Do(t.Context(), &Request{
		Method: "POST", URL: "http://" + at, Body: make([]byte, 16<<20), Timeout: time.Hour,
	})
	if err != nil || answer.Status != 200 || string(answer.Body) != "ok" {
		t.Errorf("%+v, %v", answer, err)
	}
}

// The answer says where it came from, and a failure what was dialled.
func TestAddressDialled(t *testing.T) {
	url, _ := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	answer, err := get(t, loopback(t, Options{}), url)
	if err != nil || "http://"+answer.Address != url {
		t.Errorf("%q, %v", answer.Address, err)
	}
	if _, err := get(t, loopback(t, Options{}), "http://127.0.0.1:1"); err == nil || err.Address != "127.0.0.1:1" || !strings.HasSuffix(err.Text, "connection refused") {
		t.Errorf("%+v", err)
	}
	if _, err := get(t, loopback(t, Options{}), "http://10.0.0.1"); err == nil || err.Address != "" {
		t.Errorf("%+v", err)
	}
}
