package kills

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/gatewaytest/promises"
)

const holdsAtMost = 4 * time.Second // then the client of a hold goes away

// load is many conversations at once, each a small plot that its number and the
// seed decide.
type load struct {
	tenant  string
	seed    uint64
	history *promises.History
	gate    *gate
	next    atomic.Uint64
	round   atomic.Int64

	mu       sync.Mutex
	touched  map[string]int64 // conversation -> the round in which it was last busy
	outcomes map[string]int
	oddities []string
	others   map[string]gatewaytest.Taken // what came beside a callback -> what it became last
}

// waits is the path of the waits.
func (l *load) waits() string { return "/v1/tenants/" + l.tenant + "/waits" }

func newLoad(tenant string, seed uint64, g *gate) *load {
	return &load{tenant: tenant, seed: seed, history: promises.NewHistory(), gate: g, touched: map[string]int64{}, outcomes: map[string]int{}, others: map[string]gatewaytest.Taken{}}
}

// work plays one conversation after the other.
func (l *load) work(ctx context.Context) {
	for ctx.Err() == nil {
		newPlot(l, l.next.Add(1)).play(ctx)
	}
}

// count notes what happened, for the tally, and that the conversation is busy.
func (l *load) count(name, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.touched[name] = l.round.Load()
	l.outcomes[what]++
}

// tally tells how often each thing happened, and what never did of what must: a
// load that provokes nothing proves nothing.
func (l *load) tally() (text, missing string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, what := range []string{
		"open poll: 201 waiting", "open notify: 201 waiting", "open hold: 200 resumed", "open poll: 409 wait_exists", "open poll: lost",
		"send: 200 resumed", "send: 202 parked", "send: 200 duplicate", "send: 409 already_resumed", "send: 200 ignored", "send: lost",
		"notice: wait.resumed", "notice: wait.timed_out", "name: 202", "name: lost",
		"handshake: 200 handshake", "reload: 200",
	} {
		if l.outcomes[what] == 0 {
			missing += what + "; "
		}
	}
	for _, what := range slices.Sorted(maps.Keys(l.outcomes)) {
		text += fmt.Sprintf("%s %d, ", what, l.outcomes[what])
	}
	return strings.TrimSuffix(text, ", "), missing
}

// plot is what happens in one conversation.
type plot struct {
	*load
	rng    *rand.Rand // used while the plot is made, and not after
	talk   *promises.Conversation
	source string
	names  []string // by which the conversation is known
	learns bool     // all names but the first are learned; else each open gives all of them
	steps  []step
	spread int // milliseconds over which the steps begin

	known sync.Map // ids of waits, for who wants to cancel or watch
}

// step is one thing that begins at a moment of the plot.
type step struct {
	after time.Duration
	do    func(context.Context)
}

func newPlot(l *load, number uint64) *plot {
	rng := rand.New(rand.NewPCG(l.seed, number))
	p := &plot{load: l, rng: rng, source: "payments", spread: []int{15, 150, 1500}[rng.IntN(3)]}
	parking := time.Minute
	if rng.IntN(3) == 0 {
		p.source, parking = "brief", time.Second
	} else if rng.IntN(3) == 0 {
		p.source = "batches"
	}
	name := fmt.Sprintf("c%d", number)
	p.talk = l.history.Conversation(name, parking)
	p.names = []string{name}
	if rng.IntN(2) == 0 {
		p.names = []string{name, name + "-x", name + "-y"}
	}
	if rng.IntN(3) == 0 {
		p.learns, p.names = true, []string{name, name + "-x", name + "-y", name + "-z"}
		for i := range 1 + rng.IntN(3) {
			p.plotNames(i)
		}
	}
	for i := range 1 + rng.IntN(3) {
		p.plotAsk(i)
	}
	for i := range 1 + rng.IntN(4) {
		p.plotMessage(i)
	}
	p.plotBetween()
	if rng.IntN(4) == 0 {
		p.at(p.cancelSome)
	}
	if rng.IntN(2) == 0 {
		query := []string{"", "?hold=1"}[rng.IntN(2)]
		p.at(func(ctx context.Context) { p.watchSome(ctx, query) })
	}
	return p
}

// at adds a step at a random moment.
func (p *plot) at(do func(context.Context)) {
	p.steps = append(p.steps, step{time.Duration(p.rng.IntN(p.spread)) * time.Millisecond, do})
}

// again says how often something is asked for, and whether once more when its
// answer was lost.
func (p *plot) again(most int) (times int, stubborn bool) {
	return 1 + p.rng.IntN(most), p.rng.IntN(10) < 7
}

func (p *plot) plotAsk(number int) {
	rng := p.rng
	a := &promises.Ask{
		ID: fmt.Sprintf("%s/%d", p.talk.Name, number), Mode: []string{"poll", "poll", "notify", "notify", "hold"}[rng.IntN(5)],
		Timeout: []time.Duration{1, 1, 2, 3, 300}[rng.IntN(5)] * time.Second,
	}
	most := 1
	if rng.IntN(2) == 0 {
		a.IdempotencyKey, most = "key of "+a.ID, 3
	}
	first := rng.IntN(len(p.names))
	aliases := slices.Delete(slices.Clone(p.names), first, first+1)
	if p.learns {
		first, aliases = 0, nil
		if rng.IntN(3) == 0 { // beside the events that tell others
			aliases = []string{p.names[1+rng.IntN(len(p.names)-1)]}
		}
		a.Tells = aliases
	}
	body := map[string]any{
		"source": p.source, "conversation_key": p.names[first], "aliases": aliases,
		"timeout_seconds": int(a.Timeout.Seconds()), "mode": a.Mode, "context": map[string]any{"ask": a.ID},
	}
	if rng.IntN(6) == 0 {
		a.Takes = []string{promises.Declined}
		body["match"] = json.RawMessage(`[{"name":"declined","branch":"FAILURE","when":[{"path":"` + p.typePath() + `","equals":"declined"}]}]`)
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	times, stubborn := p.again(most)
	for range times {
		p.at(func(ctx context.Context) { p.open(ctx, a, text, stubborn) })
	}
}

// typePath is where the type of a callback is.
func (p *plot) typePath() string {
	if p.source == "batches" {
		return "item.type"
	}
	return "type"
}

func (p *plot) plotMessage(number int) {
	rng := p.rng
	m := &promises.Message{
		N: fmt.Sprintf("%s.%d", p.talk.Name, number), Amount: rng.IntN(1000),
		Type: []string{promises.Paid, promises.Paid, promises.Paid, promises.Declined, promises.Noise}[rng.IntN(5)],
	}
	key := p.names[rng.IntN(len(p.names))]
	if p.learns && key != p.names[0] {
		m.Key = key
	}
	body := map[string]any{"n": m.N, "type": m.Type, "amount": m.Amount, "conversation_key": key}
	fields := []string{"X-Token: a-token-of-the-kill-test"}
	switch rng.IntN(4) {
	case 0: // its body alone tells it from others
	case 1:
		m.ID = "key of " + m.N
		fields = append(fields, "Idempotency-Key: "+m.ID)
	default:
		m.ID = "id of " + m.N
		body["id"] = m.ID
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	times, stubborn := p.again(3)
	for range times {
		p.at(func(ctx context.Context) { p.send(ctx, m, text, fields, stubborn) })
	}
}

// play begins each step at its moment and waits for all of them.
func (p *plot) play(ctx context.Context) {
	var steps sync.WaitGroup
	for _, s := range p.steps {
		steps.Go(func() {
			timer := time.NewTimer(s.after)
			defer timer.Stop()
			select {
			case <-timer.C:
				s.do(ctx)
			case <-ctx.Done():
			}
		})
	}
	steps.Wait()
}

// ask sends one request through the gate. Without an answer it is lost, as it is
// where a busy gateway promises nothing (503), and asked again by who is stubborn.
// done notes it, and is called within the gate.
func (p *plot) ask(ctx context.Context, stubborn bool, what string, call func(context.Context, *program.Program) (program.Answer, error),
	done func(promises.Span, program.Answer),
) {
	for {
		program, leave, err := p.gate.enter(ctx)
		if err != nil {
			return
		}
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), holdsAtMost)
		begin := time.Now()
		answer, err := call(limit, program)
		cancel()
		span := promises.Span{Begin: begin, End: time.Now(), Lost: err != nil || answer.Status == http.StatusServiceUnavailable}
		done(span, answer)
		said := what + ": lost"
		if err == nil {
			said = strings.TrimSpace(fmt.Sprint(what, ": ", answer.Status, " ", cmp.Or(answer.Header.Get("Hookgate-Outcome"), answer.Field("code"), answer.Field("state"))))
		}
		p.count(p.talk.Name, said)
		leave()
		if !span.Lost || !stubborn {
			return
		}
		rest(ctx, restAfter503)
		stubborn = false // once more is enough
	}
}

func (p *plot) open(ctx context.Context, a *promises.Ask, body []byte, stubborn bool) {
	p.ask(ctx, stubborn, "open "+a.Mode, func(ctx context.Context, g *program.Program) (program.Answer, error) {
		var fields []string
		if a.IdempotencyKey != "" {
			fields = []string{"Idempotency-Key: " + a.IdempotencyKey}
		}
		return g.Admin().Do(ctx, http.MethodPost, p.waits(), body, fields...)
	}, func(span promises.Span, answer program.Answer) {
		o := &promises.Open{Span: span, Ask: a, Status: answer.Status}
		if wait := waitOf(answer); wait != nil {
			o.ID, o.Wait = wait.ID, wait
		} else if !span.Lost {
			o.ID, o.Code = answer.Field("wait_id"), answer.Field("code")
		}
		if o.ID != "" {
			p.known.Store(o.ID, true)
		}
		p.history.Opened(p.talk, o)
		if o.Wait != nil && len(a.Tells) > 0 {
			p.history.Learned(p.talk, &promises.Named{Span: span, Names: a.Tells})
		}
	})
}

// waitOf reads the wait that an answer shows; nil is none.
func waitOf(a program.Answer) *gatewaytest.Wait {
	if a.Status != http.StatusOK && a.Status != http.StatusCreated {
		return nil
	}
	wait := &gatewaytest.Wait{}
	if json.Unmarshal(a.Body, wait) != nil || wait.ID == "" {
		return nil
	}
	return wait
}

// place is where a callback stands among those of its request: what a repeat of one
// without an id is known by.
const place = 1

// amongOthers puts a callback among others of other conversations: one that is nobody's
// business, and one that is parked for a wait that never comes.
func amongOthers(n string, body []byte) []byte {
	return fmt.Appendf(nil, `{"list":[{"type":"noise","conversation_key":"noise-%[1]s","id":"noise-%[1]s"},%[2]s,{"type":"paid","conversation_key":"other-%[1]s","id":"other-%[1]s"}]}`,
		strings.ReplaceAll(n, " ", "_"), body)
}

// becameOf reads what became of a callback among others, and its status as if it had come
// alone. Where the others did not end as they must, it reads nothing, and that is judged.
func (l *load) becameOf(n string, answer program.Answer) (taken gatewaytest.Taken, status int) {
	var all struct{ Callbacks []gatewaytest.Taken }
	if json.Unmarshal(answer.Body, &all) != nil || len(all.Callbacks) != 3 {
		return taken, answer.Status
	}
	first, last := all.Callbacks[0].Outcome, all.Callbacks[2].Outcome
	if first != "ignored" && first != "duplicate" || last != "parked" && last != "duplicate" {
		return taken, answer.Status
	}
	l.beside(n, all.Callbacks)
	taken = all.Callbacks[place]
	return taken, gateway.Outcome(taken.Outcome).Status()
}

func (p *plot) send(ctx context.Context, m *promises.Message, body []byte, fields []string, stubborn bool) {
	if p.source == "batches" {
		body = amongOthers(m.N, body)
	}
	p.ask(ctx, stubborn, "send", func(ctx context.Context, g *program.Program) (program.Answer, error) {
		return g.Sender().Do(ctx, http.MethodPost, "/hooks/"+p.tenant+"/"+p.source, body, fields...)
	}, func(span promises.Span, answer program.Answer) {
		s := &promises.Send{Span: span, Message: m, Status: answer.Status}
		switch {
		case span.Lost:
		case p.source == "batches":
			s.Taken, s.Status = p.becameOf(m.N, answer)
		default:
			_ = json.Unmarshal(answer.Body, &s.Taken) // an answer that is no JSON has no outcome, and that is judged
		}
		p.history.Sent(p.talk, s)
	})
}

// someWait gives the id of a wait of this conversation; "" is none.
func (p *plot) someWait() (id string) {
	p.known.Range(func(key, _ any) bool {
		id = key.(string)
		return false
	})
	return id
}

func (p *plot) cancelSome(ctx context.Context) {
	id := p.someWait()
	if id == "" {
		return
	}
	p.ask(ctx, true, "cancel", func(ctx context.Context, g *program.Program) (program.Answer, error) {
		return g.Admin().Do(ctx, http.MethodDelete, p.waits()+"/"+id, nil)
	}, func(span promises.Span, answer program.Answer) {
		p.history.Cancelled(p.talk, &promises.Cancel{Span: span, ID: id, Status: answer.Status}, waitOf(answer))
	})
}

func (p *plot) watchSome(ctx context.Context, query string) {
	id := p.someWait()
	if id == "" {
		return
	}
	p.ask(ctx, false, "watch", func(ctx context.Context, g *program.Program) (program.Answer, error) {
		return g.Admin().Do(ctx, http.MethodGet, p.waits()+"/"+id+query, nil)
	}, func(span promises.Span, answer program.Answer) {
		if !span.Lost {
			p.history.Viewed(p.talk, &promises.View{Span: span, ID: id, From: "GET" + query, Wait: waitOf(answer)})
		}
	})
}
