package forward_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/cluster/forward"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/edge"
)

// town is who owns the slots of a test.
type town struct {
	mu    sync.Mutex
	owner peers.Node // of all; none: a gap
	moved chan struct{}
	most  time.Duration // that an owner has for a question
}

func (w *town) give(to peers.Node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owner = to
	close(w.moved)
	w.moved = make(chan struct{})
}

// seen is the town as one node sees it.
type seen struct {
	*town
	self func() peers.Node
}

func (s seen) Owner(gateway.Slot) (peers.Node, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owner, s.owner != (peers.Node{}) && s.owner.ID == s.self().ID
}

func (s seen) WaitOwner(ctx context.Context, slot gateway.Slot) (peers.Node, bool, error) {
	for {
		s.mu.Lock()
		moved := s.moved
		s.mu.Unlock()
		if owner, here := s.Owner(slot); owner != (peers.Node{}) {
			return owner, here, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return peers.Node{}, false, gateway.Unavailable("nobody owns it", time.Second)
		}
	}
}

func (s seen) NextOwner(ctx context.Context, slot gateway.Slot) (peers.Node, bool, error) {
	return s.WaitOwner(ctx, slot)
}

// house is a node with both of its listeners on one address.
type house struct {
	peers.Node
	passer  *forward.Forwarder
	taken   atomic.Int32
	results sync.Map
	url     string
}

// answer is what a node says of a request: all that it knows of it.
type answer struct {
	Node, Method, Target, Host, Body, Client, ID, By string
	Secure                                           bool
	Fields                                           [][2]string
}

// open starts a node, which answers with what it knows.
func (w *town) open(t *testing.T, id string, secured *tls.Config, decide func(*house, *fasthttp.RequestCtx) error) *house {
	t.Helper()
	h := &house{Node: peers.Node{ID: id}}
	p := peers.New(peers.Options{Self: func() string { return id }, Secrets: []string{"s"}, Log: slog.New(slog.DiscardHandler)})
	h.passer = forward.New(forward.Options{Owners: seen{w, func() peers.Node { return h.Node }}, Asker: p, Forwarded: func(kind, result string, _ time.Duration) {
		n, _ := h.results.LoadOrStore(kind+" "+result, new(atomic.Int32))
		n.(*atomic.Int32).Add(1)
	}})
	p.Handle(forward.Verb, h.passer.Serve)
	local := func(ctx *fasthttp.RequestCtx, by string) error {
		if err := decide(h, ctx); err != nil {
			return err
		}
		h.taken.Add(1)
		say(ctx, id, by)
		return nil
	}
	h.passer.Handle(forward.Callback, func(ctx *fasthttp.RequestCtx, by json.RawMessage) {
		passed, err := h.passer.Do(ctx, &forward.Question{Kind: forward.Callback, Here: func() error { return local(ctx, string(by)) }})
		if passed {
			t.Error("what another node passed on was passed on again")
		}
		if err != nil {
			edge.FromNode(ctx).SetMoved()
		}
	})
	handler := func(ctx *fasthttp.RequestCtx) {
		if strings.HasPrefix(string(edge.Path(ctx)), peers.Prefix) {
			p.Serve(ctx)
			return
		}
		_, err := h.passer.Do(ctx, &forward.Question{
			Kind: forward.Callback, Slot: 7, By: json.RawMessage(`{"who":"me"}`), Body: 1 << 20, Most: w.most,
			Here: func() error { return local(ctx, "") },
		})
		if err != nil {
			edge.WriteProblem(ctx, err)
		}
	}
	settings := edge.Settings{
		Handler: handler, Limits: &edge.Limits{Streams: true, Body: func(_, _, _ []byte) int64 { return peers.MaxBody }}, TLS: secured,
		ReadTimeout: time.Minute, IdleTimeout: time.Minute, Observer: edge.Observer{Panicked: func(_ string, v any, _ []byte) { t.Error(v) }},
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.Address, h.url = ln.Addr().String(), "http://"+ln.Addr().String()
	server, listener, done := settings.Server(), settings.Listener(ln), make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		p.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := server.ShutdownWithContext(ctx); err != nil {
			t.Error(err)
		}
		_ = listener.Close() // it may not have been served yet: then no shutdown ends it
		<-done
	})
	return h
}

func say(ctx *fasthttp.RequestCtx, node, by string) {
	body, err := edge.ReadBody(ctx, 1<<20)
	if err != nil {
		edge.WriteProblem(ctx, err)
		return
	}
	a := answer{
		Node: node, Method: string(ctx.Method()), Target: string(ctx.Request.Header.RequestURI()), Host: string(ctx.Host()), Body: string(body),
		Client: edge.ClientIP(ctx).String(), Secure: edge.IsTLS(ctx), ID: string(edge.RequestID(ctx)), By: by,
	}
	for name, value := range ctx.Request.Header.All() {
		a.Fields = append(a.Fields, [2]string{string(name), string(value)})
	}
	text, _ := json.Marshal(a)
	ctx.SetStatusCode(http.StatusAccepted)
	ctx.SetContentType("application/json")
	ctx.Response.Header.Add("X-Twice", "1")
	ctx.Response.Header.Add("X-Twice", "2")
	ctx.Response.SetBody(text)
}

func newTown() *town { return &town{moved: make(chan struct{}), most: time.Minute} }

func taken(*house, *fasthttp.RequestCtx) error { return nil }

// ask sends a request, and gives the answer.
func ask(t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Add("X-Signature", "abc")
	q.Header.Add("X-Signature", "def")
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(text)
}

// The owner is told all that a node knows whom the client itself has asked, and its answer is
// the client's.
func TestAPassedRequestIsWhole(t *testing.T) {
	w := newTown()
	a, b := w.open(t, "a", nil, taken), w.open(t, "b", nil, taken)
	read := func(node peers.Node, method, body string) (got answer, fields http.Header, status int) {
		w.give(node)
		response, text := ask(t, method, a.url+"/hooks/t/s/a%41b?x=1&y=%20", body)
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err, text)
		}
		return got, response.Header, response.StatusCode
	}
	for _, body := range []string{"", "x", strings.Repeat("0123456789", 70_000)} {
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			here, hereFields, hereStatus := read(a.Node, method, body)
			there, thereFields, thereStatus := read(b.Node, method, body)
			if here.Node != "a" || there.Node != "b" || there.By != `{"who":"me"}` || here.ID == there.ID || there.ID != thereFields.Get(edge.HeaderRequestID) {
				t.Fatalf("answered by %q and %q, who asks is %q, the ids are %q and %q", here.Node, there.Node, there.By, here.ID, there.ID)
			}
			if thereFields.Get(peers.HeaderNode) != "b" {
				t.Errorf("the answer does not say who decided: %v", thereFields)
			}
			there.Node, there.By, there.ID = here.Node, here.By, here.ID
			x, _ := json.Marshal(here)
			y, _ := json.Marshal(there)
			if string(x) != string(y) {
				t.Errorf("%s of %d bytes: the owner is told\n%.900s\nand would know\n%.900s", method, len(body), y, x)
			}
			thereFields.Del(peers.HeaderNode)
			for _, fields := range []http.Header{hereFields, thereFields} {
				fields.Del(edge.HeaderRequestID)
				fields.Del("Date")
				fields.Del("Content-Length") // the id's digits are as many, the node's too: but who asks is not
			}
			x, _ = json.Marshal(hereFields)
			y, _ = json.Marshal(thereFields)
			if hereStatus != thereStatus || string(x) != string(y) {
				t.Errorf("answered %d %s, and here %d %s", thereStatus, y, hereStatus, x)
			}
		}
	}
}

// A request over TLS is one for the owner too, with the certificate that its client showed.
func TestTLSIsToldOf(t *testing.T) {
	front := httptest.NewUnstartedServer(nil)
	front.StartTLS() // for its certificate
	t.Cleanup(front.Close)
	secured := &tls.Config{Certificates: front.TLS.Certificates, ClientAuth: tls.RequireAnyClientCert} //nolint:gosec // of a test
	w := newTown()
	var shown atomic.Int32
	b := w.open(t, "b", nil, func(_ *house, ctx *fasthttp.RequestCtx) error {
		if peer := edge.Peer(ctx); len(peer) == 1 && peer[0].Equal(front.Certificate()) {
			shown.Add(1)
		}
		return nil
	})
	a := w.open(t, "a", secured, taken)
	w.give(b.Node)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{Certificates: front.TLS.Certificates, InsecureSkipVerify: true}}} //nolint:gosec // of a test
	response, err := client.Post("https://"+a.Address+"/hooks/t/s", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var got answer
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Node != "b" || !got.Secure || shown.Load() != 1 {
		t.Errorf("the owner knows %+v, the certificate %d times", got, shown.Load())
	}
	client.CloseIdleConnections()
}

// A gap, an owner that is gone, one that says that it is not: the request finds the next one,
// and is taken once.
func TestARequestFindsItsOwner(t *testing.T) {
	nobody := peers.Node{ID: "x", Address: "127.0.0.1:1"}
	for name, first := range map[string]func(a, b, c peers.Node) peers.Node{
		"a gap":              func(_, _, _ peers.Node) peers.Node { return peers.Node{} },
		"nobody there":       func(_, _, _ peers.Node) peers.Node { return nobody },
		"one that was there": func(_, b, _ peers.Node) peers.Node { return peers.Node{ID: "b0", Address: b.Address} },
		"not that one":       func(_, _, c peers.Node) peers.Node { return c },
	} {
		for _, last := range []string{"a", "b"} {
			w := newTown()
			a, b := w.open(t, "a", nil, taken), w.open(t, "b", nil, taken)
			c := w.open(t, "c", nil, func(*house, *fasthttp.RequestCtx) error { return gateway.Moved("elsewhere") })
			w.give(first(a.Node, b.Node, c.Node))
			timer := time.AfterFunc(150*time.Millisecond, func() {
				w.give(map[string]peers.Node{"a": a.Node, "b": b.Node}[last])
			})
			response, text := ask(t, "POST", a.url+"/hooks/t/s", "x")
			timer.Stop()
			if response.StatusCode != http.StatusAccepted || a.taken.Load()+b.taken.Load() != 1 || c.taken.Load() != 0 {
				t.Errorf("%s, then %s: %d %s, taken %d, %d and %d times", name, last, response.StatusCode, text, a.taken.Load(), b.taken.Load(), c.taken.Load())
			}
		}
	}
}

// Where nobody decides within three seconds the client is told when to come again.
func TestAGapEnds(t *testing.T) {
	w := newTown()
	a := w.open(t, "a", nil, taken)
	began := time.Now()
	response, text := ask(t, "POST", a.url+"/hooks/t/s", "x")
	if took := time.Since(began); response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "1" || took < 2*time.Second || took > 30*time.Second {
		t.Errorf("after %s: %d %v %s", took, response.StatusCode, response.Header, text)
	}
}

// The time that a request was with an owner who lost its slot meanwhile is none of a gap.
func TestAGapBeginsWhereAnOwnerEnds(t *testing.T) {
	t.Parallel()
	w := newTown()
	a, c := w.open(t, "a", nil, taken), w.open(t, "c", nil, taken)
	b := w.open(t, "b", nil, func(*house, *fasthttp.RequestCtx) error {
		time.Sleep(3100 * time.Millisecond)
		w.give(peers.Node{})
		time.AfterFunc(300*time.Millisecond, func() { w.give(c.Node) })
		return gateway.Moved("elsewhere")
	})
	w.give(b.Node)
	response, text := ask(t, "POST", a.url+"/hooks/t/s", "x")
	if response.StatusCode != http.StatusAccepted || c.taken.Load() != 1 {
		t.Errorf("%d %s", response.StatusCode, text)
	}
}

// What may have been taken is not asked for again, unless it only reads; and it is never
// answered with success.
func TestAnUnclearRequestIsNotRepeated(t *testing.T) {
	for method, times := range map[string]int32{"POST": 1, "GET": 2} {
		w := newTown()
		w.most = 2 * time.Second
		given := make(chan struct{})
		var came atomic.Int32
		a := w.open(t, "a", nil, taken)
		b := w.open(t, "b", nil, func(*house, *fasthttp.RequestCtx) error {
			if came.Add(1) == 1 {
				<-given // who asked has given up
			}
			return nil
		})
		w.give(b.Node)
		response, text := ask(t, method, a.url+"/hooks/t/s", "")
		close(given)
		want := map[string]int{"POST": http.StatusServiceUnavailable, "GET": http.StatusAccepted}[method]
		if response.StatusCode != want || came.Load() != times {
			t.Errorf("%s: %d %s, it came %d times, want %d and %d", method, response.StatusCode, text, came.Load(), want, times)
		}
		if n, has := a.results.Load("callback " + forward.Unclear); !has || n.(*atomic.Int32).Load() != 1 {
			t.Errorf("%s: it is not counted as unclear", method)
		}
	}
}

// A thousand requests while their owner changes again and again: each is taken once.
func TestNoRequestIsLostOrTakenTwiceWhileOwnersChange(t *testing.T) {
	w := newTown()
	var counts sync.Map
	decided := make(chan struct{}, 1)
	decide := func(h *house, ctx *fasthttp.RequestCtx) error {
		if _, here := (seen{w, func() peers.Node { return h.Node }}).Owner(0); !here {
			return gateway.Moved("elsewhere")
		}
		n, _ := counts.LoadOrStore(string(ctx.Request.Header.RequestURI()), new(atomic.Int32))
		n.(*atomic.Int32).Add(1)
		select {
		case decided <- struct{}{}:
		default:
		}
		return nil
	}
	all := []*house{w.open(t, "a", nil, decide), w.open(t, "b", nil, decide), w.open(t, "c", nil, decide)}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			if i%4 != 0 { // who owns it decides something, however slow the machine is, or nobody would ever
				select {
				case <-stop:
					return
				case <-decided:
				}
			}
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			if i%4 == 3 {
				w.give(peers.Node{})
			} else {
				w.give(all[i%3].Node)
			}
		}
	}()
	var asking sync.WaitGroup
	for i := range 8 {
		asking.Go(func() {
			for j := range 125 {
				at := "/hooks/t/" + string(rune('a'+i)) + "/" + string(rune('a'+j%26)) + string(rune('a'+j/26))
				if response, text := ask(t, "POST", all[j%3].url+at, at); response.StatusCode != http.StatusAccepted {
					t.Errorf("%s: %d %s", at, response.StatusCode, text)
				}
			}
		})
	}
	asking.Wait()
	close(stop)
	<-done
	n := 0
	counts.Range(func(at, times any) bool {
		if n++; times.(*atomic.Int32).Load() != 1 {
			t.Errorf("%s was taken %d times", at, times.(*atomic.Int32).Load())
		}
		return true
	})
	if n != 1000 {
		t.Errorf("%d were taken, want 1000", n)
	}
}
