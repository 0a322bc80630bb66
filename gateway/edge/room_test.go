package edge

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// Where all connections are taken, those on which nothing is asked give way; one with a
// request under way never does.
func TestWhoAsksNothingGivesWay(t *testing.T) {
	for name, beginning := range map[string]string{
		"silent": "", "half a head": "GET /a HTTP/1.1\r\nHo", "an answer ago": askAndKeep,
		"half a body": "POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\n{", "an answer that nobody reads": "GET /endless HTTP/1.1\r\nHost: a.test\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			limits := testLimits(false)
			limits.Conns, limits.GiveWay, limits.Grace = 2, time.Millisecond, time.Minute
			entered, goOn := make(chan struct{}), make(chan struct{})
			s := newSiteWithin(t, time.Minute, limits, func(ctx *fasthttp.RequestCtx) { // no other bound ends them
				if string(ctx.Path()) == "/held" {
					close(entered)
					<-goOn
				}
				if string(ctx.Path()) == "/endless" { // whatever the system's buffers hold: tens of MiB, on some
					ctx.Response.SetBodyStreamWriter(func(w *bufio.Writer) {
						for err := error(nil); err == nil; {
							_, err = w.Write(make([]byte, 64<<10))
						}
					})
					return
				}
				echo(ctx)
			})
			busy, idle := s.dial(t), s.dial(t)
			send(t, busy, []byte("GET /held HTTP/1.1\r\nHost: a.test\r\n\r\n"), 1<<20)
			<-entered
			before := bufio.NewReader(idle)
			if send(t, idle, []byte(beginning), 1<<20); beginning == askAndKeep {
				if answer, _ := readAnswer(t, before); answer.StatusCode != 200 {
					t.Fatalf("the first: %d", answer.StatusCode)
				}
			}
			for began := time.Now(); ; {
				if time.Since(began) > 10*time.Second {
					t.Fatal("nobody gives way")
				}
				if statusOn(t, s.dial(t)) == 200 {
					break
				}
			}
			var told strings.Builder
			if n, _ := io.Copy(&told, before); n > 0 && name != "an answer that nobody reads" {
				t.Errorf("who gave way was told %d bytes: %s", n, told.String())
			}
			close(goOn)
			if answer, _ := readAnswer(t, bufio.NewReader(busy)); answer.StatusCode != 200 {
				t.Errorf("a request under way: %d", answer.StatusCode)
			}
		})
	}
}

// statusOn asks, and gives the status of the answer; 0: there is none. Who is refused for want of
// room may find the connection reset, for what it has sent is not read.
func statusOn(t *testing.T, c net.Conn) int {
	t.Helper()
	send(t, c, []byte(askAndKeep), 1<<20)
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	return answer.StatusCode
}

// dialFrom connects from a /24 of its own, which only Linux has.
func (s *site) dialFrom(t *testing.T, block byte) net.Conn {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127/8 as loopback")
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, block, 1)}}
	c, err := dialer.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// What a block has beyond a quarter gives way to another block at once, and to its own not.
func TestABlockGivesWayToAnother(t *testing.T) {
	limits := testLimits(true)
	limits.Conns, limits.GiveWay = 4, time.Hour
	s := newSite(t, limits, echo)
	for range limits.Conns {
		if status := askOn(t, s.dial(t), askAndKeep); status != 200 {
			t.Fatal(status)
		}
	}
	if answer, _ := readAnswer(t, bufio.NewReader(s.dial(t))); answer.StatusCode != 503 {
		t.Errorf("one more of the block that has all: %d", answer.StatusCode)
	}
	from := func(block byte) net.Conn { return s.dialFrom(t, block) }
	for third := byte(1); third < 4; {
		switch status := statusOn(t, from(third)); status {
		case 200:
			third++
		case 503, 0: // no look is taken so soon behind one that found none
		default:
			t.Fatalf("of block %d: %d", third, status)
		}
	}
	if answer, _ := readAnswer(t, bufio.NewReader(from(4))); answer.StatusCode != 503 {
		t.Errorf("where each has its quarter: %d", answer.StatusCode)
	}
}

// Who sends no more of a body gives way where his block has the most, also where each has no more
// than its quarter; a request whose body is whole does not.
func TestAwaitedBodiesGiveWay(t *testing.T) {
	limits := testLimits(true)
	limits.Conns, limits.ConnsPerBlock, limits.GiveWay = 8, 4, time.Hour
	entered, goOn := make(chan struct{}), make(chan struct{})
	s := newSiteWithin(t, time.Minute, limits, func(ctx *fasthttp.RequestCtx) {
		if _, err := ReadBody(ctx, 1<<20); err == nil && string(ctx.Path()) == "/held" {
			close(entered)
			<-goOn
		}
	})
	from := func(block byte) net.Conn { return s.dialFrom(t, block) }
	held := from(1)
	send(t, held, []byte("POST /held HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\n1"), 1<<20)
	<-entered
	for i := range limits.Conns - 1 {
		length := []int{9, 1 << 20}[i/4] // of which fasthttp awaits all, and of which a handler does
		send(t, from(byte(1+(i+1)%2)), fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n{%s", length, strings.Repeat(" ", length/100)), 1<<20)
	}
	for began := time.Now(); statusOn(t, from(3)) != 200; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			close(goOn)
			t.Fatal("nobody gives way")
		}
	}
	close(goOn)
	if answer, _ := readAnswer(t, bufio.NewReader(held)); answer.StatusCode != 200 {
		t.Errorf("a request whose body was whole: %d", answer.StatusCode)
	}
}

// A request that came as its connection was chosen is not begun.
func TestWhoHasGivenWayAsksInVain(t *testing.T) {
	limits := testLimits(true)
	limits.Conns, limits.GiveWay = 1, time.Nanosecond
	l := newListener(nil, limits)
	c := l.connOf(&script{data: []byte(askAndKeep), piece: func() int { return 1 << 10 }})
	if !l.remember(c) {
		t.Fatal("there is no room")
	}
	if chosen := l.giveWay(time.Now().Add(time.Second), c); len(chosen) != 1 || chosen[0] != c {
		t.Fatalf("chosen: %v", chosen)
	}
	if n, err := c.Read(make([]byte, 1<<10)); n > 0 || err == nil {
		t.Errorf("%d bytes of the request are handed on, %v", n, err)
	}
}

// hearing keeps what is written to a client, until it is closed.
type hearing struct {
	script
	wrote  bytes.Buffer
	closed bool
}

func (h *hearing) Write(p []byte) (int, error) {
	if h.closed {
		return 0, net.ErrClosed
	}
	return h.wrote.Write(p)
}

func (h *hearing) Close() error {
	h.closed = true
	return nil
}

// Nor is it answered, by whatever piece of it was read before: it was told that it is malformed,
// or that its body ended early.
func TestWhoHasGivenWayIsToldNothing(t *testing.T) {
	for _, f := range flavours {
		for _, raw := range []string{askAndKeep, "POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\n{"} {
			for _, first := range []int{1, 8, 1 << 10} {
				t.Run(fmt.Sprintf("%s/%.4s/%d", f.name, raw, first), func(t *testing.T) {
					limits := testLimits(f.streams)
					limits.Conns, limits.GiveWay = 1, time.Nanosecond
					l, given := newListener(nil, limits), false
					client := &hearing{}
					client.data = []byte(raw)
					c := l.connOf(client)
					if !l.remember(c) {
						t.Fatal("there is no room")
					}
					client.piece = func() int {
						if came := len(raw) - len(client.data); came < first && first < len(raw) {
							return first - came
						}
						if !given {
							given = true
							if chosen := l.giveWay(time.Now().Add(time.Second), c); len(chosen) != 1 {
								t.Errorf("chosen: %v", chosen)
							}
						}
						return 1 << 10
					}
					server := Settings{
						Limits: limits, ReduceMemory: !f.streams, Logger: log.New(io.Discard, "", 0),
						Handler:  func(*fasthttp.RequestCtx) { t.Error("it is handled") },
						Observer: Observer{Refused: func(_ []byte, fault *gateway.Error) { t.Errorf("it is told as refused: %v", fault) }},
					}.Server()
					_ = server.ServeConn(c) // its error is the end of the bytes
					if client.wrote.Len() > 0 || !client.closed {
						t.Errorf("told %q, closed %v", client.wrote.String(), client.closed)
					}
				})
			}
		}
	}
}

// Whoever keeps many has his own closed first, and not the few that others keep.
func TestTheManyGiveWayFirst(t *testing.T) {
	limits := testLimits(false)
	limits.Conns, limits.GiveWay = 64, time.Nanosecond
	l := newListener(nil, limits)
	add := func(block byte) *Conn {
		c := l.connOf(&script{})
		c.address = netip.AddrFrom4([4]byte{192, 0, block, 1})
		c.heard.Store(true)
		if !l.remember(c) {
			t.Fatal("there is no room")
		}
		return c
	}
	few := map[*Conn]bool{}
	for i := range limits.Conns {
		if i < 8 {
			few[add(byte(i))] = true
		} else {
			add(100)
		}
	}
	newcomer := l.connOf(&script{})
	for i := range 20 {
		chosen := l.giveWay(time.Now().Add(time.Second), newcomer)
		if len(chosen) != limits.Conns/yields {
			t.Fatalf("%d are chosen", len(chosen))
		}
		for _, c := range chosen {
			if few[c] {
				t.Errorf("look %d: one of the few", i)
			}
			add(101 + byte(i))
		}
	}
}
