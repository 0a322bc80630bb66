package peers_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/edge"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/shares"
)

// member is a node that listens.
type member struct {
	*peers.Peers
	peers.Node
}

// listen starts one, on what the rest of a hookgate listens with.
func listen(t *testing.T, id string, o peers.Options, prepare func(*peers.Peers)) *member {
	t.Helper()
	o.Self, o.Log = func() string { return id }, slog.New(slog.DiscardHandler)
	p := peers.New(o)
	if prepare != nil {
		prepare(p)
	}
	settings := edge.Settings{
		Handler: p.Serve, Limits: &edge.Limits{
			Inside: true, Body: func(_, _, _ []byte) int64 { return peers.MaxBody }, Bodies: shares.New(256 << 20),
			Caller: func(authorization []byte, client shares.Holder) (shares.Holder, bool) {
				_, is := p.Comes(authorization)
				return client, is
			},
		},
		ReadTimeout: time.Minute, IdleTimeout: time.Minute,
		Observer: edge.Observer{Panicked: func(string, any, []byte) {}},
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := settings.Server()
	listener := settings.Listener(ln)
	done := make(chan error, 1)
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
	return &member{p, peers.Node{ID: id, Address: ln.Addr().String()}}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func echoes(p *peers.Peers) {
	p.Handle("echo", func(ctx context.Context, body []byte) ([]byte, error) {
		return []byte(peers.From(ctx) + " says " + string(body)), nil
	})
}

func TestAskIsAnswered(t *testing.T) {
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	a, b := listen(t, "a", secrets, nil), listen(t, "b", secrets, echoes)
	got, err := a.Ask(within(t, time.Minute), b.Node, "echo", []byte("hello"))
	if err != nil || string(got) != "a says hello" {
		t.Fatalf("got %q, %v", got, err)
	}
	large := strings.Repeat("x", 5<<20)
	if got, err = a.Ask(within(t, time.Minute), b.Node, "echo", []byte(large)); err != nil || string(got) != "a says "+large {
		t.Fatalf("of a large body %d bytes came back, %v", len(got), err)
	}
}

// What is too large for any node is asked of none again: that went on until time was over.
func TestTooLargeForAnyNode(t *testing.T) {
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	a, b := listen(t, "a", secrets, nil), listen(t, "b", secrets, echoes)
	_, err := a.Ask(within(t, time.Minute), b.Node, "echo", make([]byte, peers.MaxBody+1))
	var known *gateway.Error
	if !errors.As(err, &known) || known.Code != gateway.CodeTooLarge || peers.NotTaken(err) {
		t.Errorf("%v, to be asked of another: %t", err, peers.NotTaken(err))
	}
}

// An error comes as it was: code, members and all. What is no error of ours stays there.
func TestAnErrorTravelsWhole(t *testing.T) {
	said := &gateway.Error{
		Code: gateway.CodeRateLimited, Message: "too many", RetryAfter: 1500 * time.Millisecond, Allow: "GET",
		Faults: []gateway.Fault{{Path: "a.b", Message: "is wrong"}}, Extra: []gateway.ExtraMember{{Name: "wait_id", Value: "wait_1"}},
	}
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	a, b := listen(t, "a", secrets, nil), listen(t, "b", secrets, func(p *peers.Peers) {
		p.Handle("refuse", func(context.Context, []byte) ([]byte, error) { return nil, said })
		p.Handle("none", func(context.Context, []byte) ([]byte, error) { return nil, gateway.ErrNotFound })
		p.Handle("fail", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("/etc/secret is broken") })
	})
	_, err := a.Ask(within(t, time.Minute), b.Node, "refuse", nil)
	var got *gateway.Error
	if !errors.As(err, &got) || got.Code != said.Code || got.Message != said.Message || got.RetryAfter != said.RetryAfter || got.Allow != said.Allow ||
		len(got.Faults) != 1 || got.Faults[0] != said.Faults[0] || len(got.Extra) != 1 || got.Extra[0] != said.Extra[0] {
		t.Errorf("got %+v, %v", got, err)
	}
	if peers.NotTaken(err) {
		t.Error("an error that the other gave counts as if it had not heard the question")
	}
	if _, err = a.Ask(within(t, time.Minute), b.Node, "none", nil); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	_, err = a.Ask(within(t, time.Minute), b.Node, "fail", nil)
	if !errors.As(err, &got) || got.Code != gateway.CodeInternal || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want an internal error without its text", err)
	}
}

// What was certainly not taken may be asked of another; what may have been must not.
func TestWhatIsKnownOfARequestThatFailed(t *testing.T) {
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	var calls atomic.Int32
	over := make(chan struct{}) // who asked has given up
	b := listen(t, "b", secrets, func(p *peers.Peers) {
		p.Handle("moved", func(context.Context, []byte) ([]byte, error) { return nil, peers.ErrNotHere })
		p.Handle("panics", func(context.Context, []byte) ([]byte, error) { panic("as a test") })
		p.Handle("slow", func(ctx context.Context, _ []byte) ([]byte, error) {
			calls.Add(1)
			<-over
			return nil, nil
		})
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	taken, err := net.Dial("tcp", ln.Addr().String()) // nobody can listen where it comes from
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	wrong := listen(t, "wrong", peers.Options{Secrets: []string{"another"}}, nil)
	a := listen(t, "a", secrets, nil)
	late := listen(t, "late", peers.Options{Secrets: []string{"s3cret"}, Now: func() time.Time { return time.Now().Add(-time.Minute) }}, nil)
	early := listen(t, "early", peers.Options{Secrets: []string{"s3cret"}, Now: func() time.Time { return time.Now().Add(time.Minute) }}, nil)
	for _, c := range []struct {
		name     string
		by       *member
		to       peers.Node
		verb     string
		notTaken bool
	}{
		{"another decides", a, b.Node, "moved", true},
		{"nobody listens", a, peers.Node{ID: "b", Address: taken.LocalAddr().String()}, "moved", true},
		{"of a node that was there before", a, peers.Node{ID: "b0", Address: b.Address}, "slow", true},
		{"of a verb of a later version", a, b.Node, "unheard", true},
		{"another secret", wrong, b.Node, "slow", true},
		{"a clock that is late", late, b.Node, "slow", true},
		{"a clock that is early", early, b.Node, "slow", true},
		{"no answer in time", a, b.Node, "slow", false},
		{"a panic", a, b.Node, "panics", false},
	} {
		before := calls.Load()
		has := time.Minute
		if c.name == "no answer in time" {
			has = 2 * time.Second
		}
		_, err := c.by.Ask(within(t, has), c.to, c.verb, []byte("x"))
		if err == nil || peers.NotTaken(err) != c.notTaken {
			t.Errorf("%s: %v, not taken: %t, want %t", c.name, err, peers.NotTaken(err), c.notTaken)
		}
		if c.notTaken && calls.Load() != before {
			t.Errorf("%s: it was taken", c.name)
		}
	}
	close(over)
}

// While a secret is changed, node by node, each knows the others.
func TestSecretsRotate(t *testing.T) {
	older := listen(t, "older", peers.Options{Secrets: []string{"old"}}, echoes)
	both := listen(t, "both", peers.Options{Secrets: []string{"new", "old"}}, echoes)
	newer := listen(t, "newer", peers.Options{Secrets: []string{"new"}}, echoes)
	for range 2 {
		for _, c := range [][2]*member{{older, both}, {both, older}, {both, newer}, {newer, both}} {
			got, err := c[0].Ask(within(t, time.Minute), c[1].Node, "echo", []byte("hello"))
			if err != nil || string(got) != c[0].ID+" says hello" {
				t.Errorf("%s asks %s: %q, %v", c[0].ID, c[1].ID, got, err)
			}
		}
	}
	if _, err := older.Ask(within(t, time.Minute), newer.Node, "echo", nil); !peers.NotTaken(err) {
		t.Errorf("the old secret alone: %v", err)
	}
}

// relay passes what goes between two nodes on, as a test changes it.
type relay struct {
	to     string
	change func(*http.Request, []byte) (again int, cut bool)
	answer func(*http.Response, []byte) []byte
	last   atomic.Int32 // the status of the last answer
}

func (r *relay) RoundTrip(q *http.Request, body []byte) (*http.Response, []byte, error) {
	out, err := http.NewRequestWithContext(q.Context(), q.Method, "http://"+r.to+q.URL.RequestURI(), strings.NewReader(string(body)))
	if err != nil {
		return nil, nil, err
	}
	out.Header = q.Header.Clone()
	a, err := http.DefaultClient.Do(out)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	r.last.Store(int32(a.StatusCode)) //nolint:gosec // a status
	return a, text, err
}

func (r *relay) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	times, cut := 1, false
	if r.change != nil {
		changed := append([]byte(nil), body...)
		times, cut = r.change(q, changed)
		body = changed
	}
	var a *http.Response
	var text []byte
	for range times {
		var err error
		if a, text, err = r.RoundTrip(q, body); err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
	}
	if r.answer != nil {
		text = r.answer(a, text)
	}
	for name, values := range a.Header {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	if cut {
		w.Header().Set("Content-Length", "1000000")
		w.WriteHeader(a.StatusCode)
		_, _ = w.Write(text)
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.StatusCode)
	_, _ = w.Write(text)
}

// between starts a relay before a member.
func between(t *testing.T, to *member, r *relay) peers.Node {
	t.Helper()
	r.to = to.Address
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: r, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	return peers.Node{ID: to.ID, Address: ln.Addr().String()}
}

// Whoever stands between two nodes cannot change, repeat or make up anything.
func TestNobodyBetweenIsBelieved(t *testing.T) {
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	var calls atomic.Int32
	a, b := listen(t, "a", secrets, nil), listen(t, "b", secrets, func(p *peers.Peers) {
		p.Handle("count", func(context.Context, []byte) ([]byte, error) { calls.Add(1); return []byte("done"), nil })
		p.Handle("other", func(context.Context, []byte) ([]byte, error) { calls.Add(100); return nil, nil })
	})
	refuses := func(name string, want int32, r *relay) {
		t.Helper()
		calls.Store(0)
		got, err := a.Ask(within(t, time.Minute), between(t, b, r), "count", []byte("hello"))
		if err == nil || got != nil {
			t.Errorf("%s: it is believed: %q", name, got)
		}
		if calls.Load() != want {
			t.Errorf("%s: %d times taken, want %d", name, calls.Load(), want)
		}
		if want > 0 && peers.NotTaken(err) {
			t.Errorf("%s: %v counts as not taken", name, err)
		}
	}
	changes := func(do func(*http.Request, []byte)) *relay {
		return &relay{change: func(q *http.Request, body []byte) (int, bool) { do(q, body); return 1, false }}
	}
	refuses("another body", 0, changes(func(_ *http.Request, body []byte) { body[0] ^= 1 }))
	refuses("another verb", 0, changes(func(q *http.Request, _ []byte) { q.URL.Path = "/cluster/other" }))
	refuses("a query", 0, changes(func(q *http.Request, _ []byte) { q.URL.RawQuery = "x=1" }))
	refuses("another method", 0, changes(func(q *http.Request, _ []byte) { q.Method = http.MethodPut }))
	for _, member := range []string{"from=a", "at=1", "number=", "digest=", "mac="} {
		refuses("another "+member, 0, changes(func(q *http.Request, _ []byte) {
			field := q.Header.Get("Authorization")
			at := strings.Index(field, member) + len(member)
			digit := "1"
			if field[at:at+1] == "1" {
				digit = "2"
			}
			if member == "from=a" {
				at--
				digit = "c"
			}
			q.Header.Set("Authorization", field[:at]+digit+field[at+1:])
		}))
	}
	refuses("no proof", 0, changes(func(q *http.Request, _ []byte) { q.Header.Del("Authorization") }))
	refuses("another answer", 1, &relay{answer: func(_ *http.Response, text []byte) []byte { return append(text, '!') }})
	refuses("another status", 1, &relay{answer: func(a *http.Response, text []byte) []byte { a.StatusCode = http.StatusMisdirectedRequest; return text }})
	refuses("an answer of nobody", 1, &relay{answer: func(a *http.Response, _ []byte) []byte {
		a.StatusCode, a.Header = http.StatusServiceUnavailable, http.Header{}
		return []byte("upstream connect error or disconnect/reset before headers")
	}})
	refuses("half an answer", 1, &relay{change: func(*http.Request, []byte) (int, bool) { return 1, true }})

	r := &relay{change: func(*http.Request, []byte) (int, bool) { return 2, false }}
	calls.Store(0)
	_, err := a.Ask(within(t, time.Minute), between(t, b, r), "count", []byte("hello"))
	if calls.Load() != 1 || r.last.Load() != http.StatusConflict {
		t.Errorf("a request that came twice: taken %d times, the second was answered %d, %v", calls.Load(), r.last.Load(), err)
	}
	if err == nil || peers.NotTaken(err) {
		t.Errorf("of a request that came twice, and was taken, who has the second answer knows %v: it would be made again", err)
	}
}

// Who has seen the head of a request cannot send it again, however slow its body is: it was judged
// when all had come, and each head that came until then had memory as a node's.
func TestAHeadComesOnce(t *testing.T) {
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	var calls atomic.Int32
	a, b := listen(t, "a", secrets, nil), listen(t, "b", secrets, func(p *peers.Peers) {
		p.Handle("count", func(context.Context, []byte) ([]byte, error) { calls.Add(1); return []byte("done"), nil })
	})
	begin := func(head string) (net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", b.Address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, head); err != nil {
			t.Fatal(err)
		}
		return c, bufio.NewReader(c)
	}
	status := func(r *bufio.Reader) int {
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	seen := &relay{change: func(q *http.Request, body []byte) (int, bool) {
		head := "POST " + q.URL.Path + " HTTP/1.1\r\nHost: x\r\nAuthorization: " + q.Header.Get("Authorization") + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
		first, answer := begin(head + "Expect: 100-continue\r\n\r\n")
		defer func() { _ = first.Close() }()
		if got := status(answer); got != http.StatusContinue {
			t.Fatalf("a head is answered %d", got)
		}
		again, refusal := begin(head + "\r\n")
		defer func() { _ = again.Close() }()
		_ = again.SetReadDeadline(time.Now().Add(20 * time.Second))
		_ = first.SetReadDeadline(time.Now().Add(20 * time.Second))
		if got := status(refusal); got != http.StatusUnauthorized {
			t.Errorf("a head that came before is answered %d", got)
		}
		if _, err := first.Write(body); err != nil {
			t.Fatal(err)
		}
		if got := status(answer); got != http.StatusOK {
			t.Errorf("the first is answered %d", got)
		}
		return 1, false
	}}
	_, err := a.Ask(within(t, time.Minute), between(t, b, seen), "count", make([]byte, 1<<20))
	if err == nil || calls.Load() != 1 {
		t.Errorf("it was taken %d times, and who was late is told %v", calls.Load(), err)
	}
}

// Whoever has no secret fills no log.
func TestRefusalsFillNoLog(t *testing.T) {
	var lines atomic.Int32
	now := time.Now()
	p := peers.New(peers.Options{
		Self: func() string { return "a" }, Secrets: []string{"s3cret"}, Now: func() time.Time { return now },
		Log: slog.New(counting{slog.DiscardHandler, &lines}),
	})
	refused := func(n int) {
		for i := range n {
			var ctx fasthttp.RequestCtx
			ctx.Request.Header.SetMethod(http.MethodPost)
			ctx.Request.SetRequestURI(peers.Prefix + "echo")
			ctx.Request.Header.Set("Authorization", strings.Repeat("x", i%3))
			if p.Serve(&ctx); ctx.Response.StatusCode() != http.StatusUnauthorized {
				t.Fatalf("answered %d", ctx.Response.StatusCode())
			}
		}
	}
	for minute := range 2 {
		refused(1000)
		if n, most := lines.Swap(0), int32(60); n == 0 || n > most {
			t.Errorf("in minute %d a thousand refusals are %d lines, want at most %d", minute, n, most)
		}
		now = now.Add(time.Minute)
	}
}

// counting counts the lines of a log.
type counting struct {
	slog.Handler
	lines *atomic.Int32
}

func (c counting) Enabled(context.Context, slog.Level) bool  { return true }
func (c counting) Handle(context.Context, slog.Record) error { c.lines.Add(1); return nil }

// A node that is there again at its address is asked at once: connections that ended since are
// nobody's fault. What was taken before its connection ended is not taken again.
func TestConnectionsThatEnded(t *testing.T) {
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	var calls atomic.Int32
	a, b := listen(t, "a", secrets, nil), listen(t, "b", secrets, func(p *peers.Peers) {
		p.Handle("count", func(context.Context, []byte) ([]byte, error) { calls.Add(1); return []byte("done"), nil })
	})
	way := gatewaytest.NewWay(t, func() (network, address string) { return "tcp", b.Address })
	to := peers.Node{ID: "b", Address: way.Addr}
	ask := func() error { _, err := a.Ask(within(t, time.Minute), to, "count", []byte("x")); return err }
	for range 20 {
		var asking sync.WaitGroup
		for range 4 {
			asking.Go(func() {
				if err := ask(); err != nil {
					t.Errorf("by a connection that ended before: %v", err)
				}
			})
		}
		asking.Wait()
		way.Leads("tcp", b.Address) // where it led before: what there was of connections ends
	}
	if n := calls.Load(); n != 80 {
		t.Errorf("80 requests were taken %d times", n)
	}
	if _, err := a.Ask(within(t, time.Minute), peers.Node{ID: "b0", Address: to.Address}, "count", nil); !peers.NotTaken(err) {
		t.Errorf("of one that was there before, by a connection that ended with it: %v", err)
	}
	way.Answers.Store(1000) // of all that are to come
	if err := ask(); err == nil || peers.NotTaken(err) || calls.Load() != 81 {
		t.Errorf("one whose answer was lost: %v, taken %d times", err, calls.Load()-80)
	}
}

// Who waits for the answer of a node that was declared dead waits no longer, and is not told that
// nothing was done.
func TestNobodyWaitsForADeadNode(t *testing.T) {
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	came, ends := make(chan struct{}), make(chan struct{})
	a, b := listen(t, "a", secrets, nil), listen(t, "b", secrets, func(p *peers.Peers) {
		p.Handle("hang", func(context.Context, []byte) ([]byte, error) { close(came); <-ends; return nil, nil })
		echoes(p)
	})
	asked := make(chan error, 1)
	go func() {
		_, err := a.Ask(context.Background(), b.Node, "hang", nil)
		asked <- err
	}()
	<-came
	a.Forget(func(address string) bool { return address != b.Address })
	select {
	case err := <-asked:
		if err == nil || peers.NotTaken(err) {
			t.Errorf("told %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it is still waited for")
	}
	close(ends)
	if got, err := a.Ask(within(t, time.Minute), b.Node, "echo", []byte("x")); err != nil || string(got) != "a says x" {
		t.Errorf("one that is back there answers %q, %v", got, err)
	}
}

// Of who leaves it is certain that he takes nothing, once what is under way to him has been
// answered. A node that comes to be at his address is asked as ever.
func TestNobodyAsksWhoLeft(t *testing.T) {
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	came, ends := make(chan struct{}), make(chan struct{})
	a, b := listen(t, "a", secrets, nil), listen(t, "b", secrets, func(p *peers.Peers) {
		p.Handle("hang", func(context.Context, []byte) ([]byte, error) { close(came); <-ends; return []byte("done"), nil })
		echoes(p)
	})
	asked := make(chan error, 1)
	go func() {
		_, err := a.Ask(context.Background(), b.Node, "hang", nil)
		asked <- err
	}()
	<-came
	a.Leave(within(t, 50*time.Millisecond), "b") // it does not wait for longer than it may
	if _, err := a.Ask(within(t, time.Minute), b.Node, "echo", nil); !peers.NotTaken(err) {
		t.Errorf("asked: %v", err)
	}
	left := make(chan struct{})
	go func() { a.Leave(context.Background(), "b"); close(left) }()
	select {
	case <-left:
		t.Error("a request is under way, and nobody waits for it")
	case <-time.After(50 * time.Millisecond):
	}
	close(ends)
	if err := <-asked; err != nil {
		t.Errorf("what was under way: %v", err)
	}
	<-left
	if _, err := a.Ask(within(t, time.Minute), peers.Node{ID: "b2", Address: b.Address}, "echo", nil); err == nil || !errors.Is(err, peers.ErrNotHere) {
		t.Errorf("one at the same address was not asked: %v", err)
	}
}

// What nodes must be asked in time, whatever else is asked, has connections of its own; and of
// those that many use, whoever has slow questions leaves some to others. What is over a share was
// not sent.
func TestConnectionsAreShared(t *testing.T) {
	o := peers.Options{Secrets: []string{"s3cret"}, Connections: 8}
	came, ends := make(chan struct{}), make(chan struct{})
	a, b := listen(t, "a", o, func(p *peers.Peers) { p.Apart("echo") }), listen(t, "b", o, func(p *peers.Peers) {
		p.Handle("hang", func(context.Context, []byte) ([]byte, error) { came <- struct{}{}; <-ends; return nil, nil })
		echoes(p)
	})
	asked := make(chan error, 2*o.Connections)
	ask := func(tenant string) {
		_, err := a.Ask(peers.For(context.Background(), shares.Tenant(tenant)), b.Node, "hang", nil)
		asked <- err
	}
	took, refused := 0, 0
	for range o.Connections {
		go ask("greedy")
	}
	for took+refused < o.Connections {
		select {
		case <-came:
			took++
		case err := <-asked:
			var known *gateway.Error
			if refused++; !errors.As(err, &known) || known.RetryAfter == 0 || !peers.NotTaken(err) {
				t.Fatalf("over its share: %v", err)
			}
		}
	}
	if refused == 0 {
		t.Errorf("one has all %d connections", took)
	}
	go ask("modest")
	select {
	case <-came:
		took++
	case err := <-asked:
		t.Errorf("another is told %v", err)
	}
	if got, err := a.Ask(within(t, time.Minute), b.Node, "echo", []byte("x")); err != nil || string(got) != "a says x" {
		t.Errorf("what has its own connections, while others are in use: %q, %v", got, err)
	}
	close(ends)
	for range took {
		if err := <-asked; err != nil {
			t.Error(err)
		}
	}
}

// Who waits no longer has no connection any more, at once.
func TestWhoLeavesKeepsNoConnection(t *testing.T) {
	o := peers.Options{Secrets: []string{"s3cret"}, Connections: 1}
	came, ends := make(chan struct{}, 1), make(chan struct{})
	a, b := listen(t, "a", o, nil), listen(t, "b", o, func(p *peers.Peers) {
		p.Handle("hang", func(context.Context, []byte) ([]byte, error) { came <- struct{}{}; <-ends; return nil, nil })
		echoes(p)
	})
	ctx, leave := context.WithCancel(context.Background())
	asked := make(chan error, 1)
	go func() { _, err := a.Ask(ctx, b.Node, "hang", nil); asked <- err }()
	<-came
	leave()
	if err := <-asked; err == nil || peers.NotTaken(err) {
		t.Errorf("who leaves is told %v", err)
	}
	if got, err := a.Ask(within(t, time.Minute), b.Node, "echo", []byte("x")); err != nil || string(got) != "a says x" {
		t.Errorf("by the only connection, after somebody left: %q, %v", got, err)
	}
	close(ends)
}

// A large request that is refused before all of it was read was certainly not taken: it was told as
// one of which nobody knows.
func TestWhatIsNotReadIsNotTaken(t *testing.T) {
	large := make([]byte, peers.MaxBody)
	var calls atomic.Int32
	secrets := peers.Options{Secrets: []string{"s3cret"}}
	a := listen(t, "a", secrets, nil)
	for name, refuse := range map[string]func(net.Conn){
		"ends": func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
		"says so": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n{}")
		},
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				calls.Add(1)
				_, _ = io.ReadFull(c, make([]byte, 10<<10))
				refuse(c)
				_ = c.Close()
			}
		}()
		if _, err := a.Ask(within(t, time.Minute), peers.Node{ID: "b", Address: ln.Addr().String()}, "echo", large); !peers.NotTaken(err) {
			t.Errorf("one that %s: %v", name, err)
		}
		_ = ln.Close()
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("two requests came %d times", n)
	}
}

// What is at the address of a node may be anybody: it has no more memory here than there is for
// answers, whatever it announces, and its answer is none.
func TestWhoeverAnswersHasLittleMemory(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var held sync.WaitGroup
	defer held.Wait()
	const many = 40
	came, ends := make(chan struct{}, many), make(chan struct{})
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			held.Go(func() {
				_, _ = c.Read(make([]byte, 4<<10))
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 25000000\r\n\r\n")
				came <- struct{}{}
				<-ends
				_ = c.Close()
			})
		}
	}()
	a := listen(t, "a", peers.Options{Secrets: []string{"s3cret"}}, nil)
	refused := make(chan error, many)
	ctx, leave := context.WithCancel(context.Background())
	for i := range many {
		go func() {
			_, err := a.Ask(peers.For(ctx, shares.Tenant(strings.Repeat("t", i+1))), peers.Node{ID: "b", Address: ln.Addr().String()}, "echo", nil)
			refused <- err
		}()
	}
	for range many {
		<-came
	}
	for range many - 40/25 { // the others wait for what was announced
		if err := <-refused; err == nil || peers.NotTaken(err) {
			t.Errorf("without memory for the answer: %v", err)
		}
	}
	leave()
	for range 40 / 25 {
		if err := <-refused; err == nil {
			t.Error("an answer that did not come is one")
		}
	}
	_ = ln.Close()
	close(ends)
}
