package directory_test

import (
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// Whoever asks chooses the value of the field that a handshake says again: none that
// steers browsers, proxies or others of the host has such a name.
func TestHandshakesSteerNobody(t *testing.T) {
	for name, want := range map[string]bool{
		"X-Hook-Secret": true, "X-Hub-Challenge": true,
		"X-Accel-Redirect": false, "Set-Login": false, "refresh": false, "Link": false, "Access-Control-Allow-Origin": false,
		"Clear-Site-Data": false, "Alt-Svc": false, "X-Sendfile": false, strings.Repeat("X", 257): false,
	} {
		spec := read[gateway.Source](t, `{"handshake":{"type":"echo","in":"header","name":"`+name+`","respond":"header"},"verify":{"type":"none"}}`)
		_, faults := directory.CompileSource(gateway.Meta{ID: "asana"}, spec, strict)
		if (len(faults) == 0) != want || !want && (len(faults) != 1 || faults[0].Path != "handshake.name") {
			t.Errorf("%.20s: %v", name, faults)
		}
	}
}
