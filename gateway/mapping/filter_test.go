package mapping

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
)

func conditions(t testing.TB, text string) (list []gateway.Condition) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func filter(t testing.TB, text string) *Filter {
	t.Helper()
	f, faults := CompileFilter(conditions(t, text), Bounds{})
	if len(faults) > 0 {
		t.Fatalf("%s: %v", text, faults)
	}
	return f
}

const filteredEvent = `{"event":{"type":"message","payload":{"message":{"type":"text","text":"Hi there"},"labels":["vip","new"]}},"conversation":{"key":"k","channel":"whatsapp"},"n":1.50}`

var filterTexts = map[string]bool{
	`[{"path":"conversation.channel","equals":"whatsapp"}]`:                                                                      true,
	`[{"path":"conversation.channel","in":["web","sms"]}]`:                                                                       false,
	`[{"not":{"path":"conversation.channel","equals":"web"}}]`:                                                                   true,
	`[{"not":{"path":"conversation.nothing","equals":"web"}}]`:                                                                   true,
	`[{"not":{"not":{"path":"n","equals":1.5}}}]`:                                                                                true,
	`[{"any":[{"path":"n","equals":2},{"path":"event.payload.message.text","regex":"(?i)^hi"}]}]`:                                true,
	`[{"any":[{"path":"n","equals":2},{"not":{"path":"n","exists":true}}]}]`:                                                     false,
	`[{"not":{"any":[{"path":"n","equals":2},{"path":"conversation.key","equals":"x"}]}}]`:                                       true,
	`[{"path":"n","exists":true},{"path":"/conversation/key","equals":"k"},{"any":[{"path":"conversation.no","exists":false}]}]`: true,
	`[{"path":"n","exists":true},{"path":"conversation.key","equals":"other"}]`:                                                  false,
	`[{"path":"$..labels[?@ == 'vip']","exists":true}]`:                                                                          true,
	`[{"path":"{{ event.payload.message.text | lower }}","equals":"hi there"},{"path":"conversation.channel","regex":"app"}]`:    true,
	`[{"path":"{{ n + 1 }}","equals":2.5},{"not":{"path":"event.type","equals":"message"}}]`:                                     false,
}

// Each filter says the same alone and among all others, whatever its paths are.
func TestFilters(t *testing.T) {
	var all []*Filter
	var texts []string
	for text := range filterTexts {
		texts, all = append(texts, text), append(all, filter(t, text))
	}
	var g Filtering
	g.Begin(JoinFilters(all), 1, "")
	g.Read([]byte(filteredEvent))
	for i, text := range texts {
		if g.Passes(i) != filterTexts[text] {
			t.Errorf("among others %s is %t", text, !filterTexts[text])
		}
	}
	g.Release()
	for i, text := range texts {
		g.Begin(JoinFilters(all[i:i+1]), 1, "acme")
		g.Read([]byte(filteredEvent))
		if g.Passes(0) != filterTexts[text] || g.Err() != nil {
			t.Errorf("alone %s is %t, %v", text, !filterTexts[text], g.Err())
		}
		g.Release()
	}
}

// The bound is for all events together; where it is used up they pass, unseen.
func TestFiltersAreBounded(t *testing.T) {
	slow := filter(t, `[{"path":"$..[?@..zzz]","exists":true}]`)
	event := []byte(`{"a":` + strings.Repeat(`{"a":`, 100) + "[" + strings.Repeat("1,", 2000) + "1]" + strings.Repeat("}", 101))
	var g Filtering
	g.Begin(JoinFilters([]*Filter{slow}), 100, "")
	passed := 0
	for range 100 {
		g.Read(event)
		if g.Passes(0) {
			passed++
		}
		g.Rest()
	}
	if passed == 0 || g.Err() != ErrTooComplex {
		t.Errorf("%d of 100 passed, %v", passed, g.Err())
	}
	g.Release()
	g.Begin(JoinFilters([]*Filter{slow}), 1, "")
	g.Read([]byte(filteredEvent))
	if g.Passes(0) || g.Err() != nil {
		t.Errorf("of a small one: %v", g.Err())
	}
	g.Release()
}

func TestFilterFaults(t *testing.T) {
	deep := strings.Repeat(`{"not":`, 9) + `{"path":"a","exists":true}` + strings.Repeat("}", 9)
	many := strings.Repeat(`{"path":"a","exists":true},`, 20)
	for text, want := range map[string]string{
		`[{"path":"a"}]`: "filter[0]: exactly one of equals, in, exists and regex is given",
		`[{}]`:           "filter[0].path: at 0: a path is missing",
		`[{"path":"a","exists":true,"not":{"path":"a","exists":true}}]`: "filter[0]: not and any stand by themselves: give one of them and nothing beside it",
		`[{"any":[]}]`: "filter[0].any: at least one condition is listed",
		`[{"not":{"any":[{"path":"a","exists":true},{"path":"header:X","exists":true}]}}]`: "filter[0].not.any[1].path: must lead into the event: there is no header and no query",
		`[{"path":"query:a","exists":true}]`:                                               "filter[0].path: must lead into the event: there is no header and no query",
		`[{"not":{"path":"a","regex":"("}}]`:                                               "filter[0].not.regex: ",
		`[` + deep + `]`:                                                                   "conditions stand within others at most 8 deep",
		`[` + many + `{"path":"a","exists":true}]`:                                         "filter: at most 20 conditions are listed",
		`[` + strings.TrimSuffix(strings.Repeat(`{"any":[`+strings.TrimSuffix(many, ",")+`]},`, 5), ",") + `]`: "filter: has 105 conditions, those within others counted: at most 100",
	} {
		_, faults := CompileFilter(conditions(t, text), Bounds{})
		if len(faults) == 0 || !strings.Contains(faults[0].String(), want) {
			t.Errorf("%.80s: %v, want %s", text, faults, want)
		}
	}
}

// not and any are conditions of match, too.
func TestMatchTakesNotAndAny(t *testing.T) {
	p, faults := Compile([]gateway.Match{{Name: "m", Branch: gateway.Success, When: conditions(t, `[{"not":{"path":"header:X","exists":true}},{"any":[{"path":"a","equals":1},{"path":"b","equals":2}]}]`)}}, nil, Bounds{})
	if faults != nil {
		t.Fatal(faults)
	}
	for body, want := range map[string]bool{`{"a":1}`: true, `{"b":2}`: true, `{"a":2,"b":1}`: false} {
		var v Values
		p.Set.Read(&Document{Body: JSON, Raw: []byte(body)}, &v)
		if _, fits := p.Rules.Fit(&v); fits != want {
			t.Errorf("%s fits: %t", body, fits)
		}
	}
}

// BenchmarkEventFilters is the work for one event of a tenant with 1000 endpoints, each with
// a filter of its own.
func BenchmarkEventFilters(b *testing.B) {
	var all []*Filter
	for i := range 1000 {
		all = append(all, filter(b, fmt.Sprintf(`[{"path":"conversation.channel","equals":"c%d"},{"not":{"path":"event.payload.message.type","equals":"x"}}]`, i)))
	}
	var g Filtering
	joined := JoinFilters(all)
	for b.Loop() {
		g.Begin(joined, 1, "")
		g.Read([]byte(filteredEvent))
		for i := range all {
			g.Passes(i)
		}
		g.Release()
	}
}

// A publish of a thousand events may take as much work as five of one.
func TestFiltersOfManyEventsAreBounded(t *testing.T) {
	all := JoinFilters([]*Filter{filter(t, `[{"not":{"path":"t","regex":"(a|aa|aaaaa){1,30}c"}}]`)})
	event := []byte(`{"t":"` + strings.Repeat("a", 500) + `"}`)
	looks := func(events int) (n int) {
		var g Filtering
		g.Begin(all, events, "")
		defer g.Release()
		for ; !g.Over(); n++ {
			g.Read(event)
			g.Passes(0)
		}
		return n
	}
	if one, many := looks(1), looks(gateway.MaxEvents); one < 2 || many < 4*one || many > 6*one {
		t.Errorf("a publish of one event has %d looks, one of many has %d", one, many)
	}
}
