package pebblestore

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/gate"
)

// retryAfter is what a sender is told that could not be served.
const retryAfter = 5 * time.Second

var errClosed = gate.ErrClosed

// failure is why a store takes no writes until a restart.
type failure struct{ reason error }

// trip fails the store for good. The first reason counts.
func (s *engine) trip(reason error) {
	if !s.failure.CompareAndSwap(nil, &failure{reason}) {
		return
	}
	close(s.failed)
	s.opts.Logger.Error("the store failed: it takes no writes until a restart", "error", reason)
	if s.opts.OnFail != nil {
		s.opts.OnFail(reason)
	}
}

// refuse is the answer to a write that did not begin.
func (s *engine) refuse() error {
	f := s.failure.Load()
	if f == nil {
		return nil
	}
	e := gateway.Unavailable("the store failed and takes nothing until a restart", retryAfter)
	e.Err = f.reason
	return e
}

// unknown is the answer to a write during which the store failed.
func (s *engine) unknown() error {
	f := s.failure.Load()
	if f == nil {
		return nil
	}
	return fmt.Errorf("the store failed during a commit, whose outcome is unknown: %w", f.reason)
}

// Healthy says why the store takes no writes until a restart: nil when it does.
// A full disk is no such reason, see Stats.
func (s *engine) Healthy() error {
	if f := s.failure.Load(); f != nil {
		return fmt.Errorf("the store failed: %w", f.reason)
	}
	if s.using.Ended() {
		return errClosed
	}
	return nil
}

// pebbleLogger hears what Pebble has to say.
type pebbleLogger struct{ s *engine }

// Infof says nothing: it tells of every flush.
func (pebbleLogger) Infof(string, ...any) {}

// Errorf passes on what went wrong in the background.
func (l pebbleLogger) Errorf(format string, args ...any) {
	l.s.opts.Logger.Warn("pebble: " + fmt.Sprintf(format, args...))
}

// Fatalf is where Pebble gives up. It must not return: Pebble would go on and
// acknowledge what is lost (applyInternal returns nil after it). Failing disks do
// not lead here, guard.go keeps them from Pebble; what is left are broken
// invariants, and a commit that Pebble finds invalid.
//
// A commit holds no lock of Pebble's when it gets here (db.go, applyInternal), so
// it unwinds to apply, which gives an error. Any other goroutine may hold one, or
// have none of ours below it: it stops here for ever.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	l.s.trip(fatalError{fmt.Sprintf(format, args...), args})
	if insideOurs() {
		panic(fatal{})
	}
	select {}
}

// fatalError is what Pebble said as it gave up; it unwraps to the errors of it.
type fatalError struct {
	text string
	args []any
}

func (e fatalError) Error() string { return "pebble: " + strings.TrimPrefix(e.text, "pebble: ") }

func (e fatalError) Unwrap() (errs []error) {
	for _, arg := range e.args {
		if err, ok := arg.(error); ok {
			errs = append(errs, err)
		}
	}
	return errs
}

// fatal unwinds from Fatalf to recoverFatal.
type fatal struct{}

// insideOurs says whether a function that recovers fatal called. It looks once in
// the life of a store, so walking the stack is no cost.
func insideOurs() bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "pebblestore.(*engine).apply") || strings.HasSuffix(frame.Function, "pebblestore.(*folder).openPebble") {
			return true
		}
		if !more {
			return false
		}
	}
}

// recoverFatal ends the unwinding. Every other panic goes on.
func (s *engine) recoverFatal(err *error) {
	switch r := recover(); r {
	case nil:
	case fatal{}:
		*err = s.unknown()
	default:
		panic(r)
	}
}

// listener hears of corrupt data, which Pebble would otherwise give to Fatalf in
// the middle of a read. The read gets an error, and the store fails: what is
// written next might depend on what can no longer be read.
func (s *engine) listener() *pebble.EventListener {
	return &pebble.EventListener{
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			s.trip(fmt.Errorf("corrupt data in %s: %w", info.Path, info.Details))
		},
		BackgroundError: func(err error) {
			if errors.Is(err, errYields) {
				return // that the disk is full is told once
			}
			s.opts.Logger.Warn("the store could not tidy up in the background", "error", err)
		},
		PossibleAPIMisuse: func(info pebble.PossibleAPIMisuseInfo) {
			if info.Kind == pebble.NondeterministicSingleDelete { // once.go; it may come back, and is sent again
				s.twice.Add(1)
				s.opts.Logger.Warn("an entry of the queue was put twice")
			}
		},
	}
}
