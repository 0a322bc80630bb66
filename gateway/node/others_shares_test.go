package node

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/configs"
)

// What one tenant sends through a node that does not decide it is counted as its own by the one
// that does. It was that of the node that passed it on: a few large calls of a slow backend had
// all of its memory for bodies, and everybody's requests, and what nodes ask each other, were
// refused.
func TestBodiesThatArePassedOnAreTheirTenants(t *testing.T) {
	w := newTown(t, 2, func(c *configs.Config) { c.Bounds.Bodies = 16 << 20 })
	owner, other := w.nodes[0], w.nodes[1]
	came, ends := make(chan struct{}, 3), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came <- struct{}{}; <-ends }))
	t.Cleanup(backend.Close)
	for _, tenant := range []string{"greedy", "modest"} {
		owner.must(t, 201, "PUT", "/v1/tenants/"+tenant, `{}`)
	}
	owner.must(t, 201, "PUT", "/v1/tenants/greedy/webhooks/slow", fmt.Sprintf(`{"url":"%s/","timeout":"60s"}`, backend.URL))
	owner.must(t, 201, "PUT", "/v1/tenants/modest/sources/pay", `{"verify":{"type":"none"}}`)
	w.known(t)
	token := owner.must(t, 201, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"greedy"}`).get("token")
	w.known(t)
	large := `{"variables":{"x":"` + strings.Repeat("x", 1000<<10) + `"}}`
	var calls sync.WaitGroup
	defer calls.Wait()
	defer close(ends)
	for _, through := range []*citizen{other, other, owner} {
		calls.Go(func() {
			through.ask(t, "POST", "/v1/tenants/greedy/webhooks/slow/call", large, "Authorization", "Bearer "+token)
		})
		select {
		case <-came:
		case <-time.After(30 * time.Second):
			t.Fatal("the backend is not asked")
		}
	}
	other.must(t, 201, "POST", "/v1/tenants/modest/waits", `{"source":"pay","conversation_key":"k","mode":"poll","timeout_seconds":60}`)
	_, bodies := owner.server.Bodies()
	if held := bodies.Held("greedy"); held < 5<<20 {
		t.Errorf("the tenant has %d bytes of the owner's memory for bodies", held)
	}
}
