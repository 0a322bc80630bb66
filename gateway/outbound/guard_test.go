package outbound_test

import (
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/gateway/transport"
	"hookgate/retry"
)

// internet is names and addresses as an endpoint's URL meets them. Only what the
// guard lets through reaches the receiver.
type internet struct {
	receiver *receiver

	mu      sync.Mutex
	names   map[string][][]string // the answers to one lookup after another; the last one stays
	dialled []netip.AddrPort
}

// LookupNetIP is for transport.Resolver. A name that nobody named is public.
func (n *internet) LookupNetIP(_ context.Context, _, host string) (addrs []netip.Addr, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	answers := n.names[strings.TrimSuffix(host, ".")]
	if len(answers) == 0 {
		return []netip.Addr{netip.MustParseAddr("93.184.215.14")}, nil
	}
	if len(answers) > 1 {
		n.names[strings.TrimSuffix(host, ".")] = answers[1:]
	}
	for _, text := range answers[0] {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

func (n *internet) dial(ctx context.Context, to netip.AddrPort, judge func(netip.AddrPort) error) (net.Conn, error) {
	if err := judge(to); err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.dialled = append(n.dialled, to)
	n.mu.Unlock()
	return n.receiver.dial(ctx, to, judge)
}

func (n *internet) dials() []netip.AddrPort {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]netip.AddrPort(nil), n.dialled...)
}

// throughInternet plays with an endpoint at url: one attempt a delivery, no breaker.
func throughInternet(t *testing.T, url string, names map[string][][]string, script func(received) reply, play func(*world, *internet)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, fs: vfs.NewMem(), dir: "data", receiver: newReceiver(script)}
		n := &internet{receiver: w.receiver, names: names}
		w.init(url, transport.Options{Dial: n.dial, Resolver: n})
		defer w.stop()
		w.to(func(to *outbound.Target) {
			to.Form, to.Breaker, to.Retry = outbound.Envelope, nil, retry.Policy{}
		})
		play(w, n)
	})
}

// attempt publishes one event and gives its only attempt.
func (w *world) attempt() gateway.Attempt {
	w.t.Helper()
	n := w.accept("crm", "", 1)
	w.await(1)
	_, attempts, err := w.carrier(&n.Event)
	if err != nil || len(attempts) != 1 {
		w.t.Fatalf("%d attempts, %v", len(attempts), err)
	}
	return attempts[0]
}

// Every target of the vectors, through an endpoint: first its handshake, then a
// delivery.
func TestGuardOfEndpoints(t *testing.T) {
	raw, err := os.ReadFile("../transport/testdata/ssrf_targets.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ ID, Target, Verdict, Scenario string }
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	names := func() map[string][][]string { return map[string][][]string{"127.0.0.1.nip.io": {{"127.0.0.1"}}} }
	for _, v := range vectors {
		if v.Scenario != "" {
			continue // below, and in gateway/transport
		}
		t.Run(v.ID, func(t *testing.T) {
			throughInternet(t, v.Target, names(), always(200), func(w *world, n *internet) {
				w.to(func(to *outbound.Target) {
					to.Token = directory.Header{Name: "X-T", Value: "t0ken"}
					to.Proof = gateway.NewMarkKey(gateway.MarkProof, []byte("1"))
				})
				_ = w.lanes.Verify(context.Background(), "acme", "crm") // the status tells
				proved := w.status()
				w.to(func(to *outbound.Target) { to.Token, to.Proof = directory.Header{}, gateway.MarkKey{} })
				w.lanes.Refresh("")
				made := w.attempt()
				if v.Verdict == "allow" {
					if len(n.dials()) < 2 || made.Error == "blocked" {
						t.Errorf("%s: dialled %v, attempt %+v", v.Target, n.dials(), made)
					}
					return
				}
				if len(n.dials()) != 0 || made.Error != "blocked" {
					t.Errorf("%s: dialled %v, attempt %+v", v.Target, n.dials(), made)
				}
				if proved.Verified || proved.VerificationError == "" {
					t.Errorf("%s: its handshake left %+v", v.Target, proved)
				}
			})
		})
	}
}

// A redirect is an answer like any other, wherever it points.
func TestGuardOfRedirects(t *testing.T) {
	to := func(received) reply { return reply{status: 307, header: "Location: http://127.0.0.1:2375/\r\n"} }
	throughInternet(t, "http://crm.example.com/in", nil, to, func(w *world, n *internet) {
		made := w.attempt()
		if made.Status != 307 || made.Error != "3xx" || len(n.dials()) != 1 || len(w.receiver.all()) != 1 {
			t.Errorf("attempt %+v, dialled %v", made, n.dials())
		}
	})
}

// Of a name's addresses only the public ones are dialled, and what a name said
// before does not count.
func TestGuardOfNames(t *testing.T) {
	names := map[string][][]string{
		"two.example.com":    {{"127.0.0.1", "93.184.215.14"}},
		"rebind.example.com": {{"93.184.215.14"}, {"127.0.0.1"}},
		"mapped.example.com": {{"::ffff:10.0.0.1"}},
	}
	throughInternet(t, "http://two.example.com/in", names, always(200), func(w *world, n *internet) {
		if made := w.attempt(); made.Status != 200 || len(n.dials()) != 1 || n.dials()[0].Addr().IsLoopback() {
			t.Errorf("two addresses: attempt %+v, dialled %v", made, n.dials())
		}
		w.to(func(to *outbound.Target) { to.URL = "http://rebind.example.com/in" })
		if made := w.attempt(); made.Status != 200 {
			t.Errorf("before it points inside: %+v", made)
		}
		time.Sleep(time.Minute) // no connection is kept so long
		before := len(n.dials())
		if made := w.attempt(); made.Error != "blocked" || len(n.dials()) != before {
			t.Errorf("when it points inside: %+v, dialled %v", made, n.dials()[before:])
		}
		w.to(func(to *outbound.Target) { to.URL = "http://mapped.example.com/in" })
		if made := w.attempt(); made.Error != "blocked" || len(n.dials()) != before {
			t.Errorf("an address inside another: %+v", made)
		}
	})
}
