package outbound

import (
	"context"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/retry"
)

// Reasons for which an endpoint is disabled.
const (
	disabledGone    = "gone"    // it answered 410
	disabledFailing = "failing" // nothing but failures for disable_after
)

// judge learns from an attempt how the endpoint is, and gives the reason if it is
// to be disabled: from then on it gets nothing new. The platform never is, as
// endpoint or as a relay's upstream: nobody would hear of it.
func (l *Lanes) judge(a *attempt, o retry.Outcome, now time.Time) (reason string) {
	n := a.lane
	if n.key.Endpoint == gateway.PlatformEndpoint || a.target.Relay != nil {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &n.status
	switch {
	case o == retry.Success:
		if !s.FailingSince.IsZero() {
			s.FailingSince, n.dirty = time.Time{}, true
		}
	case s.DisabledReason != "":
	case a.answer != nil && a.answer.Status == statusGone:
		reason = disabledGone
	case s.FailingSince.IsZero():
		s.FailingSince, n.dirty = now, true
	case a.target.DisableAfter > 0 && now.Sub(s.FailingSince) >= a.target.DisableAfter:
		reason = disabledFailing
	}
	if reason != "" {
		s.DisabledReason = reason
	}
	return reason
}

// disable makes a disablement durable, with the notice of it.
func (l *Lanes) disable(ctx context.Context, n *lane, reason string) {
	l.log.Warn("endpoint disabled", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "reason", reason)
	l.insist(ctx, n, "status", func() error { return l.writeStatus(n, true) })
	var data gateway.Raw
	if l.options.Describe != nil {
		data = l.options.Describe(n.key.Tenant, n.key.Endpoint)
	}
	notice := gateway.DisabledNotice(n.key, reason, data, l.now().Round(0))
	p := gateway.Publication{Events: []gateway.Event{notice.Event}}
	told := l.options.Targets(n.key.Tenant, gateway.PlatformEndpoint) != nil
	if told {
		p.Deliveries = []gateway.Delivery{notice.Delivery}
	}
	if l.insist(ctx, n, "notice", func() error { return l.queue.Accept(&p) }) && told {
		l.Wake(gateway.LaneKey{Tenant: n.key.Tenant, Endpoint: gateway.PlatformEndpoint}, placeOf(&notice.Delivery))
	}
}

// insist writes something, again and again until it is written or we stop.
func (l *Lanes) insist(ctx context.Context, n *lane, what string, write func() error) bool {
	for pause := storeRest; ; pause = min(2*pause, 10*storeRest) {
		err := write()
		if err == nil {
			return true
		}
		if !background.Sleep(ctx, pause) {
			l.log.Error("a disabled endpoint's "+what+" was not written", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
			return false
		}
	}
}
