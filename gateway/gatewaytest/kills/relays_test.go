package kills

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/promises"
)

// killRelayRoutes are the routes: %[5]s is their tenant.
const killRelayRoutes = `  github:
    tenant: %[5]s
    mode: relay
    match: { path: /gh }
    verify: { type: github, secrets: ["` + killGitHubSecret + `"] }
    conversation_key: { path: chat }
    upstreams: [{ url: "%[1]s" }]
    timeout: 1s
    retry: { initial: 20ms, max: 100ms, max_attempts: 1000 }
    breaker: { failures: 8, open: 100ms, max_open: 200ms }
  standard:
    tenant: %[5]s
    mode: relay
    match: { path: /std }
    strip_prefix: true
    verify: { type: standard, secrets: ["` + killSecret + `"] }
    conversation_key: { in: header, path: X-Chat }
    upstreams: [{ url: "%[2]s/one" }, { url: "%[3]s/two" }]
    timeout: 1s
    retry: { initial: 20ms, max: 100ms, max_attempts: 1000 }
    breaker: { enabled: false }
  split: &batches
    tenant: %[5]s
    mode: relay
    match: { path: /split }
    verify: { type: github, secrets: ["` + killGitHubSecret + `"] }
    each: list
    split: true
    dedupe: { id: item.id }
    conversation_key: { path: item.chat }
    upstreams: [{ url: "%[4]s" }]
    timeout: 1s
    retry: { initial: 20ms, max: 100ms, max_attempts: 1000 }
    breaker: { enabled: false }
  several:
    <<: *batches
    match: { path: /several }
    split: false
`

// TestKillRelays kills the program again and again while requests are relayed, and
// holds what providers and upstreams saw to the laws of promises.Relays.
//
//	go test ./gateway/gatewaytest/kills -run TestKillRelays -rounds=200
func TestKillRelays(t *testing.T) {
	k := newRelayKiller(newLives(t, seedOfLoad(t)).home("acme"))
	k.run(64, k.work, func(int) {
		k.pause(300, 1000)
		if k.rng.IntN(3) > 0 { // in the middle of what is sent
			k.sleep(untilBeat(time.Duration(k.rng.IntN(8000)) * time.Microsecond))
		}
	}, func(int) { k.judge(k.relays.Check(false)) })
	k.settle()
	k.judge(k.relays.Check(true))
	k.report()
}

// relayKiller is the driver: the program of the moment, and the upstreams.
type relayKiller struct {
	*home
	*relayLoad
}

func newRelayKiller(h *home) *relayKiller {
	t := h.t
	gitHub, one, two, batches := gatewaytest.NewReceiver(t), gatewaytest.NewReceiver(t), gatewaytest.NewReceiver(t), gatewaytest.NewReceiver(t)
	k := &relayKiller{home: h}
	h.has("    endpoints: {}\n", fmt.Sprintf(killRelayRoutes, gitHub.URL, one.URL, two.URL, batches.URL, h.tenant))
	k.relayLoad = &relayLoad{seed: h.seed, relays: promises.NewRelays(), gate: h.gate, forwards: h.nodes != nil}
	for base, r := range map[string]*gatewaytest.Receiver{"": gitHub, "/one": one, "/two": two} {
		r.Script(func(q gatewaytest.Received) gatewaytest.Reply { return k.arrive(base, q) })
	}
	batches.Script(func(q gatewaytest.Received) gatewaytest.Reply { return k.arrive("", named(q)) })
	h.onKill(func(promises.Span, bool) {
		k.relays.Killed()
		for _, r := range []*gatewaytest.Receiver{gitHub, one, two, batches} {
			r.Take() // the record has them
		}
	})
	return k
}

// arrive takes what an upstream gets, below the path of its URL, into the record,
// before it is answered.
func (k *relayKiller) arrive(base string, q gatewaytest.Received) gatewaytest.Reply {
	reply := upstreamMood(q)
	a := promises.RelayArrival{Received: q, OK: reply.OK()}
	below, is := strings.CutPrefix(q.Path, base)
	if a.Path = below; !is {
		a.Path = "not below " + base + ": " + q.Path
	}
	if q.Header.Get("webhook-signature") != "" {
		verifier, err := webhooks.NewWebhook(killSecret)
		if err != nil {
			k.t.Error(err)
		}
		a.Unsigned = verifier.VerifyIgnoringTimestamp(q.Body, q.Header)
	}
	k.relays.Arrived(a)
	return reply
}

// upstreamMood is sound, most of the time.
func upstreamMood(q gatewaytest.Received) gatewaytest.Reply {
	switch {
	case q.Number%331 == 50:
		return gatewaytest.Reply{Hang: true}
	case q.Number%41 == 7:
		return gatewaytest.Reply{Reset: true}
	case q.Number%11 == 4:
		return gatewaytest.Reply{Status: 500, Body: "not today"}
	}
	return gatewaytest.Reply{Delay: time.Duration(q.Number%5) * time.Millisecond}
}

// settle waits until nothing is under way, and reads every delivery there is.
func (k *relayKiller) settle() {
	k.t.Helper()
	k.delivered()
	k.eachDelivery(k.relays.Ended)
}

// report tells what happened, and what never did of what must: a load that provokes
// nothing proves nothing.
func (k *relayKiller) report() {
	n := k.relays.Tally()
	k.t.Logf("%+v", n)
	missing := errors.Join(
		never(n.Accepted, "an accepted request"), never(n.Duplicates, "a duplicate"), never(n.Refused, "a refused delivery"), never(n.Succeeded, "a success"))
	if *killRounds >= enoughRounds {
		missing = errors.Join(missing, never(n.Lost, "a lost answer"), never(n.LostAndTaken, "a lost answer of an accepted request"),
			never(int(k.lost.Load()), "a lost answer of a request with several messages"),
			never(n.Again-n.AgainInOneLife, "a request that came again after a kill"))
	}
	if missing != nil {
		k.t.Error(missing)
	}
}
