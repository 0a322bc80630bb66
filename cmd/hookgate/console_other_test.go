package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// at gives the browser as it asks another node, with its cookies.
func (b *browser) at(p *program.Program) *browser {
	other := *b
	other.base = p.Internal
	return &other
}

// Behind a balancer each page comes from another node: who signed in at one is signed in at
// all, at once; a link that was made at one opens at another, and once in all.
func TestConsoleSessionsOfAllNodes(t *testing.T) {
	t.Parallel()
	nodes := fleet(t, oneSource, oneSource)
	first, second := nodes[0], nodes[1]
	for range 5 {
		for _, p := range nodes {
			b := signedIn(t, p, program.AdminToken)
			for _, other := range nodes {
				b.at(other).want(200, "/console")
			}
			if got := b.at(second).post("/console/logout", url.Values{}); got.status != http.StatusSeeOther {
				t.Fatalf("signing out: %d %s", got.status, got.text)
			}
		}
	}
	for i := range 6 {
		makes, opens := nodes[i%2], nodes[(i+1)%2]
		link := makes.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/portal-links", `{"pages":["deliveries"]}`).Field("url")
		path := link[strings.Index(link, "/portal/"):]
		newBrowser(t, opens.Internal).want(200, path).has(t, "Open the portal of acme")
		var all sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for _, p := range []*program.Program{first, second, first, second} {
			b := newBrowser(t, p.Internal)
			all.Go(func() {
				got := b.post(path, url.Values{})
				mu.Lock()
				statuses[got.status]++
				mu.Unlock()
				if got.status == http.StatusSeeOther {
					for _, other := range nodes {
						if page := b.at(other).get("/portal/tenants/acme/deliveries"); page.status != http.StatusOK {
							t.Errorf("the portal at another node: %d %s", page.status, page.text)
						}
					}
				}
			})
		}
		if all.Wait(); statuses[http.StatusSeeOther] != 1 || statuses[http.StatusGone] != 3 {
			t.Errorf("a link that four open at once at two nodes is answered %v", statuses)
		}
	}
}
