package publishing

import (
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

func TestRelayWindow(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		0: 24 * time.Hour, -1: 24 * time.Hour, time.Minute: time.Minute, 8 * 24 * time.Hour: gateway.MaxMarkAge,
	} {
		var r relay
		if r.begin(RelayRequest{Tenant: &directory.Tenant{}, Window: asked}, time.Now()); r.Window != want {
			t.Errorf("asked for %s: %s, want %s", asked, r.Window, want)
		}
	}
}
