package mapping

import (
	"bytes"
	"fmt"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
)

// builderCall is a call as a flow step makes it: a request of 2 KB, a url, two
// query values and two headers, a body with five leaves, an answer of 2 KB and ten
// variables of it.
type builderCall struct {
	templates []*Template
	body      *Body
	request   *Set
	answer    *Program
	given     Document
	answered  Document
}

func newBuilderCall(t testing.TB) *builderCall {
	b := NewBuilder()
	b.Names(callNames)
	var c builderCall
	for _, text := range []string{
		"https://{{ region }}.example.com/accounts/{{ account }}/balance",
		"{{ sessionId }}", "{{ firstName }} {{ lastName }}", "{{ reply }}", "{{ customVariables.tier }}",
	} {
		tpl, err := b.Template(text)
		if err != nil {
			t.Fatal(err)
		}
		c.templates = append(c.templates, tpl)
	}
	var faults []gateway.Fault
	c.body, faults = b.Body(gateway.Raw(`{"account":"{{ account }}","amount":"{{ amount }}","lines":["{{ items[0].sku }}","{{ items[1].price }}"],"note":"From {{ firstName }}"}`))
	if faults != nil {
		t.Fatal(faults)
	}
	c.request = b.Set()

	var request, answer bytes.Buffer
	request.WriteString(`{"conversation_key":"7f3c-conversation","variables":{"region":"eu","account":"A-1001","amount":1200.50,"tier":"gold","lastName":"Lovelace","items":[{"sku":"X1","price":9.90},{"sku":"X2","price":20}],"history":[`)
	for i := 0; request.Len() < 1700; i++ {
		fmt.Fprintf(&request, `{"step":%d,"text":"what was said before, \"%d\" times"},`, i, i)
	}
	request.WriteString(`null]},"context":{"firstName":"Ada","reply":"what is my balance?","moduleId":"m-1","attachedMedia":null,"direction":"in"}}`)
	c.given = Document{Body: JSON, Raw: request.Bytes()}

	var variables []gateway.Variable
	answer.WriteString(`{"status":"ok","data":{`)
	for i := range 10 {
		fmt.Fprintf(&answer, `"field_%d":{"value":%d.50,"unit":"EUR","note":"%s"},`, i, i, bytes.Repeat([]byte("a note "), 20))
		variables = append(variables, gateway.Variable{Name: fmt.Sprint("v", i), Path: fmt.Sprintf("data.field_%d.value", i), Type: "number"})
	}
	answer.WriteString(`"end":true}}`)
	c.answered = Document{Body: JSON, Raw: answer.Bytes()}
	var all []gateway.Fault
	if c.answer, all = Compile(nil, variables, Bounds{}); all != nil {
		t.Fatal(all)
	}
	return &c
}

// run renders all and maps the answer.
func (c *builderCall) run(t testing.TB, v, w *Values, out []byte) []byte {
	var err error
	c.request.Read(&c.given, v)
	for _, tpl := range c.templates {
		if out, err = tpl.Append(out, v); err != nil {
			t.Fatal(err)
		}
	}
	if out, err = c.body.Append(out, v); err != nil {
		t.Fatal(err)
	}
	v.Release()
	if !rawjson.Valid(c.answered.Raw) {
		t.Fatal("the answer is no JSON")
	}
	c.answer.Set.Read(&c.answered, w)
	out, _ = c.answer.Rules.AppendVariables(out, w, Verdict{})
	w.Release()
	return out
}

func TestRenderingAllocatesNothing(t *testing.T) {
	c := newBuilderCall(t)
	var v, w Values
	out := c.run(t, &v, &w, make([]byte, 0, 16<<10))
	const want = `https://eu.example.com/accounts/A-1001/balance` + `7f3c-conversation` + `Ada Lovelace` + `what is my balance?` + `gold` +
		`{"account":"A-1001","amount":1200.50,"lines":["X1",20],"note":"From Ada"}` +
		`{"v0":0.50,"v1":1.50,"v2":2.50,"v3":3.50,"v4":4.50,"v5":5.50,"v6":6.50,"v7":7.50,"v8":8.50,"v9":9.50}`
	if string(out) != want {
		t.Fatalf("%s", out)
	}
	if n := testing.AllocsPerRun(100, func() { c.run(t, &v, &w, out[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkBuilderCall(b *testing.B) {
	c := newBuilderCall(b)
	var v, w Values
	out := make([]byte, 0, 16<<10)
	b.ReportAllocs()
	for b.Loop() {
		c.run(b, &v, &w, out)
	}
}

// Each kind of template on its own: what a filter, a statement and a path cost.
func BenchmarkTemplate(b *testing.B) {
	for _, bench := range []struct{ name, text string }{
		{"plain", "{{ firstName }} {{ account }}"},
		{"default", `{{ firstName | default("x") }}`},
		{"filter", `{{ firstName | upper }}`},
		{"compare", `{% if amount > 100 %}a{% endif %}`},
		{"loop", `{% for i in items %}{{ i.sku }}={{ i.price }};{% endfor %}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := newBuilderCall(b)
			builder := NewBuilder()
			builder.Names(callNames)
			tpl, err := builder.Template(bench.text)
			if err != nil {
				b.Fatal(err)
			}
			var v Values
			builder.Set().Read(&c.given, &v)
			out := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				v.rendered, v.written = 0, 0
				if _, err := tpl.Append(out, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
