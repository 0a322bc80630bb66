package gateway_test

import (
	"testing"
	"time"

	"hookgate/gateway"
)

// A callback tells of the end of its wait where who reads the wait's line finds it, and
// nowhere else.
func TestCallbackEndsWait(t *testing.T) {
	day := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		change func(*gateway.Wait, *gateway.Callback)
		want   bool
	}{
		"as ever":               {func(*gateway.Wait, *gateway.Callback) {}, true},
		"waited for its turn":   {func(_ *gateway.Wait, c *gateway.Callback) { c.ReceivedAt = c.ReceivedAt.Add(-30 * time.Second) }, true},
		"under another name":    {func(_ *gateway.Wait, c *gateway.Callback) { c.ConversationKey = "43" }, false},
		"at another source":     {func(_ *gateway.Wait, c *gateway.Callback) { c.Source = "forms" }, false},
		"of another callback":   {func(w *gateway.Wait, _ *gateway.Callback) { w.Callback.ID = "cb_2" }, false},
		"of none":               {func(w *gateway.Wait, _ *gateway.Callback) { w.Callback = nil }, false},
		"was there long before": {func(_ *gateway.Wait, c *gateway.Callback) { c.ReceivedAt = c.ReceivedAt.Add(-2 * time.Minute) }, false},
		"long after":            {func(_ *gateway.Wait, c *gateway.Callback) { c.ReceivedAt = c.ReceivedAt.Add(10 * time.Minute) }, false},
		"of an extended wait":   {func(w *gateway.Wait, _ *gateway.Callback) { w.ExpiresAt = w.CreatedAt.Add(time.Hour) }, false},
		"of the day before": {func(w *gateway.Wait, c *gateway.Callback) {
			w.CreatedAt, w.ExpiresAt, c.ReceivedAt = day, day.Add(time.Minute), day.Add(-time.Second)
		}, false},
	} {
		at := day.Add(time.Hour)
		w := &gateway.Wait{
			ID: "wait_1", Tenant: "acme", Source: "payments", ConversationKey: "42", State: gateway.StateResumed, Branch: gateway.Success,
			Match: "paid", Callback: &gateway.TakenCallback{ID: "cb_1"}, CreatedAt: at, ExpiresAt: at.Add(time.Minute), EndedAt: at.Add(2 * time.Second),
		}
		one := gateway.Callback{ID: "cb_1", Tenant: "acme", Source: "payments", Outcome: gateway.OutcomeResumed, ConversationKey: "42", WaitID: "wait_1", ReceivedAt: at.Add(time.Second)}
		c.change(w, &one)
		if got := one.Ends(w); got != c.want {
			t.Errorf("%s: %t", name, got)
		} else if got && string(one.WaitLine().Data) != string(w.Line().Data) {
			t.Errorf("%s: %s, want %s", name, one.WaitLine().Data, w.Line().Data)
		}
	}
}
