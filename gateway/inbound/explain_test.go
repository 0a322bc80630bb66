package inbound_test

import (
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/requests"
)

// explained asks what would become of a post now.
func (k *kit) explained(source string, p post) requests.Explained {
	k.t.Helper()
	q := &requests.Question{Tenant: "acme", Source: source, Method: "POST", Path: "/hooks/acme/" + source, Body: []byte(p.body), BodyBytes: int64(len(p.body)), At: time.Now()}
	if p.kind != "" {
		q.Header = append(q.Header, [2]string{"Content-Type", p.kind})
	}
	for name, value := range p.header {
		q.Header = append(q.Header, [2]string{name, value})
	}
	e, err := k.in.Explain(q, nil)
	check(k.t, err)
	return e
}

// What is explained is what then happens, and explaining it changes nothing.
func TestExplainTellsWhatHappens(t *testing.T) {
	zero := gateway.Duration(0)
	paid := []gateway.Match{{Name: "paid", Branch: gateway.Success, When: []gateway.Condition{{Path: "status", Equals: raw(`"paid"`)}}}}
	amount := []gateway.Variable{{Name: "amount", Path: "amount", Type: "number", Required: true}}
	k := newKit(t, map[string]gateway.Source{
		"stripe": {Verify: gateway.Verify{Type: "stripe", Secrets: []gateway.Secret{"whsec_a", "whsec_b"}}},
		"plain":  {Verify: anybody},
		"none":   {Verify: anybody, Early: gateway.Early{TTL: &zero}},
		"one":    {Verify: anybody, Early: gateway.Early{Max: number(1)}},
		"paid":   {Verify: anybody, Match: paid, Variables: amount},
		"once":   {Verify: anybody, RateLimit: &gateway.Rate{PerSecond: 0.001, Burst: 1}},
		"each":   {Verify: anybody, Each: "items", ConversationKey: gateway.KeyPlace{Path: "item.key"}},
	})
	waits := map[string]string{"plain": k.open("plain", "c").ID, "paid": k.open("paid", "c").ID}
	keyed := `{"conversation_key":"c"}`
	for _, c := range []struct {
		source      string
		post        post
		outcome     gateway.Outcome
		step, words string // of the last check
		variables   string
	}{
		{"stripe", post{kind: asJSON, body: stripeBody, header: stripe("whsec_c", 0)}, "unauthenticated", "verify", "none of the 2 secrets", ""},
		{"stripe", post{kind: asJSON, body: stripeBody, header: stripe("whsec_a", 0)}, "parked", "claim", "", "{}"},
		{"stripe", post{kind: asJSON, body: stripeBody, header: stripe("whsec_a", 0)}, "duplicate", "dedupe", "taken before, as cb_", "{}"},
		{"plain", post{kind: asJSON, body: keyed}, "resumed", "claim", "it resumed wait_", "{}"},
		{"plain", post{kind: asJSON, body: keyed}, "duplicate", "dedupe", "the same bytes", "{}"},
		{"plain", post{kind: asJSON, body: `{"conversation_key":"c","n":2}`}, "already_resumed", "claim", "resumed already", "{}"},
		{"plain", post{kind: asJSON, body: `{}`}, "conversation_key_missing", "key", "body conversation_key", "{}"},
		{"plain", post{kind: asJSON, body: `{`}, "invalid_body", "body", "", ""},
		{"none", post{kind: asJSON, body: keyed}, "no_waiting_session", "claim", "early.ttl is 0", "{}"},
		{"one", post{kind: asJSON, body: keyed}, "parked", "claim", "", "{}"},
		{"one", post{kind: asJSON, body: `{"conversation_key":"d"}`}, "rate_limited", "claim", "early.max", "{}"},
		{"paid", post{kind: asJSON, body: `{"conversation_key":"c","status":"pending"}`}, "ignored", "match", "no match: paid wants status = paid, the body has status = pending", ""},
		{"paid", post{kind: asForm, body: `{"conversation_key":"c","status":"paid"}`}, "ignored", "match", "the body has no status; the body came as a form and looks like JSON", ""},
		{"paid", post{kind: asJSON, body: `{"conversation_key":"c","status":"paid"}`}, "variable_missing", "variables", "amount (path amount): the path found nothing", ""},
		{"paid", post{kind: asJSON, body: `{"conversation_key":"c","status":"paid","amount":"12"}`}, "resumed", "claim", "it resumed", `{"amount":12}`},
		{"once", post{kind: asJSON, body: keyed}, "parked", "claim", "", "{}"},
		{"each", post{kind: asJSON, body: `{"items":[{"key":"a"},{"key":"b"}]}`}, "parked", "claim", "", "{}"},
	} {
		for range 3 {
			k.explained(c.source, c.post)
		}
		e := k.explained(c.source, c.post)
		a := k.send(post{path: "/hooks/acme/" + c.source, kind: c.post.kind, body: c.post.body, header: c.post.header})
		if e.Outcome != c.outcome || a.outcome != string(c.outcome) || e.Status != a.status {
			t.Errorf("%s %s: explained as %s %d, was %s %d, want %s", c.source, c.post.body, e.Outcome, e.Status, a.outcome, a.status, c.outcome)
		}
		last := e.Checks[len(e.Checks)-1]
		if last.Step != c.step || !strings.Contains(last.Detail, c.words) {
			t.Errorf("%s %s: decided by %s %q, want %s %q", c.source, c.post.body, last.Step, last.Detail, c.step, c.words)
		}
		if string(e.Variables) != c.variables {
			t.Errorf("%s %s: variables %s, want %s", c.source, c.post.body, e.Variables, c.variables)
		}
		if want := waits[c.source]; c.outcome == "resumed" && (e.WaitID != want || a.body["wait_id"] != want) {
			t.Errorf("%s: wait %s explained, %v resumed, want %s", c.source, e.WaitID, a.body["wait_id"], want)
		}
	}
	if e := k.explained("each", post{kind: asJSON, body: `{"items":[{"key":"a","n":1},{"key":"b"}]}`}); len(e.Callbacks) != 2 || e.Callbacks[1].Key != "b" {
		t.Errorf("a batch is explained as %+v", e.Callbacks)
	}
}

// A request that was kept is judged as of when it came; of one whose body was cut nobody
// says what was not looked at.
func TestExplainOfWhatIsKept(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{
		"stripe": {Verify: gateway.Verify{Type: "stripe", Secrets: []gateway.Secret{"whsec_a"}}},
		"token":  {Verify: gateway.Verify{Type: "token", In: "header", Name: "X-Token", Secrets: []gateway.Secret{"let me in, please"}}},
		"paid": {Verify: anybody, Match: []gateway.Match{{Name: "paid", Branch: gateway.Success, When: []gateway.Condition{
			{Path: "status", Equals: raw(`"paid"`)}}}}},
	})
	k.send(post{path: "/hooks/acme/stripe", kind: asJSON, body: stripeBody, header: stripe("whsec_a", 200*time.Second)})
	one := k.newest("stripe")
	q := one.Question()
	e, err := k.in.Explain(q, nil)
	check(t, err)
	if e.Outcome != gateway.OutcomeDuplicate {
		t.Errorf("as of its own time it is %s: %+v", e.Outcome, e.Checks)
	}
	q.At = time.Now().Add(time.Hour)
	if e, err := k.in.Explain(q, nil); err != nil || e.Outcome != gateway.OutcomeUnauthenticated {
		t.Errorf("an hour later it is %s, %v", e.Outcome, err)
	}
	large := `{"conversation_key":"c","pad":"` + strings.Repeat("x", 5000) + `"}`
	for source, want := range map[string]string{"stripe": "verify", "token": "body"} {
		k.send(post{path: "/hooks/acme/" + source, kind: asJSON, body: large, header: map[string]string{"X-Token": "let me in, please", "Stripe-Signature": "t=1,v1=00"}})
		one := k.newest(source)
		e, err := k.in.Explain(one.Question(), nil)
		check(t, err)
		if e.Outcome != "" || e.Checks[len(e.Checks)-1].Step != "claim" {
			t.Errorf("%s: a cut body is %q: %+v", source, e.Outcome, e.Checks)
		}
		reached := false
		for _, c := range e.Checks {
			reached = reached || c.Step == want
			if (c.OK == nil) != (reached && c.Step != "rate") && c.Step != "rate" || c.OK != nil && !*c.OK {
				t.Errorf("%s: of a cut body %s is %v %q", source, c.Step, c.OK, c.Detail)
			}
		}
	}
	k.send(post{path: "/hooks/acme/paid", kind: asJSON, body: `{"conversation_key":"c","status":"pending"}`})
	one = k.newest("paid")
	if reason := one.Reason(k.in.Hints(&one)); reason != "no match: paid wants status = paid, the body has status = pending" {
		t.Errorf("the reason is %q", reason)
	}
}
