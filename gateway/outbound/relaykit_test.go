package outbound_test

import (
	"encoding/base64"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
	"hookgate/metrics"
)

const (
	upA = "http://93.184.215.14/bot/"
	upB = "http://93.184.215.15"
)

// relayWorld is a world whose lanes lead to the upstreams of a relay.
type relayWorld struct {
	*world
	tenant   *directory.Tenant
	snapshot *directory.Snapshot
}

// relaysTo turns a world into one of relays.
func relaysTo(w *world, upstreams ...string) *relayWorld {
	w.t.Helper()
	key, err := seal.ParseKey(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	if err != nil {
		w.t.Fatal(err)
	}
	_ = w.halt()
	sealer := seal.New(key)
	w.sealer, w.options.Opener = sealer, sealer
	w.start()
	w.to(func(to *outbound.Target) {
		to.URL, to.Relay, to.Trusted = "", &outbound.RelayTarget{Upstreams: upstreams}, true
	})
	tenants, faults := directory.CompileFile(map[string]directory.FileTenant{"acme": {}, "other": {}}, directory.Options{MaxBody: 1 << 20})
	if len(faults) > 0 {
		w.t.Fatal(faults)
	}
	r := &relayWorld{world: w, snapshot: directory.Build(metrics.New("test"), tenants, nil)}
	r.tenant = r.snapshot.Tenant("acme")
	return r
}

// inRelayBubble plays a world of relays in fake time.
func inRelayBubble(t *testing.T, script func(received) reply, upstreams []string, play func(t *testing.T, r *relayWorld)) {
	synctest.Test(t, func(t *testing.T) {
		r := relaysTo(bubble(t, script), upstreams...)
		defer r.stop()
		play(t, r)
	})
}

// request is what a channel sends.
func (r *relayWorld) request(body string) publishing.RelayRequest {
	return publishing.RelayRequest{
		Tenant: r.tenant, Route: "wa", Body: []byte(body), Request: gateway.RelayedRequest{
			Method: "POST", Target: "/channels/wa?hub=1", Header: []gateway.HeaderField{{Name: "Content-Type", Value: "application/json"}, {Name: "X-Hub-Signature-256", Value: "sha256=00"}},
		},
	}
}

func (r *relayWorld) relay(q publishing.RelayRequest) publishing.Relayed {
	r.t.Helper()
	relayed, err := r.publisher.Relay(q)
	if err != nil {
		r.t.Fatal(err)
	}
	return relayed
}

// say relays a message of a conversation.
func (r *relayWorld) say(key string, n int) publishing.Relayed {
	r.t.Helper()
	q := r.request(fmt.Sprint(key, " ", n))
	q.Key = key
	return r.relay(q)
}

// delivery gives the one delivery of a relay.
func (r *relayWorld) delivery(of publishing.Relayed) (*gateway.Delivery, []gateway.Attempt) {
	r.t.Helper()
	d, attempts, err := r.carrier(&gateway.Event{ID: of.EventID, Tenant: "acme"})
	if err != nil {
		r.t.Fatal(err)
	}
	return d, attempts
}

// hosts gives where each request went.
func hosts(all []received) (list []string) {
	for _, got := range all {
		list = append(list, got.host[len(got.host)-2:])
	}
	return list
}

// bodies gives what was received, in order.
func bodies(all []received) (list []string) {
	for _, got := range all {
		list = append(list, string(got.body))
	}
	return list
}

// passed lets fake time go by.
func passed(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
