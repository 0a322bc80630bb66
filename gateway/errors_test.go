package gateway_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

func TestError(t *testing.T) {
	inside := errors.New("disk on fire")
	err := error(&gateway.Error{Code: gateway.CodeInternal, Message: "a fault of ours", Err: inside})
	if err.Error() != "a fault of ours" || !errors.Is(err, inside) {
		t.Errorf("%v", err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Error("failed", "error", err)
	if !strings.Contains(log.String(), `error="a fault of ours: disk on fire"`) {
		t.Errorf("our log has %s", log.String())
	}
	down := gateway.Unavailable("the disk is full", 30*time.Second)
	if down.Code != gateway.CodeUnavailable || down.RetryAfter != 30*time.Second {
		t.Errorf("%+v", down)
	}
	if err := gateway.Errorf(gateway.CodeNotFound, "no %s", "wait"); err.Error() != "no wait" {
		t.Errorf("%v", err)
	}
}

func TestFaults(t *testing.T) {
	if gateway.Invalid(nil) != nil {
		t.Error("no faults are an error")
	}
	faults := gateway.Under("verify", []gateway.Fault{{"", "is missing"}, {"secrets[1]", "is empty"}, {"[0]", "is none"}})
	want := []gateway.Fault{{"verify", "is missing"}, {"verify.secrets[1]", "is empty"}, {"verify[0]", "is none"}}
	for i := range want {
		if faults[i] != want[i] {
			t.Errorf("%v, want %v", faults[i], want[i])
		}
	}
	err := gateway.Invalid(faults)
	var known *gateway.Error
	if !errors.As(err, &known) || known.Code != gateway.CodeInvalidField || err.Error() != "some fields are not valid: verify: is missing" {
		t.Errorf("%v", err)
	}
}
