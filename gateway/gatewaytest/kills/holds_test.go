package kills

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

var holdsOfProof = flag.Int("holds", 60, "how many waits TestProofHolds holds while slots move; the whole: 10000")

// holdingTenants is among how many tenants the waits are: so every slot that moves has some.
const holdingTenants = 20

// TestProofHolds holds waits at all nodes, behind PgBouncer, and takes their slots from two of the
// nodes, one after the other: each wait is resumed by its callback, which comes to any node, and
// answers who held it, once and without a new request (SPEC-cluster K2, K3).
//
//	go test ./gateway/gatewaytest/kills -run TestProofHolds -holds 10000
func TestProofHolds(t *testing.T) {
	n := newNodes(t, seedOfLoad(t), true)
	for i := range holdingTenants {
		n.home(tenantOfHold(i)).has("    sources:\n      payments: { verify: { type: none } }\n", "")
	}
	n.startAll()
	h := &holding{nodes: n, answers: make(chan string, *holdsOfProof)}
	for i := range *holdsOfProof {
		go h.hold(i)
	}
	h.open()
	moved := 0
	for _, one := range n.all[:2] {
		list, err := n.list(one, "")
		n.must(err)
		i := slices.IndexFunc(list, func(s standing) bool { return s.Address == one.peers.Addr })
		moved += list[i].Slots
		began := time.Now()
		n.drain(one)
		t.Logf("%d slots left a node within %s", list[i].Slots, time.Since(began).Round(time.Millisecond))
	}
	if moved < 100 {
		t.Errorf("%d slots moved, want 100 at least", moved)
	}
	select {
	case what := <-h.answers:
		t.Fatalf("one who holds was answered while slots moved: %s", what)
	default:
	}
	h.resumeAll()
	for range *holdsOfProof {
		select {
		case what := <-h.answers:
			if what != "" {
				t.Error(what)
			}
		case <-time.After(time.Minute):
			n.showLogs()
			t.Fatal("somebody who holds was never answered")
		}
	}
	if _, failed, again, _, what := n.seen.counts(); failed+again > 0 {
		t.Errorf("%d requests failed while slots moved as planned, the last: %s", failed+again, what)
	}
	if t.Failed() {
		n.showLogs()
	}
}

func tenantOfHold(i int) string { return fmt.Sprintf("holds-%d", i%holdingTenants) }

// holding is many who hold waits.
type holding struct {
	*nodes
	answers chan string // what was wrong with one, "" is nothing
}

// holdFor is long enough for all of it, in seconds.
const holdFor = 300

// hold holds a wait until it is answered.
func (h *holding) hold(i int) {
	ctx, stop := context.WithTimeout(h.t.Context(), holdFor*time.Second)
	defer stop()
	body := fmt.Sprintf(`{"source":"payments","conversation_key":"h%d","timeout_seconds":%d,"mode":"hold"}`, i, holdFor)
	a, err := h.all[i%len(h.all)].Admin().Do(ctx, http.MethodPost, "/v1/tenants/"+tenantOfHold(i)+"/waits", []byte(body))
	var w gatewaytest.Wait
	switch {
	case err != nil:
		h.answers <- fmt.Sprintf("h%d: %v", i, err)
	case a.Status != 200 || json.Unmarshal(a.Body, &w) != nil || w.State != "resumed" || w.Callback == nil || string(w.Callback.Body) != callbackOfHold(i):
		h.answers <- fmt.Sprintf("h%d was answered %s", i, a)
	default:
		h.answers <- ""
	}
}

func callbackOfHold(i int) string { return fmt.Sprintf(`{"conversation_key":"h%d","n":%[1]d}`, i) }

// open waits until all of them wait.
func (h *holding) open() {
	h.t.Helper()
	program.Eventually(h.t, 2*time.Minute, func() error {
		open := 0
		for i := range holdingTenants {
			for cursor := ""; ; {
				var page struct {
					Data []struct{} `json:"data"`
					Next *string    `json:"next_cursor"`
				}
				h.all[0].Admin().Must(h.t, []int{200}, http.MethodGet, "/v1/tenants/"+tenantOfHold(i)+"/waits?state=waiting&limit=1000&cursor="+cursor, nil).Decode(h.t, &page)
				if open += len(page.Data); page.Next == nil {
					break
				}
				cursor = *page.Next
			}
		}
		select {
		case what := <-h.answers:
			h.t.Fatalf("one who holds was answered: %s", what)
		default:
		}
		if open < *holdsOfProof {
			return fmt.Errorf("%d of %d wait", open, *holdsOfProof)
		}
		return nil
	})
}

// resumeAll sends each callback to any node, some at once.
func (h *holding) resumeAll() {
	var all sync.WaitGroup
	next := make(chan int)
	for range 16 {
		all.Go(func() {
			for i := range next {
				a, err := h.all[rand.IntN(len(h.all))].Sender().Do(h.t.Context(), http.MethodPost, "/hooks/"+tenantOfHold(i)+"/payments", []byte(callbackOfHold(i)))
				if err != nil || a.Status != 200 || a.Field("outcome") != "resumed" {
					h.t.Errorf("the callback of h%d was answered %s, %v", i, a, err)
				}
			}
		})
	}
	for i := range *holdsOfProof {
		next <- i
	}
	close(next)
	all.Wait()
}
