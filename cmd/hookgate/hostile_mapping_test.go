package main

import (
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// hugeSource takes bodies that are as large as they can be.
const hugeSource = `"verify":{"type":"token","in":"header","name":"X-Token","secrets":["a-token-of-16-characters"]},"max_body":"16MiB"`

// Patterns that grow when they are compiled are refused everywhere that one can be
// written: one of 721 bytes burnt 16 s on a body of 20 KB.
func TestHostilePatternsAreNotTaken(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/hostile", `{}`)
	hostile, _ := tokenFor(t, p, "hostile")
	pattern := strings.Repeat("(a{0,30}){0,30}", 48) + "b"
	if len(pattern) != 721 {
		t.Fatalf("%d bytes", len(pattern))
	}
	match := `"match":[{"name":"m","branch":"SUCCESS","when":[{"path":"a","regex":"` + pattern + `"}]}]`
	variables := `"variables":[{"name":"v","path":"$[?search(@,'` + pattern + `')]"}]`
	hostile.Must(t, []int{201}, "PUT", "/v1/tenants/hostile/sources/plain", `{`+hugeSource+`}`)
	for what, c := range map[string][3]string{
		"a source's match":     {"PUT", "/sources/s", `{` + hugeSource + `,` + match + `}`},
		"a source's variables": {"PUT", "/sources/s", `{` + hugeSource + `,` + variables + `}`},
		"a source's key":       {"PUT", "/sources/s", `{` + hugeSource + `,"conversation_key":{"in":"body","path":"$[?match(@,'` + pattern + `')]"}}`},
		"a wait's match":       {"POST", "/waits", `{"source":"plain","conversation_key":"k","mode":"poll",` + match + `}`},
		"a wait's variables":   {"POST", "/waits", `{"source":"plain","conversation_key":"k","mode":"poll",` + variables + `}`},
		"a webhook's":          {"PUT", "/webhooks/w", `{"profile":"builder","url":"https://example.com/","response":{` + variables + `}}`},
	} {
		a := hostile.Must(t, []int{422}, c[0], "/v1/tenants/hostile"+c[1], c[2])
		if !strings.Contains(string(a.Body), "over 2000 instructions: at most 1000") {
			t.Errorf("%s: %s", what, a.Body)
		}
	}
}

// mapped attacks with one body, again and again, at a source of these rules, and wants
// it to be refused by this code.
func mapped(t *testing.T, rules, body, code string) {
	t.Helper()
	var got tally
	attack(t, func(a *arena) {
		a.mallory.Must(t, []int{201}, "PUT", ofMallory+"/sources/dear", `{`+hugeSource+`,`+rules+`}`)
	}, func(a *arena) {
		a.flow(6, func(n int) {
			answer := a.try(a.sender, "POST", "/hooks/mallory/dear", keyed(fmt.Sprint("k", n), body), sourceToken)
			got.add(answer.Status)
			switch answer.Status {
			case 0, 503: // the attack is over, or his own line too long
			case 422:
				if outcome := answer.Header.Get("Hookgate-Outcome"); outcome != code {
					t.Errorf("refused as %s, want %s", outcome, code)
				}
			default:
				t.Errorf("answered %.200s", answer)
			}
		}, func() error {
			if n := got.of(422); n < 5 {
				return fmt.Errorf("%d were refused as %s", n, code)
			}
			return nil
		})
		if lines := strings.Count(a.Log.Text(), "too much work"); lines > 2*hostileRounds {
			t.Errorf("too complex callbacks are told of %d times", lines)
		}
	})
}

// fifty makes a list of rules of one shape.
func fifty(rule func(n int) string) string {
	all := make([]string, 50)
	for i := range all {
		all[i] = rule(i)
	}
	return "[" + strings.Join(all, ",") + "]"
}

// Fifty variables of one field of 4 MiB: they made a wait of 214 MB.
func TestHostileVariables(t *testing.T) {
	mapped(t, `"variables":`+fifty(func(n int) string { return fmt.Sprintf(`{"name":"v%d","path":"a"}`, n) }),
		`"a":"`+strings.Repeat("x", 4<<20)+`"`, "variables_too_large")
}

// Fifty patterns that are as dear as they may be, on 100 KB.
func TestHostilePatterns(t *testing.T) {
	mapped(t, `"match":`+fifty(func(n int) string {
		return fmt.Sprintf(`{"name":"m%d","branch":"SUCCESS","when":[{"path":"a","regex":"%da[ab]{50}|(a{0,9}b?){0,9}c"}]}`, n, n)
	}), `"a":"`+strings.Repeat("abaab", 20<<10)+`"`, "too_complex")
}

// Fifty paths that search everywhere below everything that they find.
func TestHostilePaths(t *testing.T) {
	nested := strings.Repeat(`["aab",`, 60) + `1` + strings.Repeat(`]`, 60)
	mapped(t, `"variables":`+fifty(func(n int) string {
		return fmt.Sprintf(`{"name":"v%d","path":"$..*[?search(@,'%d(a{0,3}b?){9}')]..*"}`, n, n)
	}), `"a":[`+strings.Repeat(nested+",", 60)+nested+`]`, "too_complex")
}
