package calling_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/calling"
)

func typed(value string) gateway.Headers {
	return gateway.Headers{{Name: "content-TYPE", Value: gateway.Secret(value)}}
}

func (w *world) ran(body string) *calling.Run {
	w.t.Helper()
	q, err := calling.Read(w.acme().Webhook("hook"), []byte(body))
	if err != nil {
		w.t.Fatal(err)
	}
	run, err := w.calls.Run(context.Background(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

// TestTextThatSaysJSON (c13): a text body that is no JSON once it is rendered is not
// sent, and the place is told; by Call and Run alike.
func TestTextThatSaysJSON(t *testing.T) {
	const body, variables = `{"name":"{{ name }}","n":{{ n }}}`, `{"variables":{"name":"a \"quoted\" one","n":1}}`
	for name, c := range map[string]struct {
		body, contentType, call string
		want                    string // sent; "" with a rule: it fails
		rule                    string
	}{
		"a quote":       {body, "", variables, "", "at line 1, column 13"},
		"unset":         {body, "", `{"variables":{"name":"A"}}`, "", "at line 1, column 17"},
		"a later line":  {"{\n \"n\":\n {{ n }}x}", "", variables, "", "at line 3, column 3"},
		"+json":         {body, "Application/VND.x+JSON; v=1", variables, "", "at line 1, column 13"},
		"too deep":      {strings.Repeat("[", 200) + strings.Repeat("]", 200), "", "{}", "", "nested deeper than 128 levels"},
		"well":          {body, "application/json", `{"variables":{"name":"A","n":7}}`, `{"name":"A","n":7}`, ""},
		"filtered":      {`{"name":{{ name | tojson }}}`, "", variables, `{"name":"a \"quoted\" one"}`, ""},
		"a scalar":      {"{{ n }}", "", variables, "1", ""},
		"white space":   {" \n{% if none %}1{% endif %}", "application/json", variables, "", ""},
		"not looked at": {body, "text/plain", variables, `{"name":"a "quoted" one","n":1}`, ""},
		"a form":        {"a={{ n }}&b={{ name }}", "application/x-www-form-urlencoded", variables, `a=1&b=a "quoted" one`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := real(t)
			hook := gateway.Webhook{Method: "POST", Body: new(gateway.Raw(gateway.AppendString(nil, c.body)))}
			if c.contentType != "" {
				hook.Headers = typed(c.contentType)
			}
			w.hook(hook)
			run := w.ran(c.call)
			for _, made := range []*gateway.Call{w.call(c.call), run.Call} {
				if c.rule == "" {
					want(t, made, "success", "")
					continue
				}
				want(t, made, "failure", "template")
				if len(made.Errors) != 1 || made.Errors[0].Path != "body" || !strings.Contains(made.Errors[0].Message, c.rule) || strings.Contains(made.Errors[0].Message, "quoted") {
					t.Errorf("%v", made.Errors)
				}
			}
			got := w.backend.all()
			if c.rule != "" {
				if len(got) != 0 || run.Request != nil {
					t.Errorf("sent %+v", got)
				}
				return
			}
			if len(got) != 2 || got[0].body != c.want || got[1].body != c.want {
				t.Errorf("sent %+v, want %s", got, c.want)
			}
		})
	}
}

// TestForms: an object under a form's type is sent as one.
func TestForms(t *testing.T) {
	w := real(t)
	w.hook(gateway.Webhook{
		Method: "POST", Headers: typed("application/x-www-form-urlencoded; charset=utf-8"),
		Body: raw(`{"z":"{{ text }}","a b":["{{ n }}",null,"x",{"k":[1]},[2,3]],"o":{"y":1.50,"b":null},"none":"{{ missing }}","t":true,"list":"{{ list }}","e":[],"n":null}`),
	})
	const call = `{"variables":{"text":"é & ü+1~","n":12345678901234567890,"list":["p","q"]}}`
	want(t, w.call(call), "success", "")
	const sent = `z=%C3%A9+%26+%C3%BC%2B1~&a+b=12345678901234567890&a+b=x&a+b=%7B%22k%22%3A%5B1%5D%7D&a+b=%5B2%2C3%5D&o=%7B%22y%22%3A1.50%2C%22b%22%3Anull%7D&t=true&list=p&list=q`
	if got := w.backend.all()[0]; got.body != sent || got.header.Get("Content-Type") != "application/x-www-form-urlencoded; charset=utf-8" {
		t.Errorf("%s\n%s", got.body, sent)
	}
	run := w.ran(call)
	if shown := string(gateway.AppendString(nil, sent)); string(run.Request.Body) != shown {
		t.Errorf("shown as %s", run.Request.Body)
	}
	w.hook(gateway.Webhook{Profile: "campaign", Headers: typed("application/x-www-form-urlencoded"), Body: raw(`{"zeta":[1,2],"alpha":"a"}`)})
	want(t, w.call(`{"context":{"campaignId":"c","label":"L","date":"2024-05-01"}}`), "success", "")
	if got := w.backend.all()[2].body; got != "campaignId=c&label=L&date=2024-05-01T00%3A00%3A00.00Z&zeta=1&zeta=2&alpha=a" {
		t.Errorf("a campaign's: %s", got)
	}
	w.hook(gateway.Webhook{Method: "POST", Headers: typed("application/x-www-form-urlencoded"), Body: raw(`{"a":"{{ 'é' * 200000 }}"}`)})
	want(t, w.call(`{}`), "failure", "template")
}

// TestRenderedTypes: what a Content-Type renders to is judged with the call.
func TestRenderedTypes(t *testing.T) {
	w := real(t)
	w.hook(gateway.Webhook{Method: "POST", Headers: typed("{{ type }}"), Body: raw(`{"a":"{{ 1 }}"}`)})
	for kind, want := range map[string]string{"application/x-www-form-urlencoded": "a=1", "application/ld+json": `{"a":1}`, "text/xml": ""} {
		made := w.call(`{"variables":{"type":"` + kind + `"}}`)
		got := w.backend.all()
		if want == "" {
			if made.Reason != "template" || made.Errors[0].Path != "body" {
				t.Errorf("%s: %s %v", kind, made.Reason, made.Errors)
			}
		} else if got[len(got)-1].body != want {
			t.Errorf("%s: %s", kind, got[len(got)-1].body)
		}
	}
	w.tenant.Headers = typed("text/xml")
	w.hook(gateway.Webhook{Method: "POST", Body: raw(`{"a":1}`)})
	want(t, w.call(`{}`), "success", "")
}

// TestMembersGoOutAsWritten (c14): bodies, campaign members, query and headers.
func TestMembersGoOutAsWritten(t *testing.T) {
	w := real(t)
	const body = `{"__type":"x","zeta":1,"alpha":{"d":1,"c":"{{ n }}"}}`
	w.hook(gateway.Webhook{
		Method: "POST", Body: raw(body), Query: gateway.Members[string]{{Name: "z", Value: "1"}, {Name: "a", Value: "2"}},
		Headers: gateway.Headers{{Name: "X-Z", Value: "z"}, {Name: "X-A", Value: "a"}},
	})
	run := w.ran(`{"variables":{"n":{"y":1,"b":2}}}`)
	if got := w.backend.all()[0]; got.body != `{"__type":"x","zeta":1,"alpha":{"d":1,"c":{"y":1,"b":2}}}` || got.uri != "/?z=1&a=2" || string(run.Request.Body) != got.body {
		t.Errorf("sent %s %s", got.uri, got.body)
	}
	if h := run.Request.Header; h[0][0] != "X-Z" || h[1][0] != "X-A" {
		t.Errorf("headers %v", h)
	}
	w.hook(gateway.Webhook{Profile: "campaign", Body: raw(`{"zeta":1,"alpha":{"d":1,"c":2},"beta":3}`)})
	want(t, w.call(`{}`), "success", "")
	if got := w.backend.all()[1].body; !strings.HasSuffix(got, `,"zeta":1,"alpha":{"d":1,"c":2},"beta":3}`) {
		t.Errorf("a campaign's: %s", got)
	}
}

// TestAnswerHeaders: header:Name finds what stands in an answer's header, of any case,
// converts it, and goes with an answer that has no body; Run says what it found.
func TestAnswerHeaders(t *testing.T) {
	w := real(t)
	w.backend.play(func(q asked) reply {
		return reply{header: map[string]string{"X-Total": "12", "Location": "/orders/7"}, body: map[int]string{1: `{"id":1}`}[q.n]}
	})
	w.hook(gateway.Webhook{Response: gateway.Response{Variables: []gateway.Variable{
		{Name: "total", Path: "header:x-total", Type: "number", Required: true}, {Name: "at", Path: "header:Location"},
		{Name: "none", Path: "header:X-None", Default: raw(`"d"`)}, {Name: "id", Path: "id"},
	}}})
	for _, with := range []string{`,"id":1}`, "}"} {
		made := w.call(`{}`)
		want(t, made, "success", "")
		if string(made.Variables) != `{"total":12,"at":"/orders/7","none":"d"`+with {
			t.Errorf("variables %s", made.Variables)
		}
	}
	run := w.ran(`{}`)
	if e := run.Explained[1]; string(e.Found) != `"/orders/7"` {
		t.Errorf("explained %+v", e)
	}
}

// A long name and a long list are small, and make a form of gigabytes: it ends where it is
// larger than a request may be. One such call had taken 2.5 GB and 54 s.
func TestFormEndsWhereItIsTooLarge(t *testing.T) {
	w := real(t)
	body := gateway.Raw(`{"` + strings.Repeat("n", 60<<10) + `":"{{ list }}"}`)
	w.hook(gateway.Webhook{Method: "POST", Headers: typed("application/x-www-form-urlencoded"), Body: &body})
	list := strings.Repeat("1,", 10_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := w.call(`{"variables":{"list":[` + list + `1]}}`)
	runtime.ReadMemStats(&after)
	want(t, got, "failure", "template")
	if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 64 {
		t.Errorf("a form that is refused has made %d MiB", made)
	}
	want(t, w.call(`{"variables":{"list":[1,2,3]}}`), "success", "")
}
