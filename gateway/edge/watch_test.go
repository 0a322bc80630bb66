package edge

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"
)

// held is a request whose client is client.
func held(t *testing.T) (ctx *fasthttp.RequestCtx, client *net.TCPConn, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bounded := newListener(ln, testLimits(false))
	dialed, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if server, err = bounded.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = dialed.Close(), server.Close(), bounded.Close() })
	return heldOn(server), dialed.(*net.TCPConn), server //nolint:forcetypeassert // it was dialled as tcp
}

func heldOn(c net.Conn) *fasthttp.RequestCtx {
	ctx := new(fasthttp.RequestCtx)
	ctx.Init2(c, nil, true)
	return ctx
}

// The socket's end is there before the bubble's time moves.
func awaitEnd(t *testing.T, server net.Conn, want error) {
	t.Helper()
	for {
		_, err := server.Read(make([]byte, 100))
		if err == nil {
			continue
		}
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
		return
	}
}

func TestWatcherSeesTheClientLeave(t *testing.T) {
	for name, leave := range map[string]func(*net.TCPConn) error{
		"close":      (*net.TCPConn).Close,
		"half close": (*net.TCPConn).CloseWrite,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, client, server := held(t)
			stays, _, _ := held(t)
			if err := leave(client); err != nil {
				t.Fatal(err)
			}
			awaitEnd(t, server.(*Conn).NetConn(), io.EOF)
			synctest.Test(t, func(t *testing.T) {
				w := NewWatcher()
				began, gone := time.Now(), make(chan struct{})
				watch := w.Watch(ctx, func() { close(gone) })
				other := w.Watch(stays, func() { t.Error("a client that stays is taken for gone") })
				<-gone
				if after := time.Since(began); after > 10*time.Second {
					t.Errorf("seen after %v, want at most 10s", after)
				}
				time.Sleep(time.Minute)
				watch.Stop()
				other.Stop()
				time.Sleep(time.Minute) // the bubble ends only when no sweeper is left
			})
		})
	}
}

// An end behind bytes that nobody reads, such as a pipelined request, is seen too.
func TestWatcherSeesTheEndBehindUnreadBytes(t *testing.T) {
	ctx, client, server := held(t)
	if _, err := client.Write([]byte("GET /next")); err != nil {
		t.Fatal(err)
	}
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := server.(*Conn).NetConn().Read(make([]byte, 1)); err != nil { // the rest stays unread
		t.Fatal(err)
	}
	gone := make(chan struct{})
	w := NewWatcher()
	w.every = time.Millisecond // in real time: when the end arrives is up to the kernel
	defer w.Watch(ctx, func() { close(gone) }).Stop()
	<-gone
}

func TestStoppedWatchIsSilent(t *testing.T) {
	ctx, client, server := held(t)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, server.(*Conn).NetConn(), io.EOF)
	synctest.Test(t, func(t *testing.T) {
		w := NewWatcher()
		w.Watch(ctx, func() { t.Error("called after Stop") }).Stop()
		time.Sleep(time.Minute)
	})
}

// What is no socket is never reported, and needs no sweeper.
func TestConnectionInMemoryIsNeverGone(t *testing.T) {
	pair := fasthttputil.NewPipeConns()
	if err := pair.Conn2().Close(); err != nil {
		t.Fatal(err)
	}
	w := NewWatcher()
	h := w.Watch(heldOn(newListener(nil, testLimits(false)).admit(pair.Conn1())), func() { t.Error("taken for gone") })
	defer h.Stop()
	if len(w.watched) != 0 || w.running {
		t.Errorf("%d watched, sweeping %v", len(w.watched), w.running)
	}
}

func BenchmarkPeerGone(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _, _ = client.Close(), ln.Close() })
	raw := Socket(client)
	b.ReportAllocs()
	for b.Loop() {
		if peerGone(raw) {
			b.Fatal("gone")
		}
	}
}
