package jinja_test

import "testing"

// What random templates printed otherwise than Jinja2 itself (TestLikeJinja2), each with
// what that prints.
func TestFoundBesideJinja2(t *testing.T) {
	const names = `{"n":12,"obj":{"a":1},"list":[1,2]}`
	for text, want := range map[string]string{
		`{{ n is test }}{{ n is not filter }}{{ missing is test }}`:                                     "falsetruefalse",
		`{{ "-63|hello World|" | wordwrap(5) }}`:                                                        "-63|h\nello \nWorld\n|",
		`{{ missing is callable }}{{ missing is escaped }}`:                                             "truetrue",
		`{% macro m() %}{{ kwargs.caller }}{% endmacro %}{% call m() %}{% endcall %}`:                   "<Macro anonymous>",
		`{% macro m() %}{{ kwargs.caller.name is none }}{% endmacro %}{% call m() %}{% endcall %}`:      "true",
		`{% macro m() %}{% endmacro %}{{ m }}`:                                                          "<Macro 'm'>",
		`{% macro m(a) %}{{ a }}{{ kwargs.a }}{% endmacro %}{{ m(1, a=2) }}`:                            "12",
		`{% filter default("x") %}a{% endfilter %}`:                                                     "a",
		`{% set t | default("x") %}b{% endset %}{{ t }}`:                                                "b",
		`{% for x in list %}{% macro m() %}{{ x }}{% endmacro %}{% set m2 = m %}{{ m2() }}{% endfor %}`: "12",
		`{% set ns = namespace() %}{% for x in list %}{% macro m() %}{{ x }}{% endmacro %}{% if loop.first %}{% set ns.f = m %}{% endif %}{% endfor %}{{ ns.f() }}`: "1",
	} {
		out, _, err := render(text, names)
		if err != nil || out != want {
			t.Errorf("%s\nprints %q, %v\nwant   %q", text, out, err, want)
		}
	}
	for _, text := range []string{
		`{{ n is == 12 }}`, `{{ obj is test }}`, `{{ list is filter }}`, `{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}`,
	} {
		if out, _, err := render(text, names); err == nil {
			t.Errorf("%s prints %q, want an error", text, out)
		}
	}
}
