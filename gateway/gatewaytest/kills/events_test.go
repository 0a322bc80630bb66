package kills

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/gatewaytest/promises"
)

const killAccount = "account-of-the-kill-test"

// killEndpoints are the endpoints of TestKillEvents: how each is configured, what
// the laws must know of it, and its mood.
var killEndpoints = []struct {
	promises.Subscriber
	config string
	mood   mood
}{
	{promises.Subscriber{Name: "sound"}, `timeout: 10s, retry: { initial: 50ms, max: 200ms, max_attempts: 1000 }`, sound},
	{promises.Subscriber{Name: "flaky"}, `timeout: 1s, retry: { initial: 20ms, max: 200ms, max_attempts: 1000 }, breaker: { failures: 8, open: 100ms, max_open: 200ms }`, flaky},
	{promises.Subscriber{Name: "dead"}, `timeout: 5s, retry: { initial: 100ms, max: 300ms, max_attempts: 1000 }, breaker: { failures: 5, open: 300ms, max_open: 300ms }`, nil},
	{promises.Subscriber{Name: "mortal", Attempts: 3}, `timeout: 10s, retry: { schedule: [50ms, 100ms] }, breaker: { enabled: false }`, failing(3)},
	{promises.Subscriber{Name: "ordered", Ordered: true}, `ordered: true, timeout: 10s, retry: { initial: 20ms, max: 100ms, max_attempts: 1000 }, breaker: { enabled: false }`, failing(7)},
	{promises.Subscriber{Name: "batch", Batch: 20}, `batch: { max_events: 20, max_wait: 20ms }, timeout: 10s, retry: { initial: 50ms, max: 200ms, max_attempts: 1000 }, breaker: { enabled: false }`, failing(9)},
	{promises.Subscriber{Name: "busy"}, `timeout: 10s, retry: { initial: 50ms, max: 200ms, max_attempts: 1000 }`, busy},
	{promises.Subscriber{Name: "even", Wants: func(i *promises.Item) bool { return i.Number%2 == 0 }}, `filter: [{ not: { path: n, regex: "[13579]$" } }], timeout: 10s, retry: { initial: 50ms, max: 200ms, max_attempts: 1000 }`, sound},
	{promises.Subscriber{Name: "picky", Wants: func(i *promises.Item) bool { return i.Kind == "text" || i.Type == "status" }}, `event_types: [message/text, status], timeout: 10s, retry: { initial: 50ms, max: 200ms, max_attempts: 1000 }`, sound},
}

// TestKillEvents kills the program again and again while events are published and
// delivered, and holds what publishers and endpoints saw to the laws of
// promises.Feed.
//
//	go test ./gateway/gatewaytest/kills -run TestKillEvents -rounds=200
func TestKillEvents(t *testing.T) {
	k := newEventKiller(newLives(t, seedOfLoad(t)).home("acme"))
	k.run(12, k.work, func(round int) {
		k.dead.Store(round%4 != 3) // dead for three rounds, then sound for one
		k.pause(300, 1300)
		switch k.rng.IntN(4) { // in the middle of what is published
		case 0:
			k.amidMany()
		case 1, 2:
			k.sleep(untilBeat(time.Duration(k.rng.IntN(8000)) * time.Microsecond))
		}
	}, func(round int) {
		k.readBack(round)
		k.judge(k.feed.Check(false))
	})
	k.calm.Store(true) // what the busy one put off in many rounds would take many more
	k.settle()
	k.judge(k.feed.Check(true))
	k.report()
}

// eventKiller is the driver: the program of the moment, and its endpoints.
type eventKiller struct {
	*home
	*eventLoad
	receivers []*gatewaytest.Receiver
	dead      atomic.Bool // how the endpoint of that name answers
	calm      atomic.Bool // every endpoint is sound now
	trips     int         // breakers seen open after a restart
	finished  int         // publishes of many deliveries that a start had to finish
}

// amidMany waits until deliveries are made of which there are many, if that comes to
// pass within a while.
func (k *eventKiller) amidMany() {
	limit := time.NewTimer(2 * time.Second)
	defer limit.Stop()
	select {
	case <-k.many: // one that is over
	default:
	}
	select {
	case <-k.many:
		k.sleep(time.Duration(k.rng.IntN(100)) * time.Millisecond)
	case <-limit.C:
	}
}

func newEventKiller(h *home) *eventKiller {
	k := &eventKiller{home: h}
	var all []*promises.Subscriber
	var config strings.Builder
	fmt.Fprintf(&config, "    account_keys: [%s]\n    endpoints:\n", killAccount)
	for i := range killEndpoints {
		e := &killEndpoints[i]
		r := gatewaytest.NewReceiver(h.t)
		k.receivers = append(k.receivers, r)
		all = append(all, &e.Subscriber)
		fmt.Fprintf(&config, "      %s: { url: %q, sign: { type: standard, secrets: [%q] }, %s }\n", e.Name, r.URL, killSecret, e.config)
	}
	h.has(config.String(), "")
	k.eventLoad = &eventLoad{tenant: h.tenant, seed: h.seed, feed: promises.NewFeed(all...), gate: h.gate, many: make(chan struct{}, 1)}
	h.onKill(func(promises.Span, bool) {
		k.feed.Killed()
		for _, r := range k.receivers {
			r.Take() // the feed has them
		}
	})
	for i := range killEndpoints {
		k.listen(killEndpoints[i].Name, killEndpoints[i].mood, k.receivers[i])
	}
	return k
}

// listen lets an endpoint tell the feed what it gets.
func (k *eventKiller) listen(name string, mood mood, r *gatewaytest.Receiver) {
	verifier, err := webhooks.NewWebhook(killSecret)
	if err != nil {
		k.t.Fatal(err)
	}
	r.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		answer := mood
		if answer == nil {
			answer = sound
			if k.dead.Load() {
				answer = down
			}
		}
		if k.calm.Load() {
			answer = sound
		}
		reply := answer(q)
		k.feed.Arrived(name, promises.Arrival{
			At: q.At, WebhookID: q.Header.Get("webhook-id"), Unsigned: verifier.Verify(q.Body, q.Header), Body: q.Body, OK: reply.OK(),
		})
		return reply
	})
}

// readBack reads all events of the round, and whether the dead endpoint's breaker
// is open.
func (k *eventKiller) readBack(round int) {
	k.t.Helper()
	k.readRecent(round)
	k.finished += strings.Count(k.program.Log.Text(), "publish that was interrupted")
	var endpoint struct {
		Breaker struct {
			State string `json:"state"`
		} `json:"breaker"`
	}
	if k.get("endpoints/dead", &endpoint); endpoint.Breaker.State != "closed" {
		k.trips++
	}
}

// readRecent reads the events of a round, and of those before it: whose answer was lost in one
// is known by that of a repeat, and on a database a life may begin long after the one before.
func (k *eventKiller) readRecent(round int) { k.readEvents(k.began[max(0, round-2)]) }

// readEvents pages through the events that were accepted since a moment.
func (k *eventKiller) readEvents(since time.Time) {
	k.t.Helper()
	eachPage(k.home, "events", "since="+since.Add(-time.Second).UTC().Format(time.RFC3339), func(page []promises.Event, _ program.Answer) bool {
		for _, e := range page {
			k.feed.Saw(e)
		}
		return true
	})
}

// settle waits until nothing is under way, and reads every delivery there is.
func (k *eventKiller) settle() {
	k.t.Helper()
	k.delivered()
	k.readEvents(k.began[0])
	k.eachDelivery(k.feed.Ended)
}

// report tells what happened, and what never did of what must: a load that provokes
// nothing proves nothing.
func (k *eventKiller) report() {
	n := k.feed.Tally()
	k.t.Logf("%+v, %d publishes of many deliveries were finished by a start, breaker open after a restart %d times", n, k.finished, k.trips)
	missing := errors.Join(
		never(n.Accepted, "an accepted event"), never(n.Refused, "a refused delivery"), never(n.Replayed, "a replayed Idempotency-Key"),
		never(n.Batched, "a batch"), never(n.Succeeded, "a success"), never(n.Dead, "a dead letter"))
	if *killRounds >= 20 {
		missing = errors.Join(missing, never(n.Lost, "a lost answer"), never(n.Again, "a delivery that came again"), never(k.trips, "a breaker that a restart found open"))
	}
	if *killRounds >= 100 { // it takes a kill within some tenths of a second
		missing = errors.Join(missing, never(k.finished, "a publish of many deliveries that a restart had to finish"))
	}
	if missing != nil {
		k.t.Error(missing)
	}
}

func never(count int, what string) error {
	if count > 0 {
		return nil
	}
	return errors.New("the load never provoked " + what)
}
