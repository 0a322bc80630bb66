package pgstore

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
)

// TestAsksTogether asks for many things at once: each gets its own answer.
func TestAsksTogether(t *testing.T) {
	o := options(server(t))
	o.Now = func() time.Time { return at }
	s := mustOpen(t, o)
	tenant := tenantOf(0)
	p := newPromise()
	for i := range 100 {
		p.own(&gateway.OwnKey{Tenant: tenant, Key: fmt.Sprint(2 * i)}, at)
		p.mark(&gateway.Mark{Tenant: tenant, Key: gateway.NewMarkKey(gateway.MarkBody, []byte{byte(i)}), CallbackID: fmt.Sprint(i), Expires: at.Add(time.Hour)})
	}
	must(t, s.write(p))
	var done sync.WaitGroup
	for i := range 100 {
		done.Go(func() {
			m, found, err := s.Mark(tenant, gateway.NewMarkKey(gateway.MarkBody, []byte{byte(i)}), time.Hour)
			if err != nil || !found || m.CallbackID != fmt.Sprint(i) {
				t.Errorf("mark %d: %+v, %v, %v", i, m, found, err)
			}
			if _, found, err := s.Mark(tenant, gateway.NewMarkKey(gateway.MarkDelivery, []byte{byte(i)}), time.Hour); err != nil || found {
				t.Errorf("a mark that is not there: %v, %v", found, err)
			}
			own, err := s.Own(tenant, []string{fmt.Sprint(i), fmt.Sprint(i + 1), "x"})
			if err != nil || !slices.Equal(own, []bool{i%2 == 0, i%2 == 1, false}) && i < 99 {
				t.Errorf("own keys %d: %v, %v", i, own, err)
			}
		})
	}
	done.Wait()
}
