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
	for i := range 2 * fetchesOfNewcomers {
		client := netip.AddrFrom4([4]byte{192, 0, byte(i), 1})
		if a.take(client, now.Add(-time.Duration(i)*time.Millisecond)) {
			taken++
		}
	}
	if taken != fetchesOfNewcomers {
		t.Errorf("%d fetches, want %d", taken, fetchesOfNewcomers)
	}
}

// Strangers of a few blocks, who take all that they get, leave a fetch for a block that
// had none; of however many blocks they are, they leave those of one that has verified.
func TestAllowanceAmongStrangers(t *testing.T) {
	var a allowance
	now := time.Now()
	block := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, byte(i >> 8), byte(i), 1}) }
	strangers := func(blocks int) (taken int) {
		for i := range blocks {
			for range 2 * fetchesOfBlock {
				if a.take(block(i), now) {
					taken++
				}
			}
		}
		return taken
	}
	provider, other := netip.MustParseAddr("173.0.81.1"), netip.MustParseAddr("173.0.82.1")
	if taken := strangers(fetchesOfNewcomers / 2); taken > fetchesOfNewcomers {
		t.Errorf("strangers made %d fetches, want at most %d", taken, fetchesOfNewcomers)
	}
	if !a.take(provider, now) {
		t.Error("strangers of some blocks leave nothing for the provider")
	}
	a.proved(provider)
	if strangers(2 * fetchesOfNewcomers); a.take(other, now) {
		t.Error("there is no end of fetches for strangers")
	}
	for range fetchesOfBlock - 1 { // it had one
		if !a.take(provider, now) {
			t.Error("strangers leave nothing for a block that has verified")
		}
	}
	if a.take(provider, now) {
		t.Errorf("a block that has verified has more than %d fetches", fetchesOfBlock)
	}
	for i := range 10 * mostProved {
		a.proved(block(i))
	}
	if len(a.good) > mostProved {
		t.Errorf("%d blocks are remembered, want at most %d", len(a.good), mostProved)
	}
}
