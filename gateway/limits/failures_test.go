package limits

import (
	"net/netip"
	"testing"
	"time"
)

func TestFailures(t *testing.T) {
	var f Failures
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	at := Key{Tenant: "bot"}
	one := netip.MustParseAddr("2001:db8::1")
	for i := range failuresPerMinute {
		if again, _ := f.Count(at, one, now.Add(time.Duration(i)*time.Millisecond)); again != 0 {
			t.Fatalf("failure %d must wait %s", i+1, again)
		}
	}
	if again, _ := f.Count(at, netip.MustParseAddr("2001:db8::ffff"), now.Add(10*time.Second)); again != 50*time.Second {
		t.Errorf("its neighbour of the same /64 must wait %s", again)
	}
	for what, key := range map[string]struct {
		at     Key
		client netip.Addr
	}{
		"another place":   {Key{Tenant: "site"}, one},
		"another network": {at, netip.MustParseAddr("2001:db8:0:1::1")},
		"IPv4":            {at, netip.MustParseAddr("192.0.2.1")},
	} {
		if again, _ := f.Count(key.at, key.client, now); again != 0 {
			t.Errorf("%s must wait %s", what, again)
		}
	}
	if again, _ := f.Count(at, one, now.Add(time.Minute)); again != 0 {
		t.Errorf("in the next minute it must wait %s", again)
	}
}

func TestFailuresAreBounded(t *testing.T) {
	var f Failures
	now := time.Now()
	for i := range mostFailing + 10 {
		again, tell := f.Count(Key{}, netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
		if is := again > 0; is != (i >= mostFailing) {
			t.Fatalf("address %d must wait %s", i, again)
		}
		if tell != (i < mostTold) {
			t.Fatalf("address %d is told: %v", i, tell)
		}
	}
	if len(f.of) != mostFailing {
		t.Errorf("%d addresses are remembered", len(f.of))
	}
	if _, tell := f.Count(Key{}, netip.AddrFrom4([4]byte{192, 0, 2, 1}), now.Add(time.Minute)); !tell || len(f.of) != 1 {
		t.Errorf("in the next minute: told %v, %d addresses", tell, len(f.of))
	}
}

// A failure that began before the minute did, for its body was slow, counts in this
// minute and begins none anew.
func TestFailuresOfSlowRequests(t *testing.T) {
	var f Failures
	now, client := time.Now(), netip.MustParseAddr("192.0.2.1")
	free := 0
	for i := range 3 * failuresPerMinute {
		at := now.Add(-time.Duration(i) * time.Millisecond) // each began before the one that ended before it
		if again, _ := f.Count(Key{}, client, at); again == 0 {
			free++
		}
	}
	if free != failuresPerMinute {
		t.Errorf("%d failures in a minute, want %d", free, failuresPerMinute)
	}
}
