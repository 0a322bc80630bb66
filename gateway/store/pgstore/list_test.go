package pgstore

import (
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// Who visits a list may read, as a list of events does for the deliveries of each: the list
// holds no connection meanwhile. It reads what is large a piece at a time, and all of it.
func TestListsHoldNoConnection(t *testing.T) {
	const events, tenant = 100, "acme"
	o := options(server(t))
	o.Connections = writing + 2 // one reads
	s := mustOpen(t, o)
	for range events {
		p := aPublication(tenant, time.Now())
		p.Events[0].Body = gateway.Raw(`"` + strings.Repeat("x", pageBytes/20) + `"`)
		must(t, s.Accept(p))
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			seen := map[string]bool{}
			next, err := s.Events(store.Query{Tenant: tenant}, func(v *gateway.Event) (more bool) {
				one, err := s.EventAlone(tenant, v.ID)
				if err != nil || len(one.Body) != len(v.Body) || seen[v.ID] {
					t.Errorf("%s, seen before: %t: %v", v.ID, seen[v.ID], err)
				}
				seen[v.ID] = true
				return err == nil
			})
			if err != nil || next != "" || len(seen) != events {
				t.Errorf("%d of %d events, to go on at %q: %v", len(seen), events, next, err)
			}
		})
	}
	all.Wait()
}
