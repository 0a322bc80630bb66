//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
)

// Answers are known when they are whole, however they come, and what a client cannot
// tell the end of is refused.
func TestReadAnswer(t *testing.T) {
	for text, want := range map[string]string{
		"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 3\r\n\r\nabc":            "200 abc false",
		"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nConnection: close\r\n\r\n": "202  true",
		"HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n":               "204  false",
		"HTTP/1.1 503 Service Unavailable\r\nA: b\r\nContent-Length: 1\r\n\r\n\r": "503 \r false",
	} {
		for cut := range len(text) {
			if _, size, err := readAnswer([]byte(text[:cut])); size != 0 || err != nil {
				t.Errorf("%q is %d long, %v", text[:cut], size, err)
			}
		}
		a, size, err := readAnswer([]byte(text + "more"))
		if got := fmt.Sprintf("%d %s %t", a.status, a.body, a.close); got != want || size != len(text) || err != nil {
			t.Errorf("%q is %q, %d long, %v; want %q", text, got, size, err, want)
		}
	}
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "220 mail.example.com\r\n\r\n", strings.Repeat("x", maxHead+1),
	} {
		if a, size, err := readAnswer([]byte(text)); err == nil {
			t.Errorf("%.80q is taken: %v, %d", text, a, size)
		}
	}
}

// A load sends each request once, with its own body, and one at a time on a connection;
// answers that come in parts and connections that a server closes make no difference.
func TestLoadSendsEachOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1000)
	go slowServer(l, got)
	const n = 100
	checked := map[int]int{}
	sent := &load{addr: l.Addr().String(), conns: 3, n: n,
		fill: func(i int, m *message) {
			m.head, m.body = newHead("POST", "example.com", "/in"), fmt.Appendf(m.body[:0], "body %d", i)
		},
		check: func(i int, a answer) error {
			if checked[i]++; string(a.body) != fmt.Sprintf("body %d", i) {
				return fmt.Errorf("answered %q", a.body)
			}
			return nil
		}}
	took, err := sent.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range n {
		seen[<-got] = true
	}
	if len(got) != 0 || len(seen) != n || len(checked) != n || took.latency.n != n {
		t.Errorf("%d more came, %d different, %d were checked, %d timed; want %d", len(got), len(seen), len(checked), took.latency.n, n)
	}

	wrong := *sent
	wrong.check = func(i int, _ answer) error { return fmt.Errorf("no") }
	if _, err := wrong.run(t.Context()); err == nil || !strings.Contains(err.Error(), "no") {
		t.Errorf("a wrong answer ends it with %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	paced := *sent
	paced.pace = newPace(0.0001)
	if _, err := paced.run(ended); err == nil {
		t.Error("a load goes on when nobody wants it")
	}
}

// slowServer echoes bodies in two parts, and closes each connection after ten.
func slowServer(l net.Listener, got chan<- string) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			buf := make([]byte, 4096)
			for i := range 10 {
				n, err := conn.Read(buf)
				if err != nil {
					return
				}
				_, body, _ := bytes.Cut(buf[:n], []byte("\r\n\r\n"))
				got <- string(body)
				last := ""
				if i == 9 {
					last = "Connection: close\r\n"
				}
				text := fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", last, len(body), body)
				_, _ = io.WriteString(conn, text[:len(text)/2]) // the client says what is missing
				runtime.Gosched()
				_, _ = io.WriteString(conn, text[len(text)/2:])
			}
		}()
	}
}
