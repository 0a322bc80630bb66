package jinja_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/mapping/jinja"
)

// Templates that would take seconds, gigabytes or a panic without bounds.
var hostile = []string{
	`{{ "a" * 300000000 }}`,
	`{{ ("a" * 300000000) | default("x") }}`,
	`{{ 1 % 0 }}`, `{{ 1 // 0 }}`, `{{ 1 / 0 }}`, `{{ 1.0 % 0.0 }}`, `{{ 0 ** -1 }}`,
	`{{ 10 ** 1000000000 }}`, `{{ (10 ** 20000) * (10 ** 20000) }}`, `{{ -1 ** 0.5 }}`,
	`{{ text > 5 }}`, `{{ 5 >= text }}`, `{{ -text }}`, `{{ text[::0] }}`, `{{ none + 1 }}`, `{{ missing + 1 }}`,
	`{{ range(1000000000) }}`, `{{ range(4097) }}`, `{{ range(1, 2, 0) }}`, `{{ range("9") }}`, `{{ range(0.5) }}`,
	`{{ large | list }}`, `{{ wide | length }}`,
	strings.Repeat(`{{ large }}`, 3),
	`{% for x in 5 %}{% endfor %}`, `{% for a, b in many %}{% endfor %}`,
	`{% for x in range(4096) %}{% for y in range(4096) %}{% for z in range(4096) %}{% endfor %}{% endfor %}{% endfor %}`,
	`{% for x in range(4096) %}{% for y in range(4096) %}{{ x }}{% endfor %}{% endfor %}`,
	`{% for x in range(4096) %}{% for y in range(9) %}{{ text | upper | length }}{% endfor %}{% endfor %}`,
	`{% for x in many %}{% for y in many if x == y + 1 %}{% endfor %}{% endfor %}`,
	`{% set s = text %}` + strings.Repeat(`{% set s = s ~ s %}`, 60),
	`{% set s = text ~ text ~ text ~ text ~ text %}` + strings.Repeat(`{% set s = s | upper %}`, 200),
	`{% set x = [[[]]] %}` + strings.Repeat(`{% set x = [x, x] %}`, 100) + `{{ x }}`,
	doubled(`[1]`, `[n.x, n.x]`) + `{{ n.x == n.y }}`, doubled(`[1]`, `[n.x, n.x]`) + `{{ n.x < n.y }}`, doubled(`[1]`, `[n.x, n.x]`) + `{{ n.x in [n.y] }}`,
	doubled(`{}`, `{"a": n.x, "b": n.x}`) + `{{ n.x == n.y }}`, doubled(`[1]`, `[n.x, n.x]`) + `{{ [n.x, n.y] | sort }}`,
	doubled(`(1, 2)`, `(n.x, n.x)`) + `{{ {n.x: 1} }}`, doubled(`(1, 2)`, `(n.x, n.x)`) + `{{ n.x in {} }}`,
	doubled(`(1, 2)`, `(n.x, n.x)`) + `{{ [n.x] | unique | list }}`, doubled(`(1, 2)`, `(n.x, n.x)`) + `{{ dict([n.x, 1], [n.x, 2]) }}`,
	doubled(`(1, 2)`, `(n.x, n.x)`) + `{{ dict([[n.x, 1]]) }}`, doubled(`(1, 2)`, `(n.x, n.x)`) + `{{ n.x is filter }}`,
	`{% set d = dict(a=1) %}{% for x in range(4096) %}{% for y in range(4096) %}{{ d[large] }}{% endfor %}{% endfor %}`,
	`{% for x in range(4096) %}{% for y in range(4096) %}{{ "x" if many == many + [y] }}{% endfor %}{% endfor %}`,
	`{% set x = [1] %}` + strings.Repeat(`{% set x = x + x %}`, 30),
	`{% set ns = namespace(s="a") %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}`,
	`{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}`,
	`{% macro m(n) %}{{ m(n - 1) }}{{ m(n - 1) }}{% endmacro %}{{ m(60) }}`,
	`{% for x in many recursive %}{{ loop(many) }}{% endfor %}`,
	`{{ many | select("in", many) | map("string") | join | length * many | length * text }}`,
	`{{ "%9999999999d" | format(1) }}`, `{{ "%*d" | format(999999, 1) }}`, `{{ "{:999999}".format(1) }}`, `{{ "{:{}}".format(1, "999999") }}`,
	`{{ "{0.a.b}{1}".format(1) }}`, `{{ "{" | format }}{{ "{".format() }}`, `{{ "{0[}".format(1) }}`,
	`{{ text.center(99999999) }}`, `{{ text.replace("", text) }}`, `{{ text | replace("", text) }}`, `{{ text.expandtabs(9999999) }}`,
	`{{ many | batch(1) | map("batch", 4096, text) | list }}`, `{{ many | slice(999999) }}`, `{{ many | batch(4097, 1) }}`,
	`{{ {[1]: 2} }}`, `{{ dict([1]) }}`, `{{ [1] | groupby }}`, `{{ text | tojson(indent=999) }}`,
	`{{ text | fromjson }}`, `{{ ("[" * 9999) | fromjson }}`, `{{ ("[" * 200 ~ "]" * 200) | fromjson }}`,
	`{{ "9" | int(base=1) }}`, `{{ many | map("nosuch") }}`, `{{ many | select("nosuch") }}`,
	`{{ many | sum(start="a") }}`, `{{ wide | sum(start=[]) }}`, `{{ text | wordwrap(0) }}`, `{{ text | indent(99999) }}`,
	`{% set n = namespace() %}{% set n.n = n %}{{ n.n.n | tojson }}`, `{% set a, b = 1, 2, 3 %}`, `{% set ns.x = 1 %}`,
}

// doubled makes two values which hold twice what the step before them made, sixty times.
func doubled(from, step string) string {
	return `{% set n = namespace(x=` + from + `, y=` + from + `) %}{% for i in range(60) %}{% set n.x = ` + step +
		` %}{% set n.y = ` + strings.ReplaceAll(step, "n.x", "n.y") + ` %}{% endfor %}`
}

func hostileNames() string {
	return `{"text":"` + strings.Repeat("a", 10_000) + `","many":[1` + strings.Repeat(",1", 2000) + `],"wide":[` +
		strings.Repeat("[],", 5000) + `1],"large":"` + strings.Repeat("b", 450<<10) + `"}`
}

func TestHostile(t *testing.T) {
	names := hostileNames()
	for _, text := range hostile {
		start := time.Now()
		out, written, err := render(text, names)
		took := time.Since(start)
		var fault *jinja.Error
		switch {
		case err == nil:
			t.Errorf("%.80s renders %d bytes", text, len(out))
		case !errors.As(err, &fault):
			t.Errorf("%.80s: %T", text, err)
		case written && len(out) > 0:
			t.Errorf("%.80s fails, and gives %d bytes", text, len(out))
		}
		t.Logf("%8s %.80s: %v", took.Round(time.Microsecond), text, err)
		if took > 20*time.Second {
			t.Errorf("%.80s took %s", text, took)
		}
	}
}

// A member that is looked up again and again counts each time what that takes, however
// the names of the object are written.
func TestLookingUpCounts(t *testing.T) {
	escaped := `{"obj":{"` + strings.Repeat(`\u0061`, 20_000) + `":1,"y":2}}`
	text := `{% set o = obj %}{% for i in range(4096) %}{{ o.x }}{% endfor %}`
	if _, _, err := render(text, escaped); err == nil {
		t.Error("500 MB are looked through, and nobody counts")
	}
	long := strings.Repeat("a", 20_000)
	alike := `{"obj":{"` + long + `b":1,"` + long + `c":2}}`
	text = `{% set o = obj %}{% for i in range(4096) %}{{ o.` + long + `d }}{% endfor %}`
	if _, _, err := render(text, alike); err == nil {
		t.Error("160 MB are compared, and nobody counts")
	}
}

// What a template is written like is held to its bounds, too.
func TestHostileTexts(t *testing.T) {
	for _, text := range []string{
		"{{ " + strings.Repeat("(", 65) + "1" + strings.Repeat(")", 65) + " }}",
		"{{ " + strings.Repeat("-", 200) + "1 }}", "{{ " + strings.Repeat("not ", 200) + "1 }}",
		"{{ 1" + strings.Repeat(" if 1 else 1", 200) + " }}", "{{ a" + strings.Repeat(" ** -a", 300) + "(", "{{ [" + strings.Repeat("[", 70),
		strings.Repeat("{% if 1 %}", 200) + strings.Repeat("{% endif %}", 200), strings.Repeat("{% macro m() %}", 200),
		"{{ a is }}", "{{ a | }}", "{{ a[ }}", "{{ a. }}", "{{ 'a }}", "{{ \"\\x4\" }}", "{% raw %}", "{% set %}", "{% for %}", "{% call %}", "{% endif %}", "{{",
		"{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{{ 08 }}", "{{ 0x }}", "{{ a = 1 }}", "{{ f(a=1, 2) }}", "{{ range(**a, 1) }}",
	} {
		if _, err := jinja.Parse(text, nil); err == nil {
			t.Errorf("%.60s is accepted", text)
		}
	}
}

// The place of a fault is told as people count: lines and columns from 1.
func TestPlaces(t *testing.T) {
	for text, want := range map[string][2]int{
		"{{ a | nosuch }}":             {1, 8},
		"é\n  {{ 'ä' ~ a b }}":         {2, 14},
		"{% if a %}\n\n{% frob %}":     {3, 4},
		"a\n{{ 1 +\n }}":               {3, 2},
		"{% for x in y %}\n{{ x }}":    {1, 17},
		"one\n{{ nofunction(1) }} two": {2, 4},
	} {
		_, err := jinja.Parse(text, func([]jinja.Step) (int, error) { return 0, nil })
		var fault *jinja.Error
		if !errors.As(err, &fault) || fault.Line != want[0] || fault.Column != want[1] {
			t.Errorf("%q: %+v, want %v", text, fault, want)
		}
	}
	_, _, err := render("ok\n {{ 1 / zero }}", `{"zero":0}`)
	var fault *jinja.Error
	if !errors.As(err, &fault) || fault.Line != 2 || fault.Column != 2 {
		t.Errorf("when rendered: %+v", fault)
	}
}

// Whatever a template says, it ends, within its bounds, and with an error of ours.
func FuzzTemplate(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	for _, text := range []string{
		`{% macro m(a, b=1, *c) %}{{ varargs }}{{ kwargs }}{{ caller() }}{% endmacro %}{% call(x) m(1, z=2) %}{{ x }}{% endcall %}`,
		`{% for k, v in obj.items() if v recursive %}{{ loop(v) }}{{ loop.changed(k) }}{% else %}{% endfor %}`,
		`{% set a %}{{ text[1:-1:2] | truncate(9) | title }}{% endset %}{% filter upper | trim %}{{ a }}{% endfilter %}`,
		`{{ many | groupby(0) | map("last") | list }}{{ obj | dictsort(by="value") | tojson(2) }}`,
		`{%- with a = 1, b = "%s %05.2f" % (a, 2) -%}{{ "{0!r:>5} {x[a].b:,}".format(a, x=obj) }}{%- endwith -%}`,
	} {
		f.Add(text)
	}
	names := `{"text":"some é text","many":[3,1.50,"a",null,true,[1],{"a":1}],"obj":{"a":{"b":1},"c":12345678901234567890},"wide":[],"large":"x"}`
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		start := time.Now()
		out, written, err := render(text, names)
		var fault *jinja.Error
		if err != nil && (!errors.As(err, &fault) || fault.At > len(text) || fault.Line < 1 || fault.Column < 1) {
			t.Fatalf("%T %+v", err, fault)
		}
		if err == nil && (!written || len(out) > 1<<20) {
			t.Fatalf("%d bytes", len(out))
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Fatalf("took %s", took)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	names := `{"firstName":"Ada","account":"A-1001","amount":1200.50,"items":[{"sku":"X1","price":9.90},{"sku":"X2","price":20}]}`
	for _, bench := range []struct{ name, text string }{
		{"plain", "{{ firstName }} {{ account }}"},
		{"default", `{{ firstName | default("x") }}`},
		{"filter", `{{ firstName | upper }}`},
		{"compare", `{% if amount > 100 %}a{% endif %}`},
		{"loop", `{% for i in items %}{{ i.sku }}={{ i.price }};{% endfor %}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			d := &document{raw: names}
			tpl, err := jinja.Parse(bench.text, d.resolve)
			if err != nil {
				b.Fatal(err)
			}
			fixed := &fixedPlaces{}
			for place := range d.places {
				raw, _ := d.Raw(place)
				fixed.raw = append(fixed.raw, raw)
			}
			out := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tpl.Append(out, 1<<20, fixed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fixedPlaces has what was found before, as package mapping does.
type fixedPlaces struct{ raw []string }

func (f *fixedPlaces) Raw(place int) (string, error) { return f.raw[place], nil }
func (f *fixedPlaces) Step(int) error                { return nil }
