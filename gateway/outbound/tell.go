package outbound

import (
	"log/slog"

	"hookgate/gateway"
)

// tell writes the one line of an attempt. Successes are for who looks closely:
// they are counted anyway.
func (c *carrier) tell(a *attempt, d *gateway.Delivery, made *gateway.Attempt) {
	level := slog.LevelDebug
	switch d.State {
	case gateway.DeliveryRetrying:
		level = slog.LevelInfo
	case gateway.DeliveryDead:
		level = slog.LevelWarn
	}
	if !c.log.Enabled(a.lane.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("tenant", d.Tenant), slog.String("endpoint", d.Endpoint), slog.String("delivery_id", d.ID),
		slog.String("event_id", a.events[0].ID), slog.Int("attempt", made.Number), slog.Int("status", made.Status),
		slog.Int64("duration_ms", made.Duration.Milliseconds()), slog.String("state", string(d.State)),
	}
	if made.Error != "" {
		attrs = append(attrs, slog.String("error", made.Error))
	}
	if a.sent != nil {
		attrs = append(attrs, slog.String("detail", a.sent.Text))
	}
	if d.State == gateway.DeliveryRetrying {
		attrs = append(attrs, slog.String("next_attempt_at", gateway.At(d.NextAttemptAt).Format(gateway.TimeFormat)))
	}
	c.log.LogAttrs(a.lane.ctx, level, "delivery attempt", attrs...)
}
