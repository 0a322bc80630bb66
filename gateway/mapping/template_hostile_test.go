package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/mapping/jinja"
)

// Templates that would take seconds, gigabytes or a panic without bounds. Package jinja
// has more, for what it counts itself; these are the bounds of a call.
var hostileTemplates = map[string]string{
	`{{ "a" * 300000000 }}`:                             "512 KiB",
	`{{ ("a" * 300000000) | default("x") }}`:            "512 KiB",
	`{{ 1 % 0 }}`:                                       "",
	`{{ 10 ** 1000000000 }}`:                            "",
	`{{ text > 5 }}`:                                    "",
	`{{ [1 % 0] }}`:                                     "",
	`{{ range(1000000000) }}`:                           "4096 items",
	`{{ range(1, 2, 0) }}`:                              "",
	`{{ "9" | int(base=1) }}`:                           "",
	`{{ many | select("in", others) | list | length }}`: errTime.Error(),
	strings.Repeat(`{{ large }}`, 3):                    jinja.ErrSize.Error(),
	`{% for x in 5 %}{% endfor %}`:                      "",
	`{% for a, b in many %}{% endfor %}`:                "",
	`{% for x in wide %}{% endfor %}`:                   "4096 items",
	`{% for x in range(4096) %}{% for y in range(4096) %}{% for z in range(4096) %}{% endfor %}{% endfor %}{% endfor %}`: "",
	`{% for x in range(4096) %}{% for y in range(4096) %}{{ x }}{% endfor %}{% endfor %}`:                                "",
	`{% for x in range(4096) %}{{ text }}{% endfor %}`:                                                                   jinja.ErrSize.Error(),
	`{% for x in range(4096) %}{{ text | upper | length }}{% endfor %}`:                                                  errTime.Error(),
	`{% for x in many %}{% for y in many if x == y + 1 %}{% endfor %}{% endfor %}`:                                       errTime.Error(),
	`{% set o = nested %}{% for x in range(4096) %}{{ o.a.b.c }}{% endfor %}`:                                            errTime.Error(),
	`{% set s = text %}` + strings.Repeat(`{% set s = s ~ s %}`, 60):                                                     "4 MiB in all",
	`{% set s = text ~ text ~ text ~ text ~ text %}` + strings.Repeat(`{% set s = s | upper %}`, 200):                    "4 MiB in all",
	strings.Repeat(`{% for x in range(99) %}`, 30) + strings.Repeat(`{% endfor %}`, 30):                                  "",
	`{% set x = [[[]]] %}` + strings.Repeat(`{% set x = [x, x] %}`, 100) + `{{ x }}`:                                     "",
	`{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}`:                                                           "64 deep",
}

func hostileDocument(t testing.TB) *Document {
	wide := strings.Repeat("[],", 5000)
	return jsonDocument(t, `{"text":"`+strings.Repeat("a", 10_000)+`","many":[1`+strings.Repeat(",1", 2000)+`],"others":[`+strings.Repeat("2,", 2000)+`2],"wide":[`+wide+`1],
		"nested":{"`+strings.Repeat("x", 200_000)+`":1,"a":{"b":{"c":""}}},"large":"`+strings.Repeat("b", 700<<10)+`"}`)
}

func TestHostileTemplates(t *testing.T) {
	doc := hostileDocument(t)
	for text, want := range hostileTemplates {
		b := NewBuilder()
		tpl, err := b.Template(text)
		if err != nil {
			t.Errorf("%.80s: %v", text, err)
			continue
		}
		var v Values
		b.Set().Read(doc, &v)
		start := time.Now()
		out, err := tpl.Append(nil, &v)
		took := time.Since(start)
		t.Logf("%8s %.80s: %v", took.Round(time.Microsecond), text, err)
		var fault *RenderError
		if !errors.As(err, &fault) || !strings.Contains(fault.Rule, want) || len(out) > 0 {
			t.Errorf("%.80s renders %d bytes, %v, want %s", text, len(out), err, want)
		}
		if took > 10*time.Second {
			t.Errorf("%.80s took %s", text, took)
		}
	}
}

// What stands at a bound is taken, and one more is not.
func TestTemplateBounds(t *testing.T) {
	doc := jsonDocument(t, `{"many":[1`+strings.Repeat(",1", 4095)+`],"half":"`+strings.Repeat("b", maxRendered/2)+`"}`)
	for text, want := range map[string]bool{
		`{% for x in many %}{{ x }}{% endfor %}`:                               true,
		`{{ range(4096) | length }}`:                                           true,
		`{{ half }}{{ half }}`:                                                 true,
		`{{ half }}{{ half }}x`:                                                false,
		strings.Repeat("x", MaxTemplate):                                       true,
		`{% for x in many %}{% for y in [1] %}{{ x }}{% endfor %}{% endfor %}`: true,
	} {
		b := NewBuilder()
		tpl, err := b.Template(text)
		if err != nil {
			t.Errorf("%.60s: %v", text, err)
			continue
		}
		var v Values
		b.Set().Read(doc, &v)
		if _, err := tpl.Append(nil, &v); (err == nil) != want {
			t.Errorf("%.60s: %v", text, err)
		}
	}
}

// The templates of one request share the time and the size.
func TestTemplatesShareTheBounds(t *testing.T) {
	doc := jsonDocument(t, `{"half":"`+strings.Repeat("b", maxRendered/2)+`"}`)
	b := NewBuilder()
	half, err := b.Template("{{ half }}")
	if err != nil {
		t.Fatal(err)
	}
	body, faults := b.Body(gateway.Raw(`{"a":"{{ half | length }}","b":"- {{ half }}"}`))
	if faults != nil {
		t.Fatal(faults)
	}
	set := b.Set()
	var v Values
	set.Read(doc, &v)
	for i, want := range []bool{true, true, false} {
		if _, err := half.Append(nil, &v); (err == nil) != want {
			t.Errorf("the template %d: %v", i, err)
		}
	}
	set.Read(doc, &v) // another request starts anew
	if _, err := half.Append(nil, &v); err != nil {
		t.Error(err)
	}
	_, err = body.Append(nil, &v)
	if want := "b: line 1, column 3: " + jinja.ErrSize.Error(); fmt.Sprint(err) != want {
		t.Errorf("the body: %v", err)
	}
	set.Read(doc, &v)
	v.rendered = maxRender
	if _, err := half.Append(nil, &v); fmt.Sprint(err) != errTime.Error() {
		t.Errorf("after the time: %v", err)
	}
	if _, err := body.Append(nil, &v); fmt.Sprint(err) != errTime.Error() {
		t.Errorf("after the time: %v", err)
	}
}
