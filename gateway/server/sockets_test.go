package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// passed listens as a service manager does, under a name.
func passed(t *testing.T, name, addr string) Socket {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return Socket{Name: name, Listener: ln.(*net.TCPListener)}
}

func portOf(s Socket) string { return strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port) }

// A socket goes to the listener that it is named for, or whose address it has; one that is
// nobody's, or a second one, ends the start, and closes them all.
func TestSocketsAreAssigned(t *testing.T) {
	t.Run("by name", func(t *testing.T) {
		one, two := passed(t, "internal", "127.0.0.1:0"), passed(t, "public", "127.0.0.1:0")
		assigned(t, Options{PublicAddr: "127.0.0.1:1", InternalAddr: "127.0.0.1:2", Sockets: []Socket{one, two}}, two.Listener.Addr(), one.Listener.Addr())
	})
	t.Run("by address", func(t *testing.T) {
		one, two := passed(t, "hookgate.socket", "127.0.0.1:0"), passed(t, "hookgate.socket", ":0")
		assigned(t, Options{PublicAddr: ":" + portOf(two), InternalAddr: "localhost:" + portOf(one), Sockets: []Socket{one, two}}, two.Listener.Addr(), one.Listener.Addr())
	})
	for name, c := range map[string]struct {
		names []string
		says  string
	}{
		"nobody's":   {[]string{"hookgate.socket"}, "which is no address of the configuration (public.addr is 127.0.0.1:0, internal.addr is 127.0.0.1:0)"},
		"no console": {[]string{"console"}, "socket console, passed by the service manager"},
		"two of one": {[]string{"public", "public"}, "are both the public listener's"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{PublicAddr: "127.0.0.1:0", InternalAddr: "127.0.0.1:0"}
			for _, each := range c.names {
				o.Sockets = append(o.Sockets, passed(t, each, "127.0.0.1:0"))
			}
			s, err := New(o, answerHandlers())
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Listen(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Listen: %v, want %q in it", err, c.says)
			}
			for _, each := range o.Sockets {
				if _, err := each.Listener.Accept(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("socket %s is still open: %v", each.Name, err)
				}
			}
		})
	}
}

func assigned(t *testing.T, o Options, public, internal net.Addr) {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	s, err := New(o, answerHandlers())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	if a, b := s.Addrs(); a != public || b != internal {
		t.Errorf("listens on %s and %s, want %s and %s", a, b, public, internal)
	}
	_, port, _ := net.SplitHostPort(internal.String())
	if answer, _ := ask(t, "127.0.0.1:"+port, "GET", "/healthz", ""); answer.StatusCode != 200 {
		t.Errorf("the internal listener answers %d", answer.StatusCode)
	}
	if err := errors.Join(s.Drain(context.Background()), <-served); err != nil {
		t.Error(err)
	}
}

// Sockets of another process, handed down by the environment, are left alone; what no number
// is says so.
func TestSocketsOfAnother(t *testing.T) {
	t.Setenv("LISTEN_PID", "1")
	t.Setenv("LISTEN_FDS", "1")
	if sockets, err := Sockets(); sockets != nil || err != nil {
		t.Errorf("those of process 1: %v, %v", sockets, err)
	}
	t.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	t.Setenv("LISTEN_FDS", "x")
	if _, err := Sockets(); err == nil || !strings.Contains(err.Error(), `LISTEN_FDS is "x"`) {
		t.Errorf("what no number is: %v", err)
	}
}
