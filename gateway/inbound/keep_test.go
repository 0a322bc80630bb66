package inbound_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/requests"
)

// newest gives the last request that was kept of a source.
func (k *kit) newest(source string) requests.Kept {
	k.t.Helper()
	all := k.kept.List(requests.Query{Tenant: "acme", Place: source, Most: 1, Body: requests.MostBody})
	if len(all) == 0 {
		k.t.Fatalf("nothing is kept of %s", source)
	}
	return all[0]
}

// stripe gives a callback that is signed as Stripe does, with a secret, so long ago.
func stripe(secret string, ago time.Duration) map[string]string {
	at := fmt.Sprint(time.Now().Add(-ago).Unix())
	return map[string]string{"Stripe-Signature": "t=" + at + ",v1=" + hexHMAC(secret, at+"."+stripeBody)}
}

const stripeBody = `{"id":"evt_1","conversation_key":"c"}`

// Each request says which step decided, and why, in words to act on.
func TestRequestsSayWhy(t *testing.T) {
	zero := gateway.Duration(0)
	size := gateway.Size(64)
	paid := gateway.Match{Name: "paid", Branch: gateway.Success, When: []gateway.Condition{{Path: "status", Equals: raw(`"paid"`)}}}
	k := newKit(t, map[string]gateway.Source{
		"stripe": {Verify: gateway.Verify{Type: "stripe", Secrets: []gateway.Secret{"whsec_a", "whsec_b"}}},
		"token":  {Verify: gateway.Verify{Type: "token", In: "header", Name: "X-Token", Secrets: []gateway.Secret{"let me in, please"}}},
		"plain":  {Verify: anybody, Early: gateway.Early{TTL: &zero}},
		"parks":  {Verify: anybody, Early: gateway.Early{Max: number(1)}},
		"small":  {Verify: anybody, MaxBody: &size},
		"posts":  {Verify: anybody, Methods: []string{"POST"}},
		"near":   {Verify: anybody, AllowIPs: []string{"192.0.2.0/24", "198.51.100.7"}},
		"slow":   {Verify: anybody, RateLimit: &gateway.Rate{PerSecond: 0.001, Burst: 1}},
		"paid":   {Verify: anybody, Match: []gateway.Match{paid}},
		"needy":  {Verify: anybody, Variables: []gateway.Variable{{Name: "amount", Path: "amount", Type: "number", Required: true}}},
		"each":   {Verify: anybody, Each: "items", ConversationKey: gateway.KeyPlace{Path: "item.key"}},
	})
	keyed := `{"conversation_key":"c"}`
	k.send(post{path: "/hooks/acme/slow", kind: asJSON, body: keyed})
	for _, c := range []struct {
		source       string
		post         post
		step, detail string // of the check that decided
		ok           bool
	}{
		{"stripe", post{kind: asJSON, body: stripeBody}, "verify", "no header Stripe-Signature", false},
		{"stripe", post{kind: asJSON, body: stripeBody, header: stripe("whsec_b", 412*time.Second)}, "verify", " s old, tolerance is 300 s", false},
		{"stripe", post{kind: asJSON, body: stripeBody, header: stripe("whsec_b", -412*time.Second)}, "verify", "ahead of the clock, tolerance is 300 s", false},
		{"stripe", post{kind: asJSON, body: stripeBody, header: stripe("whsec_c", 0)}, "verify", "signed by none of the 2 secrets, over 37 bytes of body", false},
		{"stripe", post{kind: asJSON, body: stripeBody, header: stripe("whsec_b", 0)}, "claim", "no wait is open yet", true},
		{"stripe", post{kind: asJSON, body: stripeBody, header: stripe("whsec_b", 0)}, "dedupe", "a callback with the same id was taken before, as cb_", false},
		{"token", post{kind: asJSON, body: keyed, header: map[string]string{"X-Token": "wrong"}}, "verify", "X-Token is not the right one", false},
		{"plain", post{kind: asJSON, body: keyed}, "claim", "no wait is open for the conversation key c, and early.ttl is 0", false},
		{"plain", post{kind: asJSON, body: `{`}, "body", "", false},
		{"plain", post{kind: asJSON, body: `{}`}, "key", "no conversation key", false},
		{"parks", post{kind: asJSON, body: keyed}, "claim", "it is kept for one", true},
		{"parks", post{kind: asJSON, body: `{"conversation_key":"d"}`}, "claim", "early.max", false},
		{"small", post{kind: asJSON, body: strings.Repeat(" ", 65)}, "size", "more than the 64 bytes", false},
		{"posts", post{method: "PUT", kind: asJSON, body: keyed}, "method", "PUT is not taken: the source takes POST", false},
		{"posts", post{method: "OPTIONS"}, "handshake", "only looks", true},
		{"near", post{kind: asJSON, body: keyed}, "allow_ips", "the client 127.0.0.1 is in none of the 2 networks", false},
		{"slow", post{kind: asJSON, body: keyed}, "rate", "it may be sent again in ", false},
		{"paid", post{kind: asJSON, body: `{"conversation_key":"c","status":"pending"}`}, "match", "", false},
		{"needy", post{kind: asJSON, body: keyed}, "variables", "the variable amount is required", false},
		{"each", post{kind: asJSON, body: `{"items":[{"key":"a"},{"key":"b"}]}`}, "claim", "", true},
	} {
		c.post.path = "/hooks/acme/" + c.source
		a := k.send(c.post)
		one := k.newest(c.source)
		if one.Status != a.status || c.post.method != "OPTIONS" && string(one.Outcome) != a.outcome {
			t.Errorf("%s %s: kept is %d %s, the answer was %d %s", c.source, c.post.body, one.Status, one.Outcome, a.status, a.outcome)
		}
		checks := one.Checks(requests.Hints{})
		if len(checks) == 0 {
			t.Errorf("%s %s has no checks", c.source, c.post.body)
			continue
		}
		last := checks[len(checks)-1]
		if last.Step != c.step || last.OK == nil || *last.OK != c.ok || !strings.Contains(last.Detail, c.detail) {
			t.Errorf("%s %s is decided by %s (%v): %q; want %s (%v) %q", c.source, c.post.body, last.Step, *last.OK, last.Detail, c.step, c.ok, c.detail)
		}
		for _, before := range checks[:len(checks)-1] {
			if before.OK != nil && !*before.OK {
				t.Errorf("%s %s: %s fails before the step that decided", c.source, c.post.body, before.Step)
			}
		}
	}
	if one := k.newest("each"); len(one.Batch) != 2 || one.Batch[1].Key != "b" {
		t.Errorf("of the batch is kept %+v", one.Batch)
	}
}

func TestUnmatchedAreKept(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"off": {Verify: anybody, Enabled: number(false)}})
	for _, path := range []string{"/hooks/acme/off", "/hooks/acme/nope", "/hooks/nobody/nope", "/hooks/acme", "/hooks/ACME/x/y/z"} {
		k.send(post{path: path, body: "hello"})
		all := k.kept.Unmatched("", 1)
		if len(all) != 1 || all[0].Path != path || all[0].Status != 404 || all[0].Client.String() != "127.0.0.1" {
			t.Errorf("of %s is kept %+v", path, all)
		}
	}
}

func hexHMAC(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
