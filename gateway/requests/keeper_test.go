package requests

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

func record(tenant, source string, o gateway.Outcome, body int) *Record {
	return &Record{
		Tenant: tenant, Place: source, At: time.Now(), Method: "POST", Path: []byte("/hooks/" + tenant + "/" + source + "?token=s3cret&a=1"),
		Head: []byte("Host: h\r\nX-Token: s3cret\r\nContent-Type: application/json\r\n"), Body: bytes.Repeat([]byte("b"), body), BodyBytes: int64(body),
		Outcome: o, Status: o.Status(), Client: netip.MustParseAddr("192.0.2.1"),
		Masks: Masks{Headers: [3]string{"x-token"}, Queries: [2]string{"", "token"}},
	}
}

func (k *Keeper) counts(tenant, source string) map[gateway.Outcome]int {
	counts := map[gateway.Outcome]int{}
	for _, one := range k.List(Query{Tenant: tenant, Place: source, Most: 10_000}) {
		counts[one.Outcome]++
	}
	return counts
}

// A flood of refused requests leaves half of a source's places to the accepted ones.
func TestFloodLeavesAcceptedOnes(t *testing.T) {
	k := New(Options{PerPlace: 10})
	for range 20 {
		k.Keep(record("acme", "pay", gateway.OutcomeResumed, 100))
	}
	for range 1000 {
		k.Keep(record("acme", "pay", gateway.OutcomeUnauthenticated, 100))
	}
	counts := k.counts("acme", "pay")
	if counts[gateway.OutcomeResumed] != 5 || counts[gateway.OutcomeUnauthenticated] != 5 {
		t.Errorf("kept are %v, want 5 of each", counts)
	}
	for range 1000 {
		k.Keep(record("acme", "pay", gateway.OutcomeResumed, 100))
	}
	if counts := k.counts("acme", "pay"); counts[gateway.OutcomeUnauthenticated] != 5 {
		t.Errorf("behind a flood of accepted ones there are %v", counts)
	}
}

// Nor does a tree of many tenants; in it the one that has most gives up.
func TestNoTreePushesOutAnother(t *testing.T) {
	k := New(Options{PerPlace: 200, Memory: 1 << 20, Tree: func(tenant string) string { return strings.TrimRight(tenant, "0123456789") }})
	for range 50 {
		k.Keep(record("small", "pay", gateway.OutcomeResumed, MostBody))
	}
	k.Keep(record("large1000", "pay", gateway.OutcomeResumed, MostBody))
	for i := range 5000 {
		k.Keep(record(fmt.Sprintf("large%d", i%10), "pay", gateway.OutcomeUnauthenticated, MostBody))
	}
	if n := k.counts("small", "pay")[gateway.OutcomeResumed]; n != 50 {
		t.Errorf("of the small tenant's 50 requests %d are left", n)
	}
	if n := k.counts("large1000", "pay")[gateway.OutcomeResumed]; n != 1 {
		t.Error("a quiet child has lost its one")
	}
	for i := range 1001 {
		k.Forget(fmt.Sprintf("large%d", i))
	}
	if len(k.holders) != 1 || len(k.trees) != 1 || len(k.most) != 1 || k.most[0].bytes() != k.holders["small"].bytes() {
		t.Errorf("there are %d holders in %d trees, %d in the heap, want the small one", len(k.holders), len(k.trees), len(k.most))
	}
}

// Whoever floods pushes out its own requests, whatever number of sources it has.
func TestNoTenantPushesOutAnother(t *testing.T) {
	k := New(Options{PerPlace: 200, Memory: 1 << 20})
	for range 50 {
		k.Keep(record("small", "pay", gateway.OutcomeResumed, 200))
	}
	for i := range 5000 {
		k.Keep(record("large", fmt.Sprintf("s%d", i%100), gateway.OutcomeUnauthenticated, MostBody))
	}
	if n := k.counts("small", "pay")[gateway.OutcomeResumed]; n != 50 {
		t.Errorf("of the small tenant's 50 requests %d are left", n)
	}
	if k.memory.used > k.memory.most {
		t.Errorf("%d bytes are used, of %d", k.memory.used, k.memory.most)
	}
	k.Forget("large")
	if len(k.holders) != 1 || len(k.most) != 1 {
		t.Errorf("there are %d holders, %d in the heap, want the small one", len(k.holders), len(k.most))
	}
}

// What is accounted is what there is, whatever comes and goes.
func TestMemoryIsAccounted(t *testing.T) {
	k := New(Options{PerPlace: 7, Memory: 1 << 20})
	for i := range 3000 {
		k.Keep(record(fmt.Sprintf("t%d", i%5), fmt.Sprintf("s%d", i%11), gateway.Outcomes[i%len(gateway.Outcomes)], i*37%9000))
		if i%500 == 499 {
			k.Forget(fmt.Sprintf("t%d", i%5))
		}
	}
	used, live := 0, 0
	for _, e := range k.memory.slots {
		if e.buf != nil {
			used += e.cost()
		}
		if e.ring != nil {
			live += e.cost()
		}
	}
	held := 0
	for _, tree := range k.most {
		sum := 0
		for _, h := range tree.of {
			sum += h.bytes()
		}
		if held += sum; sum != tree.bytes() {
			t.Errorf("a tree has %d bytes, counted as %d", sum, tree.bytes())
		}
	}
	if used != k.memory.used || live != held {
		t.Errorf("used are %d, accounted %d; live are %d, held %d", used, k.memory.used, live, held)
	}
}

func TestListPages(t *testing.T) {
	k := New(Options{PerPlace: 100})
	for i := range 30 {
		k.Keep(record("acme", "pay", gateway.Outcomes[i%3], 300))
	}
	var ids []string
	for before := ""; ; {
		page := k.List(Query{Tenant: "acme", Place: "pay", Before: before, Most: 7, Body: 256})
		for _, one := range page {
			if len(ids) > 0 && one.ID >= ids[len(ids)-1] {
				t.Fatalf("%s comes behind %s", one.ID, ids[len(ids)-1])
			}
			if len(one.Body) != 256 || one.BodyBytes != 300 {
				t.Fatalf("the body has %d bytes of %d", len(one.Body), one.BodyBytes)
			}
			ids = append(ids, one.ID)
		}
		if len(page) < 7 {
			break
		}
		before = page[len(page)-1].ID
	}
	if len(ids) != 30 {
		t.Errorf("%d are listed, want 30", len(ids))
	}
	if n := len(k.List(Query{Tenant: "acme", Place: "pay", Outcome: gateway.OutcomeParked, Most: 100})); n != 10 {
		t.Errorf("%d are parked, want 10", n)
	}
	k.Keep(record("acme", "pay", gateway.OutcomeUnauthenticated, 300))
	k.Keep(record("acme", "pay", gateway.OutcomeTooLarge, 300))
	k.Keep(record("acme", "pay", gateway.OutcomeHandshake, 300)) // which came to what it was for
	refused := k.List(Query{Tenant: "acme", Place: "pay", Refused: true, Most: 100})
	if len(refused) != 2 || refused[0].Outcome != gateway.OutcomeTooLarge || refused[1].Outcome != gateway.OutcomeUnauthenticated {
		t.Errorf("%d are listed as refused: %v", len(refused), refused)
	}
	one, found := k.Get(Source, "acme", ids[3])
	if !found || one.ID != ids[3] || one.Place != "pay" || one.Tenant != "acme" {
		t.Errorf("got %v %+v", found, one)
	}
	if _, found := k.Get(Source, "other", ids[3]); found {
		t.Error("another tenant gets it")
	}
}

// Credentials are kept as they came, and masked for whoever reads.
func TestCredentialsAreMasked(t *testing.T) {
	k := New(Options{})
	k.Keep(record("acme", "pay", gateway.OutcomeUnauthenticated, 10))
	one := k.List(Query{Tenant: "acme", Place: "pay", Most: 1})[0]
	if shown := fmt.Sprint(one.Header(), one.Target()); strings.Contains(shown, "s3cret") || !strings.Contains(shown, "a=1") {
		t.Errorf("shown is %s", shown)
	}
	if sent := fmt.Sprint(one.Sent(), one.Path); strings.Count(sent, "s3cret") != 2 {
		t.Errorf("kept is %s", sent)
	}
	k.KeepUnmatched(record("acme", "pai", gateway.OutcomeNotFound, 10))
	stranger := k.Unmatched("", 1)[0]
	if shown := fmt.Sprint(stranger.Header(), stranger.Target()); strings.Contains(shown, "s3cret") {
		t.Errorf("of a stranger shown is %s", shown)
	}
}

// One block of clients that floods leaves what others sent.
func TestUnmatchedHaveShares(t *testing.T) {
	k := New(Options{})
	for i := range 30 {
		r := record("x", "y", gateway.OutcomeNotFound, 10)
		r.Client = netip.AddrFrom4([4]byte{198, 51, byte(i), 1})
		k.KeepUnmatched(r)
	}
	for range 1000 {
		k.KeepUnmatched(record("x", "y", gateway.OutcomeNotFound, 10))
	}
	others := 0
	for _, one := range k.Unmatched("", 1000) {
		if one.Client.String() != "192.0.2.1" {
			others++
		}
	}
	if others != 30 || len(k.unmatched.kept) != mostUnmatched {
		t.Errorf("of 30 others %d are left, of %d in all", others, len(k.unmatched.kept))
	}
}

func TestBatchIsKept(t *testing.T) {
	k := New(Options{})
	r := record("acme", "pay", gateway.OutcomeParked, 10)
	r.Batch, r.One = 1000, func(i int) Became {
		return Became{Outcome: gateway.OutcomeParked, CallbackID: "cb_1", Key: fmt.Sprintf("k%d", i)}
	}
	k.Keep(r)
	one := k.List(Query{Tenant: "acme", Place: "pay", Most: 1})[0]
	if len(one.Batch) < 100 || !one.CutBatch || one.Batch[7] != (Became{Outcome: gateway.OutcomeParked, CallbackID: "cb_1", Key: "k7"}) {
		t.Errorf("kept are %d, cut %v: %+v", len(one.Batch), one.CutBatch, one.Batch[:8])
	}
}

// Once places and memory are there nothing is allocated.
func TestKeepAllocatesNothing(t *testing.T) {
	k := New(Options{PerPlace: 50})
	r := record("acme", "pay", gateway.OutcomeResumed, 700)
	for range 200 {
		k.Keep(r)
	}
	if n := testing.AllocsPerRun(200, func() { k.Keep(r) }); n != 0 {
		t.Errorf("%v allocations a request", n)
	}
}

func BenchmarkKeep(b *testing.B) {
	k := New(Options{})
	r := record("acme", "pay", gateway.OutcomeResumed, 700)
	b.ReportAllocs()
	for b.Loop() {
		k.Keep(r)
	}
}
