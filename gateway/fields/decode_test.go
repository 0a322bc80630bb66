package fields_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// tenant has every kind of thing that Decode knows.
type tenant struct {
	gateway.Tenant
	extra
	Sources map[string]gateway.Source `json:"sources"`
	Ports   []uint16                  `json:"ports"`
	Ratio   float32                   `json:"ratio"`
	Hidden  string                    `json:"-"`
	Plain   *string
}

type extra struct {
	Extra string `json:"extra"`
	Ratio bool   `json:"ratio"` // hidden by the outer one
}

func decode(t *testing.T, text string, dst any, options ...fields.Option) []string {
	t.Helper()
	tree, err := fields.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	var got []string
	for _, f := range fields.Decode(tree, dst, options...) {
		got = append(got, f.String())
	}
	return got
}

func TestDecodeSetsWhatIsRight(t *testing.T) {
	text := `{
		"name": "Acme", "account_keys": ["a", "476"], "headers": {"X-Auth": "s3cret"}, "parent": null,
		"limits": {"callbacks_per_second": 5, "waits_open": 100},
		"platform": {"url": "https://bot.example/x", "timeout": "1.5s", "retry": {"schedule": [], "jitter": 0.2}},
		"sources": {"pay": {
			"verify": {"type": "hmac", "secrets": ["k1", "k2"]},
			"match": [{"name": "paid", "branch": "SUCCESS", "when": [{"path": "n", "equals": 1.50}, {"path": "m", "in": [null, "<&>"]}]}],
			"max_body": "1MiB", "early": {"ttl": 0}, "enabled": false}, "bare": null},
		"ports": [80, 65535], "ratio": 0.5, "Plain": "p"}`
	var got tenant
	if faults := decode(t, text, &got); faults != nil {
		t.Fatal(faults)
	}
	var want tenant
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decoded\n%+v\nencoding/json makes it\n%+v", got, want)
	}
	if in := *got.Sources["pay"].Match[0].When[1].In; string(in[0]) != "null" || string(in[1]) != `"<&>"` {
		t.Errorf("raw JSON became %s", in)
	}
	if timeout := *got.Platform.Timeout; time.Duration(timeout) != 1500*time.Millisecond {
		t.Errorf("timeout is %s", timeout)
	}
}

func TestDecodeNamesEveryFault(t *testing.T) {
	text := `{
		"nam": "x", "parent": 7, "account_keys": ["a", 476, null], "headers": {"X.Odd": 1, "Y": null},
		"limits": {"waits_open": 1.5, "callbacks_per_second": {"per_second": 0}},
		"platform": {"auth": [], "retry": {"jitter": "much", "schedule": ["5s", "soon"]}},
		"sources": {"pay": {"verify": {"secrest": ["s"], "secrets": ["s", {}], "Type": "none"}, "enabled": "yes",
			"match": [{"name": "a"}, {"when": [{}, {"regx": "x"}]}]}},
		"ports": [80, -1, 65536, 1e2], "ratio": 1e99, "Hidden": "x", "zzzzzz": 1, "extra": false}`
	want := []string{
		`Hidden: is not a known field`,
		`account_keys[1]: must be text, not a number: put it in quotes`,
		`account_keys[2]: has no value`,
		`extra: must be text, not true or false: put it in quotes`,
		`headers["X.Odd"]: must be text, not a number: put it in quotes`,
		`headers.Y: has no value`,
		`limits.callbacks_per_second: is not a rate: write a number a second above 0, or {per_second, burst}`,
		`limits.waits_open: must be a whole number of at most 64 bits`,
		`nam: is not a known field, did you mean name?`,
		`parent: must be text, not a number: put it in quotes`,
		`platform.auth: must be an object, not a list`,
		`platform.retry.jitter: must be a number, not text`,
		`platform.retry.schedule[1]: is not a duration: write "500ms", "24h", "7d", or a number of seconds`,
		`ports[1]: must be a whole number, not negative, of at most 16 bits`,
		`ports[2]: must be a whole number, not negative, of at most 16 bits`,
		`ports[3]: must be a whole number, not negative, of at most 16 bits`,
		`ratio: is a number that is too large`,
		`sources.pay.enabled: must be true or false, not text`,
		`sources.pay.match[1].when[1].regx: is not a known field, did you mean regex?`,
		`sources.pay.verify.Type: is not a known field, did you mean type?`,
		`sources.pay.verify.secrest: is not a known field, did you mean secrets?`,
		`sources.pay.verify.secrets[1]: must be text, not an object`,
		`zzzzzz: is not a known field`,
	}
	var got tenant
	if faults := decode(t, text, &got); !slices.Equal(faults, want) {
		t.Errorf("faults are\n%s\nwant\n%s", strings.Join(faults, "\n"), strings.Join(want, "\n"))
	}
	if got.Limits.WaitsOpen != nil || got.Sources["pay"].Verify.Secrets[0] != "s" {
		t.Error("what could not be read must be absent, what could must be there")
	}
}

func TestReadOnlyMembersAreLeftOut(t *testing.T) {
	text := `{"id": 5, "breaker": {"state": "open", "failures": 3}, "url": "u"}`
	var e gateway.Endpoint
	if faults := decode(t, text, &e, fields.ReadOnly("id", "breaker.state")); faults != nil {
		t.Fatal(faults)
	}
	if e.URL != "u" || *e.Breaker.Failures != 3 {
		t.Errorf("decoded %+v", e)
	}
	if faults := decode(t, `{"retry": {"id": 1}}`, &e, fields.ReadOnly("id")); len(faults) != 1 {
		t.Errorf("a read-only name deeper down must be a fault: %v", faults)
	}
}

func TestWhatIsAbsentKeepsItsValue(t *testing.T) {
	r := gateway.Route{Mode: "proxy", Match: gateway.RouteMatch{Host: "h", Path: "/old"}}
	if faults := decode(t, `{"match": {"path": "/new", "host": null}}`, &r); faults != nil {
		t.Fatal(faults)
	}
	if r.Mode != "proxy" || r.Match.Host != "h" || r.Match.Path != "/new" {
		t.Errorf("decoded %+v", r)
	}
}

func TestWordIsWhatItsFieldAsksFor(t *testing.T) {
	tree := object(
		"name", fields.Word("476"),
		"limits", object("waits_open", fields.Word("5"), "events_per_second", fields.Word("2.5")),
		"platform", object("timeout", fields.Word("10s"), "retry", object("jitter", fields.Word("x"))),
		"sources", object("s", object(
			"enabled", fields.Word("false"),
			"variables", []any{object("default", fields.Word("7")), object("default", fields.Word("seven"))},
		)),
	)
	var got tenant
	faults := fields.Decode(tree, &got)
	if len(faults) != 1 || faults[0].String() != "platform.retry.jitter: must be a number, not text" {
		t.Errorf("faults are %v", faults)
	}
	s := got.Sources["s"]
	if got.Name != "476" || *got.Limits.WaitsOpen != 5 || got.Limits.EventsPerSecond.PerSecond != 2.5 || *s.Enabled ||
		string(*s.Variables[0].Default) != "7" || string(*s.Variables[1].Default) != `"seven"` {
		t.Errorf("decoded %+v", got)
	}
}

func TestRootMustFit(t *testing.T) {
	for text, want := range map[string]string{
		`null`: "must be an object, not null", `[]`: "must be an object, not a list",
		`"{}"`: "must be an object, not text", `1`: "must be an object, not a number",
	} {
		var s gateway.Source
		if got := decode(t, text, &s); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

// FuzzDecode holds Decode to encoding/json: what it takes, the strict decoder of
// the standard library takes too, and makes the same of it; what only the
// standard library takes is what Decode refuses on purpose.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"name":"n","headers":{"A":"b"},"sources":{"s":{"match":[{"when":[{"path":"p","in":[1,null]}]}]}}}`,
		`{"ports":[1,2],"ratio":1e3,"platform":{"retry":{"schedule":["5s",7]}},"limits":{"waits_open":3}}`,
		`{"NAME":"n","sources":{"a":null},"Plain":null,"extra":"e","name":null}`,
		`{"headers":{"a":null},"account_keys":[null]}`, `[]`, `{"name":"\ud800"}`,
		`{"name":"\ud800\ud800"}`, `{"name":"\ud83d\u0041","headers":{"\uDE00\u0042":"\ud83d\ude00"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tree, err := fields.Parse(text)
		if err != nil || tree == nil {
			return
		}
		var ours, std tenant
		faults := fields.Decode(tree, &ours)
		dec := json.NewDecoder(strings.NewReader(string(text)))
		dec.DisallowUnknownFields()
		err = dec.Decode(&std)
		if len(faults) == 0 && err != nil {
			t.Fatalf("Decode takes what encoding/json refuses: %v", err)
		}
		if len(faults) == 0 && !reflect.DeepEqual(jsonOf(t, ours), jsonOf(t, std)) {
			t.Fatalf("Decode made\n%s\nencoding/json\n%s", jsonOf(t, ours), jsonOf(t, std))
		}
		if err != nil {
			return
		}
		for _, fault := range faults {
			if !strings.Contains(fault.Message, "not a known field") && !strings.Contains(fault.Message, "no value") {
				t.Fatalf("Decode refuses what encoding/json takes: %s", fault)
			}
		}
	})
}

func jsonOf(t *testing.T, v tenant) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
