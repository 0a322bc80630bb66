package publishing_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/publishing"
	"hookgate/metrics"
)

// relayWorld is a world in which requests are relayed.
type relayWorld struct {
	*world
	sealer    *seal.Sealer
	publisher *publishing.Publisher
	tenant    *directory.Tenant
	snapshot  *directory.Snapshot
}

func relays(w *world) *relayWorld {
	w.t.Helper()
	key, err := seal.ParseKey(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	if err != nil {
		w.t.Fatal(err)
	}
	tenants, faults := directory.CompileFile(map[string]directory.FileTenant{"acme": {}, "other": {}}, directory.Options{MaxBody: 1 << 20})
	if len(faults) > 0 {
		w.t.Fatal(faults)
	}
	r := &relayWorld{world: w, sealer: seal.New(key), snapshot: directory.Build(metrics.New("test"), tenants, nil)}
	r.tenant = r.snapshot.Tenant("acme")
	r.publisher = publishing.New(publishing.Options{Store: w.store, Sealer: r.sealer, Wake: w.wake, WakeMany: w.wakeMany})
	return r
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

func TestRelayedOnce(t *testing.T) {
	r := relays(open(t))
	const tries = 16
	for name, with := range map[string]func(*publishing.RelayRequest, int){
		"an id":              func(q *publishing.RelayRequest, _ int) { q.IDs = []string{"wamid.1"} },
		"an Idempotency-Key": func(q *publishing.RelayRequest, _ int) { q.IdempotencyKey = "wamid.1" },
		"both": func(q *publishing.RelayRequest, n int) {
			q.IdempotencyKey, q.IDs = "same", []string{fmt.Sprint("other ", n)}
		},
		"several ids, turned round": func(q *publishing.RelayRequest, n int) {
			if q.IDs = []string{"a", "b", "", "c"}; n%2 == 0 {
				slices.Reverse(q.IDs)
			}
		},
		"more ids than are kept": func(q *publishing.RelayRequest, _ int) {
			for i := range 1001 {
				q.IDs = append(q.IDs, fmt.Sprint("many ", i))
			}
		},
	} {
		before := r.toldOf("_route_wa")
		var mu sync.Mutex
		var all sync.WaitGroup
		fresh, ids := 0, map[publishing.Relayed]bool{}
		for n := range tries {
			all.Go(func() {
				q := r.request(name)
				with(&q, n)
				relayed, err := r.publisher.Relay(q)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if !relayed.Duplicate {
					fresh++
				}
				relayed.Duplicate = false
				ids[relayed] = true
			})
		}
		all.Wait()
		if stored := r.toldOf("_route_wa") - before; fresh != 1 || len(ids) != 1 || stored != 1 {
			t.Errorf("%s: %d were taken, %d are stored, answered %v", name, fresh, stored, ids)
		}
		for relayed := range ids {
			if !gateway.IsID(gateway.PrefixCallback, relayed.CallbackID) || relayed.CallbackID[3:] != relayed.EventID[4:] {
				t.Errorf("%s: %+v", name, relayed)
			}
		}
	}
}

// TestRelayedAgain relays what is no repeat: not the same message, or not any more.
func TestRelayedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := relays(open(t))
		took := func(what string, want bool, change func(*publishing.RelayRequest)) {
			t.Helper()
			q := r.request("hi")
			q.IDs, q.IdempotencyKey, q.Window = []string{"1", "2"}, "k", time.Hour
			change(&q)
			if relayed := r.relay(q); relayed.Duplicate == want {
				t.Errorf("%s: %+v", what, relayed)
			}
		}
		took("the first", true, func(*publishing.RelayRequest) {})
		took("its repeat", false, func(*publishing.RelayRequest) {})
		took("one of its ids", false, func(q *publishing.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"2"}, "" })
		took("its key alone", false, func(q *publishing.RelayRequest) { q.IDs = nil })
		took("its ids under another key", false, func(q *publishing.RelayRequest) { q.IdempotencyKey = "k2" })
		took("one id more", true, func(q *publishing.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"2", "3", "1"}, "" })
		took("that id alone", false, func(q *publishing.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"3"}, "" })
		took("another route", true, func(q *publishing.RelayRequest) { q.Route = "slack" })
		took("its key as an id", true, func(q *publishing.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"k"}, "" })
		for range 2 {
			took("the same words, without an id", true, func(q *publishing.RelayRequest) { q.IDs, q.IdempotencyKey = nil, "" })
		}
		took("for a minute", true, func(q *publishing.RelayRequest) {
			q.IDs, q.IdempotencyKey, q.Window = []string{"short"}, "", time.Minute
		})
		time.Sleep(59 * time.Minute)
		took("just within the hour", false, func(*publishing.RelayRequest) {})
		took("after its minute", true, func(q *publishing.RelayRequest) { q.IDs, q.IdempotencyKey = []string{"short"}, "" })
		time.Sleep(2 * time.Minute)
		took("after the hour", true, func(*publishing.RelayRequest) {})
	})
}

// What the disk refuses is not remembered, or the provider's repeat would be lost.
func TestRelayThatCannotBeStored(t *testing.T) {
	r := relays(open(t))
	q := r.request("x")
	q.IDs = []string{"1"}
	failing := publishing.New(publishing.Options{Store: refusing{r.store}, Sealer: r.sealer, Wake: r.wake, WakeMany: r.wakeMany})
	if _, err := failing.Relay(q); err == nil {
		t.Fatal("it was taken")
	}
	if told := r.toldOf("_route_wa"); told != 0 {
		t.Errorf("lanes were told of %d", told)
	}
	if relayed := r.relay(q); relayed.Duplicate {
		t.Error("its repeat is a duplicate")
	}
	if told := r.toldOf("_route_wa"); told != 1 {
		t.Errorf("lanes were told of %d", told)
	}
}

// refusing takes nothing in.
type refusing struct{ publishing.Store }

func (refusing) Accept(*gateway.Publication) error { return errDisk }
