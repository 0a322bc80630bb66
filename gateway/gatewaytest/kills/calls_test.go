package kills

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/gatewaytest/promises"
)

// TestKillCalls kills the program again and again while calls are pending, and holds
// what callers, the backend and the platform saw to the laws of promises.Calls.
//
//	go test ./gateway/gatewaytest/kills -run TestKillCalls -rounds=200
func TestKillCalls(t *testing.T) {
	k := newCallKiller(newLives(t, seedOfLoad(t)).home("acme"))
	k.run(32, k.work, func(int) { k.pause(300, 1000) }, func(int) { k.judge(k.calls.Check(false)) })
	k.settle()
	k.judge(k.calls.Check(true))
	k.report()
}

// callKiller is the driver: the program of the moment, the backend and the platform.
type callKiller struct {
	*home
	*callLoad
	backend, platform *gatewaytest.Receiver
}

func newCallKiller(h *home) *callKiller {
	k := &callKiller{home: h, backend: gatewaytest.NewReceiver(h.t)}
	k.platform = newFailingPlatform(h.t, k.hear)
	var config strings.Builder
	fmt.Fprintf(&config, killPlatform+`    sources:
      payments: { verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-the-kill-test"] }, early: { max: 100000 } }
    webhooks:
`, k.platform.URL)
	for _, w := range killWebhooks {
		fmt.Fprintf(&config, `      %s: { url: "%s/{{ n }}", %s, breaker: { enabled: false }, response: { variables: [{ name: serial, path: serial }] } }
`, w.name, k.backend.URL, w.config)
	}
	h.has(config.String(), "")
	k.callLoad = &callLoad{tenant: h.tenant, seed: h.seed, calls: promises.NewCalls(), gate: h.gate, plans: map[string][]gatewaytest.Reply{}}
	k.backend.Script(k.reply)
	h.onKill(func(s promises.Span, _ bool) {
		k.calls.Killed(s)
		k.backend.Take() // the record has them
		k.platform.Take()
	})
	return k
}

// hear takes what the platform is told into the record, before it is answered.
func (k *callKiller) hear(q gatewaytest.Received) {
	if strings.Contains(string(q.Body), `"type":"callback.late"`) {
		return // of who called back by the conversation's own key
	}
	verifier, err := webhooks.NewWebhook(killSecret)
	if err != nil {
		k.t.Error(err)
		return
	}
	k.calls.Noticed(q.Header.Get("webhook-id"), verifier.Verify(q.Body, q.Header) == nil, q.Body)
}

// settle waits until nothing is under way, and reads every timeline and wait there
// is.
func (k *callKiller) settle() {
	k.t.Helper()
	deadline := time.Now().Add(time.Minute)
	rest := func() {
		k.until(deadline, func() bool {
			_, open := k.calls.Conversations()
			return !open && !k.undelivered() && !k.waitsOpen()
		})
	}
	rest()
	names, _ := k.calls.Conversations()
	for _, name := range names {
		k.calls.Shown(name, k.timeline(name, deadline))
	}
	rest() // calls whose answers were lost have ended since
	eachPage(k.home, "waits", "", func(page []*gatewaytest.Wait, _ program.Answer) bool {
		for _, w := range page {
			k.calls.Waited(w)
		}
		return true
	})
}

// timeline reads the timeline of a conversation once no call of it is pending.
func (k *callKiller) timeline(name string, deadline time.Time) (lines []gatewaytest.Trace) {
	k.t.Helper()
	k.until(deadline, func() bool {
		var page struct {
			Data []gatewaytest.Trace `json:"data"`
		}
		k.get("conversations/"+name, &page)
		lines = page.Data
		for _, line := range lines {
			if line.Outcome == "pending" {
				return false
			}
		}
		return true
	})
	return lines
}

// report tells what happened, and what never did of what must: a load that provokes
// nothing proves nothing.
func (k *callKiller) report() {
	n := k.calls.Tally()
	k.t.Logf("%+v", n)
	missing := errors.Join(
		never(n.Answered, "an answer in time"), never(n.Promised, "a pending answer"), never(n.Succeeded, "a success"), never(n.Failed, "a failure"),
		never(n.Repeated, "a repeated notice"), never(n.WaitsFailed, "a wait that ended with its call"), never(n.WaitsFound, "a callback by an alias"))
	if *killRounds >= enoughRounds {
		missing = errors.Join(missing, never(n.Interrupted, "an interrupted call"), never(n.Again, "a GET that was made again"),
			never(n.Lost, "a lost answer"), never(n.FailedAfterAll, "a call that failed after its wait had ended"))
	}
	if missing != nil {
		k.t.Error(missing)
	}
}
