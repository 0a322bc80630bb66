package kills

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway/gatewaytest/promises"
)

const killGitHubSecret = "a-github-secret-of-the-kill-test"

// relayLoad is many conversations at once. Their providers go on with one when they
// know what became of their last message in it, or gave up.
type relayLoad struct {
	seed   uint64
	relays *promises.Relays
	gate   *gate
	next   atomic.Uint64
	lost   atomic.Int64 // answers of requests with several messages

	// forwards: who was not answered is told nothing by that of when it is done: the node that
	// decides it may live, and be at it still. So nobody gives up, and goes on to the next.
	forwards bool
}

// work plays one conversation after the other.
func (l *relayLoad) work(ctx context.Context) {
	for ctx.Err() == nil {
		number := l.next.Add(1)
		rng := rand.New(rand.NewPCG(l.seed, number))
		talk := fmt.Sprintf("r%d", number)
		if rng.IntN(3) == 0 {
			(&batcher{relayLoad: l, rng: rng, talk: talk, split: rng.IntN(2) == 0}).play(ctx)
			continue
		}
		(&provider{relayLoad: l, rng: rng, talk: talk, standard: rng.IntN(2) == 0}).play(ctx)
	}
}

// provider sends the messages of one conversation to one route.
type provider struct {
	*relayLoad
	rng      *rand.Rand
	talk     string
	standard bool // else GitHub's
	sent     []*promises.Post
}

func (p *provider) play(ctx context.Context) {
	for range 2 + p.rng.IntN(12) {
		if p.rng.IntN(3) > 0 && !restTillBeat(ctx, p.rng) { // some come in quick succession
			return
		}
		post := p.post()
		p.sent = append(p.sent, post)
		stubborn := p.rng.IntN(10) > 0 || p.forwards
		if p.rng.IntN(4) == 0 {
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() { p.until(ctx, post, stubborn) })
			}
			both.Wait()
		} else {
			p.until(ctx, post, stubborn)
		}
		if old := p.sent[p.rng.IntN(len(p.sent))]; old.ID != "" && p.rng.IntN(6) == 0 {
			p.again(ctx, old)
		}
	}
}

// again sends once more what the provider thinks was lost. Where it gave up on it
// before, the gateway may take it now, and then it comes too late for its place: so
// that is left alone.
func (p *provider) again(ctx context.Context, old *promises.Post) {
	if old == p.sent[len(p.sent)-1] || p.relays.Known(old) {
		p.until(ctx, old, true)
	}
}

// post makes the next message.
func (p *provider) post() *promises.Post {
	number := len(p.sent) + 1
	n := fmt.Sprintf("%s-%d", p.talk, number) // a webhook-id has no dots: they would blur what is signed
	q := &promises.Post{N: n, Conversation: p.talk, Number: number, Fields: map[string]string{
		promises.FieldN: n, "X-Custom": fmt.Sprintf(`two  spaces, "quotes"; and %d=%%20`, p.rng.IntN(1000)), "Cookie": "of=" + n, "Authorization": "Token " + n,
	}}
	q.Target = fmt.Sprintf("/a%%20b/%s?n=%s&x=%%2F&x=+%%7e&empty=", n, n)
	if p.standard {
		p.standardPost(q)
	} else {
		p.gitHubPost(q)
	}
	return q
}

// standardPost is any bytes, with all that is asked for in its fields. Its route
// takes the prefix away and puts its upstream's before it; which one's, chance says.
func (p *provider) standardPost(q *promises.Post) {
	q.Method = []string{"POST", "POST", "PUT", "PATCH"}[p.rng.IntN(4)]
	size := p.rng.IntN(3000)
	if p.rng.IntN(50) == 0 {
		size = 300 << 10
	}
	q.Body = make([]byte, size)
	for i := range q.Body {
		q.Body[i] = byte(p.rng.Uint32())
	}
	q.ID, q.WebhookID = "msg_"+q.N, "msg_"+q.N
	q.Fields["Content-Type"], q.Fields["X-Chat"], q.Fields["Webhook-Id"] = "application/x-octets; a=1", q.Conversation, q.ID
}

// gitHubPost is JSON in bytes that no encoder would write the same way again. It has
// GitHub's id, an Idempotency-Key, or neither.
func (p *provider) gitHubPost(q *promises.Post) {
	q.Method, q.Target = http.MethodPost, "/gh"+q.Target
	q.Body = fmt.Appendf(nil, `{ "pad":%q,"text":"Grüß \u0047ott <&>\/", "big":12345678901234567890, "chat" : %q,"e":1.50E+2}`+"\r\n",
		strings.Repeat("x", p.rng.IntN(1000)), q.Conversation)
	q.Fields["Content-Type"], q.Fields["X-Hub-Signature-256"] = "application/json", "sha256="+hex.EncodeToString(mac(killGitHubSecret, string(q.Body)))
	switch p.rng.IntN(5) {
	case 0:
	case 1:
		q.ID = "key of " + q.N
		q.Fields["Idempotency-Key"] = q.ID
	default:
		q.ID = "id-of-" + q.N
		q.Fields["X-Github-Delivery"] = q.ID
	}
}

// request is how a message is sent now: what is signed with the time is signed anew.
func request(q *promises.Post, standard bool) (path string, fields []string) {
	path = q.Target
	for name, value := range q.Fields {
		fields = append(fields, name+": "+value)
	}
	if standard {
		path = "/std" + path
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(killSecret, "whsec_"))
		if err != nil {
			panic(err) // it is written above
		}
		at := now()
		signature := base64.StdEncoding.EncodeToString(mac(string(key), q.ID+"."+at+"."+string(q.Body)))
		fields = append(fields, "Webhook-Timestamp: "+at, "Webhook-Signature: v1,"+signature)
	}
	slices.Sort(fields)
	return path, fields
}

func (p *provider) until(ctx context.Context, q *promises.Post, stubborn bool) {
	for p.once(ctx, q) && stubborn {
		rest(ctx, restAfter503)
	}
}

// once sends it, and says whether the answer was lost.
func (p *provider) once(ctx context.Context, q *promises.Post) (lost bool) {
	return p.ask(ctx, []*promises.Post{q}, func() (path string, body []byte, fields []string) {
		path, fields = request(q, p.standard)
		return path, q.Body, fields
	})
}

// ask sends a request that brings some messages, as make makes it once the program is
// there, and says whether the answer was lost. Who waits for half a minute has no right
// to think that: the request might be done later.
func (l *relayLoad) ask(ctx context.Context, posts []*promises.Post, make func() (path string, body []byte, fields []string)) (lost bool) {
	program, leave, err := l.gate.enter(ctx)
	if err != nil {
		return false
	}
	defer leave()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	path, body, fields := make()
	for _, q := range posts {
		l.relays.Begin(q)
	}
	begin := time.Now()
	answer, err := program.Sender().Do(limit, posts[0].Method, path, body, fields...)
	lost = err != nil && limit.Err() == nil || answer.Status == http.StatusServiceUnavailable
	span := promises.Span{Begin: begin, End: time.Now(), Lost: lost}
	for i, became := range becameOfEach(answer.Body, len(posts)) {
		l.relays.Answered(posts[i], span, answer.Status, became)
	}
	return lost
}

// becameOfEach gives the part of an answer that is about each message, or all of it where
// it has not that many.
func becameOfEach(body []byte, n int) [][]byte {
	var all struct{ Callbacks []json.RawMessage }
	each := make([][]byte, n)
	several := json.Unmarshal(body, &all) == nil && len(all.Callbacks) == n
	for i := range each {
		if each[i] = body; several {
			each[i] = all.Callbacks[i]
		}
	}
	return each
}
