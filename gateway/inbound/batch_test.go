package inbound_test

import (
	"context"
	"errors"
	"fmt"
	"hookgate/gateway/mapping"
	"runtime"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/server"
	"hookgate/gateway/waiting"
)

// became lists what the answer says of each callback, as "outcome key", and which wait it
// met where it is one of these.
func (a answer) became(waits ...*gateway.Wait) (all []string) {
	list, _ := a.body["callbacks"].([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		line := fmt.Sprint(m["outcome"], " ", m["conversation_key"])
		for i, w := range waits {
			if m["wait_id"] == w.ID {
				line += fmt.Sprint(" ", i)
			}
		}
		all = append(all, line)
	}
	return all
}

// tells checks status, outcome and what became of each callback.
func (a answer) tells(t *testing.T, status int, outcome, became string, waits ...*gateway.Wait) {
	t.Helper()
	if got := strings.Join(a.became(waits...), ", "); a.status != status || a.outcome != outcome || a.body["outcome"] != outcome || got != became {
		t.Errorf("answered %d %s; want %d %s, %s", a.status, a.raw, status, outcome, became)
	}
}

func (k *kit) wait(id string) *gateway.Wait {
	k.t.Helper()
	w, err := k.sessions.Get("acme", id)
	check(k.t, err)
	return w
}

// counted is how often an outcome was counted.
func (k *kit) counted(source, outcome string) float64 {
	k.t.Helper()
	families, err := k.metrics.Gatherer().Gather()
	check(k.t, err)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if labels := fmt.Sprint(m.GetLabel()); family.GetName() == "hookgate_callbacks_total" &&
				strings.Contains(labels, `"`+source+`"`) && strings.Contains(labels, `"`+outcome+`"`) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func each(path, key string) gateway.Source {
	return gateway.Source{Verify: anybody, Each: path, ConversationKey: gateway.KeyPlace{Path: key}}
}

func batchOf(body string) post { return post{path: "/hooks/acme/b", kind: asJSON, body: body} }

// TestTwoOfOneRequest is c08: each item of a list is a callback of its own.
func TestTwoOfOneRequest(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"b": each("[*]", "item.chat")})
	a, b := k.open("b", "A"), k.open("b", "B")
	const body = `[{"event":"open","chat":"A"},{"event":"open","chat":"B"}]`
	first := k.send(batchOf(body))
	first.tells(t, 200, "resumed", "resumed A 0, resumed B 1", a, b)
	for i, w := range []*gateway.Wait{a, b} {
		got := k.wait(w.ID)
		if want := fmt.Sprintf(`{"event":"open","chat":"%c"}`, 'A'+i); got.State != gateway.StateResumed || string(got.Callback.Body) != want {
			t.Errorf("wait %d is %s", i, got.AppendJSON(nil))
		}
	}
	k.send(batchOf(body)).tells(t, 200, "duplicate", "duplicate A 0, duplicate B 1", a, b)
}

func TestItemsOfEveryForm(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		source     gateway.Source
		kind, body string
		status     int
		became     string
	}{
		"a JSONPath":             {each("$.list[*]", "$.item.chat"), asJSON, `{"list":[{"chat":"A"}]}`, 202, "parked A"},
		"deep":                   {each("entry[*].changes[*].value.messages[*]", "item.from"), asJSON, `{"entry":[{"changes":[{"value":{"messages":[{"from":1},{"from":2}]}}]},{"changes":[{"value":{"messages":[{"from":3}]}}]}]}`, 202, "parked 1, parked 2, parked 3"},
		"a whole path":           {each("list", "chat"), asJSON, `{"chat":"W","list":[1,2]}`, 202, "parked W, parked W"},
		"values":                 {each("list", "item"), asJSON, `{"list":["A","B"]}`, 202, "parked A, parked B"},
		"a form":                 {each("chat", "item"), form, `chat=A&chat=B`, 202, "parked A, parked B"},
		"none there":             {each("list", "item"), asJSON, `{"list":[]}`, 200, ""},
		"no list":                {each("list[*]", "item"), asJSON, `{"x":1}`, 200, ""},
		"no body":                {each("list[*]", "item"), "", ``, 200, ""},
		"one without a key":      {each("[*]", "item.chat"), asJSON, `[{"chat":"A"},{"x":1}]`, 202, "parked A, conversation_key_missing <nil>"},
		"all without a key":      {each("[*]", "item.chat"), asJSON, `[{"x":1}]`, 200, "conversation_key_missing <nil>"},
		"two equal ones are two": {each("[*]", "item.chat"), asJSON, `[{"chat":"A"},{"chat":"A"}]`, 202, "parked A, parked A"},
		"two of one id are one":  {gateway.Source{Verify: anybody, Each: "[*]", ConversationKey: gateway.KeyPlace{Path: "item.chat"}, Dedupe: gateway.Dedupe{ID: "item.id"}}, asJSON, `[{"chat":"A","id":1},{"chat":"A","id":1}]`, 202, "parked A, duplicate A"},
		"an id of the request":   {gateway.Source{Verify: anybody, Each: "$.list[*]", ConversationKey: gateway.KeyPlace{Path: "item"}, Dedupe: gateway.Dedupe{ID: "id"}}, asJSON, `{"id":7,"list":["A","B"]}`, 202, "parked A, parked B"},
		"more than are taken":    {each("[*]", "item"), asJSON, "[0" + strings.Repeat(",0", 1000) + "]", 413, ""},
		"a thousand":             {each("[*]", "item"), asJSON, `["A"` + strings.Repeat(`,"A"`, 999) + "]", 202, "parked A" + strings.Repeat(", parked A", 999)},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, map[string]gateway.Source{"b": c.source})
			a := k.send(post{path: "/hooks/acme/b", kind: c.kind, body: c.body})
			if got := strings.Join(a.became(), ", "); a.status != c.status || got != c.became {
				t.Errorf("answered %d %.300s", a.status, a.raw)
			}
			if again := k.send(post{path: "/hooks/acme/b", kind: c.kind, body: c.body}); c.status == 202 && (again.outcome != "duplicate" || again.status != 200) {
				t.Errorf("its repeat: %d %.300s", again.status, again.raw)
			}
		})
	}
}

// Messages of two people, of two entries, statuses before them: none is lost, and each
// has the id of its provider.
func TestProvidersBatches(t *testing.T) {
	for kind, c := range map[string]struct {
		key, body, again, became string
		match                    []gateway.Match
	}{
		"meta": {"item.from", `{"entry":[{"changes":[{"value":{"statuses":[{"id":"m0","status":"read","recipient_id":"9"}]}}]},{"changes":[{"value":{"messages":[{"id":"m1","from":"491"},{"id":"m2","from":"492"}]}}]},{"changes":[{"value":{"messages":[{"id":"m3","from":"491"}]}}]}]}`,
			`{"entry":[{"changes":[{"value":{"messages":[{"id":"m2","from":"492"}]}}]}]}`, "ignored <nil>, parked 491, parked 492, parked 491",
			[]gateway.Match{{Name: "message", Branch: gateway.Success, When: []gateway.Condition{{Path: "item.from", Exists: number(true)}}}}},
		"line":    {"item.source.userId", `{"events":[{"webhookEventId":"e1","source":{"userId":"U1"}},{"webhookEventId":"e2","source":{"userId":"U2"}}]}`, `{"events":[{"webhookEventId":"e2","source":{"userId":"U2"},"deliveryContext":{"isRedelivery":true}}]}`, "parked U1, parked U2", nil},
		"hubspot": {"item.objectId", `[{"eventId":1,"objectId":7},{"eventId":2,"objectId":8}]`, `[{"eventId":2,"objectId":8,"attemptNumber":1}]`, "parked 7, parked 8", nil},
	} {
		_, verify := configured(kind)
		k := newKitAt(t, "https://h.example", server.Options{}, map[string]gateway.Source{kind: {Verify: verify, ConversationKey: gateway.KeyPlace{Path: c.key}, Match: c.match}})
		a := k.send(k.signed(kind, "https://h.example", c.body, nil))
		if got := strings.Join(a.became(), ", "); a.status != 202 || got != c.became {
			t.Errorf("%s: answered %d %s", kind, a.status, a.raw)
		}
		if a = k.send(k.signed(kind, "https://h.example", c.again, nil)); a.outcome != "duplicate" {
			t.Errorf("%s, put together anew: %d %s", kind, a.status, a.raw)
		}
	}
}

// A source that was written before there were batches, and a body without the provider's
// list, are as they were.
func TestProvidersListsCountWhereTheyAreAskedFor(t *testing.T) {
	_, verify := configured("line")
	const body = `{"conversation_key":"chat1","events":[{"webhookEventId":"e1","source":{"userId":"U1"}},{"webhookEventId":"e2"}]}`
	for name, c := range map[string]struct {
		source gateway.Source
		body   string
		became string // of several
	}{
		"whole paths":            {gateway.Source{Verify: verify}, body, ""},
		"each is written":        {gateway.Source{Verify: verify, Each: "default"}, body, "parked chat1, parked chat1"},
		"a variable of the item": {gateway.Source{Verify: verify, Variables: []gateway.Variable{{Name: "u", Path: "{{ item.source.userId | upper }}"}}}, body, "parked chat1, parked chat1"},
		"without the list":       {gateway.Source{Verify: verify, Each: "default"}, `{"conversation_key":"chat1","x":1}`, ""},
		"a header of that name":  {gateway.Source{Verify: verify, Dedupe: gateway.Dedupe{ID: "header:item"}}, body, ""},
	} {
		k := newKit(t, map[string]gateway.Source{"line": c.source})
		a := k.send(k.signed("line", "", c.body, nil))
		if got := strings.Join(a.became(), ", "); a.status != 202 || got != c.became || c.became == "" && a.body["conversation_key"] != "chat1" {
			t.Errorf("%s: answered %d %s", name, a.status, a.raw)
		}
	}
}

// Of a batch what a repeat can change decides the status, and is never pinned.
func TestStatusOfABatch(t *testing.T) {
	few := func(s gateway.Source) gateway.Source {
		s.Early.Max = number(1)
		return s
	}
	pinned := each("[*]", "item.chat")
	pinned.Respond.Status = 210
	needy := each("[*]", "item.chat")
	needy.Variables = []gateway.Variable{{Name: "n", Path: "item.n", Required: true}}
	slow := each("[*]", "item.chat")
	slow.RateLimit = &gateway.Rate{PerSecond: 0.001, Burst: 2}
	k := newKit(t, map[string]gateway.Source{"few": few(each("[*]", "item.chat")), "needy": needy, "slow": slow, "pinned": pinned, "pinnedfew": few(pinned)})
	send := func(source, body string) answer {
		return k.send(post{path: "/hooks/acme/" + source, kind: asJSON, body: body})
	}
	send("needy", `[{"chat":"A"},{"chat":"B"}]`).tells(t, 200, "variable_missing", "variable_missing A, variable_missing B")
	send("needy", `[{"chat":"A"},{"chat":"B","n":1}]`).tells(t, 202, "variable_missing", "variable_missing A, parked B")
	few2 := `[{"chat":"A"},{"chat":"B"},{"chat":"A","second":1}]`
	a := send("few", few2)
	a.tells(t, 429, "parked", "parked A, rate_limited B, rate_limited A")
	if a.header.Get("Retry-After") == "" {
		t.Error("it does not say when to come again")
	}
	k.open("few", "A")
	send("few", few2).tells(t, 202, "duplicate", "duplicate A, parked B, already_resumed A")
	three := `[{"chat":"A"},{"chat":"B"},{"chat":"C"},{"chat":"D"}]`
	send("slow", three).tells(t, 429, "parked", "parked A, parked B, rate_limited C, rate_limited D")
	if a := send("pinned", three); a.status != 210 {
		t.Errorf("pinned: %d", a.status)
	}
	if a := send("pinnedfew", three); a.status != 429 {
		t.Errorf("pinned, too many: %d", a.status)
	}
	if got := k.counted("needy", "variable_missing"); got != 3 {
		t.Errorf("variable_missing was counted %v times", got)
	}
	k.refusal = errors.New("the disk")
	send("needy", three).tells(t, 503, "unavailable", "unavailable A, unavailable B, unavailable C, unavailable D")
}

// A parked item is found by the paths of a later wait: in the item, and in what stood
// around it.
func TestParkedItemsKeepWhatStoodAround(t *testing.T) {
	source := each("list[*]", "item.chat")
	source.Variables = []gateway.Variable{{Name: "shop", Path: "shop.id"}, {Name: "n", Path: "item.n"}, {Name: "h", Path: "header:X-More"}}
	k := newKit(t, map[string]gateway.Source{"b": source})
	p := batchOf(`{"shop":{"id":7},"list":[{"chat":"A","n":1},{"chat":"B","n":2}, {"chat":"B","n":3}]}`)
	p.header = map[string]string{"X-More": "more"}
	k.send(p).tells(t, 202, "parked", "parked A, parked B, parked B")
	for _, want := range []string{`{"shop":7,"n":2,"h":"more"}`, `{"own":3,"all":[{"chat":"B","n":3}],"shop":7}`} {
		q := waiting.OpenRequest{Source: k.directory.Current().Tenant("acme").Source("b"), Key: "B", Timeout: time.Minute, Mode: gateway.ModePoll}
		if strings.Contains(want, "own") {
			q.Variables = gateway.Raw(`[{"name":"own","path":"item.n"},{"name":"all","path":"list"},{"name":"shop","path":"shop.id"}]`)
		}
		opened, err := k.sessions.Open(context.Background(), q)
		check(t, err)
		if got := string(opened.Wait.Variables); got != want {
			t.Errorf("it took %s, want %s", got, want)
		}
		if c := opened.Wait.Callback; c == nil || !strings.HasPrefix(string(c.Body), `{"chat":"B"`) {
			t.Errorf("%s", opened.Wait.AppendJSON(nil))
		}
	}
}

// Waits that are open have rules of their own, over the item and what stands around it.
func TestItemsAndRulesOfWaits(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"b": each("list[*]", "item.chat")})
	var waits []*gateway.Wait
	for _, key := range []string{"A", "B"} {
		opened, err := k.sessions.Open(context.Background(), waiting.OpenRequest{
			Source: k.directory.Current().Tenant("acme").Source("b"), Key: key, Timeout: time.Minute, Mode: gateway.ModePoll,
			Match:     gateway.Raw(`[{"name":"paid","branch":"SUCCESS","when":[{"path":"item.type","equals":"paid"},{"path":"shop","equals":7}]}]`),
			Variables: gateway.Raw(`[{"name":"n","path":"item.n"}]`),
		})
		check(t, err)
		waits = append(waits, opened.Wait)
	}
	k.send(batchOf(`{"shop":7,"list":[{"chat":"A","n":1},{"chat":"B","n":2,"type":"paid"},{"chat":"A","n":3,"type":"paid"}]}`)).
		tells(t, 200, "ignored", "ignored A 0, resumed B 1, resumed A 0", waits...)
	for i, want := range []string{`{"n":3}`, `{"n":2}`} {
		if got := string(k.wait(waits[i].ID).Variables); got != want {
			t.Errorf("wait %d has %s", i, got)
		}
	}
}

// A request of very many items waits for its turn, as a large body does: eight that were sent on
// and on took the processor from everybody else. One of few items needs none.
func TestManyItemsTakeTurns(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"b": each("[*]", "item")})
	var ends []func()
	for i := range max(1, runtime.GOMAXPROCS(0)/2) {
		end, err := mapping.Several(fmt.Sprint("other-", i), 1000, 0)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	if a := k.send(batchOf(`["A","B"]`)); a.status != 202 {
		t.Errorf("two items: %d", a.status)
	}
	taken := make(chan struct{})
	go func() {
		if a := k.send(batchOf(`["A"` + strings.Repeat(`,"C"`, 199) + "]")); a.status != 202 {
			t.Errorf("two hundred: %d", a.status)
		}
		close(taken)
	}()
	select {
	case <-taken:
		t.Error("two hundred items have had no turn, and were looked at")
	case <-time.After(100 * time.Millisecond):
	}
	for _, end := range ends {
		end()
	}
	<-taken
}
