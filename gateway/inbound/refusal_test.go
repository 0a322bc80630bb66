package inbound_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// Each callback that a full disk turns away is told so; the log is told of the disk by
// the store, once, and not by every callback: it may lie on the same disk.
func TestRefusalsDoNotFillTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		refusal error
		lines   int
	}{
		"a full disk": {gateway.Unavailable("the disk is full", 5*time.Second), 0},
		"who knows":   {errors.New("nobody has foreseen this"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, map[string]gateway.Source{"one": withSecret("the-secret")})
			k.refusal = c.refusal
			a := k.send(post{path: "/hooks/acme/one?k=1", header: map[string]string{"X-T": "the-secret"}})
			if a.status != 503 || a.outcome != "unavailable" || a.header.Get("Retry-After") == "" {
				t.Errorf("answered %d %s, Retry-After %q", a.status, a.outcome, a.header.Get("Retry-After"))
			}
			if n := strings.Count(k.log.String(), "callback not taken"); n != c.lines {
				t.Errorf("%d lines in the log, want %d:\n%s", n, c.lines, k.log.String())
			}
		})
	}
}
