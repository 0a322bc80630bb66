package main

import (
	"context"
	"log/slog"
)

// demoLog is the gateway's log in the demo: it hands each change of the
// subscriber's circuit breaker on, and keeps everything else as it is. No other
// place tells of each change; who asks the API may miss some.
type demoLog struct {
	slog.Handler
	breaker func(state string)
}

// Enabled lets the changes through, which are told at level info.
func (l demoLog) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || l.Handler.Enabled(ctx, level)
}

// Handle is that of slog.Handler.
func (l demoLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "circuit breaker changed" {
		var endpoint, state string
		r.Attrs(func(a slog.Attr) bool {
			switch a.Key {
			case "endpoint":
				endpoint = a.Value.String()
			case "state":
				state = a.Value.String()
			}
			return true
		})
		if endpoint == "crm" {
			l.breaker(state)
		}
	}
	if !l.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}

// WithAttrs is that of slog.Handler.
func (l demoLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return demoLog{l.Handler.WithAttrs(attrs), l.breaker}
}

// WithGroup is that of slog.Handler.
func (l demoLog) WithGroup(name string) slog.Handler {
	return demoLog{l.Handler.WithGroup(name), l.breaker}
}
