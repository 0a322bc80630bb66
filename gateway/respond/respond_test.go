package respond_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/respond"
)

func text(s string) *string { return &s }

func free(name, value string) error {
	if strings.ContainsAny(value, "\r\n") || name == "Connection" {
		return errors.New("is refused")
	}
	return nil
}

func TestFaults(t *testing.T) {
	for want, r := range map[string]gateway.Respond{
		"status":                         {Status: 404},
		"status ":                        {Status: 301, Location: "/a"},
		"status  ":                       {Location: "/a"},
		"location":                       {Status: 303},
		"location ":                      {Status: 303, Location: "{{ variables.back }}"},
		"location  ":                     {Status: 303, Location: "https://{{ variables.host }}/"},
		"location   ":                    {Status: 303, Location: "https://shop.example{{ variables.rest }}"},
		"location    ":                   {Status: 302, Location: "//evil.example/"},
		"location     ":                  {Status: 302, Location: `/\evil.example/`},
		"location      ":                 {Status: 302, Location: "javascript:alert(1)"},
		"location       ":                {Status: 302, Location: "https://user@shop.example/"},
		"location        ":               {Status: 302, Location: "relative"},
		"location         ":              {Status: 302, Location: "/{{ "},
		"location          ":             {Status: 302, Location: "/a b"},
		"body":                           {Body: text("{{ "), Status: 200},
		"body ":                          {Body: text("x"), Status: 204},
		"body  ":                         {Body: text("var x = '{{ variables.x }}'"), ContentType: "text/javascript"},
		"body   ":                        {Body: text("{{ x }}"), ContentType: "application/octet-stream"},
		"body    ":                       {Body: text("no JSON"), ContentType: "application/json"},
		"content_type":                   {ContentType: "text/plain"},
		"content_type ":                  {Body: text("x"), ContentType: "text"},
		"content_type  ":                 {Body: text("x"), ContentType: "text/html; charset=utf-7"},
		"headers.Connection":             {Headers: map[string]string{"Connection": "close"}},
		"headers.Location":               {Headers: map[string]string{"Location": "/"}},
		"headers.content-type":           {Headers: map[string]string{"content-type": "text/html"}},
		"headers.Hookgate-Outcome":       {Headers: map[string]string{"Hookgate-Outcome": "resumed"}},
		"headers.Refresh":                {Headers: map[string]string{"Refresh": "0; url={{ variables.back }}"}},
		"headers.Set-Cookie":             {Headers: map[string]string{"Set-Cookie": "a={{ variables.back }}"}},
		"headers.Set-Login":              {Headers: map[string]string{"Set-Login": "logged-in"}},
		"headers.X-Accel-Redirect":       {Headers: map[string]string{"X-Accel-Redirect": "/internal"}},
		"headers.x-sendfile":             {Headers: map[string]string{"x-sendfile": "/etc/passwd"}},
		"headers.X-Envoy-Overloaded":     {Headers: map[string]string{"X-Envoy-Overloaded": "1"}},
		"headers.CDN-Cache-Control":      {Headers: map[string]string{"CDN-Cache-Control": "max-age=1"}},
		"headers.Use-As-Dictionary":      {Headers: map[string]string{"Use-As-Dictionary": `match="/*"`}},
		"headers.Hookgate-Anything":      {Headers: map[string]string{"Hookgate-Anything": "1"}},
		"headers.X-Request-Id":           {Headers: map[string]string{"X-Request-Id": "1"}},
		"headers":                        {Headers: map[string]string{strings.Repeat("X", 257): "1"}},
		"headers.Set-Cookie ":            {Headers: map[string]string{"Set-Cookie": "a=b; Path=/"}},
		"headers.Clear-Site-Data":        {Headers: map[string]string{"Clear-Site-Data": `"*"`}},
		"headers.Service-Worker-Allowed": {Headers: map[string]string{"Service-Worker-Allowed": "/"}},
		"headers.alt-svc":                {Headers: map[string]string{"alt-svc": `h2="a.example:443"`}},
		"headers.X-Content-Type-Options": {Headers: map[string]string{"X-Content-Type-Options": "none"}},
		"headers.Access-Control-Allow-Credentials": {Headers: map[string]string{"Access-Control-Allow-Credentials": "true"}},
		"headers.X-A":                    {Headers: map[string]string{"X-A": "{% if %}"}},
		"headers.x-b":                    {Headers: map[string]string{"X-B": "1", "x-b": "2"}},
		"outcomes.ignord":                {Outcomes: map[string]gateway.OwnAnswer{"ignord": {Status: 200}}},
		"outcomes.unauthenticated":       {Outcomes: map[string]gateway.OwnAnswer{"unauthenticated": {Status: 200}}},
		"outcomes.rate_limited":          {Outcomes: map[string]gateway.OwnAnswer{"rate_limited": {Status: 200}}},
		"outcomes.handshake":             {Outcomes: map[string]gateway.OwnAnswer{"handshake": {Status: 200}}},
		"outcomes.late.location":         {Outcomes: map[string]gateway.OwnAnswer{"late": {Status: 303, Location: "{{ x }}"}}},
		"outcomes.late.headers.Location": {Outcomes: map[string]gateway.OwnAnswer{"late": {Headers: map[string]string{"Location": "/"}}}},
	} {
		_, faults := respond.Compile(r, respond.Pinnable(), free)
		if len(faults) != 1 || faults[0].Path != strings.TrimSpace(want) {
			t.Errorf("%s: %v", want, faults)
		}
	}
}

func TestNothingIsNoAnswer(t *testing.T) {
	for _, r := range []gateway.Respond{{}, {Outcomes: map[string]gateway.OwnAnswer{}}} {
		if a, faults := respond.Compile(r, respond.Pinnable(), free); a != nil || len(faults) > 0 {
			t.Errorf("%+v: %v %v", r, a, faults)
		}
	}
	var none *respond.Answers
	if none.Variables() || none.Pin(gateway.OutcomeLate, 410) != 410 {
		t.Error("without answers there is one")
	}
	if a, _ := respond.Compile(gateway.Respond{Status: 200}, respond.Pinnable(), free); a.Variables() || a.Pin(gateway.OutcomeLate, 410) != 200 {
		t.Error("a bare status does more, or less, than pin")
	}
	for _, o := range []gateway.Outcome{gateway.OutcomeUnauthenticated, gateway.OutcomeTooLarge, gateway.OutcomeRateLimited, gateway.OutcomeUnavailable} {
		if slices.Contains(respond.Pinnable(), o) {
			t.Errorf("%s may be pinned", o)
		}
	}
}

// What a browser may show, or run, carries the policy, whatever its type is called: a part of
// multipart/x-mixed-replace is a page, and of a script a worker is made. Text and JSON need none.
func TestWhatIsShownRunsNothing(t *testing.T) {
	for kind, carries := range map[string]bool{
		"text/html": true, "image/svg+xml": true, "text/xml": true, "multipart/x-mixed-replace; boundary=a": true, "text/javascript": true,
		"text/vtt": true, "application/octet-stream": true, "text/plain": false, "text/csv": false, "application/json": false, "application/problem+json": false,
	} {
		a, faults := respond.Compile(gateway.Respond{Status: 200, ContentType: kind, Body: text(`{}`)}, respond.Pinnable(), free)
		if len(faults) > 0 {
			t.Fatalf("%s: %v", kind, faults)
		}
		reply, _, err := a.Render(&respond.Told{Outcome: gateway.OutcomeParked}, 202)
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(reply.Header, func(f [2]string) bool {
			return f[0] == "Content-Security-Policy" && strings.HasPrefix(f[1], "default-src 'none'")
		})
		if found != carries {
			t.Errorf("%s carries a policy: %t", kind, found)
		}
	}
}

// FuzzRender: whatever a sender writes, a page has no tag that the operator did not write,
// JSON has no member more, a header is one line, and a location leads to its host.
func FuzzRender(f *testing.F) {
	page, _ := respond.Compile(gateway.Respond{Status: 200, ContentType: "text/html", Body: text(
		"<p>{{ name }}{{ name | upper }}{{ name | tojson }}{{ name | title | replace('a','b') }}{% set x %}{{ name }}{% endset %}{{ x }}{% for c in variables %}{{ c }}{% endfor %}{{ name ~ ('<b>' | safe) | replace('<b>','') }}",
	)}, respond.Pinnable(), free)
	rest, _ := respond.Compile(gateway.Respond{Status: 303, Location: "/{{ name }}?q={{ name | urlencode }}", Headers: map[string]string{"X-N": "{{ name }}"},
		ContentType: "application/json", Body: text(`{"n":"{{ name }}","m":{{ name | tojson }}}`)}, respond.Pinnable(), free)
	for _, seed := range []string{"", "<script>", `"><img src=x>`, `","admin":true,"x":"`, `\`, "//evil.example", "\r\nSet-Cookie: a=b", "{{ 7*7 }}", "\\u003cb\\u003e", "é\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		name = strings.ToValidUTF8(name, "")
		told := &respond.Told{Outcome: gateway.OutcomeResumed, Variables: append(gateway.AppendString([]byte(`{"name":`), name), '}')}
		if reply, is, _ := page.Render(told, 200); is && strings.Count(string(reply.Body), "<") != 1 {
			t.Fatalf("%q makes markup: %s", name, reply.Body)
		}
		reply, is, _ := rest.Render(told, 200)
		if !is {
			return
		}
		var members map[string]string
		if err := json.Unmarshal(reply.Body, &members); err != nil || len(members) != 2 || members["n"] != name || members["m"] != name {
			t.Fatalf("%q makes %s", name, reply.Body)
		}
		for _, field := range reply.Header {
			if strings.ContainsAny(field[1], "\r\n\x00") || field[0] == "Location" && (strings.HasPrefix(field[1], "//") || field[1][0] != '/') {
				t.Fatalf("%q makes %v", name, field)
			}
		}
	})
}
