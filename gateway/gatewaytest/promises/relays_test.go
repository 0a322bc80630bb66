package promises

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest"
)

// relayStory breaks no law; TestRelaysFinds changes one line or another of it.
//
//	a  has an id and a webhook-id of its own, and is refused once
//	b  has an id; its first answer is lost, and it comes again after a kill
//	c  has no id, and is sent twice: these are two
const relayStory = `
send a accepted cb_a
send a duplicate cb_a
got a msg_a 500
send b lost -
kill
send b duplicate cb_b
got a msg_a 200
got b evt_b 200
kill
got b evt_b 200
send c accepted cb_c1
send c accepted cb_c2
got c evt_c1 200
got c evt_c2 200
delivery dlv_a talk succeeded
delivery dlv_b talk succeeded
delivery dlv_c1 talk succeeded
delivery dlv_c2 talk succeeded
`

// playRelays plays a story, and gives the laws that it breaks. What an upstream gets
// is as it was sent, unless change says otherwise.
func playRelays(t *testing.T, story string, change func(*RelayArrival)) ([]string, RelayTally) {
	r := NewRelays()
	posts := map[string]*Post{
		"a": {ID: "msg_a", WebhookID: "msg_a"},
		"b": {ID: "b"},
		"c": {},
	}
	for n, p := range posts {
		p.N, p.Number, p.Conversation = n, int(n[0]-'a')+1, "talk"
		p.Method, p.Target, p.Fields, p.Body = http.MethodPut, "/"+n+"?x=%2F", map[string]string{FieldN: n}, []byte("\x00"+n)
	}
	arrival := func(n, id string, ok bool) {
		a := RelayArrival{OK: ok, Received: gatewaytest.Received{
			At: at(1), Method: http.MethodPut, Path: "/" + n + "?x=%2F", Header: http.Header{"X-N": {n}, "Webhook-Id": {id}}, Body: []byte("\x00" + n),
		}}
		if change != nil {
			change(&a)
		}
		r.Arrived(a)
	}
	for line := range strings.Lines(story) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "kill":
			r.Killed()
		case "send":
			p, lost := posts[words[1]], words[2] == "lost"
			r.Begin(p)
			r.Answered(p, Span{Begin: at(0), End: at(1), Lost: lost}, http.StatusOK, fmt.Appendf(nil, `{"outcome":%q,"callback_id":%q}`, words[2], strings.Trim(words[3], "-")))
		case "got":
			arrival(words[1], words[2], words[3] == "200")
		case "delivery":
			r.Ended(Shown{ID: words[1], ConversationKey: words[2], State: words[3], EventIDs: []string{"evt"}})
		default:
			t.Fatalf("no line of a story: %s", line)
		}
	}
	return laws(append(r.Check(false), r.Check(true)...)), r.Tally()
}

func TestRelaysFindsNothing(t *testing.T) {
	found, got := playRelays(t, relayStory, nil)
	if len(found) > 0 {
		t.Errorf("found %q", found)
	}
	want := RelayTally{Accepted: 3, Duplicates: 2, Lost: 1, LostAndTaken: 1, Arrivals: 6, Refused: 1, Again: 1, Succeeded: 4}
	if got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// A request whose answer was lost may be nowhere.
func TestRelaysFindsNothingOfWhatWasLost(t *testing.T) {
	story := relayStory
	for _, line := range []string{"send b duplicate cb_b\n", "got b evt_b 200\n", "delivery dlv_b talk succeeded\n"} {
		story = strings.ReplaceAll(story, line, "")
	}
	if found, _ := playRelays(t, story, nil); len(found) > 0 {
		t.Errorf("found %q", found)
	}
}

// What is of several conversations is in order in each of them, and one delivery.
func TestRelaysFindsOrderInEachConversation(t *testing.T) {
	play := func(arrivals ...string) (found []string) {
		r := NewRelays()
		posts := map[string]*Post{"a": {Conversation: "one"}, "b": {Conversation: "two", Also: []string{"one"}}, "c": {Conversation: "one"}}
		for i, n := range []string{"a", "b", "c"} {
			p := posts[n]
			p.N, p.ID, p.Number, p.Method, p.Target = n, n, i+1, http.MethodPost, "/"
			r.Begin(p)
			r.Answered(p, Span{Begin: at(0), End: at(1)}, http.StatusOK, fmt.Appendf(nil, `{"outcome":"accepted","callback_id":"cb_%s"}`, n))
			r.Ended(Shown{ID: "dlv_" + n, ConversationKey: p.Conversation, State: "succeeded", EventIDs: []string{"evt"}})
		}
		for _, n := range arrivals {
			r.Arrived(RelayArrival{OK: true, Received: gatewaytest.Received{
				At: at(1), Method: http.MethodPost, Path: "/", Header: http.Header{"X-N": {n}, "Webhook-Id": {"evt_" + n}},
			}})
		}
		return laws(append(r.Check(false), r.Check(true)...))
	}
	if found := play("a", "b", "c"); len(found) > 0 {
		t.Errorf("in order it finds %q", found)
	}
	for _, wrong := range [][]string{{"b", "a", "c"}, {"a", "c", "b"}} {
		if found := play(wrong...); !slices.Contains(found, "order") {
			t.Errorf("as %q it finds %q, want order", wrong, found)
		}
	}
}

func TestRelaysFinds(t *testing.T) {
	for _, b := range []struct {
		law, what, old, fresh string // a line of the story, and what stands for it
	}{
		{"answer", "no outcome that could be", "send a accepted cb_a", "send a resumed cb_a"},
		{"answer", "a duplicate of what has no id", "send c accepted cb_c2", "send c duplicate cb_c1"},
		{"answer", "no callback_id", "send a accepted cb_a", "send a accepted -"},
		{"taken once", "accepted twice", "send a duplicate cb_a", "send a accepted cb_a"},
		{"taken once", "accepted twice, by two processes", "send b duplicate cb_b", "send b accepted cb_b\nsend b accepted cb_b"},
		{"taken once", "a duplicate of another", "send a duplicate cb_a", "send a duplicate cb_x"},
		{"taken once", "a duplicate of nothing", "send a accepted cb_a", ""},
		{"taken once", "two with one callback_id", "send c accepted cb_c2", "send c accepted cb_c1"},
		{"taken once", "a callback_id of another", "send c accepted cb_c1", "send c accepted cb_a"},
		{"taken once", "two copies", "kill\ngot b evt_b 200", "kill\ngot b evt_bb 200"},
		{"lost", "never arrived", "got c evt_c2 200", ""},
		{"lost", "never taken", "got c evt_c2 200", "got c evt_c2 500"},
		{"explained", "of nobody", "got c evt_c1 200", "got x evt_c1 200"},
		{"explained", "more often than sent", "got c evt_c2 200", "got c evt_c2 200\ngot c evt_c3 200"},
		{"explained", "a delivery of nobody", "delivery dlv_a talk", "delivery dlv_a chat"},
		{"same id", "not its own", "got a msg_a 500", "got a evt_a 500"},
		{"same id", "that of another", "got c evt_c1 200", "got c evt_b 200"},
		{"order", "after the next one", "got a msg_a 500\nsend b lost -", "send b lost -\ngot b evt_b 200"},
		{"order", "before the last one was taken", "got a msg_a 200", "got a msg_a 500"},
		{"order", "before one of its copies", "send b duplicate cb_b", "send b duplicate cb_b\nsend c accepted cb_c0\ngot c evt_c0 200"},
		{"ended", "not at all", "delivery dlv_b talk succeeded", "delivery dlv_b talk retrying"},
		{"ended", "badly", "delivery dlv_b talk succeeded", "delivery dlv_b talk dead"},
		{"ended", "nowhere", "delivery dlv_b talk succeeded", ""},
		{"ended", "twice", "delivery dlv_b talk succeeded", "delivery dlv_b talk succeeded\ndelivery dlv_bb talk succeeded"},
	} {
		t.Run(b.law+"/"+b.what, func(t *testing.T) {
			if !strings.Contains(relayStory, b.old) {
				t.Fatalf("the story has no %q", b.old)
			}
			if found, _ := playRelays(t, strings.Replace(relayStory, b.old, b.fresh, 1), nil); !slices.Contains(found, b.law) {
				t.Errorf("found %q, want %q", found, b.law)
			}
		})
	}
	for what, change := range map[string]func(*RelayArrival){
		"method":    func(a *RelayArrival) { a.Method = http.MethodPost },
		"path":      func(a *RelayArrival) { a.Path = strings.Replace(a.Path, "%2F", "/", 1) },
		"field":     func(a *RelayArrival) { a.Header["X-N"] = append(a.Header["X-N"], "b") },
		"body":      func(a *RelayArrival) { a.Body = a.Body[1:] },
		"signature": func(a *RelayArrival) { a.Unsigned = errors.New("a signature of nobody") },
	} {
		want := "bytes"
		if what == "signature" {
			want = "signed"
		}
		if found, _ := playRelays(t, relayStory, change); !slices.Contains(found, want) {
			t.Errorf("with another %s it found %q, want %q", what, found, want)
		}
	}
}
