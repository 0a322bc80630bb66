package console

import (
	"encoding/json"
	"testing"

	"hookgate/gateway/resources"
)

// What is to be hidden is, whatever it is; names, order and all else stay.
func TestRedact(t *testing.T) {
	r := newRedactor([]string{"iban", "card.number", "items[*].price", "$.deep/er"})
	for body, want := range map[string]string{
		`{"iban":"DE1","a":{"iban":["x"]},"iban2":1}`:               `{"iban":"***","a":{"iban":"***"},"iban2":1}`,
		`{"card":{"number":{"x":1},"name":"<b>"},"number":7}`:       `{"card":{"number":"***","name":"<b>"},"number":7}`,
		`{"items":[{"price":1,"n":2},{"price":3}],"price":12.50e3}`: `{"items":[{"price":"***","n":2},{"price":"***"}],"price":12.50e3}`,
		`{"deep":{"er":null},"z":[true,null,[]],"y":{}}`:            `{"deep":{"er":"***"},"z":[true,null,[]],"y":{}}`,
		`{"x":{"card":{"number":1}}}`:                               `{"x":{"card":{"number":1}}}`,
		`"text"`:                                                    `"text"`,
		`{"cut":`:                                                   hidden,
	} {
		if got := string(r.JSON(json.RawMessage(body))); got != want {
			t.Errorf("%s\n shows %s\n want  %s", body, got, want)
		}
	}
	none := newRedactor(nil)
	if got := string(none.JSON(json.RawMessage(`{"a": 1}`))); got != `{"a": 1}` {
		t.Errorf("without places it shows %s", got)
	}
}

// A curl can be pasted into a shell whatever stands in it.
func TestQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"$HOOKGATE_SERVER/v1/tenants/acme/waits":         "$HOOKGATE_SERVER/v1/tenants/acme/waits",
		"$HOOKGATE_SERVER/v1/x?a=1&b=$(id)":              `$HOOKGATE_SERVER'/v1/x?a=1&b=$(id)'`,
		`it's`:                                           `'it'\''s'`,
		"$HOOKGATE_SERVER/v1/tenants/a'b;rm -rf ~/waits": `$HOOKGATE_SERVER'/v1/tenants/a'\''b;rm -rf ~/waits'`,
	} {
		if got := quoted(text); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// Only addresses of ours are gone to.
func TestInside(t *testing.T) {
	for address, want := range map[string]bool{
		"/console": true, "/console/tenants/a": true, "/console?x": true, "/consolex": false, "//evil": false, "/console//evil": false, "/console\\x": false, "": false, "https://x/console": false,
		"/console/conversations/100%25": true, "/console?q=/../": true, "/console/..": false, "/console/../v1": false, "/console/%2E%2e/x": false, "/console/.\t./x": false, "/console/x/.?a": false,
	} {
		if got := inside(consoleBase, address); got != want {
			t.Errorf("%q is inside: %v", address, got)
		}
	}
}

// What is hidden in the body is hidden in what was mapped from it, under whatever name.
func TestRedactMapped(t *testing.T) {
	r := newRedactor([]string{"iban", "card.number", "items[*].price"})
	for _, c := range []struct{ path, value, want string }{
		{"card.number", `"4111"`, `"***"`},
		{"$.card.number", `["4111"]`, `"***"`},
		{"/card/number", `4111`, `"***"`},
		{"$['card']['number']", `4111`, `"***"`},
		{"card.number.last", `11`, `"***"`},
		{"card", `{"number":"4111","name":"x"}`, `{"number":"***","name":"x"}`},
		{"card", `"{\"number\":4111}"`, `"***"`}, // as text
		{"items[1].price", `7`, `"***"`},
		{"items[1].count", `7`, `7`},
		{"items", `[{"price":7,"n":1}]`, `[{"price":"***","n":1}]`},
		{"a.iban", `"DE"`, `"***"`},
		{"a", `{"iban":"DE","b":1}`, `{"iban":"***","b":1}`},
		{"{{ card.number | upper }}", `"4111"`, `"***"`},
		{"{{ amount | round }}", `12`, `12`},
		{"$..number", `["4111"]`, `"***"`},
		{"$.cards[*]", `[{"number":1}]`, `"***"`},
		{"query:iban", `"DE"`, `"***"`},
		{"number", `7`, `7`},
		{"amount", `12.50`, `12.50`},
	} {
		got := string(r.mapped([]variable{{"v", c.path}}, json.RawMessage(`{"v":`+c.value+`}`)))
		if want := `{"v":` + c.want + `}`; got != want {
			t.Errorf("%s: %s shows %s, want %s", c.path, c.value, got, want)
		}
	}
	if got := string(r.mapped(nil, json.RawMessage(`{"v":1}`))); got != `{"v":"***"}` {
		t.Errorf("of a variable from nobody knows where is shown %s", got)
	}
}

// A query shows what the body would.
func TestTargetShown(t *testing.T) {
	redacting := &view{c: &Console{redact: newRedactor([]string{"pan", "card.number"})}}
	portal := &view{c: &Console{}}
	portal.session.Portal = &resources.Portal{}
	for target, want := range map[string][2]string{
		"/hooks/a/b":                  {"/hooks/a/b", "/hooks/a/b"},
		"/x?pan=4111&b=c=d&pan":       {"/x?pan=***&b=c=d&pan", "/x?pan=***&b=***&***"},
		"/x?card%5Bnumber%5D=1&%70an": {"/x?card%5Bnumber%5D=***&%70an", "/x?card%5Bnumber%5D=***&***"},
		"/x?a=1;%70an=4111&%zz=1":     {"/x?a=1;%70an=***&%zz=***", "/x?a=***;%70an=***&%zz=***"},
		"/x?&":                        {"/x?&", "/x?&"},
	} {
		if got := targetOf(redacting, target); got != want[0] {
			t.Errorf("%s is redacted to %s, want %s", target, got, want[0])
		}
		if got := targetOf(portal, target); got != want[1] {
			t.Errorf("%s is shown by a portal without bodies as %s, want %s", target, got, want[1])
		}
	}
	if got := targetOf(&view{c: &Console{}}, "/x?pan=4111"); got != "/x?pan=4111" {
		t.Errorf("where nothing is hidden it is %s", got)
	}
}
