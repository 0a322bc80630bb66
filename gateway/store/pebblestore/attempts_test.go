package pebblestore

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// Of a delivery that is tried for ever as many attempts lie on the disk as are ever shown.
func TestAttemptsAreBounded(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	a := crowd(time.Now(), 1)
	must(t, s.Accept(a))
	d := a.Deliveries[0]
	for range 2*mostAttempts.Most + 7 {
		d.Attempts++
		d.State, d.NextAttemptAt = gateway.DeliveryRetrying, time.Now()
		must(t, s.Settle(&d, &gateway.Attempt{Number: d.Attempts, At: time.Now(), Status: 500}))
	}
	lies := 0
	for _, kind := range []byte{kindAttempt, kindKeptAttempt} {
		prefix := appendPrefix(nil, kind, d.Tenant)
		it, err := iterOf(s.db, prefix, pastPrefix(prefix))
		must(t, err)
		for more := it.First(); more; more = it.Next() {
			lies++
		}
		must(t, it.Close())
	}
	if lies != mostAttempts.Most {
		t.Errorf("%d attempts lie on the disk, want %d", lies, mostAttempts.Most)
	}
	_, list, err := s.Delivery(d.Tenant, d.ID)
	if must(t, err); len(list) != mostAttempts.Most || list[len(list)-1].Number != d.Attempts {
		t.Errorf("%d attempts are shown", len(list))
	}
	mustClose(t, s)
}
