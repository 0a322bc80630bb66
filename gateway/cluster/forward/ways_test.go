package forward_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/cluster/forward"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/edge"
)

// slow is a node that answers nobody before ends.
type slow struct {
	came chan struct{}
	ends chan struct{}
}

func (s slow) Ask(context.Context, peers.Node, string, []byte) ([]byte, error) {
	s.came <- struct{}{}
	<-s.ends
	return peers.AppendPart(nil, []byte(`{"status":204}`)), nil
}

// A tenant whose requests stay at the node that decides them, as calls of a slow backend do,
// leaves the others a way there; what is over its share was not sent, and may come again.
func TestWaysAreShared(t *testing.T) {
	w := newTown()
	w.give(peers.Node{ID: "b", Address: "b:1"})
	s := slow{make(chan struct{}), make(chan struct{})}
	f := forward.New(forward.Options{Owners: seen{w, func() peers.Node { return peers.Node{ID: "a"} }}, Asker: s})
	ended := make(chan error, 1000)
	ask := func(tenant string) {
		ctx := edge.NewRemote(&edge.Remote{Address: netip.MustParseAddr("192.0.2.1")})
		ctx.Request.Header.SetMethod(fasthttp.MethodPost)
		ctx.Request.SetRequestURI("/v1")
		_, err := f.Do(ctx, &forward.Question{Kind: forward.API, Tenant: tenant, Body: 1 << 10})
		ended <- err
	}
	const many = 600 // more than there are ways
	for range many {
		go ask("greedy")
	}
	came, refused := 0, 0
	for came+refused < many {
		select {
		case <-s.came:
			came++
		case err := <-ended:
			var known *gateway.Error
			if refused++; !errors.As(err, &known) || known.RetryAfter == 0 {
				t.Fatal(err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%d came and %d were refused", came, refused)
		}
	}
	if refused == 0 {
		t.Errorf("%d requests of one tenant are under way at once", came)
	}
	go ask("modest")
	select {
	case <-s.came:
	case err := <-ended:
		t.Errorf("%d requests of one tenant are under way, and another's is told %v", came, err)
	case <-time.After(time.Minute):
		t.Error("another tenant's request is not sent")
	}
	close(s.ends)
}
