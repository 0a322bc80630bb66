package inbound_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/requests"
)

// A test goes the way of a callback: signed as its sender signs, it resumes and is parked,
// counts against the rate, and is kept.
func TestTryASource(t *testing.T) {
	paid := []gateway.Match{{Name: "paid", Branch: gateway.Success, When: []gateway.Condition{{Path: "$.data.status", Equals: raw(`"paid"`)}}}}
	amount := []gateway.Variable{{Name: "amount", Path: "data.items[1].amount", Type: "number", Required: true}, {Name: "s", Path: "$..x"}}
	secrets := []gateway.Secret{"let me in, please"}
	token := gateway.Verify{Type: "token", In: "query", Name: "key", Secrets: secrets}
	k := newKit(t, map[string]gateway.Source{
		"stripe": {Verify: gateway.Verify{Type: "stripe", Secrets: []gateway.Secret{"whsec_a", "whsec_b"}}, Match: paid, Variables: amount},
		"token":  {Verify: token, ConversationKey: gateway.KeyPlace{In: "path"}},
		"header": {Verify: gateway.Verify{Type: "bearer", Secrets: secrets}, ConversationKey: gateway.KeyPlace{In: "header", Path: "X-Chat"}, Body: "form", Variables: []gateway.Variable{{Name: "a", Path: "a", Required: true}}},
		"plain":  {Verify: anybody},
		"once":   {Verify: anybody, RateLimit: &gateway.Rate{PerSecond: 0.001, Burst: 1}},
		"paypal": {Verify: gateway.Verify{Type: "paypal", Secrets: []gateway.Secret{"WH-1234567890"}}},
	})
	try := func(source string, q requests.Question) (requests.Tried, error) {
		q.Tenant, q.Source, q.Method, q.At = "acme", source, "POST", time.Now()
		if q.Path == "" {
			q.Path = "/hooks/acme/" + source
		}
		q.Client = netip.MustParseAddr("127.0.0.1")
		q.Peer = q.Client
		return k.in.Try(&q)
	}
	for _, source := range []string{"stripe", "token", "header", "plain"} {
		q := requests.Question{Tenant: "acme", Source: source, Method: "POST", At: time.Now(), Path: "/hooks/acme/" + source}
		foreseen, err := k.in.Foresee(&q)
		check(t, err)
		if foreseen.Outcome != gateway.OutcomeParked || len(foreseen.Body) == 0 || foreseen.Signed != (source != "plain") || len(k.kept.List(requests.Query{Of: requests.Source, Tenant: "acme", Place: source, Most: 1})) != 0 {
			t.Errorf("%s, foreseen: %+v", source, foreseen)
		}
		tried, err := try(source, requests.Question{})
		check(t, err)
		if tried.Outcome != gateway.OutcomeParked || tried.Status != 202 || tried.CallbackID == "" || !strings.HasPrefix(tried.Key, "test-") || tried.Signed != (source != "plain") {
			t.Errorf("%s: %+v\n%s", source, tried, tried.Body)
		}
		if one := k.newest(source); one.CallbackID != tried.CallbackID {
			t.Errorf("%s: kept is %+v", source, one)
		}
		if again, err := try(source, requests.Question{}); err != nil || again.Outcome != gateway.OutcomeParked {
			t.Errorf("%s: a second one is %+v, %v", source, again.Outcome, err)
		}
	}
	wait := k.open("plain", "c").ID
	if tried, err := try("plain", requests.Question{Body: []byte(`{"conversation_key":"c"}`)}); err != nil || tried.Outcome != gateway.OutcomeResumed || tried.WaitID != wait {
		t.Errorf("a wait: %+v, %v", tried, err)
	}
	tried, err := try("stripe", requests.Question{Body: []byte(`{"conversation_key":"c","data":{"status":"paid"}}`), Header: [][2]string{{"Content-Type", "application/json"}}})
	if last := tried.Checks[len(tried.Checks)-1]; err != nil || tried.Outcome != gateway.OutcomeParked && last.Step != "variables" {
		t.Errorf("a body that lacks a variable: %+v, %v", tried, err)
	}
	if _, err := try("paypal", requests.Question{}); code(err) != gateway.CodeInvalidField {
		t.Errorf("what only the sender can sign: %v", err)
	}
	if tried, err := try("paypal", requests.Question{Body: []byte("{}"), Header: [][2]string{{"X-A", "b"}}}); err != nil || tried.Signed || tried.Outcome != gateway.OutcomeUnauthenticated {
		t.Errorf("what was given: %+v, %v", tried, err)
	}
	for _, want := range []gateway.Outcome{gateway.OutcomeParked, gateway.OutcomeRateLimited} {
		if tried, err := try("once", requests.Question{}); err != nil || tried.Outcome != want {
			t.Errorf("its rate is not used up: %s, %v", tried.Outcome, err)
		}
	}
}

// Who has requests explained guesses no secret faster than who sends them.
func TestExplainIsNoOracle(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{
		"bearer": {Verify: gateway.Verify{Type: "bearer", Secrets: []gateway.Secret{"let me in, please"}}},
	})
	ask := func(by, secret string) error {
		_, err := k.in.Explain(&requests.Question{
			Tenant: "acme", Source: "bearer", Method: "POST", Path: "/hooks/acme/bearer", At: time.Now(), By: by, Body: []byte(`{}`), BodyBytes: 2,
			Header: [][2]string{{"Authorization", "Bearer " + secret}},
		}, nil)
		return err
	}
	guesses := 0
	for ; guesses < 1000; guesses++ {
		if err := ask("tok_1", "guess"); err != nil {
			if code(err) != gateway.CodeRateLimited {
				t.Fatal(err)
			}
			break
		}
	}
	if guesses != 60 {
		t.Errorf("%d guesses", guesses)
	}
	if err := ask("tok_1", "let me in, please"); code(err) != gateway.CodeRateLimited {
		t.Errorf("the right one is told from wrong ones: %v", err)
	}
	if err := ask("tok_2", "guess"); err != nil {
		t.Errorf("another token: %v", err)
	}
	if a := k.send(post{path: "/hooks/acme/bearer", kind: asJSON, body: `{"conversation_key":"c"}`, header: map[string]string{"Authorization": "Bearer let me in, please"}}); a.outcome != "parked" {
		t.Errorf("the sender's: %+v", a)
	}
}

// code is that of an error of ours; "" of another, or none.
func code(err error) gateway.Code {
	var known *gateway.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return ""
}

// A large body that ends the way early gives its turn back: the look at what will become of
// it had it, and what was then done waited for it five seconds, as did everybody's.
func TestTrialsOfLargeBodies(t *testing.T) {
	s := each("list[*]", "item.k")
	s.AliasesFrom = []string{"x"}
	k := newKit(t, map[string]gateway.Source{"b": s})
	long := strings.Repeat("h", 300<<10)
	for name, c := range map[string]struct {
		body string
		want gateway.Outcome
	}{
		"too many items": {`{"x":"` + long + `","list":[0` + strings.Repeat(",0", 1000) + `]}`, gateway.OutcomeTooLarge},
		"none":           {`{"x":"` + long + `","list":[]}`, gateway.OutcomeIgnored},
		"too complex":    {`{"x":"` + long + `","list":[{"k":"a"}` + strings.Repeat(`,{"k":"a"}`, 999) + `]}`, gateway.OutcomeTooComplex},
		"no JSON":        {`{"x":"` + long + `"`, gateway.OutcomeInvalidBody},
		"taken":          {`{"x":"` + long + `","list":[{"k":"a"}]}`, gateway.OutcomeParked},
	} {
		tried, err := k.in.Try(&requests.Question{
			Tenant: "acme", Source: "b", Method: "POST", Path: "/hooks/acme/b", At: time.Now(), Body: []byte(c.body), Header: [][2]string{{"Content-Type", "application/json"}},
		})
		if err != nil || tried.Outcome != c.want && (c.want != gateway.OutcomeParked || tried.Status != 202) {
			t.Errorf("%s: %s with %d, %v; want %s", name, tried.Outcome, tried.Status, err, c.want)
		}
	}
}
