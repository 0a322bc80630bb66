package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestDemo runs the demo for real: each story checks its own outcomes, and all of
// them have to be seen.
func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out, stderr bytes.Buffer
	cmd := newDemoCommand()
	cmd.SetArgs([]string{"--for", "5s"}) // by then a held wait was declined, which makes the longest line
	// A browser that closes the console's stream breaks a socket of this process: the
	// demo goes on.
	var once sync.Once
	cmd.SetOut(writerFunc(func(line []byte) (int, error) {
		once.Do(func() { breakSocket(t) })
		return out.Write(line)
	}))
	cmd.SetErr(&stderr)
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stderr.String(), out.String())
	}
	for _, o := range demoOutcomes {
		if !strings.Contains(out.String(), "  "+o.name+" ") {
			t.Errorf("no line is about %q", o.name)
		}
	}
	for line := range strings.Lines(out.String()) {
		if columns := len(strings.TrimSuffix(line, "\n")); columns > lineWidth {
			t.Errorf("a line has %d columns: %s", columns, line)
		}
	}
	if stderr.Len() > 0 {
		t.Errorf("something was logged:\n%s", stderr.String())
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestDemoEndsWithItsReader: a closed pipe ends the demo, and its folder goes.
func TestDemoEndsWithItsReader(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	reader, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := newDemoCommand()
	cmd.SetArgs([]string{})
	cmd.SetOut(out)
	cmd.SetErr(&stderr)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := cmd.ExecuteContext(ctx); err != nil || ctx.Err() != nil {
		t.Errorf("it ended by %v, %v\n%s", err, ctx.Err(), stderr.String())
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// writerFunc is a function as an io.Writer.
type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// breakSocket writes to a TCP connection whose peer is gone until the system says so, by
// an error and by SIGPIPE.
func breakSocket(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	peer, err := listener.Accept()
	if err != nil {
		t.Error(err)
		return
	}
	_ = peer.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	for err == nil || errors.Is(err, syscall.ECONNRESET) {
		_, err = conn.Write([]byte("x"))
	}
	if !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the socket broke by %v", err)
	}
}

func TestDemoRefuses(t *testing.T) {
	for _, args := range [][]string{{"--rate", "0"}, {"--rate", "101"}, {"--for", "-1s"}, {"extra"}} {
		cmd := newDemoCommand()
		cmd.SetArgs(args)
		cmd.SetOut(&bytes.Buffer{})
		cmd.SetErr(&bytes.Buffer{})
		if err := cmd.ExecuteContext(t.Context()); err == nil {
			t.Errorf("demo %s is taken", strings.Join(args, " "))
		}
	}
}
