package pebblestore

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// TestDeadEndpointCostsNoMore: blocks go on naming what died, and a list of an endpoint of
// which all is dead does not look at each of them.
func TestDeadEndpointCostsNoMore(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	at := time.Now().Add(-time.Hour)
	for i := range 200 {
		at = at.Add(time.Millisecond)
		p := published(at, 1)
		d := &p.Deliveries[0]
		if i%2 == 0 {
			d.Endpoint = "broken"
		}
		must(t, s.Accept(p))
		if d.State, d.EndedAt = gateway.DeliverySucceeded, at; i%2 == 0 {
			d.State = gateway.DeliveryDead
		}
		must(t, s.Settle(d, nil))
	}
	must(t, postBlocks(s.engine, &s.later.deliveries))
	const rows = 100
	left, seen := 0, 0
	_, err := s.look(store.Query{Tenant: "acme", Endpoint: "broken", Rows: rows}, gateway.PrefixDelivery, func(l *list) (string, error) {
		all, err := s.asked(l)
		must(t, err)
		next, err := l.run(all, func(byte, ulid.ULID, []byte) (bool, error) { seen++; return seen < 3, nil })
		left = l.look.left
		return next, err
	})
	must(t, err)
	if looked := rows - left; seen != 3 || looked > 15 {
		t.Errorf("%d were seen after a look at %d", seen, looked)
	}
}
