package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// hostilePatience bounds what a busy machine may take for what must come at all.
const hostilePatience = time.Minute

// crowd dials the public listener from many blocks of loopback: one alone may
// have a quarter of the connections.
type crowd struct{ dialed atomic.Int32 }

const clientsOfCrowd = 16

func (c *crowd) dial(t testing.TB, p *program.Program) *peer {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127/8 as loopback")
	}
	n := byte(c.dialed.Add(1) % clientsOfCrowd)
	return dialFrom(t, net.IPv4(127, 0, 10+n, 1), p.Public)
}

func dialFrom(t testing.TB, from net.IP, base string) *peer {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: hostilePatience}
	c, err := dialer.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(2 * hostilePatience)); err != nil {
		t.Fatal(err)
	}
	return &peer{Conn: c, r: bufio.NewReader(c)}
}

// peer is a raw connection.
type peer struct {
	net.Conn
	r *bufio.Reader
}

func dialRaw(t testing.TB, base string) *peer { return dialFrom(t, net.IPv4(127, 0, 0, 1), base) }

// send writes text; a server that has refused already may have closed.
func (c *peer) send(text string) { _, _ = io.WriteString(c, text) }

// answer reads one answer.
func (c *peer) answer(t testing.TB) (*http.Response, string) {
	t.Helper()
	a, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(body)
}

// status reads one answer and gives its status; 0 says that the connection ended.
func (c *peer) status() int {
	a, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0
	}
	if _, err := io.Copy(io.Discard, a.Body); err != nil {
		return 0
	}
	return a.StatusCode
}

// statuses reads answers until the connection ends.
func (c *peer) statuses() (all []int) {
	for {
		status := c.status()
		if status == 0 {
			return all
		}
		all = append(all, status)
	}
}

// measured gives a metric without labels that /metrics has; it asks over conn.
func measured(t testing.TB, conn *peer, name string) float64 {
	t.Helper()
	conn.send("GET /metrics HTTP/1.1\r\nHost: a.test\r\n\r\n")
	a, text := conn.answer(t)
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Skipf("/metrics (%d) has no %s on this system", a.StatusCode, name)
	return 0
}

const (
	residentMemory = "process_resident_memory_bytes"
	cpuSeconds     = "process_cpu_seconds_total"
	openFiles      = "process_open_fds"
)

// staysBelow measures a metric before and after, and wants it to grow less than that.
func staysBelow(t *testing.T, p *program.Program, name string, growth float64, do func()) {
	t.Helper()
	conn := dialRaw(t, p.Internal)
	before := measured(t, conn, name)
	do()
	grown := measured(t, conn, name) - before
	t.Logf("%s grew by %.4g", name, grown)
	if grown >= growth {
		t.Errorf("%s grew by %.4g, want less than %.4g", name, grown, growth)
	}
}

// startWithFiles starts the program with at most so many open files.
func startWithFiles(t *testing.T, files int, config string) (p *program.Program, pid int) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("limits of files are set as Linux does")
	}
	folder := t.TempDir()
	p = &program.Program{Log: &program.Log{}, Dir: filepath.Join(folder, "data"), File: filepath.Join(folder, "hookgate.yaml")}
	p.Configure(t, config)
	c := program.Command(t, []string{"HOOKGATE_ADMIN_TOKEN=" + program.AdminToken},
		"serve", "--public", "127.0.0.1:0", "--internal", "127.0.0.1:0", "--data", p.Dir, "--config", p.File)
	link := filepath.Join(folder, program.Name) // by which the test binary knows what to be
	if err := os.Symlink(c.Path, link); err != nil {
		t.Fatal(err)
	}
	c.Args = append([]string{"sh", "-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(files), link}, c.Args[1:]...)
	c.Path = "/bin/sh"
	c.Stderr = p.Log
	p.Run(t, c)
	if err := p.Listening(t); err != nil {
		t.Fatalf("%v\n%s", err, p.Log.Text())
	}
	p.WaitReady(t)
	return p, c.Process.Pid
}

// answers checks that the program does its work: on conn, which is open already, on a
// new internal connection, and, where public says so, for a callback.
func answers(t *testing.T, p *program.Program, conn *peer, public bool) {
	t.Helper()
	conn.send("GET /healthz HTTP/1.1\r\nHost: a.test\r\n\r\n")
	if a, body := conn.answer(t); a.StatusCode != 200 {
		t.Errorf("on an open internal connection: %d %s", a.StatusCode, body)
	}
	fresh := dialRaw(t, p.Internal)
	fresh.send("GET /readyz HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
	if a, body := fresh.answer(t); a.StatusCode != 200 {
		t.Errorf("on a new internal connection: %d %s", a.StatusCode, body)
	}
	if !public {
		return
	}
	id, held := holding(t, p, "lives", fmt.Sprintf("lives-%d", serial.Add(1)))
	resume(t, p, "lives", id)
	checkHeld(t, held, id)
}

// serial tells requests of one test from another's.
var serial atomic.Int64
