package kills

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/gatewaytest/promises"
)

// readBack reads all waits of the last rounds, and each one that an answer about a
// recent conversation named.
func (k *killer) readBack() {
	since := k.began[max(0, len(k.began)-4)]
	listed := k.list(func(w *gatewaytest.Wait) bool { return w.CreatedAt.Before(since) })
	k.readMentioned(k.recent(), listed)
}

// readAll reads every wait there is.
func (k *killer) readAll() {
	k.readMentioned(k.history.Names(), k.list(func(*gatewaytest.Wait) bool { return false }))
}

// list pages through the waits, newest first, until one is enough. It gives the ids.
func (k *killer) list(enough func(*gatewaytest.Wait) bool) map[string]bool {
	k.t.Helper()
	seen := map[string]bool{}
	eachPage(k.home, "waits", "include=bodies", func(page []*gatewaytest.Wait, answer program.Answer) bool {
		for _, w := range page {
			seen[w.ID] = true
			k.view(w.ID, w, promises.Span{Begin: answer.Sent, End: answer.Got}, "list")
		}
		return len(page) == 0 || !enough(page[len(page)-1])
	})
	return seen
}

// readMentioned reads one by one what answers named and the list did not have.
func (k *killer) readMentioned(names []string, listed map[string]bool) {
	k.t.Helper()
	for _, name := range names {
		talk := k.history.Of(name)
		for _, id := range k.history.Mentioned(talk) {
			if listed[id] {
				continue
			}
			answer := k.program.Admin().Must(k.t, []int{200, 404}, http.MethodGet, k.waits()+"/"+id, nil)
			k.history.Viewed(talk, &promises.View{
				Span: promises.Span{Begin: answer.Sent, End: answer.Got}, ID: id, From: "GET", Wait: waitOf(answer),
			})
		}
	}
}

// view notes a wait that was seen somewhere, at the conversation of its key.
func (k *killer) view(id string, w *gatewaytest.Wait, span promises.Span, from string) {
	k.t.Helper()
	name, _, _ := strings.Cut(w.ConversationKey, "-")
	talk := k.history.Of(name)
	if talk == nil {
		k.t.Fatalf("%s is of a conversation that nobody had: %q", id, w.ConversationKey)
	}
	k.history.Viewed(talk, &promises.View{Span: span, ID: id, From: from, Wait: w})
}

// hear takes what the platform got since the last time into the history.
func (k *killer) hear() {
	k.t.Helper()
	verifier, err := webhooks.NewWebhook(killSecret)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, q := range k.receiver.Take() {
		digest := sha256.Sum256(q.Body)
		n := &promises.Notice{
			At: q.At, WebhookID: q.Header.Get("webhook-id"), Digest: string(digest[:]),
			Signed: verifier.VerifyIgnoringTimestamp(q.Body, q.Header) == nil,
		}
		if err := json.Unmarshal(q.Body, &n.Notice); err != nil {
			k.t.Fatalf("the platform got what is no notice: %v\n%s", err, q.Body)
		}
		wait := &gatewaytest.Wait{}
		if n.Type == "callback.late" {
			var late struct {
				Wait     *gatewaytest.Wait     `json:"wait"`
				Callback *gatewaytest.Callback `json:"callback"`
			}
			if err := json.Unmarshal(n.Data, &late); err != nil || late.Wait == nil {
				k.t.Fatalf("a late callback without its wait: %v\n%s", err, q.Body)
			}
			wait, n.Callback = late.Wait, late.Callback
			k.view(wait.ID, wait, promises.Span{Begin: q.At, End: q.At}, "late notice")
		} else if err := json.Unmarshal(n.Data, wait); err == nil {
			n.Wait = wait
		}
		name, _, _ := strings.Cut(wait.ConversationKey, "-")
		talk := k.history.Of(name)
		if talk == nil {
			k.t.Fatalf("a notice of a conversation that nobody had:\n%s", q.Body)
		}
		k.history.Noticed(talk, n)
		k.count(name, "notice: "+n.Type)
	}
}

// settle waits until every short wait has ended and every outcome has been
// delivered, and reads all of it. What does not settle is found by the laws.
func (k *killer) settle() {
	k.until(time.Now().Add(30*time.Second), func() bool { return !k.undelivered() && !k.waitsOpen() })
	k.readAll()
}
