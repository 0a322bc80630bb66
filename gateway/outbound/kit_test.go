package outbound_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"hookgate/gateway"
	"hookgate/gateway/clock"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/transport"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// received is one request that a receiver got.
type received struct {
	n      int // from 1
	at     time.Time
	path   string
	host   string
	header http.Header
	body   []byte
	raw    []byte // all of it
}

func (r received) id() string { return r.header.Get("webhook-id") }

// reply is what a receiver does with a request; the zero value is a 204.
type reply struct {
	status int
	header string // lines of the answer, each with its end
	body   []byte
	raw    string // sent as it is instead, and the connection closed
	reset  bool   // closed without a word
	hang   bool   // held until the receiver ends
}

// receiver is an endpoint that does what its script says.
type receiver struct {
	script func(received) reply

	mu    sync.Mutex
	got   []received
	conns []net.Conn
	ends  chan struct{}
}

func newReceiver(script func(received) reply) *receiver {
	return &receiver{script: script, ends: make(chan struct{})}
}

// always answers every request with one status.
func always(status int) func(received) reply {
	return func(received) reply { return reply{status: status} }
}

// listen serves on loopback and gives the URL.
func (r *receiver) listen(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { r.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		r.end()
		serving.Wait()
	})
	return "http://" + listener.Addr().String() + "/resume"
}

// dial makes a pipe to the receiver: for bubbles, which real sockets do not fit.
func (r *receiver) dial(context.Context, netip.AddrPort, func(netip.AddrPort) error) (net.Conn, error) {
	client, server := net.Pipe()
	go r.serve(server)
	return client, nil
}

// end lets go of what hangs and closes all connections.
func (r *receiver) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.ends)
	for _, conn := range r.conns {
		_ = conn.Close()
	}
}

func (r *receiver) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r.mu.Lock()
	r.conns = append(r.conns, conn)
	r.mu.Unlock()
	var raw bytes.Buffer
	reader := bufio.NewReader(io.TeeReader(conn, &raw))
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		r.mu.Lock()
		got := received{n: len(r.got) + 1, at: time.Now(), path: request.URL.Path, host: request.Host, header: request.Header, body: body, raw: bytes.Clone(raw.Bytes())}
		raw.Reset()
		r.got = append(r.got, got)
		script := r.script
		r.mu.Unlock()
		if !r.answer(conn, script(got)) {
			return
		}
	}
}

// answer plays a reply, and says whether the connection goes on.
func (r *receiver) answer(conn net.Conn, a reply) bool {
	switch {
	case a.hang:
		<-r.ends
		return false
	case a.reset:
		return false
	case a.raw != "":
		_, _ = io.WriteString(conn, a.raw)
		return false
	case a.status == 0:
		a.status = http.StatusNoContent
	}
	head := fmt.Sprintf("HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n", a.status, a.header, len(a.body))
	_, err := conn.Write(append([]byte(head), a.body...))
	return err == nil
}

// play changes the script.
func (r *receiver) play(script func(received) reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = script
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

// world is a store with lanes on it, to a receiver.
type world struct {
	t         testing.TB
	fs        vfs.FS // nil: the disk
	dir       string
	store     *pebblestore.Store
	sender    *transport.Transport
	lanes     *outbound.Lanes
	publisher *publishing.Publisher // over the store as it is
	options   outbound.Options
	wrap      func(outbound.Backlog) outbound.Backlog // nil: the store as it is
	archive   func(outbound.Archive) outbound.Archive // nil: the store as it is
	sealer    publishing.Sealer                       // nil: nothing is relayed
	receiver  *receiver
	wall      func() time.Time  // a clock that is set; nil: nobody sets it
	ends      []*outbound.Lanes // others over the store, drained with lanes

	mu     sync.Mutex
	target *outbound.Target
	ended  map[gateway.DeliveryState]int
	told   chan struct{} // one for each delivery that ended
}

// bubble makes a world in memory and fake time.
func bubble(t testing.TB, script func(received) reply) *world {
	w := &world{t: t, fs: vfs.NewMem(), dir: "data", receiver: newReceiver(script)}
	w.init("http://93.184.215.14/resume", transport.Options{Dial: w.receiver.dial})
	return w
}

// real makes a world on disk and loopback.
func real(t testing.TB, script func(received) reply) *world {
	w := &world{t: t, dir: t.TempDir(), receiver: newReceiver(script)}
	url := w.receiver.listen(t)
	w.init(url, transport.Options{Egress: transport.Egress{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(w.stop)
	return w
}

func (w *world) init(url string, o transport.Options) {
	w.ended = map[gateway.DeliveryState]int{}
	w.told = make(chan struct{}, 1<<20)
	settings := breaker.Default()
	w.target = &outbound.Target{URL: url, Retry: steady, Breaker: &settings}
	w.sender = transport.New(o)
	w.options = outbound.Options{
		Sender: w.sender, Version: "test", Logger: slog.New(slog.DiscardHandler),
		Announce: func(p *gateway.Publication) error { return w.publisher.Announce(p) },
		Targets: func(string, string) *outbound.Target {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.target
		},
		Observe: func(gateway.LaneKey) outbound.Observer {
			return outbound.Observer{Ended: func(s gateway.DeliveryState, _ time.Duration) {
				w.mu.Lock()
				w.ended[s]++
				w.mu.Unlock()
				w.told <- struct{}{}
			}}
		},
	}
	w.start()
}

// endedIn counts the deliveries that have ended in a state.
func (w *world) endedIn(state gateway.DeliveryState) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended[state]
}

// steady is a schedule without chance: nine attempts.
var steady = func() retry.Policy {
	p := retry.Default()
	p.Jitter = 0
	return p
}()

func (w *world) start() {
	w.t.Helper()
	o := pebblestore.Options{Dir: w.dir, FS: w.fs, Logger: slog.New(slog.DiscardHandler)}
	if w.wall != nil {
		c := clock.New(w.wall)
		o.Now, o.Newest, w.options.Now = c.Now, c.NotBefore, c.Now
	}
	store, err := pebblestore.Open(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = store
	w.options.Backlog, w.options.Statuses, w.options.Archive, w.options.Firm = store, store, store, store.Firm
	if w.wrap != nil {
		w.options.Backlog = w.wrap(store)
	}
	if w.archive != nil {
		w.options.Archive = w.archive(store)
	}
	w.lanes = outbound.New(w.options)
	w.publisher = publishing.New(publishing.Options{Store: store, Sealer: w.sealer, Wake: w.lanes.Wake, WakeMany: w.lanes.WakeMany, Now: w.options.Now})
	if err := w.lanes.Acquire(gateway.AllSlots()); err != nil {
		w.t.Fatal(err)
	}
}

// everyLanes gives the lanes and, once each, others that there are.
func (w *world) everyLanes() map[*outbound.Lanes]bool {
	all := map[*outbound.Lanes]bool{w.lanes: true}
	for _, other := range w.ends {
		all[other] = true
	}
	return all
}

// halt drains with no time to spare, and closes the store.
func (w *world) halt() error {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var err error
	for lanes := range w.everyLanes() {
		err = errors.Join(err, lanes.Drain(ctx))
	}
	w.ends = nil
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
	return err
}

// stop ends the world. In a bubble it must be called before the bubble's end.
func (w *world) stop() {
	_ = w.halt()
	w.sender.Close()
	if w.fs != nil {
		w.receiver.end()
	}
}

func (w *world) setTarget(t *outbound.Target) {
	w.mu.Lock()
	w.target = t
	w.mu.Unlock()
	w.lanes.Refresh("")
}

// notice makes one with its delivery, due now.
func (w *world) notice(tenant, endpoint string) *gateway.Notice {
	now := time.Now().Round(0)
	if w.options.Now != nil {
		now = w.options.Now()
	}
	id := gateway.NewID(gateway.PrefixEvent, now)
	return &gateway.Notice{
		Event: gateway.Event{ID: id, Tenant: tenant, Type: "wait.resumed", ConversationKey: "k", AcceptedAt: now, Body: fmt.Appendf(nil, `{"id":%q}`, id)},
		Delivery: gateway.Delivery{
			ID: gateway.NewID(gateway.PrefixDelivery, now), Tenant: tenant, Endpoint: endpoint, EventIDs: []string{id},
			EventType: "wait.resumed", ConversationKey: "k", State: gateway.DeliveryPending, NextAttemptAt: now, CreatedAt: now,
		},
	}
}

// publish makes a notice durable and wakes its lane.
func (w *world) publish(tenant, endpoint string) *gateway.Notice {
	w.t.Helper()
	n := w.notice(tenant, endpoint)
	if err := w.store.Commit(&gateway.Change{Notice: n}); err != nil {
		w.t.Fatal(err)
	}
	w.lanes.Wake(gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}, gateway.Due{ID: n.Delivery.ID, At: n.Delivery.NextAttemptAt})
	return n
}

// await waits until so many more deliveries have ended.
func (w *world) await(n int) {
	w.t.Helper()
	timeout := time.After(30 * time.Hour * 24) // of fake time; real worlds end with the test's own bound
	for range n {
		select {
		case <-w.told:
		case <-timeout:
			w.t.Fatal("deliveries do not end")
		}
	}
}

// read gives a delivery as the API would show it.
func (w *world) read(n *gateway.Notice) (*gateway.Delivery, []gateway.Attempt) {
	w.t.Helper()
	d, attempts, err := w.store.Delivery(n.Delivery.Tenant, n.Delivery.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return d, attempts
}

// rests says whether nothing is unfinished, in a bubble.
func (w *world) rests() bool {
	synctest.Wait()
	left := 0
	w.lanes.Stats(func(s outbound.Stat) { left += s.Depth })
	return left == 0
}

// stat tells how a lane stands. In a bubble that is at rest: what was told of an
// attempt has also landed.
func (w *world) stat(tenant, endpoint string) (found outbound.Stat) {
	if w.fs != nil {
		synctest.Wait()
	}
	w.lanes.Stats(func(s outbound.Stat) {
		if s.Lane == (gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}) {
			found = s
		}
	})
	return found
}

var errDisk = errors.New("no room on the disk")

// sameBody says whether a request carried a notice.
func sameBody(r received, n *gateway.Notice) bool {
	return r.id() == n.Event.ID && bytes.Equal(r.body, n.Event.Body)
}
