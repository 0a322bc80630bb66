package outbound

import (
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
func (c *carrier) judge(a *attempt, o retry.Outcome, now time.Time) (reason string) {
	if a.lane.key.Endpoint == gateway.PlatformEndpoint || a.target.Relay != nil {
		return ""
	}
	gone := a.answer != nil && a.answer.Status == statusGone
	return a.lane.standing.judge(o == retry.Success, gone, a.target.DisableAfter, now)
}

// judge takes in how an attempt went. Failures that go on for so long (0: for ever)
// disable an endpoint, as does a 410.
func (s *standing) judge(success, gone bool, after time.Duration, now time.Time) (reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	failing := &s.status.FailingSince
	switch {
	case success:
		if !failing.IsZero() {
			*failing, s.dirty = time.Time{}, true
		}
	case s.status.DisabledReason != "":
	case gone:
		reason = disabledGone
	case failing.IsZero():
		*failing, s.dirty = now, true
	case after > 0 && now.Sub(*failing) >= after:
		reason = disabledFailing
	}
	if reason != "" {
		s.status.DisabledReason = reason
	}
	return reason
}

// disable makes a disablement durable, with the notice of it.
func (c *carrier) disable(n *lane, reason string) {
	c.log.Warn("endpoint disabled", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "reason", reason)
	c.insist(n, "status", func() error { return c.statuses.write(n) })
	n.watched.switched(reason)
	var data gateway.Raw
	if c.options.Describe != nil {
		data = c.options.Describe(n.key.Tenant, n.key.Endpoint)
	}
	notice := gateway.DisabledNotice(n.key, reason, data, c.schedule.now().Round(0))
	p := gateway.Publication{Events: []gateway.Event{notice.Event}}
	if c.options.Targets(n.key.Tenant, gateway.PlatformEndpoint) != nil {
		p.Deliveries = []gateway.Delivery{notice.Delivery}
	}
	c.insist(n, "notice", func() error { return c.options.Announce(&p) })
}

// insist writes something, again and again until it is written or we stop.
func (c *carrier) insist(n *lane, what string, write func() error) {
	for pause := storeRest; ; pause = min(2*pause, 10*storeRest) {
		err := write()
		if err == nil {
			return
		}
		if !background.Sleep(n.ctx, pause) {
			c.log.Error("a disabled endpoint's "+what+" was not written", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
			return
		}
	}
}
