package kills

import (
	"context"
	"encoding/json"
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

// killWebhooks are the webhooks of TestKillCalls. None retries: what comes to the
// backend twice was sent by two processes.
var killWebhooks = []struct {
	name, config    string
	once, continues bool
	timeout         time.Duration
}{
	{"ask", `method: GET, mode: async, timeout: 600ms`, false, false, 600 * time.Millisecond},
	{"tell", `method: POST, body: { n: "{{ n }}" }, mode: async, timeout: 600ms`, true, false, 600 * time.Millisecond},
	{"ask-on", `method: GET, on_timeout: continue, timeout: 120ms`, false, true, 120 * time.Millisecond},
	{"tell-on", `method: POST, body: { n: "{{ n }}" }, on_timeout: continue, timeout: 120ms`, true, true, 120 * time.Millisecond},
}

// callLoad is many conversations at once, each with a few calls, some with a wait.
type callLoad struct {
	tenant string
	seed   uint64
	calls  *promises.Calls
	gate   *gate
	next   atomic.Uint64

	mu    sync.Mutex
	plans map[string][]gatewaytest.Reply // by the N of a call: what the backend has in mind for it, the last for ever
}

// reply is what the backend answers to a request.
func (l *callLoad) reply(q gatewaytest.Received) gatewaytest.Reply {
	n := strings.TrimPrefix(q.Path, "/")
	l.mu.Lock()
	r := gatewaytest.Reply{Status: http.StatusNotFound}
	if plan := l.plans[n]; len(plan) > 0 {
		r = plan[0]
		l.plans[n] = plan[min(1, len(plan)-1):]
	}
	l.mu.Unlock()
	r.Body = fmt.Sprintf(`{"serial":%d,"payment":{"id":%q}}`, q.Number, aliasOf(n))
	status := r.Status
	if r.Hang {
		status = 0
	}
	l.calls.Reached(n, q.Header.Get("Idempotency-Key"), q.Number, status)
	return r
}

func aliasOf(n string) string { return "alias-" + n }

// work plays one conversation after the other.
func (l *callLoad) work(ctx context.Context) {
	for ctx.Err() == nil {
		number := l.next.Add(1)
		l.play(ctx, fmt.Sprintf("c%d", number), rand.New(rand.NewPCG(l.seed, number)))
	}
}

// play asks for all calls of a conversation, each at its moment.
func (l *callLoad) play(ctx context.Context, name string, rng *rand.Rand) {
	var steps sync.WaitGroup
	at := func(do func()) {
		after := time.Duration(rng.IntN(300)) * time.Millisecond
		steps.Go(func() {
			timer := time.NewTimer(after)
			defer timer.Stop()
			select {
			case <-timer.C:
				do()
			case <-ctx.Done():
			}
		})
	}
	for i := range 1 + rng.IntN(3) {
		w := killWebhooks[rng.IntN(len(killWebhooks))]
		a := &promises.CallAsk{
			N: fmt.Sprintf("%s.%d", name, i), Conversation: name, Once: w.once, Continues: w.continues, Timeout: w.timeout,
			Waits: i == 0 && rng.IntN(2) == 0,
		}
		l.plan(a, rng)
		body := callBody(a, 1+rng.IntN(2))
		back := a.Waits && rng.IntN(2) == 0
		at(func() {
			if l.ask(ctx, w.name, a, body) && back {
				l.callBack(ctx, a)
			}
		})
		if a.Waits && !back && rng.IntN(3) == 0 { // somebody is quicker than the backend, maybe
			at(func() { _, _ = l.callback(ctx, name) })
		}
	}
	steps.Wait()
}

// plan draws what the backend will answer. Only what has a time for itself may hang:
// a call that continues would for a minute.
func (l *callLoad) plan(a *promises.CallAsk, rng *rand.Rand) {
	plan := make([]gatewaytest.Reply, 3)
	for i := range plan {
		plan[i] = gatewaytest.Reply{Status: http.StatusOK, Delay: time.Duration(rng.IntN(300)) * time.Millisecond}
		switch {
		case rng.IntN(8) == 0:
			plan[i].Status = http.StatusInternalServerError
		case !a.Continues && rng.IntN(12) == 0:
			plan[i].Hang = true
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plans[a.N] = plan
}

func callBody(a *promises.CallAsk, seconds int) []byte {
	id := map[string]string{"n": a.N}
	body := map[string]any{"conversation_key": a.Conversation, "variables": id, "context": id}
	if a.Waits {
		body["wait"] = map[string]any{"source": "payments", "timeout_seconds": seconds, "alias_path": "payment.id", "context": id}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return text
}

// ask asks for a call, once, whatever comes of it. It says whether it was answered.
// Who waits for half a minute has no right to call that lost.
func (l *callLoad) ask(ctx context.Context, webhook string, a *promises.CallAsk, body []byte) bool {
	program, leave, err := l.gate.enter(ctx)
	if err != nil {
		return false
	}
	defer leave()
	l.calls.Asked(a)
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	begin := time.Now()
	answer, err := program.Admin().Do(limit, http.MethodPost, "/v1/tenants/"+l.tenant+"/webhooks/"+webhook+"/call", body)
	lost := err != nil && limit.Err() == nil || answer.Status == http.StatusServiceUnavailable
	l.calls.Answered(a, promises.Span{Begin: begin, End: time.Now(), Lost: lost}, answer.Status, answer.Body)
	return !lost
}

// callBack calls back by the alias of the backend's answer, as soon as it is known.
func (l *callLoad) callBack(ctx context.Context, a *promises.CallAsk) {
	select {
	case <-l.calls.Known(a):
	case <-ctx.Done():
	}
	if !l.calls.Good(a) {
		return
	}
	if outcome, ok := l.callback(ctx, aliasOf(a.N)); ok {
		l.calls.CalledBack(a, outcome)
	}
}

// callback sends a callback, and gives its outcome where there was an answer.
func (l *callLoad) callback(ctx context.Context, key string) (outcome string, ok bool) {
	program, leave, err := l.gate.enter(ctx)
	if err != nil {
		return "", false
	}
	defer leave()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	answer, err := program.Sender().Do(limit, http.MethodPost, "/hooks/"+l.tenant+"/payments", map[string]string{"conversation_key": key},
		"X-Token: a-token-of-the-kill-test")
	return answer.Field("outcome"), err == nil && answer.Status != http.StatusServiceUnavailable
}
