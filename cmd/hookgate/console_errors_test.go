package main

import (
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// The page of an endpoint says its last error, with the attempt; requests that were refused are
// listed together, whatever was wrong with each.
func TestConsoleErrors(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	w.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", map[string]any{"conversation_key": "early-bird"}, sourceToken)
	refused := w.refused()
	list := b.want(200, in+"/sources/payments/requests?outcome=refused")
	list.has(t, "not verified")
	if all := b.want(200, in+"/sources/payments/requests"); !strings.Contains(list.text, "/requests/"+refused) || !strings.Contains(list.text, "<b>all refused</b>") ||
		!strings.Contains(all.text, "</span> parked</span>") || strings.Contains(list.text, "</span> parked</span>") {
		t.Errorf("refused are listed\n%s\nof all\n%s", list.text, all.text)
	}
	if got := b.want(422, in+"/sources/payments/requests?outcome=refusd"); got.wrongAt("outcome") == "" {
		t.Error("a slip is not told at the filter")
	}
	var dead struct {
		Data []struct{ ID, Endpoint string }
	}
	w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/deliveries?state=dead&limit=1", nil).Decode(t, &dead)
	if len(dead.Data) == 0 {
		t.Fatal("nothing has failed")
	}
	page := b.want(200, in+"/endpoints/"+dead.Data[0].Endpoint)
	page.has(t, "Last error", "503, 5xx, attempt 2 of")
	if there := b.want(200, in+"/deliveries/"+dead.Data[0].ID); !strings.Contains(page.text, "/deliveries/"+dead.Data[0].ID+`#attempt-2"`) || !strings.Contains(there.text, `id="attempt-2"`) {
		t.Errorf("it leads nowhere:\n%s", page.text)
	}
}
