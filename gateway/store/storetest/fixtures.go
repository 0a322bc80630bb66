package storetest

import (
	"fmt"
	"time"

	"hookgate/gateway"
)

// openWait makes an open wait as of now.
func (k *kit) openWait(tenant, key string) *gateway.Wait {
	return &gateway.Wait{
		ID: gateway.NewID(gateway.PrefixWait, k.now), Tenant: tenant, Source: "payments", ConversationKey: key,
		State: gateway.StateWaiting, Mode: gateway.ModeHold, CreatedAt: k.now, ExpiresAt: k.now.Add(time.Minute),
	}
}

// fullWait has every member set.
func (k *kit) fullWait(tenant, key string) *gateway.Wait {
	w := k.ended(k.openWait(tenant, key), gateway.StateResumed, "")
	w.Aliases = []string{"pi_1", "über"}
	w.Branch, w.Match = gateway.Success, "paid"
	w.Variables, w.Context = gateway.Raw(`{"amount":1200}`), gateway.Raw(`{"step":"7"}`)
	w.OwnMatch, w.OwnVariables = gateway.Raw(`[]`), gateway.Raw(`[{"name":"amount"}]`)
	w.Callback = k.callback()
	w.Span = span(9)
	return w
}

// span is a place in a trace, linked with another.
func span(n byte) *gateway.SpanContext {
	c := &gateway.SpanContext{Flags: 1, State: "congo=t61rcWkgMzE"}
	c.Trace[15], c.Span[7] = n, n
	return c.Linked(&gateway.SpanContext{Trace: [16]byte{n}, Span: [8]byte{n}})
}

// ended gives the wait as it stands when it ends now.
func (k *kit) ended(w *gateway.Wait, state gateway.WaitState, reason string) *gateway.Wait {
	e := *w
	e.State, e.Reason, e.EndedAt = state, reason, k.now
	return &e
}

func (k *kit) callback() *gateway.TakenCallback {
	return &gateway.TakenCallback{
		ID: gateway.NewID(gateway.PrefixCallback, k.now), ReceivedAt: k.now,
		ContentType: "application/json", Body: gateway.Raw(`{"type":"paid","text":"ünïcode \u0000"}`),
	}
}

func (k *kit) parked(tenant, key string, ttl time.Duration) *gateway.Parked {
	return &gateway.Parked{
		Tenant: tenant, Source: "payments", Key: key, Expires: k.now.Add(ttl),
		Marks: []gateway.MarkKey{markKey("one"), markKey("two")}, Window: 24 * time.Hour,
		Callback: *k.callback(), Kind: 2, Header: []gateway.HeaderField{{Name: "Stripe-Version", Value: "1"}, {Name: "X-Empty"}}, Query: "a=b",
		Aliases: []string{"pi_1", "cus_1"},
	}
}

func markKey(of string) gateway.MarkKey {
	return gateway.NewMarkKey(gateway.MarkDelivery, []byte(of))
}

func (k *kit) mark(tenant, of string, lives time.Duration) gateway.Mark {
	return gateway.Mark{
		Tenant: tenant, Key: markKey(of), CallbackID: gateway.NewID(gateway.PrefixCallback, k.now),
		WaitID: gateway.NewID(gateway.PrefixWait, k.now), Sum: markKey("body"), Expires: k.now.Add(lives),
	}
}

func (k *kit) trace(tenant, key, id string) gateway.Trace {
	return gateway.Trace{Tenant: tenant, Key: key, At: k.now, Kind: "callback", ID: id, Data: gateway.Raw(fmt.Sprintf(`{"n":%q}`, id))}
}

func (k *kit) notice(tenant string) *gateway.Notice {
	n := gateway.WaitNotice(k.ended(k.openWait(tenant, "42"), gateway.StateTimedOut, gateway.ReasonTimeout), k.now)
	return n
}

func (k *kit) attempt(n, status int) *gateway.Attempt {
	return &gateway.Attempt{Number: n, At: k.now, Duration: 31 * time.Millisecond, Status: status, Error: "5xx", Detail: "in words", Address: "93.184.215.14:443",
		RequestHeaders: [][2]string{{"Content-Type", "application/json"}, {"X-Own", gateway.Masked}}, ResponseHeaders: [][2]string{{"Date", "today"}, {"x-odd", ""}},
		ResponseBody: []byte("no \x00 luck")}
}

// publish stores a notice and gives its delivery.
func (k *kit) publish(tenant string) *gateway.Delivery {
	k.Helper()
	n := k.notice(tenant)
	k.commit(&gateway.Change{Notice: n})
	return &n.Delivery
}

// placeOf is where a delivery stands in its window.
func placeOf(d *gateway.Delivery) gateway.Due {
	return gateway.Due{ID: d.ID, At: d.NextAttemptAt, Conversation: gateway.ConversationHash(d.ConversationKey), Lent: d.Lent != nil}
}

// settle writes down the n-th attempt of a delivery, and how it stands then.
func (k *kit) settle(d *gateway.Delivery, state gateway.DeliveryState, next time.Time) {
	k.Helper()
	d.Attempts++
	d.State, d.NextAttemptAt = state, next
	if state.Ended() {
		d.NextAttemptAt, d.EndedAt = time.Time{}, k.now
	}
	k.must(k.Settle(d, k.attempt(d.Attempts, 500)))
}

func allWaits(*gateway.Wait) bool          { return true }
func allDeliveries(*gateway.Delivery) bool { return true }

var platform = gateway.LaneKey{Tenant: acme, Endpoint: gateway.PlatformEndpoint}
