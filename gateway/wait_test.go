package gateway_test

import (
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// What is reserved for a wait is enough for it, and not twice as much.
func TestSizeOfAWait(t *testing.T) {
	odd := strings.Repeat("\x01", 256)
	at := time.Now()
	w := gateway.Wait{
		ID: gateway.NewID(gateway.PrefixWait, at), Tenant: "acme", Source: "payments", ConversationKey: odd, Aliases: []string{odd, odd},
		State: gateway.StateCancelled, Branch: gateway.Failure, Match: odd, Reason: gateway.ReasonCallFailed, Mode: gateway.ModeNotify,
		Variables: gateway.Raw(`{"a":"` + strings.Repeat("v", 10<<10) + `"}`), Context: gateway.Raw(`"c"`),
		Callback: &gateway.TakenCallback{
			ID: gateway.NewID(gateway.PrefixCallback, at), ReceivedAt: at, ContentType: odd, Body: gateway.Raw(`"` + strings.Repeat("b", 10<<10) + `"`),
		},
		CreatedAt: at, ExpiresAt: at, EndedAt: at,
	}
	if n := len(w.AppendJSON(nil)); w.SizeJSON() < n || w.SizeJSON() > n+512 {
		t.Errorf("it takes %d bytes, said %d", n, w.SizeJSON())
	}
	if n := len((&gateway.Wait{}).AppendJSON(nil)); (&gateway.Wait{}).SizeJSON() < n {
		t.Errorf("an empty one takes %d bytes, said %d", n, (&gateway.Wait{}).SizeJSON())
	}
}
