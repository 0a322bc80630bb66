package jinja_test

import "math/rand/v2"

// pieces that random templates are made of. What prints otherwise on purpose is left
// out: lists, objects, booleans within ~ and format, and what counts or fills up the
// characters of a computed whole number, which has no .0 here.
var (
	differTexts   = []string{"s", "u", "e", `"a b c"`, `"x-y"`, "words[0]", "people[0].name", "s[2:5]", `words | join("-")`, `"%s!" | format(n)`, "missing"}
	differNumbers = []string{"n", "neg", "zero", "f", "big", "3", "2.5", "list[1]", "people[1].age", "list | sum", "s | length", `"17" | int`, "n // 5", "neg % 5", "2 ** 7"}
	differLists   = []string{"list", "words", "list + [9]", "words[::-1]", "range(5) | list", "s.split()", "words | sort", "list | sort(reverse=true)", "obj | dictsort | map('first') | list", "people | map(attribute='age') | list", "s | list"}
	textFilters   = []string{"upper", "lower", "title", "capitalize", "trim", "reverse", "length", "replace('a','o')", "truncate(7,true)", "truncate(6)", "center(15)", "first", "last", "wordcount", "default('d')", "default('d',true)", "string", "indent(2,true)", "wordwrap(5)", "urlencode", "escape", "striptags", "int", "list|join('.')"}
	textMethods   = []string{"upper()", "strip()", "split('l')|join('+')", "replace('l','L',1)", "startswith('h')|string|length", "find('o')", "count('l')", "title()", "zfill(14)", "rjust(14,'*')", "ljust(3)", "partition(' ')|first", "rsplit(' ',1)|last", "splitlines()|length", "swapcase()", "removeprefix('he')", "capitalize()", "isalpha()|string|length"}
	numberFilters = []string{"abs", "round", "round(1)", "int", "float", "string", "round(1,'floor')", "round(0,'ceil')", "default(4)", "filesizeformat", "int|string|length"}
	listFilters   = []string{"first", "last", "length", "join('|')", "reverse|join(',')", "unique|join(',')", "min", "max", "batch(2)|map('length')|join(',')", "slice(2)|map('length')|join(',')", "select('string')|list|length", "reject('number')|list|length", "sort|first", "map('string')|map('length')|sum"}
	blockFilters  = []string{"upper", "lower", "trim", "replace('a','o')", "title", "indent", "upper | replace('A','1')", "truncate(5, true)", "escape", "default('x')"}
	listSteps     = []string{" | reverse | list", " | sort", " | unique | list", "[1:]", "[:-1]", "[::2]", " + [7]", " | list", " | map('string') | list", " | select | list", " | reject('none') | list", " | batch(2) | map('first') | list", " | slice(2) | map('length') | list", " * 2", " | map('default', 1) | list", "[::-1]", "[-2:]", " | rejectattr('x') | list"}
	// differOdds are what the rest does not draw.
	differOdds = []string{
		"{{ 1 < n < 20 }}{{ 3 in list and 9 not in list }}{{ not n == 12 }}", "{{ {'a': n, 'b': s}.get('b') }}{{ {'a': 1}.get('z', 'none') }}{{ obj.keys() | list | length }}{{ obj.values() | first }}",
		"{% set j = joiner('|') %}{% for x in list %}{{ j() }}{{ x }}{% endfor %}", "{% set c = cycler('odd', 'even') %}{% for x in words %}{{ c.next() }}{{ c.current }}{% endfor %}{{ c.reset() }}{{ c.current }}",
		"{% raw %}{{ n }}{% endraw %}{# {{ n }} #}|", " {%- if n -%} a {%- endif -%} b ", "{{- n -}} x {{- s }}", "{% for a, b in [(1, 2), (3, 4)] if a > 1 %}{{ a + b }}{% endfor %}", "{% set a, b = 1, 'z' %}{{ a }}{{ b }}",
		"{{ '{:>6}|{:<5}|{:^7}|{:05.1f}|{:,}'.format(s[:3], n, 'm', f, big) }}", "{{ '{0} {1} {0}'.format(n, s) }}{{ '{a.b}'.format(a=obj) }}", "{{ '%(x)s %(y)05d' % {'x': s, 'y': n} }}", "{{ '%x %o %e %g %s' % (n, n, f, f, neg) }}",
		"{{ s[::-1] }}{{ s[-3:] }}{{ s[1:-1:2] }}{{ list[-1] }}{{ words[5:] | length }}", "{{ words | sort(case_sensitive=true) | join(',') }}{{ words | max }}{{ words | min(case_sensitive=true) }}", "{{ people | map(attribute='name') | join('/') }}{{ people | sum(attribute='age') }}",
		"{{ people | sort(attribute='age') | map(attribute='name') | first }}{{ people | groupby('age') | map('first') | join(',') }}", "{{ obj | dictsort(by='key', reverse=true) | map('first') | join }}", "{{ 'a' ~ 1 ~ 2.5 ~ 'b' * 3 }}", "{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 7 % -3 }}{{ 2 ** -1 }}{{ 2 ** 3 ** 2 }}{{ -2 ** 2 }}",
		"{{ '%.3f' | format(f) }}{{ f | round }}{{ 2.675 | round(2) }}{{ 3.5 | round }}{{ -2.5 | round }}{{ 1e20 | int }}", "{{ '0x1f' | int(0, 16) }}{{ 'z' | int(7) }}{{ ' 12 ' | int }}{{ '1_000' | int }}{{ '1e3' | float }}{{ 'x' | float(1.5) }}",
		"{{ '<a href=\"x\">b & c</a>' | escape }}{{ '<b>x</b> <!-- y --> z' | striptags }}{{ 'ä/ö ü' | urlencode }}{{ {'a b': 'c&d'} | urlencode }}", "{{ 'see http://x.com/y, or www.z.org.' | urlize }}{{ 'a@b.co' | urlize(10) }}",
		"{{ 'a\nb\n\nc' | indent }}{{ 'a\nb' | indent(2, true) }}{{ 'the quick brown fox' | wordwrap(9) }}{{ 'foo bar baz' | truncate(8) }}{{ 'foo bar baz' | truncate(9, true, '+', 0) }}", "{{ 1 if n > 5 }}{{ 1 if n < 5 }}|", "{{ (n, s) | length }}{{ () | length }}{{ [[1, 2], [3]] | map('sum') | join }}",
		"{{ missing.a.b.c }}{{ missing['x'] }}{{ obj.zz }}{{ obj.c.d[7] }}{{ list[99] }}|", "{{ 'ß'.upper() }}{{ 'ǆ'.title() }}{{ 'İ'.lower() | length }}{{ 'Σας'.lower() }}{{ 'straße'.casefold() }}", "{{ 1_000 }}{{ 0b101 }}{{ 0o17 }}{{ 0xfF }}{{ 1e3 }}{{ 1.5e-7 }}{{ .5 if false else 1 }}",
		"{{ n is divisibleby 3 }}{{ n is not odd }}{{ (n is even) and (s is string) }}{{ n is number and not n is string }}", "{{ list is sameas list }}{{ none is none }}{{ 1 == 1.0 }}{{ 'a' < 'b' }}{{ [1, 2] < [1, 3] }}{{ (1, 2) == (1, 2) }}{{ true == 1 }}", "{{ words | join(', ', attribute=0) }}{{ [{'x': {'y': 1}}] | map(attribute='x.y') | first }}",
		"{{ 'a,b,,c'.split(',') | length }}{{ '  a  b '.split() | join('-') }}{{ 'a-b-c'.rsplit('-', 1) | join('+') }}{{ 'abc'.partition('b') | join('|') }}{{ 'x'.center(5, '*') }}{{ '-7'.zfill(5) }}{{ 'a\tb'.expandtabs(4) }}",
		"{{ 12345.678 | filesizeformat }}{{ 1 | filesizeformat }}{{ 10 ** 9 | filesizeformat(true) }}", "{{ {'a': 1, 'b': none, 'c': 'x<y'} | xmlattr }}", "{{ list | batch(2, 'x') | map('join') | join('|') }}{{ range(7) | slice(3, 'z') | map('join') | join('|') }}", "{{ range(0, 10, 3) | join(',') }}{{ range(5, 0, -2) | join }}{{ range(3) | last }}",
	}
	hugeNumbers = []string{"big", "n", "neg", "99999999999999999999", "-12345678901234567890123", "9223372036854775807", "-9223372036854775808", "3", "7", "10 ** 30", "4294967296", "18446744073709551616"}
	differTests = []string{"string", "number", "mapping", "sequence", "iterable", "defined", "undefined", "none", "odd", "even", "divisibleby(3)", "divisibleby 2", "sameas(n)", "in list", "in s", "eq 3", "ne(n)", "gt 2", "lt(5)", "ge 12", "le s", "lower", "upper", "boolean", "integer", "float", "true", "false", "callable", "filter", "test", "escaped", "equalto('a')"}
	operators   = []string{"+", "-", "*", "/", "//", "%"}
	comparators = []string{"<", "<=", ">", ">=", "==", "!="}
)

// game draws templates.
type game struct{ *rand.Rand }

func (g game) of(list []string) string { return list[g.IntN(len(list))] }

func (g game) number(depth int) string {
	if depth == 0 || g.IntN(3) == 0 {
		return g.of(differNumbers)
	}
	if g.IntN(3) == 0 {
		return "(" + g.number(depth-1) + ") | " + g.of(numberFilters)
	}
	return "(" + g.number(depth-1) + ") " + g.of(operators) + " (" + g.number(depth-1) + ")"
}

func (g game) text(depth int) string {
	if depth == 0 || g.IntN(4) == 0 {
		return g.of(differTexts)
	}
	switch g.IntN(5) {
	case 0:
		return "(" + g.text(depth-1) + ") | " + g.of(textFilters)
	case 1:
		return "(" + g.text(depth-1) + ")." + g.of(textMethods)
	case 2:
		return "(" + g.text(depth-1) + " ~ " + g.text(depth-1) + ")"
	case 3:
		return "(" + g.text(depth-1) + " if " + g.condition(depth-1) + " else " + g.text(depth-1) + ")"
	}
	return "(" + g.of(differLists) + ") | " + g.of(listFilters)
}

func (g game) condition(depth int) string {
	switch g.IntN(5) {
	case 0:
		return g.number(depth) + " " + g.of(comparators) + " " + g.number(depth)
	case 1:
		return "(" + g.text(depth) + ") " + g.of(comparators) + " (" + g.text(depth) + ")"
	case 2:
		return "not " + g.of(differTexts) + " and " + g.of(differNumbers) + " is odd"
	case 3:
		return g.of(differTexts) + " in s or " + g.of(differNumbers) + " in list"
	}
	return g.of(differLists) + " is sequence"
}

// statement is one that prints something.
func (g game) statement(depth int) string {
	switch g.IntN(16) {
	case 13:
		return g.of(differOdds)
	case 14:
		return "{{ " + g.text(1) + " if " + g.asked() + " else " + g.number(1) + " }}"
	case 0:
		return "{% if " + g.condition(1) + " %}A{{ " + g.text(1) + " }}{% elif " + g.condition(1) + " %}C{% else %}B{{ " + g.text(1) + " }}{% endif %}"
	case 1:
		return g.loop(depth)
	case 2:
		return "{% set x = " + g.text(2) + " %}[{{ x }}]"
	case 3:
		return "{{ '%s %5.2f %03d' | format(" + g.of(differTexts[:6]) + ", " + g.of(differNumbers) + ", " + g.of(differNumbers) + ") }}"
	case 4:
		return "[{{ " + g.number(3) + " }}]"
	case 5:
		return g.macro(depth)
	case 6:
		return g.space()
	case 7:
		return "[{{ " + g.list(3) + " | " + g.of(listFilters) + " }}]"
	case 8:
		return "[{{ " + g.huge(3) + " }}]"
	case 9:
		return "{% if " + g.asked() + " %}yes{% else %}no{% endif %}"
	case 10:
		return "{% set b %}" + g.inner(depth) + "{% endset %}{{ b | " + g.of(textFilters) + " }}"
	case 11:
		return "{% with v = " + g.text(1) + ", w = " + g.number(1) + " %}{{ v }}{{ w }}" + g.inner(depth) + "{% endwith %}{{ v }}"
	case 12:
		return "{% filter " + g.of(blockFilters) + " %}a" + g.inner(depth) + " b{% endfilter %}"
	}
	return "[{{ " + g.text(3) + " }}]"
}

// inner is what stands within another statement.
func (g game) inner(depth int) string {
	if depth == 0 {
		return "{{ " + g.text(1) + " }}"
	}
	return g.statement(depth - 1)
}

var (
	loopWords  = []string{"index", "index0", "revindex", "revindex0", "first|string|length", "last|string|length", "length", "previtem", "nextitem", "depth", "cycle('a','b')", "changed(x)|string|length"}
	loopTests  = []string{"", "", " if x", " if x is string", " if x is number", " if loop is defined", " if not loop.first", " if x != 3"}
	loopBreaks = []string{"", "{% else %}none", "{% else %}{{ x }}", "{% else %}{% set y = 1 %}{{ y }}"}
)

// loop is a for, of any kind.
func (g game) loop(depth int) string {
	switch g.IntN(5) {
	case 0:
		return "{% for k, v in " + g.of([]string{"obj.items()", "obj | dictsort", "obj | items", "people | groupby('age')", "[(1, 2), (3, 4)]", "zipped"}) +
			" %}{{ loop.index }}{{ k }}{{ v | length if v is sequence else v }}{% endfor %}"
	case 1:
		return "{% for x in tree recursive %}{{ loop.depth }}{{ x.n }}{{ loop." + g.of(loopWords[:7]) + " }}{% if x.c %}<{{ loop(x.c) }}>{% endif %}{% endfor %}"
	case 2:
		return "{% for p in people" + g.of([]string{"", " | sort(attribute='name')", " | sort(attribute='age', reverse=true)", " | selectattr('age', 'gt', 26)", " | rejectattr('age', 'odd')", " | reverse"}) +
			" %}{{ p.name }}{{ p['age'] }}{{ loop." + g.of(loopWords[:7]) + " }}{% endfor %}"
	case 3:
		return "{% for x in " + g.list(1) + " %}{% for y in " + g.list(1) + " %}{{ x }}{{ y }}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}"
	}
	return "{% for x in " + g.list(2) + g.of(loopTests[:5]) + " %}{{ loop." + g.of(loopWords) + " }}{{ x }}" + g.inner(depth) + "{{ loop.last and '.' or ',' }}" + g.of(loopBreaks) + "{% endfor %}"
}

// macro defines one, and calls it somehow.
func (g game) macro(depth int) string {
	body := g.of([]string{
		"{{ a }}-{{ b }}", "{{ a }}{{ b }}{{ varargs | join(',') }}", "{{ a }}{{ kwargs | dictsort | map('last') | map('string') | map('length') | join(',') }}", "{{ a }}{{ b }}{{ caller() if caller else 'x' }}",
		"{% set a = a ~ b %}{{ a }}", "{% for i in range(2) %}{{ a }}{{ i }}{% endfor %}", "{{ a }}" + g.inner(0), "{{ b }}{{ m.name }}", "{% if a %}{{ caller('q') }}{% endif %}",
	})
	call := g.of([]string{
		"{{ m(1, 2) }}", "{{ m(s) }}", "{{ m(b=3, a=" + g.number(1) + ") }}", "{{ m(1, 2, 3, 4) }}", "{{ m(1, c=5, d=6) }}", "{{ m() }}", "{{ m(*list) }}", "{{ m(**people[0]) }}", "{{ m }}", "{{ m(m) }}", "{{ m(1, a=2) }}",
		"{% call m(1) %}in{% endcall %}", "{% call(z) m(n, s) %}{{ z }}{{ a }}{% endcall %}", "{{ [1, 2] | map('string') | map('upper') | join }}{{ m(1) | upper }}", "{% for q in list %}{{ m(q) }}{% endfor %}", "{{ m.arguments | join }}",
	})
	params := g.of([]string{"a, b=2", "a, b='x'", "a=1, b=a", "a, b=n", "a, b"})
	return "{% macro m(" + params + ") %}" + body + "{% endmacro %}" + call
}

// space changes a namespace.
func (g game) space() string {
	return "{% set ns = namespace(a=(" + g.number(1) + ") | float, t='') %}{% for x in " + g.of(differLists) + " %}{% set ns.a = ns.a " + g.of([]string{"+", "-", "*"}) +
		" loop.index %}{% set ns.t = ns.t ~ x %}{% set lost = x %}{% endfor %}{{ ns.a }}|{{ ns.t }}|{{ lost }}"
}

func (g game) list(depth int) string {
	if depth == 0 || g.IntN(3) == 0 {
		return g.of(differLists)
	}
	return "(" + g.list(depth-1) + ")" + g.of(listSteps)
}

// huge computes with whole numbers that no machine word holds.
func (g game) huge(depth int) string {
	if depth == 0 {
		return g.of(hugeNumbers)
	}
	switch g.IntN(4) {
	case 0:
		return "(" + g.huge(depth-1) + ") | " + g.of([]string{"abs", "int", "round", "round(-3)", "string | length", "float | int", "default(1)"})
	case 1:
		return "(" + g.huge(depth-1) + ") ** " + g.of([]string{"2", "3", "0", "1"})
	}
	return "(" + g.huge(depth-1) + ") " + g.of([]string{"+", "-", "*", "//", "%"}) + " (" + g.huge(depth-1) + ")"
}

// asked is a test, or several.
func (g game) asked() string {
	one := g.of([]string{g.text(1), g.number(1), g.of(differLists), "obj", "missing", "n", "big"})
	asked := "(" + one + ") is " + g.of([]string{"", "not "}) + g.of(differTests)
	if g.IntN(3) == 0 {
		asked += g.of([]string{" and ", " or "}) + g.condition(1)
	}
	return asked
}

func (g game) template() string {
	text := g.statement(2)
	for range g.IntN(3) {
		text += g.statement(1)
	}
	return text
}
