package forward_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/cluster/forward"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/edge"
)

// slow is a node that answers nobody before whoever asks has left.
type slow struct {
	came chan struct{}
	left chan error
}

func (s slow) Ask(ctx context.Context, _ peers.Node, _ string, _ []byte) ([]byte, error) {
	s.came <- struct{}{}
	<-ctx.Done()
	s.left <- ctx.Err()
	return nil, errors.New("nobody knows")
}

// A client that leaves while its request is decided at another node, for as long as the backend of a
// call takes, is not waited for any longer. It kept its way there from others until the end.
func TestWhoLeavesIsNotWaitedFor(t *testing.T) {
	w := newTown()
	w.give(peers.Node{ID: "b", Address: "b:1"})
	s := slow{make(chan struct{}, 1), make(chan error, 1)}
	watcher := edge.NewWatcher()
	f := forward.New(forward.Options{Owners: seen{w, func() peers.Node { return peers.Node{ID: "a"} }}, Asker: s, Watch: func(ctx *fasthttp.RequestCtx, gone func()) func() {
		return watcher.Watch(ctx, gone).Stop
	}})
	done := make(chan struct{})
	settings := edge.Settings{
		Handler: func(ctx *fasthttp.RequestCtx) {
			defer close(done)
			_, _ = f.Do(ctx, &forward.Question{Kind: forward.API, Tenant: "t", Body: 1 << 10})
		},
		Limits: &edge.Limits{Body: func(_, _, _ []byte) int64 { return 1 << 10 }}, ReadTimeout: time.Minute, IdleTimeout: time.Minute,
		Observer: edge.Observer{Panicked: func(_ string, v any, _ []byte) { t.Error(v) }},
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, listener := settings.Server(), settings.Listener(ln)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Shutdown(); err != nil {
			t.Error(err)
		}
		<-served
	})
	ctx, leave := context.WithCancel(context.Background())
	q, err := http.NewRequestWithContext(ctx, "POST", "http://"+ln.Addr().String()+"/v1", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if a, err := http.DefaultClient.Do(q); err == nil {
			_ = a.Body.Close()
			t.Errorf("answered %d", a.StatusCode)
		}
	}()
	<-s.came
	leave()
	<-answered
	select {
	case <-s.left:
	case <-time.After(20 * time.Second):
		t.Error("the client has left, and its answer is still waited for")
	}
	<-done
}

// refusing is a node that says the same to all.
type refusing struct{ error }

func (r refusing) Ask(context.Context, peers.Node, string, []byte) ([]byte, error) {
	return nil, r.error
}

// What another node refuses before anything of it was done is told so, and not as what may have
// been done.
func TestWhatWasNotBegunIsToldSo(t *testing.T) {
	for _, c := range []struct {
		said error
		code gateway.Code
		text string
	}{
		{gateway.Unavailable("no memory", time.Second), gateway.CodeUnavailable, "no memory"},
		{gateway.Errorf(gateway.CodeTooLarge, "too large to be passed on"), gateway.CodeTooLarge, "too large"},
		{&gateway.Error{Code: gateway.CodeInternal}, gateway.CodeUnavailable, "may have done it"},
		{errors.New("the connection broke"), gateway.CodeUnavailable, "may have done it"},
	} {
		w := newTown()
		w.give(peers.Node{ID: "b", Address: "b:1"})
		f := forward.New(forward.Options{Owners: seen{w, func() peers.Node { return peers.Node{ID: "a"} }}, Asker: refusing{c.said}})
		ctx := edge.NewRemote(&edge.Remote{Address: netip.MustParseAddr("192.0.2.1")})
		ctx.Request.Header.SetMethod(fasthttp.MethodPost)
		ctx.Request.SetRequestURI("/v1")
		_, err := f.Do(ctx, &forward.Question{Kind: forward.API, Body: 1 << 10})
		var known *gateway.Error
		if !errors.As(err, &known) || known.Code != c.code || !strings.Contains(known.Message, c.text) {
			t.Errorf("%v: told %v", c.said, err)
		}
	}
}

// A node that has no memory for a request is not sent it again: for three seconds it was, every 30
// milliseconds, with all of its body.
func TestWhoIsFullIsAskedOnce(t *testing.T) {
	var asked atomic.Int32
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		asked.Add(1)
		edge.WriteProblem(ctx, gateway.Unavailable("no memory", time.Second))
	}}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	defer func() { _ = server.Shutdown(); <-done }()
	w := newTown()
	w.give(peers.Node{ID: "b", Address: ln.Addr().String()})
	p := peers.New(peers.Options{Self: func() string { return "a" }, Secrets: []string{"s3cret"}})
	defer p.Close()
	f := forward.New(forward.Options{Owners: seen{w, func() peers.Node { return peers.Node{ID: "a"} }}, Asker: p})
	ctx := edge.NewRemote(&edge.Remote{Address: netip.MustParseAddr("192.0.2.1")})
	ctx.Request.Header.SetMethod(fasthttp.MethodPost)
	ctx.Request.SetRequestURI("/v1")
	_, err = f.Do(ctx, &forward.Question{Kind: forward.API, Body: 1 << 10})
	var known *gateway.Error
	if !errors.As(err, &known) || known.Code != gateway.CodeUnavailable || known.RetryAfter == 0 || strings.Contains(known.Message, "may have done it") {
		t.Errorf("told %v", err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}
