package pgstore

import (
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// TestExtent has tenants with much and with little: each has about what its rows take with
// their indexes, all of them together what the tables have, and one that is deleted nothing.
// What was written since is told apart until it is looked at anew.
func TestExtent(t *testing.T) {
	o := options(server(t))
	now := at
	o.Now = func() time.Time { return now }
	s := mustOpen(t, o)
	publish := func(tenant string, n int) {
		p := &gateway.Publication{}
		for range n {
			one := aPublication(tenant, now)
			one.Events[0].Body = gateway.Raw(`"` + strings.Repeat(one.Events[0].ID, 100) + `"`)
			p.Events, p.Deliveries = append(p.Events, one.Events...), append(p.Deliveries, one.Deliveries...)
		}
		must(t, s.Accept(p))
	}
	publish("much", 900)
	publish("little", 100)
	extent := func(tenant string) int64 {
		t.Helper()
		bytes, err := s.Extent(tenant)
		must(t, err)
		return bytes
	}
	much, little := extent("much"), extent("little")
	if ratio := float64(much) / float64(little); ratio < 8 || ratio > 10 {
		t.Errorf("nine times as much is %d and %d bytes", much, little)
	}
	if body := int64(900 * 1000); much < body || much > 10*body {
		t.Errorf("900 events of 3 KB, compressed, with their indexes are %d bytes", much)
	}
	if left := s.Unflushed(); left != 0 {
		t.Errorf("%d bytes were written since", left)
	}
	publish("little", 800)
	if extent("little") != little || s.Unflushed() < 800*3000 {
		t.Errorf("%d bytes before it is looked at anew, and %d since", extent("little"), s.Unflushed())
	}
	now = now.Add(sampledFor)
	if ratio := float64(extent("much")) / float64(extent("little")); ratio < 0.9 || ratio > 1.1 {
		t.Errorf("as much is %d and %d bytes", extent("much"), extent("little"))
	}
	must(t, s.DeleteTenant("much"))
	now = now.Add(sampledFor)
	if got := extent("much"); got != 0 {
		t.Errorf("one that was deleted has %d bytes", got)
	}
}
