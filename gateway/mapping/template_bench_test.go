package mapping

import "testing"

const filterBody = `{"firstName":"Ada Lovelace","account":"A-1001","amount":1200.50,"count":42,"tags":["b","a","c","a"],"html":"<p>one &amp; <b>two</b></p>",
"text":"the quick brown fox jumps over the lazy dog, and then some more of it follows until it is long enough","link":"see https://example.com/a for more",
"object":{"b":2,"a":1,"c":"x"},"numbers":[3,1,2,5,4],
"items":[{"sku":"X1","price":9.90,"ok":true},{"sku":"X2","price":20,"ok":false}]}`

// A template for each statement, operator and filter that package jinja has in common
// with gonja, which it replaced (cmd/hookbench/records/templates.md).
var filterCases = []struct{ name, text string }{
	{"abs", "{{ count | abs }}"},
	{"and or", `{% if count > 3 and amount < 5 or not account %}a{% else %}b{% endif %}`},
	{"arithmetic", `{{ count * 2 + 1 }}`},
	{"attr", `{{ object | attr("a") }}`},
	{"batch", "{% for r in numbers | batch(2) %}{{ r | first }}{% endfor %}"},
	{"capitalize", "{{ firstName | capitalize }}"},
	{"center", "{{ firstName | center(20) }}"},
	{"chain", `{{ firstName | trim | upper | replace("A", "4") }}`},
	{"compare", `{% if amount > 100 %}a{% endif %}`},
	{"concat", `{{ firstName ~ account }}`},
	{"default missing", `{{ nothing | default("x") }}`},
	{"default", `{{ firstName | default("x") }}`},
	{"dictsort", "{% for p in object | dictsort %}{{ p[0] }}{% endfor %}"},
	{"escape", "{{ html | e }}"},
	{"filesizeformat", "{{ 123456 | filesizeformat }}"},
	{"first", "{{ tags | first }}"},
	{"float number", "{{ count | float }}"},
	{"float", "{{ account | float }}"},
	{"forceescape", "{{ html | forceescape }}"},
	{"format", `{{ "%s-%s" | format(firstName, account) }}`},
	{"groupby", `{% for g in items | groupby("sku") %}{{ g.grouper }}{% endfor %}`},
	{"in", `{% if "a" in tags %}yes{% endif %}`},
	{"indent", "{{ text | indent(2) }}"},
	{"inline if", `{{ "a" if count > 3 else "b" }}`},
	{"int number", "{{ amount | int }}"},
	{"int", "{{ '42' | int }}"},
	{"items", "{% for k, v in object | items %}{{ k }}{% endfor %}"},
	{"join", `{{ tags | join(",") }}`},
	{"last", "{{ tags | last }}"},
	{"length text", "{{ text | length }}"},
	{"length", "{{ tags | length }}"},
	{"list", "{{ tags | list }}"},
	{"loop", `{% for i in items %}{{ i.sku }}={{ i.price }};{% endfor %}`},
	{"loop.index", `{% for i in tags %}{{ loop.index }}{{ i }}{% endfor %}`},
	{"lower", "{{ firstName | lower }}"},
	{"map filter", `{{ tags | map("upper") | join }}`},
	{"map", `{{ items | map(attribute="sku") | join }}`},
	{"max", "{{ numbers | max }}"},
	{"min", "{{ numbers | min }}"},
	{"plain", "{{ firstName }} {{ account }}"},
	{"pprint", "{{ object | pprint }}"},
	{"random", "{{ tags | random }}"},
	{"reject", `{{ numbers | reject("odd") | join }}`},
	{"rejectattr", `{{ items | rejectattr("ok") | map(attribute="sku") | join }}`},
	{"replace", `{{ text | replace("o", "0") }}`},
	{"reverse list", "{{ tags | reverse | join }}"},
	{"reverse", "{{ firstName | reverse }}"},
	{"round 1", "{{ amount | round(1) }}"},
	{"round", "{{ amount | round }}"},
	{"safe", "{{ html | safe }}"},
	{"select", `{{ numbers | select("odd") | join }}`},
	{"selectattr", `{{ items | selectattr("ok") | map(attribute="sku") | join }}`},
	{"set", `{% set a = amount %}{{ a }}`},
	{"slice", "{% for r in numbers | slice(2) %}{{ r | first }}{% endfor %}"},
	{"sort attribute", `{{ items | sort(attribute="sku") | map(attribute="sku") | join }}`},
	{"sort text", "{{ tags | sort | join }}"},
	{"sort", "{{ numbers | sort | join }}"},
	{"string", "{{ count | string }}"},
	{"striptags", "{{ html | striptags }}"},
	{"sum attribute", `{{ items | sum(attribute="price") }}`},
	{"sum", "{{ numbers | sum }}"},
	{"test", `{% if firstName is string %}yes{% endif %}`},
	{"title", "{{ firstName | title }}"},
	{"tojson text", "{{ firstName | tojson }}"},
	{"tojson", "{{ object | tojson }}"},
	{"trim", "{{ firstName | trim }}"},
	{"truncate", "{{ text | truncate(20) }}"},
	{"unique", "{{ tags | unique | join }}"},
	{"upper", "{{ firstName | upper }}"},
	{"urlencode", "{{ text | urlencode }}"},
	{"urlize", "{{ link | urlize }}"},
	{"wordcount", "{{ text | wordcount }}"},
	{"wordwrap", "{{ text | wordwrap(20) }}"},
	{"xmlattr", "{{ object | xmlattr }}"},
}

func BenchmarkFilters(b *testing.B) {
	doc := Document{Body: JSON, Raw: []byte(filterBody)}
	for _, c := range filterCases {
		b.Run(c.name, func(b *testing.B) {
			builder := NewBuilder()
			tpl, err := builder.Template(c.text)
			if err != nil {
				b.Fatal(err)
			}
			var v Values
			builder.Set().Read(&doc, &v)
			out := make([]byte, 0, 4096)
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
