package kills

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/promises"
)

// eventLoad publishes: each writer owns a few conversations at a time, and goes on
// with them only when it knows what became of its last request.
type eventLoad struct {
	tenant string
	seed   uint64
	feed   *promises.Feed
	gate   *gate
	next   atomic.Uint64
	many   chan struct{} // one is sent that makes many deliveries
}

// writer publishes in three conversations, from their first event to their last.
type writer struct {
	*eventLoad
	rng     *rand.Rand
	talks   [3]string
	numbers [3]int
}

func (l *eventLoad) work(ctx context.Context) {
	for ctx.Err() == nil {
		number := l.next.Add(1)
		w := &writer{eventLoad: l, rng: rand.New(rand.NewPCG(l.seed, number))}
		for i := range w.talks {
			w.talks[i] = fmt.Sprintf("e%d-%d", number, i)
		}
		for range 5 + w.rng.IntN(40) {
			if !restTillBeat(ctx, w.rng) {
				return
			}
			w.publish(ctx)
		}
	}
}

// beat is how often there is something to send, for all at once: so a kill just after
// it meets many requests on their way.
const beat = 100 * time.Millisecond

// untilBeat is how long it is to a moment so long after a beat.
func untilBeat(after time.Duration) time.Duration {
	now := time.Now()
	return now.Truncate(beat).Add(beat + after).Sub(now)
}

// restTillBeat waits for the next beat, or for any moment.
func restTillBeat(ctx context.Context, rng *rand.Rand) bool {
	after := time.Duration(rng.IntN(2000)) * time.Microsecond
	if rng.IntN(4) == 0 {
		after *= 50
	}
	timer := time.NewTimer(untilBeat(after))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var eventKinds = []struct{ eventType, kind string }{
	{"message", "text"}, {"message", "text"}, {"message", "button.response"}, {"status", ""}, {"note", ""}, {"clinic.visit", ""},
}

// item writes the next event of one of the conversations, in bytes that no encoder
// would write the same way again.
func (w *writer) item() *promises.Item {
	which := w.rng.IntN(len(w.talks))
	w.numbers[which]++
	kind := eventKinds[w.rng.IntN(len(eventKinds))]
	i := &promises.Item{
		N: fmt.Sprintf("%s.%d", w.talks[which], w.numbers[which]), Conversation: w.talks[which], Number: w.numbers[which],
		Type: kind.eventType, Kind: kind.kind,
	}
	payload := ""
	if i.Kind != "" {
		payload = fmt.Sprintf(`, "payload":{"message":{"type":%q,"text":"Grüß \u0047ott <&>\/"}}`, i.Kind)
	}
	i.Body = fmt.Appendf(nil, `{ "n":%q,"event":{"type":%q%s},"conversation":{"key":%q},"account":{"key":%q}, "big":12345678901234567890, "e":1.50E+2,"pad":%q}`,
		i.N, i.Type, payload, i.Conversation, killAccount, strings.Repeat("x", w.rng.IntN(300)))
	return i
}

// One of oneOfMany publishes makes thousands of deliveries, so many that they are made after
// the promise.
const (
	oneOfMany   = 100
	leastOfMany = 300 // events, for nine endpoints
)

// publish sends one request until its answer is there; now and then it gives up, or
// sends it again, or twice at once.
func (w *writer) publish(ctx context.Context) {
	p := &promises.Publish{}
	n := []int{1, 1, 1, 2, 5, 12}[w.rng.IntN(6)]
	if w.rng.IntN(oneOfMany) == 0 {
		n = leastOfMany + w.rng.IntN(400)
	}
	for range n {
		p.Items = append(p.Items, w.item())
	}
	switch w.rng.IntN(4) {
	case 0, 1:
		p.Key = "key of " + p.Items[0].N
	case 2:
		p.ByID = true
	}
	path := []string{"/v1/events", "/v1/tenants/" + w.tenant + "/events"}[w.rng.IntN(2)]
	known := p.Key != "" || p.ByID
	stubborn := known || w.rng.IntN(10) < 7
	extra := w.rng.IntN(5)
	if known && extra == 0 {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { w.until(ctx, p, path, true) })
		}
		both.Wait()
		return
	}
	w.until(ctx, p, path, stubborn)
	if known && extra == 1 {
		w.until(ctx, p, path, true)
	}
}

func (w *writer) until(ctx context.Context, p *promises.Publish, path string, stubborn bool) {
	for w.once(ctx, p, path) && stubborn {
		rest(ctx, restAfter503)
	}
}

// once sends it, and says whether the answer was lost. Who waits for half a minute
// has no right to think that: the request might be done later.
func (w *writer) once(ctx context.Context, p *promises.Publish, path string) (lost bool) {
	program, leave, err := w.gate.enter(ctx)
	if err != nil {
		return false
	}
	defer leave()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	var fields []string
	if p.Key != "" {
		fields = []string{"Idempotency-Key: " + p.Key}
	}
	if len(p.Items) >= leastOfMany {
		select {
		case w.many <- struct{}{}:
		default: // nobody waits for it
		}
	}
	begin := time.Now()
	w.feed.Begin(p)
	answer, err := program.Admin().Do(limit, http.MethodPost, path, envelope(p), fields...)
	a := promises.Accepted{
		Span:   promises.Span{Begin: begin, End: time.Now(), Lost: err != nil && limit.Err() == nil || answer.Status == http.StatusServiceUnavailable},
		Status: answer.Status, Body: answer.Body, Replayed: answer.Header.Get("Idempotency-Replayed") == "true",
	}
	w.feed.Answered(p, a)
	return a.Lost
}

func envelope(p *promises.Publish) []byte {
	text := []byte(`{"events":[`)
	if p.ByID {
		text = []byte(`{"dedupe":{"event_id":"n"},"events":[`)
	}
	for i, item := range p.Items {
		if i > 0 {
			text = append(text, ",\n"...)
		}
		text = append(text, item.Body...)
	}
	return append(text, "]}"...)
}

// mood is how an endpoint answers its requests. It is asked from many goroutines.
type mood func(q gatewaytest.Received) gatewaytest.Reply

func sound(q gatewaytest.Received) gatewaytest.Reply {
	return gatewaytest.Reply{Delay: time.Duration(q.Number%5) * time.Millisecond}
}

// failing answers one of so many with 500.
func failing(one int) mood {
	return func(gatewaytest.Received) gatewaytest.Reply {
		if rand.IntN(one) == 0 {
			return gatewaytest.Reply{Status: 500}
		}
		return gatewaytest.Reply{}
	}
}

func flaky(q gatewaytest.Received) gatewaytest.Reply {
	switch rand.IntN(20) {
	case 0, 1:
		return gatewaytest.Reply{Status: 500, Body: "not today"}
	case 2:
		return gatewaytest.Reply{Reset: true}
	case 3:
		return gatewaytest.Reply{Delay: 50 * time.Millisecond}
	case 4:
		if q.Number%10 == 0 {
			return gatewaytest.Reply{Hang: true}
		}
	}
	return gatewaytest.Reply{}
}

func down(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Reset: true} }

// busy asks for a second of rest now and then.
func busy(q gatewaytest.Received) gatewaytest.Reply {
	if q.Number%150 == 20 {
		return gatewaytest.Reply{Status: 429, Header: http.Header{"Retry-After": {"1"}}}
	}
	return gatewaytest.Reply{}
}
