package kills

import (
	"fmt"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/promises"
)

const killConfig = killPlatform + `    sources:
      payments: &source
        verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-the-kill-test"] }
        dedupe: { id: id }
        early: { max: 100000 }
        match:
          - { name: paid, branch: SUCCESS, when: [{ path: type, equals: paid }] }
          - { name: declined, branch: FAILURE, when: [{ path: type, equals: declined }] }
        variables: [{ name: amount, path: amount, type: number }]
      brief: # parks for a moment only
        <<: *source
        early: { max: 100000, ttl: 1s }
      batches: # several callbacks in one request
        verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-the-kill-test"] }
        handshake: { type: echo, in: query, name: challenge }
        each: list
        conversation_key: { path: item.conversation_key }
        dedupe: { id: item.id }
        early: { max: 100000 }
        match:
          - { name: paid, branch: SUCCESS, when: [{ path: item.type, equals: paid }] }
          - { name: declined, branch: FAILURE, when: [{ path: item.type, equals: declined }] }
        variables: [{ name: amount, path: item.amount, type: number }]
      meta: # asks whether its URL is ours
        verify: { type: meta, secrets: ["` + killMetaSecret + `"], verify_token: "` + killMetaSecret + `" }
`

// TestKill kills the program again and again under load, and holds what all its
// clients saw to the laws of package promises, after each restart and at the end.
//
//	go test ./gateway/gatewaytest/kills -run TestKill -rounds=200
func TestKill(t *testing.T) {
	k := newKiller(newLives(t, seedOfLoad(t)).home("acme"))
	k.run(256, k.work, func(round int) {
		k.round.Store(int64(round))
		k.reloadBetween()
	}, func(int) {
		k.readBack()
		recent := k.recent()
		k.readNames(recent)
		k.examine(false, recent)
	})
	k.settle()
	k.readNames(k.history.Names())
	k.examine(true, k.history.Names())
	k.checkOddities()
	happened, missing := k.tally()
	t.Log(happened)
	if missing != "" && *killRounds >= enoughRounds {
		t.Errorf("the load never provoked: %s", missing)
	}
}

// killer is the driver: the program of the moment, and what is known of all its lives.
type killer struct {
	*home
	*load
	receiver *gatewaytest.Receiver
}

func newKiller(h *home) *killer {
	r := newFailingPlatform(h.t, func(gatewaytest.Received) {})
	h.has(fmt.Sprintf(killConfig, r.URL), "")
	k := &killer{home: h, load: newLoad(h.tenant, h.seed, h.gate), receiver: r}
	h.onUp(func() { k.history.Up(time.Now()) })
	h.onKill(func(_ promises.Span, hasty bool) {
		if !hasty {
			k.history.Down(time.Now())
		}
	})
	return k
}

// newFailingPlatform starts a platform that fails now and then, but never so often
// that its breaker opens. Each request is heard before it is answered.
func newFailingPlatform(t *testing.T, hear func(gatewaytest.Received)) *gatewaytest.Receiver {
	r := gatewaytest.NewReceiver(t)
	r.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		hear(q)
		switch {
		case q.Number%97 == 50:
			return gatewaytest.Reply{Hang: true}
		case q.Number%9 == 4:
			return gatewaytest.Reply{Status: 500}
		}
		return gatewaytest.Reply{Delay: time.Duration(q.Number%7) * time.Millisecond}
	})
	return r
}

// examine holds conversations to the laws; what breaks one ends the test.
func (k *killer) examine(settled bool, names []string) {
	k.t.Helper()
	k.hear()
	k.judge(k.history.Check(settled, names...))
}

// recent gives the conversations of this round and the one before.
func (k *killer) recent() (names []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, round := range k.touched {
		if round >= k.round.Load()-1 {
			names = append(names, name)
		} else {
			delete(k.touched, name)
		}
	}
	return names
}
