package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// Templates that would take seconds, gigabytes or a panic without bounds.
var hostileTemplates = map[string]string{
	`{{ "a" * 300000000 }}`:                    errBound.Error(),
	`{{ ("a" * 300000000) | default("x") }}`:   errBound.Error(),
	`{{ 1 % 0 }}`:                              errOperand.Error(),
	`{{ 1 // 0 }}`:                             errOperand.Error(),
	`{{ 1 / 0 }}`:                              errOperand.Error(),
	`{{ 10 ** 1000 }}`:                         errOperand.Error(),
	`{{ "%s" % text }}`:                        errOperand.Error(),
	`{{ text > 5 }}`:                           errOperand.Error(),
	`{{ 5 >= text }}`:                          errOperand.Error(),
	`{{ text[missing_step:"a"] }}`:             errOperand.Error(),
	`{{ -text }}`:                              errOperand.Error(),
	`{{ text[::0] }}`:                          errOperand.Error(),
	`{{ 5[1:2] }}`:                             errOperand.Error(),
	`{{ [1 % 0] }}`:                            "does not take these values",
	`{{ range(1000000000) }}`:                  errBound.Error(),
	`{{ range(4097) }}`:                        errBound.Error(),
	`{{ range(1, 2, 0) }}`:                     errRange.Error(),
	`{{ range("9") }}`:                         errRange.Error(),
	`{{ range(0.5) }}`:                         errRange.Error(),
	`{{ range(9223372036854775807) }}`:         errRange.Error(),
	`{{ range(-9223372036854775807 - 1, 0) }}`: errRange.Error(),
	`{{ "9" | int(base=1) }}`:                  errExpression.Error(),
	`{{ many | sort(attribute="` + strings.Repeat("a,", 400) + `a") }}`: errArguments.Error(),
	`{{ many | select("in", others) | list | length }}`:                 errTime.Error(),
	`{{ large | length }}`: errBound.Error(),

	`{{ ` + strings.Repeat("text ~ ", 500) + `"" }}`: errBound.Error(),
	strings.Repeat(`{{ large }}`, 3):                 errSize.Error(),
	`{% for x in text %}{% endfor %}`:                errList.Error(),
	`{% for x in 5 %}{% endfor %}`:                   errList.Error(),
	`{% for a, b in many %}{% endfor %}`:             errPair.Error(),
	`{% for x in wide %}{% endfor %}`:                errItems.Error(),
	`{% for x in range(4096) %}{% for y in range(4096) %}{% for z in range(4096) %}{% endfor %}{% endfor %}{% endfor %}`: "",
	`{% for x in range(4096) %}{% for y in range(4096) %}{{ x }}{% endfor %}{% endfor %}`:                                "",
	`{% for x in range(4096) %}{{ text }}{% endfor %}`:                                                                   errSize.Error(),
	`{% for x in range(4096) %}{{ text | upper | length }}{% endfor %}`:                                                  errTime.Error(),
	`{% for x in many %}{% for y in many if x == y + 1 %}{% endfor %}{% endfor %}`:                                       "",
	`{% set o = nested %}{% for x in range(4096) %}{{ o.a.b.c }}{% endfor %}`:                                            errTime.Error(),
	`{% set s = text %}` + strings.Repeat(`{% set s = s ~ s %}`, 60):                                                     errBound.Error(),
	`{% set s = text ~ text ~ text ~ text ~ text %}` + strings.Repeat(`{% set s = s | upper %}`, 200):                    errHeld.Error(),
	strings.Repeat(`{% for x in range(99) %}`, 30) + strings.Repeat(`{% endfor %}`, 30):                                  "",
	`{% set x = [[[]]] %}` + strings.Repeat(`{% set x = [x, x] %}`, 100):                                                 errBound.Error(),
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
	doc := jsonDocument(t, `{"many":[1`+strings.Repeat(",1", maxItems-1)+`],"half":"`+strings.Repeat("b", maxRendered/2)+`"}`)
	for text, want := range map[string]bool{
		`{% for x in many %}{{ x }}{% endfor %}`: true,
		`{{ range(4096) | length }}`:             true,
		`{{ half }}{{ half }}`:                   true,
		`{{ half }}{{ half }}x`:                  false,
		strings.Repeat("x", MaxTemplate):         true,
		strings.Repeat("{%if 1%}", maxBlocks-1) + strings.Repeat("{%endif%}", maxBlocks-1):        true,
		"{{ " + strings.Repeat("(", maxBrackets) + "1" + strings.Repeat(")", maxBrackets) + " }}": true,
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
	body, faults := b.Body(gateway.Raw(`{"a":"{{ half | lower }}","b":"- {{ half }}"}`))
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
	if fmt.Sprint(err) != "a: at 0: "+errBound.Error() {
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
