//go:build linux

package edge

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/sys/unix"
)

// resting serves requests that are held, but for those to /now.
type resting struct {
	*Listener
	limits *Limits
	addr   string

	mu   sync.Mutex
	held []*Held
	left int
}

// alive is what the sockets of its listener are told.
var alive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

func newResting(t *testing.T) *resting {
	s := &resting{limits: testLimits(false)}
	watcher := NewWatcher()
	settings := Settings{
		Limits: s.limits, ReadTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second, ReduceMemory: true, KeepAlive: alive,
		Logger: log.New(io.Discard, "", 0), Observer: Observer{Panicked: func(_ string, v any, _ []byte) { t.Errorf("panic: %v", v) }},
		Handler: func(ctx *fasthttp.RequestCtx) {
			if string(Path(ctx)) == "/now" {
				ctx.SetBodyString("now")
				return
			}
			h := watcher.Hold(ctx)
			watcher.Detach(ctx, h, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.left++
			})
			s.mu.Lock()
			defer s.mu.Unlock()
			s.held = append(s.held, h)
		},
	}
	config := net.ListenConfig{KeepAliveConfig: alive}
	ln, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := settings.Server()
	s.Listener, s.addr = settings.Listener(ln), ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.Listener) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), <-served); err != nil {
			t.Error(err)
		}
		s.Abort()
	})
	return s
}

// counts gives how many connections there are, and how many of those rest.
func (s *resting) counts() (conns, rest int) {
	s.Listener.mu.Lock()
	defer s.Listener.mu.Unlock()
	return len(s.conns), len(s.Listener.resting)
}

// holds has n more requests held, and gives the sockets of their clients when all rest.
func (s *resting) holds(t *testing.T, n int) (clients []int) {
	t.Helper()
	_, before := s.counts()
	for range n {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "GET /held HTTP/1.1\r\nHost: a.test\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		fd, ok := leaveTo(c)
		if !ok {
			t.Fatal("no descriptor for a client")
		}
		clients = append(clients, fd)
	}
	s.await(t, 0, before+n)
	return clients
}

func (s *resting) await(t *testing.T, conns, rest int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		c, r := s.counts()
		if c == conns && r == rest {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("there are %d connections and %d that rest, want %d and %d", c, r, conns, rest)
		}
	}
}

// A held request keeps its socket and next to nothing else; answered, its connection is
// as it was.
func TestHeldConnectionRests(t *testing.T) {
	const n, most = 500, 512
	s := newResting(t)
	live := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // the second frees what the first kept in pools
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	warm := s.holds(t, 50)
	before := live()
	clients := append(warm, s.holds(t, n)...)
	each := (live() - before) / n
	for end := time.Now().Add(20 * time.Second); each > most && !raced && time.Now().Before(end); each = (live() - before) / n {
		time.Sleep(time.Millisecond) // who was served last may have his buffers still, and tests before this one theirs
	}
	t.Logf("%d bytes each", each)
	if each > most && !raced {
		t.Errorf("%d bytes of the heap for each held request, want at most %d", each, most)
	}
	s.mu.Lock()
	for _, h := range s.held {
		h.Answer(200, nil, []byte("held"), nil)
	}
	s.mu.Unlock()
	s.await(t, len(clients), 0)
	for _, fd := range clients {
		c, err := takeBack(fd)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r := bufio.NewReader(c)
		if answer, body := readAnswer(t, r); answer.StatusCode != 200 || body != "held" {
			t.Fatalf("answered %d %s", answer.StatusCode, body)
		}
		if _, err := io.WriteString(c, "GET /now HTTP/1.1\r\nHost: a.test\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if answer, body := readAnswer(t, r); answer.StatusCode != 200 || body != "now" {
			t.Fatalf("the next request: answered %d %s", answer.StatusCode, body)
		}
	}
	s.Listener.mu.Lock()
	defer s.Listener.mu.Unlock()
	for c := range s.conns {
		_ = Socket(c).Control(func(fd uintptr) {
			if n, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPCNT); n != alive.Count || err != nil {
				t.Errorf("a socket that rested has %d, %v for a vanished peer's answers, want %d", n, err, alive.Count)
			}
		})
		break
	}
}

// What rests is cut off with all other connections, and nobody waits for it then.
func TestAbortCutsWhatRests(t *testing.T) {
	s := newResting(t)
	clients := s.holds(t, 20)
	s.Abort()
	if err := s.limits.WaitHeld(t.Context()); err != nil {
		t.Error(err)
	}
	for _, fd := range clients {
		c, err := takeBack(fd)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if b, err := io.ReadAll(c); err == nil && len(b) > 0 {
			t.Errorf("a client read %q, want the end", b)
		}
	}
	if conns, rest := s.counts(); conns+rest > 0 {
		t.Errorf("%d connections and %d that rest are left", conns, rest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left != len(clients) {
		t.Errorf("%d were told of, want %d", s.left, len(clients))
	}
	for _, h := range s.held {
		h.Answer(200, nil, nil, nil) // goes nowhere
	}
}

// A client that leaves is seen, and its socket closed.
func TestWhoLeavesRestsNoMore(t *testing.T) {
	s := newResting(t)
	for _, fd := range s.holds(t, 3)[1:] {
		closeSocket(fd)
	}
	s.await(t, 0, 1)
	s.mu.Lock()
	left := s.left
	s.mu.Unlock()
	if left != 2 {
		t.Errorf("%d have left, want 2", left)
	}
	s.Abort()
	if err := s.limits.WaitHeld(t.Context()); err != nil {
		t.Error(err)
	}
}

// Where there is no descriptor for a connection its client has the answer all the same.
func TestAnswerWithoutADescriptor(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	large := bytes.Repeat([]byte("x"), 4<<20) // more than the socket takes at once
	go func() {
		sendTo(pair[0], []byte("head"), large)
		closeSocket(pair[0])
	}()
	c, err := takeBack(pair[1])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || string(got[:4]) != "head" || !bytes.Equal(got[4:], large) {
		t.Errorf("%d bytes, %v, want %d", len(got), err, 4+len(large))
	}
}
