package calling_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/directory"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/shares"
	"hookgate/gateway/store"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/transport"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// asked is one request that the backend got.
type asked struct {
	n      int // from 1
	at     time.Time
	method string
	uri    string
	header http.Header
	body   string
}

// reply is what the backend does with a request; the zero value is 200 and {}.
type reply struct {
	status int
	header map[string]string
	body   string
	after  time.Duration
	hang   bool // until its client has left
	reset  bool
}

// backend is a server that does what its script says.
type backend struct {
	mu     sync.Mutex
	script func(asked) reply
	got    []asked
	heard  chan struct{} // one for each request
}

func (b *backend) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	b.mu.Lock()
	got := asked{n: len(b.got) + 1, at: time.Now(), method: q.Method, uri: q.RequestURI, header: q.Header, body: string(body)}
	b.got = append(b.got, got)
	script := b.script
	b.mu.Unlock()
	b.heard <- struct{}{}
	r := script(got)
	switch {
	case r.hang:
		<-q.Context().Done()
		return
	case r.reset:
		panic(http.ErrAbortHandler)
	case r.after > 0:
		timer := time.NewTimer(r.after)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-q.Context().Done():
			return
		}
	}
	for name, value := range r.header {
		w.Header().Set(name, value)
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
	} else if r.body == "" {
		r.body = "{}"
	}
	_, _ = io.WriteString(w, r.body)
}

func (b *backend) all() []asked {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.got[:len(b.got):len(b.got)]
}

func (b *backend) play(script func(asked) reply) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.script = script
}

// pipes is a listener whose connections are pipes: for bubbles, which real sockets
// do not fit.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	ends  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.ends:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.ends) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, to netip.AddrPort, judge func(netip.AddrPort) error) (net.Conn, error) {
	if err := judge(to); err != nil {
		return nil, err
	}
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.ends:
	case <-ctx.Done():
	}
	return nil, errors.New("refused")
}

// world is calls over a store, to a backend.
type world struct {
	t                        testing.TB
	fs                       vfs.FS // nil: the disk
	dir                      string
	url                      string // of the backend
	backend                  *backend
	server                   *http.Server
	serving                  sync.WaitGroup
	store                    *pebblestore.Store
	sessions                 *waiting.Sessions
	sender                   *transport.Transport
	calls                    *calling.Calls
	made                     calling.Options // of calls
	metrics                  *metrics.Set
	wrap                     func(calling.Store) calling.Store // nil: the store as it is
	places, waited, requests *shares.Budget                    // nil: no bound
	off                      *directory.Webhook                // what recovery finds in place of any; nil: what is configured
	log                      *bytes.Buffer                     // everything that is logged, once nothing runs
	tenant                   gateway.Tenant

	mu       sync.Mutex
	snapshot *directory.Snapshot
	woken    []gateway.Due
	failed   []string
	told     chan struct{} // one for each notice
}

var options = directory.Options{
	MaxBody:     1 << 20,
	CheckURL:    func(url string, _ bool) error { return transport.Egress{}.CheckURL(url, true) },
	CheckHeader: transport.CheckHeader,
}

// bubble makes a world in memory and fake time; who makes it stops it.
func bubble(t testing.TB) *world {
	w := &world{t: t, fs: vfs.NewCrashableMem(), dir: "data", url: "http://93.184.215.14"}
	p := &pipes{conns: make(chan net.Conn), ends: make(chan struct{})}
	w.init(p, transport.Options{Dial: p.dial})
	return w
}

// real makes a world on disk and loopback.
func real(t testing.TB) *world {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir(), url: "http://" + listener.Addr().String()}
	w.init(listener, transport.Options{Egress: transport.Egress{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(w.stop)
	return w
}

func (w *world) init(listener net.Listener, o transport.Options) {
	w.backend = &backend{heard: make(chan struct{}, 1<<16), script: func(asked) reply { return reply{} }}
	w.server = &http.Server{Handler: w.backend, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	w.serving.Go(func() { _ = w.server.Serve(listener) })
	w.sender = transport.New(o)
	w.log = &bytes.Buffer{}
	w.told = make(chan struct{}, 1<<16)
	w.metrics = metrics.New("test")
	w.tenant = gateway.Tenant{Platform: &gateway.Platform{URL: "https://platform.example/in"}}
	w.configure(nil)
	w.start()
}

// configure gives the tenant acme these webhooks by their ids, and a source.
func (w *world) configure(webhooks map[string]gateway.Webhook) {
	w.t.Helper()
	tenant, faults := directory.CompileTenant(gateway.Meta{ID: "acme"}, w.tenant, options)
	if len(faults) > 0 {
		w.t.Fatal(faults)
	}
	source, faults := directory.CompileSource(gateway.Meta{ID: "payments"}, gateway.Source{Verify: gateway.Verify{Type: "none"}}, options)
	if len(faults) > 0 {
		w.t.Fatal(faults)
	}
	tenant = tenant.With(source)
	for id, spec := range webhooks {
		webhook, faults := directory.CompileWebhook(gateway.Meta{ID: id}, spec, options)
		if len(faults) > 0 {
			w.t.Fatalf("webhook %s: %v", id, faults)
		}
		tenant = tenant.WithWebhook(webhook)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.snapshot = directory.Build(w.metrics, []*directory.Tenant{tenant}, nil)
}

// hook configures one webhook, by the id hook. The url begins with the backend's.
func (w *world) hook(spec gateway.Webhook) {
	w.t.Helper()
	if !strings.Contains(spec.URL, "://") {
		spec.URL = w.url + spec.URL
	}
	w.configure(map[string]gateway.Webhook{"hook": spec})
}

func (w *world) acme() *directory.Tenant {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.snapshot.Tenant("acme")
}

func (w *world) start() {
	w.t.Helper()
	store, err := pebblestore.Open(pebblestore.Options{Dir: w.dir, FS: w.fs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = store
	notify := func(_ gateway.LaneKey, due gateway.Due) {
		w.mu.Lock()
		w.woken = append(w.woken, due)
		w.mu.Unlock()
		w.told <- struct{}{}
	}
	w.sessions = waiting.New(waiting.Options{
		Ledger: store, Archive: store, Recovery: store, Observer: waiting.Observer{Noticed: notify},
		Source: func(_, source string) *directory.Source { return w.acme().Source(source) },
	})
	if err := w.sessions.Acquire(gateway.AllSlots()); err != nil {
		w.t.Fatal(err)
	}
	o := calling.Options{
		Sender: w.sender, Store: store, Waits: w.sessions, Version: "test",
		Pending: w.places, Waited: w.waited, Requests: w.requests,
		Webhook:  func(_, id string) *directory.Webhook { return cmp.Or(w.off, w.acme().Webhook(id)) },
		CheckURL: func(url string) error { return w.sender.CheckURL(url, true) },
		Observer: calling.Observer{
			Ended:   func(took time.Duration, _ string) { w.metrics.CallDuration().Observe(took.Seconds()) },
			Noticed: notify,
			Failed: func(tenant, webhook, text string) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.failed = append(w.failed, tenant+"/"+webhook+": "+text)
			},
		},
		Log: slog.New(slog.NewTextHandler(&locked{w: w.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if w.wrap != nil {
		o.Store = w.wrap(store)
	}
	w.made = o
	w.calls = w.another(o)
}

// another makes Calls that own every slot.
func (w *world) another(o calling.Options) *calling.Calls {
	w.t.Helper()
	calls := calling.New(o)
	if err := calls.Acquire(gateway.AllSlots()); err != nil {
		w.t.Fatal(err)
	}
	return calls
}

// halt drains with no time to spare, and closes the store.
func (w *world) halt() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := w.calls.Drain(ctx)
	w.sessions.Close()
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
	return err
}

func (w *world) stop() {
	_ = w.halt()
	w.sender.Close()
	_ = w.server.Close()
	w.serving.Wait()
}

// crash goes on with the disk as a loss of power would leave it.
func (w *world) crash() {
	left := w.fs.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{})
	_ = w.halt()
	w.fs = left
	w.start()
}

// call makes a call of the webhook hook.
func (w *world) call(body string) *gateway.Call {
	w.t.Helper()
	made, err := w.tryCall(body, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func (w *world) tryCall(body, wait string) (*gateway.Call, error) {
	q, err := calling.Read(w.acme().Webhook("hook"), []byte(body))
	if err != nil {
		return nil, err
	}
	if wait != "" {
		q.Open = w.had(wait)
	}
	return w.calls.Call(context.Background(), q)
}

// had opens a call's wait that is open already: what the call promises with it is stored
// after it.
func (w *world) had(wait string) func(context.Context, func(string) *gateway.Change) (*gateway.Wait, error) {
	return func(_ context.Context, promise func(string) *gateway.Change) (*gateway.Wait, error) {
		if more := promise(wait); more != nil {
			if err := w.store.Commit(more); err != nil {
				return nil, err
			}
		}
		return w.sessions.Get("acme", wait)
	}
}

func (w *world) run(body string) string {
	w.t.Helper()
	q, err := calling.Read(w.acme().Webhook("hook"), []byte(body))
	if err != nil {
		w.t.Fatal(err)
	}
	run, err := w.calls.Run(context.Background(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	shown := run.AppendJSON(nil)
	if !json.Valid(shown) {
		w.t.Fatalf("no JSON: %s", shown)
	}
	return string(shown)
}

// open opens a wait for a conversation.
func (w *world) open(key string) string {
	w.t.Helper()
	opened, err := w.sessions.Open(context.Background(), waiting.OpenRequest{
		Source: w.acme().Source("payments"), Key: key, Timeout: time.Minute, Mode: gateway.ModePoll,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return opened.Wait.ID
}

// notices gives the body of every notice in the store, oldest first.
func (w *world) notices() (all []string) {
	w.t.Helper()
	var list []*gateway.Delivery
	_, err := w.store.Deliveries(store.Query{Tenant: "acme"}, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool {
		list = append(list, d)
		return true
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range list {
		e, _, err := gatewaytest.Event(w.store, "acme", d.EventIDs[0])
		if err != nil {
			w.t.Fatal(err)
		}
		all = append([]string{string(e.Body)}, all...)
	}
	return all
}

func (w *world) timeline(key string) (all []string) {
	w.t.Helper()
	list, err := w.sessions.Timeline(key, store.Timeline{Tenant: "acme", Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, trace := range slices.Backward(list) {
		all = append(all, trace.Kind+" "+trace.ID+" "+string(trace.Data))
	}
	return all
}

// pending gives how many calls are promised in the store.
func (w *world) pending() int {
	w.t.Helper()
	list, err := w.store.PendingCalls(gateway.AllSlots())
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// want fails the test where a call did not end so.
func want(t testing.TB, c *gateway.Call, outcome gateway.CallOutcome, reason string) {
	t.Helper()
	if c.Outcome != outcome || c.Reason != reason {
		t.Fatalf("%s %q, want %s %q; errors %v", c.Outcome, c.Reason, outcome, reason, c.Errors)
	}
}

// coded fails the test where an error has not this code.
func coded(t testing.TB, err error, code gateway.Code) *gateway.Error {
	t.Helper()
	var known *gateway.Error
	if !errors.As(err, &known) || known.Code != code {
		t.Fatalf("%v, want %s", err, code)
	}
	return known
}

// locked is a writer for many.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func raw(text string) *gateway.Raw { return new(gateway.Raw(text)) }

func span(d time.Duration) *gateway.Duration { return new(gateway.Duration(d)) }
