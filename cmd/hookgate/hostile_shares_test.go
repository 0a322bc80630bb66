package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest"
)

// errNotRefused says that an attack has not met its bound.
var errNotRefused = errors.New("nothing of the attack was refused")

// atMost takes from a budget without end, and wants to get no more than so many, and
// then to be refused for a while.
func (a *arena) atMost(most, want int, got *tally, path string, body func(n int) string) {
	a.t.Helper()
	a.flow(8, func(n int) {
		answer := a.try(a.mallory, "POST", path, body(n))
		got.add(answer.Status)
		if answer.Status == 503 && answer.Header.Get("Retry-After") == "" {
			a.t.Errorf("refused without a word on when to come again: %s", answer)
		}
	}, func() error {
		if got.of(503) == 0 {
			return errNotRefused
		}
		return nil
	})
	if taken := got.of(want); taken > most {
		a.t.Errorf("%d were taken, want at most %d", taken, most)
	}
}

// Async calls that hang, over a thousand: they were all that there are for everybody.
func TestHostileAsyncCalls(t *testing.T) {
	var got tally
	attack(t, func(a *arena) {
		a.target.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Hang: true} })
		a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/webhooks/hang", fmt.Sprintf(`{"url":%q,"mode":"async","timeout":"60s"}`, a.target.URL))
	}, func(a *arena) {
		a.atMost(768, 202, &got, ofMallory+"/webhooks/hang/call", func(int) string { return `{}` }) // three quarters of 1024
	})
}

// Open waits with contexts of 16 KiB, of which 16,000 were all that there are.
func TestHostileContexts(t *testing.T) {
	var got tally
	context := strings.Repeat("x", 16000)
	attack(t, nil, func(a *arena) {
		a.atMost(2200, 201, &got, ofMallory+"/waits", func(n int) string { // a quarter of 128 MiB, as others have some
			return fmt.Sprintf(`{"source":"payments","conversation_key":"c%d","mode":"poll","context":{"x":%q}}`, n, context)
		})
	})
}
