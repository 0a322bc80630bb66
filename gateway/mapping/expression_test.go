package mapping

import (
	"strings"
	"testing"
	"time"
)

const orderBody = `{"a":"Ada","n":12,"f":1200.0,"half":0.5,"none":"a name that stands for none","s":"12.50","list":[3,1,2],"people":[{"name":"b","age":2},{"name":"a","age":1}],
 "o":{"x":{"y":"deep"},"0":"zero"},"t":true,"no":null,"empty":"","html":"<b>x</b>","big":9007199254740993}`

func TestExpressionFinds(t *testing.T) {
	doc := jsonDocument(t, orderBody)
	for path, want := range map[string]string{
		`{{ a | upper }}`:                              `"ADA"`,
		`{{a|lower|replace("a","o")}}`:                 `"odo"`,
		`{{ missing | default("x") }}`:                 `"x"`,
		`{{ o.missing.deeper | d(1) }}`:                `1`,
		`{{ no | default("x") }}`:                      `"x"`,
		`{{ empty | default("x") }}`:                   `""`,
		`{{ empty | default("x", true) }}`:             `"x"`,
		`{{ missing | upper }}`:                        ``,
		`{{ no | upper }}`:                             ``,
		`{{ missing or a }}`:                           `"Ada"`,
		`{{ n + 1 }}`:                                  `13`,
		`{{ n - 1 }}`:                                  `11`,
		`{{ n * 2 }}`:                                  `24`,
		`{{ n / 8 }}`:                                  `1.5`,
		`{{ n // 5 }}`:                                 `2`,
		`{{ -7 // 2 }}`:                                `-4`,
		`{{ n % 5 }}`:                                  `2`,
		`{{ -7 % 3 }}`:                                 `2`,
		`{{ n ** 2 }}`:                                 `144`,
		`{{ f }}`:                                      `1200.0`, // plain: as it was written
		`{{ f + 0 }}`:                                  `1200`,
		`{{ f ~ "" }}`:                                 `"1200.0"`,
		`{{ big | abs }}`:                              `9007199254740993`,
		`{{ big + 1 }}`:                                `9007199254740994`,
		`{{ 9223372036854775807 + 1 }}`:                `9223372036854775808`,
		`{{ a ~ "-" ~ n ~ t }}`:                        `"Ada-12true"`,
		`{{ a + n }}`:                                  ``, // as in Jinja, no number joins a text
		`{{ s | float }}`:                              `12.5`,
		`{{ s | float * 100 }}`:                        `1250`,
		`{{ "ab" * 3 }}`:                               `"ababab"`,
		`{{ "ab" * -1 }}`:                              `""`,
		`{{ list | sort }}`:                            `[1,2,3]`,
		`{{ list | sum }}`:                             `6`,
		`{{ list | join("-") }}`:                       `"3-1-2"`,
		`{{ list | length }}`:                          `3`,
		`{{ list | first }}`:                           `3`,
		`{{ list + [4] }}`:                             `[3,1,2,4]`,
		`{{ list[0] + list.1 }}`:                       `4`,
		`{{ list[-1] | abs }}`:                         `2`,
		`{{ list[1:] }}`:                               `[1,2]`,
		`{{ a[0:2] }}`:                                 `"Ad"`,
		`{{ people | map(attribute="name") | list }}`:  `["b","a"]`,
		`{{ people | sort(attribute="age") | first }}`: `{"name":"a","age":1}`,
		`{{ people | selectattr("age","gt",1) | map(attribute="name") | first }}`: `"b"`,
		`{{ o.x.y | capitalize }}`:                 `"Deep"`,
		`{{ o["x"]["y"] | length }}`:               `4`,
		`{{ o.0 | upper }}`:                        `"ZERO"`,
		`{{ o | tojson }}`:                         `"{\"x\":{\"y\":\"deep\"},\"0\":\"zero\"}"`,
		`{{ a == "Ada" }}`:                         `true`,
		`{{ n > 5 and t }}`:                        `true`,
		`{{ not t }}`:                              `false`,
		`{{ missing is defined }}`:                 `false`,
		`{{ "paid" if n > 5 else "open" }}`:        `"paid"`,
		`{{ "paid" if n < 5 }}`:                    ``,
		`{{ html | striptags }}`:                   `"x"`,
		`{{ a in ["Ada", "Eve"] }}`:                `true`,
		`{{ n is even }}`:                          `true`,
		`{{ n is divisibleby 5 }}`:                 `false`,
		`{{ list | select("odd") | list }}`:        `[3,1]`,
		`{{ list | select("in", [1, 2]) | list }}`: `[1,2]`,
		`{{ list | reject("gt", 1) | list }}`:      `[1]`,
		`{{ half | round }}`:                       `0`,
		`{{ none | default(1) }}`:                  `1`,
		`{{ "x" }}`:                                `"x"`,
		`{{ "it's" ~ 'a "b"' }}`:                   `"it'sa \"b\""`,
	} {
		if got, _ := read(t, path, doc); got != want {
			t.Errorf("%s found %s, want %s", path, got, want)
		}
	}
}

func TestExpressionRefused(t *testing.T) {
	for path, want := range map[string]string{
		`{{ lipsum() }}`:                            "at 3: there is no function lipsum",
		`{{ a | nope }}`:                            "at 7: there is no filter nope",
		`{{ a is nope }}`:                           "there is no test",
		`{{ a | upper }}{{ a }}`:                    "at 13: } has no partner",
		`{{ a | upper }} x {{ a }}`:                 "at 13: } has no partner",
		`{{ a }}{% include "/etc/passwd" %}{{ a }}`: "at 5: } has no partner",
		`{{ 1 }}{% set x = 1 %}{{ x }}`:             "at 5: } has no partner",
		`{{ a | }}`:                                 "stands where a name is expected",
		`{{ a + }}`:                                 "",
		`{{ (a }}`:                                  "",
		`{{ a | default( }}`:                        "",
		`{{ }}`:                                     "",
		`{{}}`:                                      "",
	} {
		_, err := NewBuilder().Path(path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

// hostile expressions find nothing, and find that soon: the deadline below is
// no measure of speed but of seconds against the hundreds of them, or the
// gigabytes, that each would take unbounded.
var hostile = []string{
	`{{ "a" * 300000000 }}`,
	`{{ "a" * 300000000 | default("x") }}`,
	`{{ 1 % 0 }}`, `{{ 1 // 0 }}`, `{{ 1 / 0 }}`, `{{ 1.5 % 0 }}`,
	`{{ 10 ** 1000000000 }}`, `{{ range(1000000000) }}`, `{{ "x" | center(1000000000) }}`, `{{ "%1000000000d" | format(1) }}`,
	`{{ text | replace("", "` + strings.Repeat("x", 900) + `") }}`,
	`{{ text | replace("a","aaaaaaaaaa") | replace("a","aaaaaaaaaa") | replace("a","aaaaaaaaaa") | length }}`,
	`{{ ` + strings.Repeat("text ~ ", 140) + `"" }}`,
	`{{ many | join(text) }}`,
	`{{ many | map("replace", "1", text) | list | length }}`,
	`{{ text | list | sort }}`,
	`{{ many | sort(attribute="` + strings.Repeat("a,", 400) + `a") }}`,
	`{{ many | tojson(indent=1000000000) }}`,
	`{{ many | select("in", others) | list | first }}`, // four million comparisons
	`{{ "9" | int(base=1) }}`,
	`{{ large | upper }}`,
}

func TestHostileExpressions(t *testing.T) {
	doc := jsonDocument(t, `{"text":"`+strings.Repeat("a", 10_000)+`","many":[1`+strings.Repeat(",1", 2000)+`],
		"others":[`+strings.Repeat("2,", 2000)+`2],
		"large":"`+strings.Repeat("b", 1<<20)+`"}`)
	for _, path := range hostile {
		b := NewBuilder()
		slot, err := b.Path(path)
		if err != nil {
			continue // refused is as good
		}
		var v Values
		b.Set().Read(doc, &v)
		start := time.Now()
		value := v.At(slot)
		took := time.Since(start)
		t.Logf("%8s %.50s", took.Round(time.Microsecond), path)
		if value.Kind != Missing {
			t.Errorf("%.60s found %.60s", path, value.Raw)
		}
		if took > 10*time.Second {
			t.Errorf("%.60s took %s", path, took)
		}
	}
}

func TestExpressionsShareOneBound(t *testing.T) {
	b := NewBuilder()
	slot, _ := b.Path(`{{ a | upper }}`)
	var v Values
	b.Set().Read(jsonDocument(t, orderBody), &v)
	v.work.Begin(0, "")
	if value := v.At(slot); value.Kind != Missing {
		t.Errorf("after the bound %s was found", value.Raw)
	}
}
