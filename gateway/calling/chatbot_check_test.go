package calling

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hookgate/gateway"
)

// chatbotLimit is one rule of testdata/chatbot-responses.md with a range. In the sample,
// which is otherwise right, $ stands for the value that is tried.
type chatbotLimit struct {
	kind        string // of response or button
	place       string
	sample      string
	of          func(n int) string // a value of size n
	least, most int                // most < 0: none
}

const (
	aCard   = `{"title":"t","subtitle":"s","imageUrl":"u","buttons":[` + aButton + `]}`
	aButton = `{"type":"postback","title":"t","value":"v"}`
	aUUID   = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
)

// inCard puts members in place of the same ones of a card.
func inCard(without, with string) string {
	return `{"type":"cards","elements":[` + strings.Replace(aCard, without, with, 1) + `]}`
}

// inButtons is a response with one button.
func inButtons(button string) string {
	return `{"type":"buttons","title":"t","buttons":[` + button + `]}`
}

// Three ways of writing one character: one byte, four bytes, an escaped pair.
var alphabets = []string{"x", "😀", `\ud83d\ude00`}

func characters(n int) string {
	return `"` + strings.Repeat(alphabets[n%len(alphabets)], n) + `"`
}

func elements(one string) func(int) string {
	return func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]" }
}

func digits(n int) string {
	if n == 0 {
		return `""`
	}
	return `"+` + strings.Repeat("1", n-1) + `"`
}

var chatbotLimits = []chatbotLimit{
	{"", "delay", `{"type":"text","message":"m","delay":$}`, strconv.Itoa, 100, 10000},
	{"text", "message", `{"type":"text","message":$}`, characters, 1, 1024},
	{"randomText", "messages", `{"type":"randomText","messages":$}`, elements(`"m"`), 1, 20},
	{"randomText", "messages[0]", `{"type":"randomText","messages":[$]}`, characters, 1, 1024},
	{"image", "imageUrl", `{"type":"image","imageUrl":$}`, characters, 1, 2048},
	{"quickReplies", "title", `{"type":"quickReplies","title":$,"buttons":[` + aButton + `]}`, characters, 1, 640},
	{"quickReplies", "buttons", `{"type":"quickReplies","title":"t","buttons":$}`, elements(aButton), 1, 13},
	{"cards", "elements", `{"type":"cards","elements":$}`, elements(aCard), 1, -1},
	{"cards", "elements[0].title", inCard(`"title":"t"`, `"title":$`), characters, 1, 80},
	{"cards", "elements[0].subtitle", inCard(`"s"`, `$`), characters, 1, 80},
	{"cards", "elements[0].imageUrl", inCard(`"u"`, `$`), characters, 1, 2048},
	{"cards", "elements[0].buttons", inCard(`[`+aButton+`]`, `$`), elements(aButton), 1, 5},
	{"buttons", "title", `{"type":"buttons","title":$,"buttons":[` + aButton + `]}`, characters, 1, 640},
	{"buttons", "buttons", `{"type":"buttons","title":"t","buttons":$}`, elements(aButton), 1, 5},
	{"postback", "buttons[0].title", inButtons(`{"type":"postback","title":$,"value":"v"}`), characters, 1, 20},
	{"postback", "buttons[0].value", inButtons(`{"type":"postback","title":"t","value":$}`), characters, 1, 2000},
	{"goto", "buttons[0].title", inButtons(`{"type":"goto","title":$,"value":"` + aUUID + `"}`), characters, 1, 20},
	{"url", "buttons[0].title", inButtons(`{"type":"url","title":$,"value":"v"}`), characters, 0, 20},
	{"url", "buttons[0].value", inButtons(`{"type":"url","title":"t","value":$}`), characters, 0, 2048},
	{"webview", "buttons[0].title", inButtons(`{"type":"webview","title":$,"value":"v"}`), characters, 1, 20},
	{"webview", "buttons[0].value", inButtons(`{"type":"webview","title":"t","value":$}`), characters, 1, 2048},
	{"phone", "buttons[0].title", inButtons(`{"type":"phone","title":$,"value":"+123"}`), characters, 1, 20},
	{"phone", "buttons[0].value", inButtons(`{"type":"phone","title":"t","value":$}`), digits, 3, 16},
}

// try puts a value in the sample, behind another response.
func (l *chatbotLimit) try(value string) (place string, faults []gateway.Fault) {
	answer := `{"responses":[{"type":"text","message":"m"},` + strings.Replace(l.sample, "$", value, 1) + `]}`
	_, _, faults = checkChatbot(gateway.Raw(answer))
	return "responses[1]." + l.place, faults
}

// faultAt tells of faults that are not the one at this place.
func faultAt(place string, faults []gateway.Fault) error {
	if len(faults) != 1 || faults[0].Path != place || faults[0].Message == "" {
		return fmt.Errorf("faults %+v, want one at %s", faults, place)
	}
	return nil
}

func TestChatbotLimits(t *testing.T) {
	for _, l := range chatbotLimits {
		for i := range alphabets {
			if _, faults := l.try(l.of(l.least + i)); len(faults) > 0 {
				t.Errorf("%s %s of %d: %+v", l.kind, l.place, l.least+i, faults)
			}
			if l.most < 0 {
				continue
			}
			if _, faults := l.try(l.of(l.most - i)); len(faults) > 0 {
				t.Errorf("%s %s of %d: %+v", l.kind, l.place, l.most-i, faults)
			}
			place, faults := l.try(l.of(l.most + 1 + i))
			if err := faultAt(place, faults); err != nil {
				t.Errorf("%s of %d: %v", l.kind, l.most+1+i, err)
			}
		}
		if l.least > 0 {
			place, faults := l.try(l.of(l.least - 1))
			if err := faultAt(place, faults); err != nil {
				t.Errorf("%s of %d: %v", l.kind, l.least-1, err)
			}
		}
	}
}

func TestChatbotTypes(t *testing.T) {
	for _, l := range chatbotLimits {
		right := l.of(l.least)[:1]
		for _, value := range []string{"null", "true", "{}", `[]`, `"100"`, "100"} {
			if value[:1] == right || value == "100" && right == "1" {
				continue
			}
			place, faults := l.try(value)
			if err := faultAt(place, faults); err != nil {
				t.Errorf("%s %s: %v", l.kind, value, err)
			}
		}
		name := l.place[strings.LastIndexByte(l.place, '.')+1:]
		if name == "delay" || strings.HasSuffix(name, "]") {
			continue
		}
		without := l
		without.sample = strings.Replace(l.sample, `"`+name+`":$`, `"not":$`, 1)
		place, faults := without.try(`"-"`)
		if err := faultAt(place, faults); err != nil || faults[0].Message != "is required" {
			t.Errorf("%s: not there: %v: %v", l.kind, faults, err)
		}
	}
}

// TestChatbotLimitsAreThoseOfTheFixture compares the table above with the one that
// it was taken from.
func TestChatbotLimitsAreThoseOfTheFixture(t *testing.T) {
	fixture, err := os.ReadFile("testdata/chatbot-responses.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"": {"100..10000"}}
	ranges := regexp.MustCompile(`\d+\.\.\d+|1 or more`)
	kind := ""
	for line := range strings.Lines(string(fixture)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.Contains(line, "---") {
			continue
		}
		if name := strings.Trim(cells[1], " `"); name != "" {
			kind = name
		}
		want[kind] = append(want[kind], ranges.FindAllString(strings.Join(cells[2:], " "), -1)...)
	}
	got := map[string][]string{}
	for _, l := range chatbotLimits {
		text := fmt.Sprintf("%d..%d", l.least, l.most)
		if l.most < 0 {
			text = "1 or more"
		}
		got[l.kind] = append(got[l.kind], text)
	}
	for kind, list := range want {
		slices.Sort(list)
		slices.Sort(got[kind])
		if len(list) > 0 && !slices.Equal(got[kind], list) {
			t.Errorf("%q: limits %v, want %v", kind, got[kind], list)
		}
	}
	if len(want) < 12 {
		t.Errorf("the fixture has %d kinds", len(want))
	}
}

func TestChatbotAnswers(t *testing.T) {
	for answer, want := range map[string]struct{ responses, attributes string }{
		`{}`:                               {},
		` {"other":[1e400]} `:              {},
		`{"attributes":{"a":"","b":1.50}}`: {"", `{"a":"","b":1.50}`},
		"\n{ \"attributes\" : { } , \"responses\" : [ ] }\n":          {"[ ]", "{ }"},
		`{"responses":[{"type":"text","message":"m"}]}`:               {`[{"type":"text","message":"m","delay":1000}]`, ""},
		`{"responses":[{"delay":1e3,"message":"m","type":"text" } ]}`: {`[{"delay":1e3,"message":"m","type":"text" } ]`, ""},
		`{"responses":[{"type":"text","message":"a"},{"x":[{}],"type":"image","imageUrl":"u"}],"attributes":{}}`: {
			`[{"type":"text","message":"a","delay":1000},{"x":[{}],"type":"image","imageUrl":"u","delay":1000}]`, `{}`},
		// Names and texts may be written with escapes; the last of two counts.
		`{"responses":7,"responses":[{"\u0074ype":"te\u0078t","message":"","message":"m","delay":100.5}]}`: {
			`[{"\u0074ype":"te\u0078t","message":"","message":"m","delay":100.5}]`, ""},
		`{"responses":[` + inButtons(`{"type":"webview","title":"t","value":"v"},{"type":"webview","height":"tall","title":"t","value":"v"}`) + `]}`: {
			`[{"type":"buttons","title":"t","buttons":[{"type":"webview","title":"t","value":"v","height":"compact"},{"type":"webview","height":"tall","title":"t","value":"v"}],"delay":1000}]`, ""},
		// The sample of the documentation that calls buttons cards.
		`{"responses":[{"buttons":[` + aButton + `],"type": "cards","title":"t"}]}`: {
			`[{"buttons":[` + aButton + `],"type": "buttons","title":"t","delay":1000}]`, ""},
		`{"responses":[{"type":"cards","title":"t","buttons":[],"elements":[` + aCard + `],"delay":100}]}`: {
			`[{"type":"cards","title":"t","buttons":[],"elements":[` + aCard + `],"delay":100}]`, ""},
	} {
		responses, attributes, faults := checkChatbot(gateway.Raw(answer))
		if string(responses) != want.responses || string(attributes) != want.attributes || len(faults) > 0 {
			t.Errorf("%s:\n got %s, %s, %+v\nwant %s, %s", answer, responses, attributes, faults, want.responses, want.attributes)
		}
		if (responses == nil) != (want.responses == "") || (attributes == nil) != (want.attributes == "") {
			t.Errorf("%s: %v, %v: nil is for what is not there", answer, responses == nil, attributes == nil)
		}
	}
}

func TestChatbotFaults(t *testing.T) {
	phoneOf := func(value string) string { return inButtons(`{"type":"phone","title":"t","value":"` + value + `"}`) }
	gotoOf := func(value string) string { return inButtons(`{"type":"goto","title":"t","value":"` + value + `"}`) }
	in := func(response string) string { return `{"responses":[` + response + `]}` }
	value := []string{"responses[0].buttons[0].value"}
	for answer, want := range map[string][]string{
		`[]`: {""}, `null`: {""}, `"text"`: {""}, ` 7`: {""}, `true`: {""},
		`{"responses":{}}`:                     {"responses"},
		`{"responses":null,"attributes":null}`: {"responses", "attributes"},
		`{"attributes":[]}`:                    {"attributes"},
		in(`7,{},null,{"type":7},{"type":"video","delay":1}`): {
			"responses[0]", "responses[1].type", "responses[2]", "responses[3].type", "responses[4].type", "responses[4].delay"},
		in(`{"type":"Text","message":"m"}`):               {"responses[0].type"},
		in(`{"type":"text","Message":"m"}`):               {"responses[0].message"},
		in(`{"type":"text","message":"m","message":""}`):  {"responses[0].message"},
		in(`{"type":"text","message":"m","delay":99.9}`):  {"responses[0].delay"},
		in(`{"type":"text","message":"m","delay":1e999}`): {"responses[0].delay"},
		in(`{"type":"text","message":"m","delay":-100}`):  {"responses[0].delay"},
		in(`{"type":"randomText","messages":["a",""," ",7]}`): {
			"responses[0].messages[1]", "responses[0].messages[3]"},
		// Cards that lack something of both are cards.
		in(`{"type":"cards"}`):                                        {"responses[0].elements"},
		in(`{"type":"cards","title":"t"}`):                            {"responses[0].elements"},
		in(`{"type":"cards","title":"t","buttons":[],"elements":[]}`): {"responses[0].elements"},
		in(`{"type":"cards","title":"","buttons":[]}`):                {"responses[0].title", "responses[0].buttons"},
		in(`{"type":"buttons","elements":[` + aCard + `]}`):           {"responses[0].title", "responses[0].buttons"},
		in(`{"type":"cards","elements":[7,{}]}`): {
			"responses[0].elements[0]", "responses[0].elements[1].title", "responses[0].elements[1].subtitle",
			"responses[0].elements[1].imageUrl", "responses[0].elements[1].buttons"},
		in(`{"type":"quickReplies","title":"t","buttons":[` + aButton + `,{"type":"goto","title":"t","value":"` + aUUID + `"},` +
			`{"type":"url","title":"t","value":"v"},{"type":"webview","title":"t","value":"v"},{"type":"phone","title":"t","value":"+123"}]}`): {
			"responses[0].buttons[2].type", "responses[0].buttons[3].type", "responses[0].buttons[4].type"},
		in(inButtons(`{"title":"t","value":"v"},{"type":"call","title":"t","value":"v"},7,{"type":"url"}`)): {
			"responses[0].buttons[0].type", "responses[0].buttons[1].type", "responses[0].buttons[2]",
			"responses[0].buttons[3].title", "responses[0].buttons[3].value"},
		in(inButtons(`{"type":"webview","title":"t","value":"v","height":"Full"}`)): {"responses[0].buttons[0].height"},
		in(inButtons(`{"type":"webview","title":"t","value":"v","height":null}`)):   {"responses[0].buttons[0].height"},
		in(phoneOf("123")): value, in(phoneOf("+12a")): value, in(phoneOf("++12")): value, in(phoneOf("+12 3")): value,
		in(phoneOf(`+12\n`)): value, in(phoneOf("+١٢٣")): value,
		in(gotoOf(aUUID[:35])): value, in(gotoOf(aUUID + "0")): value,
		in(gotoOf(strings.Replace(aUUID, "-41d1", "-11d1", 1))): value, // version 1
		in(gotoOf(strings.Replace(aUUID, "-80b4", "-c0b4", 1))): value, // another variant
		in(gotoOf(strings.ReplaceAll(aUUID, "-", "0"))):         value, in(gotoOf(strings.Replace(aUUID, "6", "g", 1))): value,
	} {
		responses, attributes, faults := checkChatbot(gateway.Raw(answer))
		places := make([]string, 0, len(faults))
		for _, f := range faults {
			places = append(places, f.Path)
		}
		if responses != nil || attributes != nil || !slices.Equal(places, want) {
			t.Errorf("%s:\n got %q\nwant %q", answer, faults, want)
		}
	}
	if _, _, faults := checkChatbot(gateway.Raw(in(gotoOf(strings.ToUpper(aUUID))))); len(faults) > 0 {
		t.Errorf("a UUID in capitals: %+v", faults)
	}
}

// TestChatbotBounds holds an answer of the greatest size, all wrong, to so many faults.
func TestChatbotBounds(t *testing.T) {
	n := gateway.MaxCallAnswer / len(`7,`) / 2
	for _, answer := range []string{
		`{"responses":` + elements(`7`)(n) + `}`,
		`{"responses":[{"type":"randomText","messages":` + elements(`7`)(n) + `}],"attributes":7}`,
		`{"responses":[` + inButtons(strings.Trim(elements(`{}`)(n/2), "[]")) + `]}`,
	} {
		if !json.Valid([]byte(answer)) {
			t.Fatal("not JSON")
		}
		if _, _, faults := checkChatbot(gateway.Raw(answer)); len(faults) != maxFaults {
			t.Errorf("%.40s…: %d faults, want %d", answer, len(faults), maxFaults)
		}
	}
}

// FuzzChatbotCheck: what is accepted is accepted again, unchanged; and but for what
// is filled in it says what the answer said.
func FuzzChatbotCheck(f *testing.F) {
	for _, l := range chatbotLimits {
		f.Add([]byte(`{"responses":[` + strings.Replace(l.sample, "$", l.of(l.least), 1) + `],"attributes":{"a":1.50}}`))
	}
	f.Add([]byte(`{"responses":[{"type":"cards","type":"cards","title":"t","buttons":[` + aButton + `]}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if !json.Valid(answer) {
			return
		}
		before := bytes.Clone(answer)
		responses, attributes, faults := checkChatbot(answer)
		if !bytes.Equal(answer, before) {
			t.Fatal("the answer was changed in place")
		}
		if len(faults) > 0 {
			if responses != nil || attributes != nil || len(faults) > maxFaults {
				t.Fatalf("%d faults, and %s, %s", len(faults), responses, attributes)
			}
			return
		}
		again := `{"attributes":` + given(attributes, "{}") + `,"responses":` + given(responses, "[]") + `}`
		if !json.Valid([]byte(again)) {
			t.Fatalf("no JSON: %s", again)
		}
		r, a, faults := checkChatbot(gateway.Raw(again))
		if len(faults) > 0 || string(r) != given(responses, "[]") || string(a) != given(attributes, "{}") {
			t.Fatalf("%s\nthen %s, %s, %+v", again, r, a, faults)
		}
		said, handedOn := meaning(t, answer), meaning(t, []byte(again))
		if !reflect.DeepEqual(said, handedOn) {
			t.Fatalf("%s\nbecame %s", answer, again)
		}
	})
}

func given(raw gateway.Raw, otherwise string) string {
	if raw == nil {
		return otherwise
	}
	return string(raw)
}

// meaning decodes an answer, and makes explicit what may be left out.
func meaning(t *testing.T, answer []byte) map[string]any {
	t.Helper()
	whole := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	if err := d.Decode(&whole); err != nil {
		t.Fatal(err)
	}
	for _, r := range anys(whole["responses"]) {
		r := r.(map[string]any)
		otherwise(r, "delay", json.Number("1000"))
		if r["type"] == "cards" && r["elements"] == nil {
			r["type"] = "buttons"
		}
		heights(r)
		for _, card := range anys(r["elements"]) {
			if card, ok := card.(map[string]any); ok && r["type"] == "cards" {
				heights(card)
			}
		}
	}
	return map[string]any{"responses": anys(whole["responses"]), "attributes": otherwise(whole, "attributes", map[string]any{})}
}

func heights(of map[string]any) {
	for _, button := range anys(of["buttons"]) {
		if button, ok := button.(map[string]any); ok && button["type"] == "webview" {
			otherwise(button, "height", "compact")
		}
	}
}

func otherwise(of map[string]any, name string, value any) any {
	if of[name] == nil {
		of[name] = value
	}
	return of[name]
}

func anys(v any) []any {
	list, _ := v.([]any)
	return append([]any{}, list...)
}

// BenchmarkChatbotCheck holds a common answer to the rules.
func BenchmarkChatbotCheck(b *testing.B) {
	answer := gateway.Raw(`{"responses":[{"type":"text","message":"Your table is booked."},` + inCard(``, ``) + `,` +
		inButtons(`{"type":"webview","title":"t","value":"v"}`) + `],"attributes":{"booking":"A17"}}`)
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, faults := checkChatbot(answer); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}
