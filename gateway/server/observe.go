package server

import (
	"context"
	"fmt"
	"log/slog"

	"hookgate/gateway"
)

// quiet gives what fasthttp has to say of broken connections to the debug level:
// it is about clients, and there is one such line for each.
type quiet struct {
	log      *slog.Logger
	listener string
}

// Printf is fasthttp.Logger.
func (q quiet) Printf(format string, args ...any) {
	q.log.Debug("connection ended: "+fmt.Sprintf(format, args...), "listener", q.listener)
}

// panicked logs where a handler panicked: never the request, whose bytes may be
// secret, and of the value its type unless it is an error of the runtime.
func (s *side) panicked(requestID string, value any, stack []byte) {
	s.options.Log.Error("a handler panicked", "listener", s.name, "request_id", requestID, "panic", describe(value), "stack", string(stack))
	s.options.Panicked(s.name)
}

func describe(value any) string {
	if e, ok := value.(interface{ RuntimeError() }); ok {
		return fmt.Sprint(e)
	}
	return fmt.Sprintf("%T", value)
}

func (s *side) refused(requestID []byte, fault *gateway.Error) {
	if s.options.Log.Enabled(context.Background(), slog.LevelDebug) {
		s.options.Log.Debug("request refused", "listener", s.name, "request_id", string(requestID), "code", fault.Code, "reason", fault.Message)
	}
	s.options.Refused(s.name, fault)
}

func (s *side) paused(err error) {
	s.options.Log.Warn("accepting connections rests: raise the limit of open files", "listener", s.name, "error", err)
}
