package signature

import (
	"net/netip"
	"testing"
	"time"
)

// A request that began before the window did, for its body was slow, begins none anew.
func TestAllowanceOfSlowRequests(t *testing.T) {
	var a allowance
	now, taken := time.Now(), 0
	for i := range 3 * fetchesOfSource {
		client := netip.AddrFrom4([4]byte{192, 0, byte(i), 1})
		if a.take(client, now.Add(-time.Duration(i)*time.Millisecond)) {
			taken++
		}
	}
	if taken != fetchesOfSource {
		t.Errorf("%d fetches, want %d", taken, fetchesOfSource)
	}
}
