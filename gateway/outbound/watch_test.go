package outbound_test

import (
	"testing"
	"testing/synctest"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
)

// An endpoint that the file names has no lane before its first delivery, unless it has yet
// to prove itself.
func TestWatchedEndpointWithoutADeliveryHasNoLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(204))
		defer w.stop()
		lanes := func() (n int) {
			w.lanes.Stats(func(outbound.Stat) { n++ })
			return n
		}
		w.lanes.Watch("acme", "crm")
		if n := lanes(); n != 0 {
			t.Errorf("%d lanes of an endpoint that proves nothing", n)
		}
		proves := *w.target
		proves.Proof = gateway.NewMarkKey(gateway.MarkProof, []byte("url"), []byte("token"))
		w.setTarget(&proves)
		w.lanes.Watch("acme", "crm")
		if n := lanes(); n != 1 {
			t.Errorf("%d lanes of an endpoint that has to prove itself", n)
		}
	})
}
