package kills

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/promises"
)

// batcher is a provider whose requests bring messages of several conversations, to a
// route that splits them or to one that does not. What it sends again it puts together
// anew, as providers do.
type batcher struct {
	*relayLoad
	rng    *rand.Rand
	talk   string
	split  bool
	number int
	sent   [][]brought // by request
}

// brought is one message of a request; where the request is not split, all of them are
// one Post.
type brought struct {
	chat, item string
	post       *promises.Post
}

func (b *batcher) play(ctx context.Context) {
	for range 2 + b.rng.IntN(8) {
		if b.rng.IntN(3) > 0 && !restTillBeat(ctx, b.rng) {
			return
		}
		all := b.make()
		b.sent = append(b.sent, all)
		stubborn := b.rng.IntN(10) > 0 || b.forwards
		var both sync.WaitGroup
		for range 1 + b.rng.IntN(4)/3 {
			both.Go(func() { b.until(ctx, all, stubborn) })
		}
		both.Wait()
		if old := b.sent[b.rng.IntN(len(b.sent))]; b.rng.IntN(4) == 0 && (&old[0] == &all[0] || b.known(old)) {
			b.until(ctx, b.anew(old), true)
		}
	}
}

// known says whether all of a request was taken: who gave up on some of it does not come
// with it again, for it would come too late for its place.
func (b *batcher) known(all []brought) bool {
	return !slices.ContainsFunc(all, func(m brought) bool { return !b.relays.Known(m.post) })
}

// make makes the next messages, mostly of several conversations, some of one.
func (b *batcher) make() (all []brought) {
	var list []string
	for range 1 + b.rng.IntN(4) {
		b.number++
		m := brought{chat: fmt.Sprintf("%s-%c", b.talk, 'a'+b.rng.IntN(3))}
		m.item = fmt.Sprintf(`{"n":"%s-%d", "id":"id %[1]s-%[2]d","chat":%q,"pad":%q,"e":1.50E+2}`, b.talk, b.number, m.chat, strings.Repeat("x", b.rng.IntN(300)))
		list = append(list, m.item)
		if b.split {
			m.post = b.post(m.chat, fmt.Sprintf("%s-%d", b.talk, b.number), m.item)
		}
		all = append(all, m)
	}
	if b.split {
		return all
	}
	whole := b.post(all[0].chat, fmt.Sprintf("%s-%d", b.talk, b.number-len(all)+1), list...)
	for i := range all {
		if chat := all[i].chat; chat != whole.Conversation && !slices.Contains(whole.Also, chat) {
			whole.Also = append(whole.Also, chat)
		}
		all[i].post = whole
	}
	return all
}

// post is what an upstream is to get of some messages: the body with these alone.
func (b *batcher) post(chat, n string, items ...string) *promises.Post {
	q := &promises.Post{N: n, Conversation: chat, Number: b.number, ID: "id of " + n, Method: http.MethodPost, Body: bodyOf(items...)}
	q.Fields = map[string]string{"Content-Type": "application/json", "X-Custom": "of " + b.talk}
	q.Target = "/several/" + b.talk
	if b.split {
		q.Target = "/split/" + b.talk
	}
	return q
}

func bodyOf(items ...string) []byte {
	return []byte(`{"app" : "x","list":[` + strings.Join(items, ",") + `],"of":{"e":1.50E+2}}`)
}

// anew is the same messages in another order, but for those of one conversation. What is
// not split is a repeat whatever its order is, and must arrive as it was.
func (b *batcher) anew(all []brought) []brought {
	if !b.split {
		return all
	}
	return slices.SortedStableFunc(slices.Values(all), func(a, b brought) int { return strings.Compare(b.chat, a.chat) })
}

func (b *batcher) until(ctx context.Context, all []brought, stubborn bool) {
	for b.once(ctx, all) {
		if b.lost.Add(1); !stubborn {
			return
		}
		rest(ctx, restAfter503)
	}
}

func (b *batcher) once(ctx context.Context, all []brought) (lost bool) {
	var posts []*promises.Post
	var items []string
	for _, m := range all {
		items = append(items, m.item)
		if !slices.Contains(posts, m.post) {
			posts = append(posts, m.post)
		}
	}
	return b.ask(ctx, posts, func() (path string, body []byte, fields []string) {
		body = bodyOf(items...)
		for name, value := range posts[0].Fields {
			fields = append(fields, name+": "+value)
		}
		return posts[0].Target, body, append(fields, "X-Hub-Signature-256: sha256="+hex.EncodeToString(mac(killGitHubSecret, string(body))))
	})
}

// named names a request of a batcher by the message that it brings first: no field of it
// could, where it was split.
func named(q gatewaytest.Received) gatewaytest.Received {
	var body struct{ List []struct{ N string } }
	if (strings.HasPrefix(q.Path, "/split/") || strings.HasPrefix(q.Path, "/several/")) && json.Unmarshal(q.Body, &body) == nil && len(body.List) > 0 {
		q.Header = q.Header.Clone()
		q.Header.Set(promises.FieldN, body.List[0].N)
	}
	return q
}
