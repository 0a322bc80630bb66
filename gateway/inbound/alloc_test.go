//go:build !race

// The race detector makes sync.Pool forget at random, so it counts other allocations.

package inbound_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/inbound"
	"hookgate/gateway/requests"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

// most is the budget of DESIGN: allocations for one callback on the accept path,
// from the parsed request to the written answer, its durable commit included.
const most = 10

func TestCallbackStaysInItsAllocationBudget(t *testing.T) {
	b := newBench(t)
	defer b.close()
	const warm, tries, runs = 200, 3, 300
	b.open(warm + tries*runs)
	sent := 0
	send := func() { b.send(sent); sent++ }
	for range warm {
		send()
	}
	per, bytes := gatewaytest.Allocations(tries, runs, send)
	t.Logf("%.1f allocations and %.0f bytes a callback", per, bytes)
	if per > most {
		t.Errorf("%.1f allocations a callback, want at most %d", per, most)
	}
}

func BenchmarkCallback(b *testing.B) {
	k := newBench(b)
	defer k.close()
	k.open(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		k.send(i)
	}
}

// BenchmarkEach is one request with a hundred callbacks, which costs at most as much as
// forty with one each (see BenchmarkCallback).
func BenchmarkEach(b *testing.B) {
	for name, open := range map[string]bool{"resumed": true, "parked": false} {
		b.Run(name, func(b *testing.B) {
			const items = 100
			k := newBenchOf(b, func(s *gateway.Source) {
				s.Each, s.Dedupe.ID, s.ConversationKey.Path = "list", "item.id", "item.conversation_key"
				s.Variables = []gateway.Variable{{Name: "amount", Path: "item.data.amount", Type: "number"}, {Name: "currency", Path: "item.data.currency"}}
				s.Early.Max = new(100_000)
			})
			defer k.close()
			if open {
				k.open(b.N * items)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				k.sendEach(i*items, items)
			}
		})
	}
}

// bench hands requests to the way without a socket: their parsing is the edge's.
type bench struct {
	t        testing.TB
	in       *inbound.Inbound
	store    *pebblestore.Store
	sessions *waiting.Sessions
	source   *directory.Source
	ctx      fasthttp.RequestCtx
	body     []byte
}

func newBench(t testing.TB) *bench { return newBenchOf(t, func(*gateway.Source) {}) }

func newBenchOf(t testing.TB, change func(*gateway.Source)) *bench {
	b := &bench{t: t}
	spec := gateway.Source{
		Verify: gateway.Verify{Type: "token", In: "header", Name: "X-Token", Secrets: []gateway.Secret{"let me in, please"}},
		Variables: []gateway.Variable{
			{Name: "amount", Path: "data.amount", Type: "number"}, {Name: "currency", Path: "data.currency"},
		},
		Dedupe: gateway.Dedupe{ID: "id"},
	}
	change(&spec)
	tenants, faults := directory.CompileFile(
		map[string]directory.FileTenant{"acme": {Sources: map[string]gateway.Source{"payments": spec}}},
		directory.Options{MaxBody: 1 << 20})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	d := directory.New()
	d.Swap(directory.Build(metrics.New("test"), tenants, nil))
	b.source = d.Current().Tenant("acme").Source("payments")
	var err error
	if b.store, err = pebblestore.Open(pebblestore.Options{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	b.sessions = waiting.New(waiting.Options{Ledger: b.store, Archive: b.store, Recovery: b.store})
	if err := b.sessions.Acquire(gateway.AllSlots()); err != nil {
		t.Fatal(err)
	}
	b.in = inbound.New(inbound.Options{
		Directory: d, Taker: b.sessions, MaxBody: 1 << 20, Kept: requests.New(requests.Options{PerPlace: 100}), Log: slog.New(slog.DiscardHandler), Observer: inbound.Observer{Took: func(float64, string) {}, AuthFailed: func() {}},
	})
	b.ctx.Init(&fasthttp.Request{}, nil, nil)
	r := &b.ctx.Request
	r.Header.SetMethod("POST")
	r.SetRequestURI("/hooks/acme/payments")
	r.Header.SetContentType("application/json")
	r.Header.Set("X-Token", "let me in, please")
	return b
}

func (b *bench) close() {
	b.sessions.Close()
	if err := b.store.Close(); err != nil {
		b.t.Error(err)
	}
}

// open opens n waits, some at once so that they share the disk's time.
func (b *bench) open(n int) {
	turns := make(chan struct{}, 64)
	for i := range n {
		turns <- struct{}{}
		go func() {
			defer func() { <-turns }()
			_, err := b.sessions.Open(context.Background(), waiting.OpenRequest{
				Source: b.source, Key: fmt.Sprintf("chat%d", i), Timeout: 5 * time.Minute, Mode: gateway.ModePoll,
			})
			if err != nil {
				b.t.Error(err)
			}
		}()
	}
	for range cap(turns) {
		turns <- struct{}{}
	}
}

var resumed = []byte(`{"outcome":"resumed"`)

func (b *bench) handle() {
	b.ctx.Request.SetBodyRaw(b.body)
	b.ctx.Response.Reset()
	b.in.Handle(&b.ctx, tenant, source, nil)
}

// sendEach sends so many in one request.
func (b *bench) sendEach(from, items int) {
	b.body = append(b.body[:0], `{"list":[`...)
	for i := from; i < from+items; i++ {
		b.body = fmt.Appendf(b.body, `{"id":"evt_%d","conversation_key":"chat%d","data":{"amount":1200,"currency":"EUR"},"filler":%q},`, i, i, filler)
	}
	b.body = append(b.body[:len(b.body)-1], "]}"...)
	b.handle()
	if got := b.ctx.Response.StatusCode(); got > 202 || bytes.Count(b.ctx.Response.Body(), []byte(`"callback_id"`)) != items {
		b.t.Fatalf("callbacks from %d were answered %d %.300s", from, got, b.ctx.Response.Body())
	}
}

func (b *bench) send(i int) {
	b.body = fmt.Appendf(b.body[:0], `{"id":"evt_%d","conversation_key":"chat%d","data":{"amount":1200,"currency":"EUR"},"filler":%q}`, i, i, filler)
	b.handle()
	if got := b.ctx.Response.Body(); len(got) < len(resumed) || string(got[:len(resumed)]) != string(resumed) {
		b.t.Fatalf("callback %d was answered %s", i, got)
	}
}

var (
	tenant, source = []byte("acme"), []byte("payments")
	filler         = fmt.Sprintf("%0800d", 7)
)
