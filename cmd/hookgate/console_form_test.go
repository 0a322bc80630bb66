package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

var (
	inputTag    = regexp.MustCompile(`<input[^>]*>`)
	areaTag     = regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>`)
	selectTag   = regexp.MustCompile(`(?s)<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>`)
	selectedTag = regexp.MustCompile(`<option(?: value="([^"]*)")? selected>([^<]*)<`)
	nameOf      = regexp.MustCompile(` name="([^"]*)"`)
	valueOf     = regexp.MustCompile(` value="([^"]*)"`)
)

// written gives what the fields of the form of a page say, as a browser would send them.
func (p paper) written(t testing.TB) url.Values {
	t.Helper()
	_, text, is := strings.Cut(p.text, `data-try="look"`)
	if !is {
		t.Fatalf("the page has no form of fields: %s", p.text)
	}
	text, _, _ = strings.Cut(text, "</form>")
	form := url.Values{}
	for _, tag := range inputTag.FindAllString(text, -1) {
		name, value := nameOf.FindStringSubmatch(tag), valueOf.FindStringSubmatch(tag)
		if name != nil && value != nil {
			form.Set(html.UnescapeString(name[1]), html.UnescapeString(value[1]))
		}
	}
	for _, tag := range areaTag.FindAllStringSubmatch(text, -1) {
		form.Set(html.UnescapeString(tag[1]), html.UnescapeString(tag[2]))
	}
	for _, tag := range selectTag.FindAllStringSubmatch(text, -1) {
		value := ""
		if one := selectedTag.FindStringSubmatch(tag[2]); one != nil {
			if value = one[1]; value == "" {
				value = one[2]
			}
		}
		form.Set(html.UnescapeString(tag[1]), html.UnescapeString(value))
	}
	return form
}

// with gives a form with other values in some of its fields.
func with(form url.Values, pairs ...string) url.Values {
	next := url.Values{}
	for name, values := range form {
		next[name] = values
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		next.Set(pairs[i], pairs[i+1])
	}
	return next
}

// wrongAt gives what the page says at a field.
func (p paper) wrongAt(name string) string {
	_, rest, is := strings.Cut(p.text, `<span class="wrong" id="w-`+html.EscapeString(name)+`">`)
	if !is {
		return ""
	}
	text, _, _ := strings.Cut(rest, "<")
	return html.UnescapeString(text)
}

// Each kind of thing that is configured is read into fields and saved from them, as it was;
// what a form has no field for stays, too.
func TestConsoleFieldsKeepAll(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	b := signedIn(t, p, program.AdminToken)
	admin := p.Admin()
	admin.Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{"name":"Acme & \"Sons\"","account_keys":["k1","k2"],"headers":{"X-One":"a: b","X-Two":"c"},"limits":{"events_per_second":{"per_second":5,"burst":9},"waits_open":7},"retention":{"dead":"14d"},
		"platform":{"url":"https://platform.example.com/","auth":{"type":"bearer","token":"a-bearer-token-1"},"sign":{"type":"none"},"retry":{"schedule":["1s","2m"]}}}`)
	for path, body := range map[string]string{
		"sources/pay": `{"verify":{"type":"hmac","header":"X-Sig","algorithm":"sha256","encoding":"hex","signed":"{body}","secrets":["a-secret-of-16-or-more","another-secret-of-16"]},"conversation_key":[{"in":"header","path":"X-Key"},{"in":"body","path":"chat"}],
			"match":[{"name":"paid","branch":"SUCCESS","when":[{"path":"status","equals":"paid"}],"variables":[{"name":"sum","path":"sum","type":"number"},{"name":"d","path":"d","default":[1,"2"]}]},{"name":"other","branch":"FAILURE","when":[{"path":"status","exists":true}]},
				{"name":"odd","branch":"FAILURE","when":[{"path":"a","equals":"12"},{"path":"a","equals":12.50},{"path":"a","equals":" x "},{"path":"a","equals":""},{"path":"a","equals":{"b":[1]}},{"path":"a","equals":"true\\n\"q\""},
					{"path":"a","in":["x","y z"]},{"path":"a","in":["a,b","c"]},{"path":"a","in":[1,true,"t"]},{"path":"a","in":[[1],"1"]},{"path":"a","exists":false},{"path":"header:X","regex":"^a|b$"},{"path":"a","regex":" b "},
					{"not":{"path":"a","equals":"b"}},{"not":{"path":"a","in":["b"]}},{"not":{"path":"a","exists":true}},{"not":{"not":{"path":"a","equals":1}}},{"any":[{"path":"a","equals":1},{"not":{"path":"b","regex":"c"}}]}]}],
			"variables":[{"name":"amount","path":"data[\"odd key\"].amount","type":"number","default":0},{"name":"who","path":"$.who","required":true}],"respond":{"body":"","outcomes":{"parked":{"body":"ok"}}},"methods":["POST","PUT"],"early":{"ttl":"0s"},"rate_limit":3}`,
		"sources/none":      `{"verify":{"type":"none"}}`,
		"endpoints/crm":     `{"url":"https://crm.example.com/x?a=1&b=<2>","event_types":["message/text","status"],"filter":[{"path":"a","regex":"^\\d+$"}],"retry":{"schedule":[]},"auth":{"type":"basic","username":"u","password":"a-password-123"},"batch":{"max_events":5,"max_wait":"2s"},"ordered":true,"headers":{"X-A":"1"}}`,
		"endpoints/puller":  `{"mode":"pull"}`,
		"webhooks/score":    `{"name":"Score","method":"POST","url":"https://api.example.com/{{ sessionId }}","query":{"z":"1","a":"{{ from }}"},"headers":{"X-B":"2"},"body":{"chat":"{{ sessionId }}","n":[1,2.50]},"timeout":"3s","response":{"variables":[{"name":"score","path":"score","type":"text","default":"n/a"}]}}`,
		"webhooks/template": `{"url":"https://api.example.com/","method":"PUT","headers":{"Content-Type":"text/plain"},"body":"hello {{ from }}\nbye"}`,
	} {
		admin.Must(t, []int{201}, "PUT", "/v1/tenants/acme/"+path, body)
	}
	stays := regexp.MustCompile(`"(updated_at|created_at)":"[^"]*"`)
	for _, path := range []string{"", "/sources/pay", "/sources/none", "/endpoints/crm", "/endpoints/puller", "/webhooks/score", "/webhooks/template"} {
		read := func() string {
			return stays.ReplaceAllString(admin.Must(t, []int{200}, "GET", "/v1/tenants/acme"+path, nil).String(), "")
		}
		before, edit := read(), "/console/tenants/acme"+path+"/edit"
		form := b.want(200, edit).written(t)
		if got := b.post(edit, form); got.status != http.StatusSeeOther {
			t.Errorf("%s: saving what was read: %d %s", path, got.status, got.words())
		}
		if after := read(); after != before {
			t.Errorf("%s: saved as it was read, it is no more what it was:\n%s\n%s", path, before, after)
		}
		// By way of JSON and back nothing is lost, either.
		form = b.want(200, edit).written(t)
		asJSON := b.post(edit, with(form, "do", "json"))
		text := areaTag.FindStringSubmatch(asJSON.text)
		if sample := form.Get("run_body"); sample != "" && !strings.Contains(asJSON.text, html.EscapeString(sample)) {
			t.Errorf("%s: as JSON what stood beside the fields is lost", path)
		}
		if text == nil || text[1] != "json" {
			t.Fatalf("%s: as JSON: %d %s", path, asJSON.status, asJSON.text)
		}
		back := b.post(edit, url.Values{"do": {"form"}, "etag": form["etag"], "json": {html.UnescapeString(text[2])}})
		got := back.written(t)
		for name := range form {
			switch name {
			case "key", "request", "sample", "sample_type", "run_body":
			default:
				if got.Get(name) != form.Get(name) {
					t.Errorf("%s: by way of JSON %s is %q, and was %q", path, name, got.Get(name), form.Get(name))
				}
			}
		}
	}
}

// What the API refuses is said at the field that it names, and nothing of what was written
// is lost; so is what is no JSON, or no pair, before anything is asked.
func TestConsoleFieldsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	made := b.want(200, in+"/new/sources").written(t)
	form := with(made, "id", "fresh", "verify.type", "tokn", "verify.tolerance", "soon", "conversation_key.in", "body", "conversation_key.path", "a..b",
		"variables[0].name", "", "variables[0].path", "", "variables[1].name", "good", "variables[1].path", "x",
		"variables[2].name", "bad", "variables[2].path", "{{ x |", "variables[2].type", "number", "match[0].name", "m", "match[0].branch", "SUCCESS", "match[0].when[0].path", "x", "match[0].when[0].test", "matches", "match[0].when[0].value", "(", "early.max", "many")
	got := b.post(in+"/new/sources", form)
	if got.status != 422 {
		t.Fatalf("%d %s", got.status, got.words())
	}
	for _, name := range []string{"verify.type", "verify.tolerance", "early.max"} {
		if got.wrongAt(name) == "" || !strings.Contains(got.text, `name="`+name+`"`) {
			t.Errorf("nothing is said at %s: %s", name, got.words())
		}
	}
	kept := got.written(t)
	for name, want := range map[string]string{"id": "fresh", "verify.type": "tokn", "verify.tolerance": "soon", "variables[0].name": "good", "variables[1].path": "{{ x |", "variables[1].type": "number", "match[0].when[0].test": "matches", "match[0].when[0].value": "(", "early.max": "many"} {
		if kept.Get(name) != want {
			t.Errorf("%s is %q now", name, kept.Get(name))
		}
	}
	// With those mended, what is compiled after them is said in its rows.
	got = b.post(in+"/new/sources", with(kept, "verify.type", "none", "verify.in", "", "verify.name", "", "verify.secrets", "", "verify.tolerance", "", "early.max", "5"))
	for _, name := range []string{"variables[1].path", "match[0].when[0].value", "conversation_key.path"} {
		if got.status != 422 || got.wrongAt(name) == "" {
			t.Errorf("nothing is said at %s: %d %s", name, got.status, got.words())
		}
	}
	for name, value := range map[string]string{"match[0].variables[0].default": "[{", "respond.headers": "no colon here", "rest": "{", "variables[0].default": "{"} {
		got := b.post(in+"/new/sources", with(kept, name, value))
		if got.status != 422 || got.wrongAt(name) == "" || got.written(t).Get(name) != value {
			t.Errorf("%s as %q: %d %q", name, value, got.status, got.wrongAt(name))
		}
	}
	// A member without a field is wrong where it stands; what stands twice is said, too.
	got = b.post(in+"/new/sources", with(kept, "verify.type", "none", "verify.in", "", "verify.name", "", "verify.secrets", "", "verify.tolerance", "", "early.max", "", "rest", `{"handshake":{"type":"echoo"},"colour":"red"}`))
	if text := got.wrongAt("rest"); got.status != 422 || !strings.Contains(text, "colour") {
		t.Errorf("at the other members: %d %q", got.status, text)
	}
	if got := b.post(in+"/new/sources", with(kept, "rest", `{"early":{"max":3}}`)); !strings.Contains(got.wrongAt("early.max"), "in one place") {
		t.Errorf("what stands twice: %q", got.wrongAt("early.max"))
	}
	if text := w.Admin().Must(t, []int{404}, "GET", "/v1/tenants/acme/sources/fresh", nil).String(); !strings.Contains(text, "no such source") {
		t.Errorf("something was saved: %s", text)
	}
	if got := b.post(in+"/new/endpoints", url.Values{"id": {"Bad Id"}, "url": {"https://x.example.com/"}}); got.status != 422 || got.wrongAt("id") == "" {
		t.Errorf("an odd id: %d %q", got.status, got.wrongAt("id"))
	}
	// What the file has is shown, and cannot be written.
	if got := b.want(200, in+"/endpoints/crm/edit"); !strings.Contains(got.text, `<fieldset class="bare" disabled>`) || strings.Contains(got.text, `class="first" name="do"`) {
		t.Error("the file's endpoint is not locked")
	} else if !regexp.MustCompile(`, at [^ ]*hookgate\.yaml:\d+ : change it there`).MatchString(got.words()) {
		t.Errorf("it is not told where it stands: %s", got.words())
	}
	// A form that is sent twice is done once; what somebody else wrote meanwhile is shown.
	edit := in + "/endpoints/own/edit"
	form = b.want(200, edit).written(t)
	w.Admin().Must(t, []int{200}, "PUT", "/v1/tenants/acme/endpoints/own", `{"url":"https://meanwhile.example.com/","event_types":["none"]}`)
	got = b.post(edit, with(form, "url", "https://mine.example.com/"))
	if got.status != 412 {
		t.Fatalf("changed meanwhile: %d", got.status)
	}
	got.has(t, "https://meanwhile.example.com/", "https://mine.example.com/", "saving now writes yours over it")
	again := got.written(t)
	if got := b.post(in+"/endpoints/own/delete", url.Values{"etag": form["etag"], "sure": {"1"}}); got.status != 412 {
		t.Errorf("deleting what has changed: %d", got.status)
	}
	for _, want := range []string{"It was saved", "sent twice"} {
		if got := b.post(edit, again); got.status != 303 {
			t.Fatalf("%s: %d %s", want, got.status, got.words())
		}
		b.want(200, in+"/endpoints/own").has(t, want)
	}
}

// What the token may not write is said in the form, which keeps what was written.
func TestConsoleFieldsOfOthers(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{"name":"Acme"}`)
	token := p.Admin().Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"acme"}`).Field("token")
	b := signedIn(t, p, token)
	const edit = "/console/tenants/acme/edit"
	form := b.want(200, edit).written(t)
	got := b.post(edit, with(form, "name", "Acme & Sons", "limits.waits_open", "7"))
	if got.status != 403 || got.written(t).Get("name") != "Acme & Sons" || got.written(t).Get("limits.waits_open") != "7" {
		t.Fatalf("limits of its own: %d %s", got.status, got.words())
	}
	got.has(t, "limits")
	if got := b.post(edit, with(form, "name", "Acme & Sons")); got.status != 303 {
		t.Errorf("a name: %d %s", got.status, got.words())
	}
}

// A value of a body gives its path in each notation; a variable is made of it, tried on a
// body that came, and judged with the whole request before anything is saved.
func TestConsoleMakesVariables(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	request := w.Request
	b.want(200, in+"/waits/"+w.Ended).has(t, "By the rules of today", "amount amount number", "found", "12.5")
	page := b.want(200, in+"/requests/"+request+"?value="+url.QueryEscape("body:/items/0/odd key/a~1b"))
	page.has(t, `items[0]["odd key"]["a/b"]`, `$.items[0]["odd key"]["a/b"]`, `/items/0/odd key/a~1b`, "Make a variable of it")
	for _, list := range []string{"/callbacks?sel=" + w.Parked, "/events?sel=" + w.Event, "/waits?sel=" + w.Ended} { // a value beside a list, too
		b.want(200, in+list+"&value="+url.QueryEscape("body:/status"))
	}
	page = b.want(200, in+"/requests/"+request+"?value="+url.QueryEscape("body:/order/who"))
	link := regexp.MustCompile(`href="([^"]*)">Make a variable of it`).FindStringSubmatch(page.text)
	if link == nil {
		t.Fatalf("no variable can be made: %s", page.text)
	}
	form := b.want(200, html.UnescapeString(link[1])).written(t)
	if form.Get("variables[2].name") != "who" || form.Get("variables[2].path") != "order.who" || !strings.Contains(form.Get("sample"), "12.50") || strings.Contains(form.Get("sample"), "4111") {
		t.Fatalf("the form has %v", form)
	}
	edit := in + "/sources/mine/edit"
	b.post(edit, with(form, "do", "look")).has(t, "found", "12.50", "default", "the path found nothing: the default stands in", "<img src=x onerror=alert(1)>")
	got := b.post(edit, with(form, "do", "pick:/items/0/odd key/a~1b"))
	if next := got.written(t); next.Get("variables[3].name") != "a_b" || next.Get("variables[3].path") != `items[0]["odd key"]["a/b"]` || next.Get("variables[2].path") != "order.who" {
		t.Errorf("picked: %v", next)
	}
	if next := b.post(edit, with(got.written(t), "do", "pick:/order/total")).written(t); next.Get("variables[4].name") != "" {
		t.Errorf("a path that is mapped is mapped twice: %v", next)
	}
	if next := b.post(edit, with(form, "do", "row:variables")); strings.Count(next.text, `id="i-variables[4].name"`) != 1 {
		t.Errorf("another row: %s", next.text)
	}
	got = b.post(edit, with(form, "do", "explain", "variables[2].name", "pan", "variables[2].path", "card.number", "variables[2].required", "true", "match[0].name", "big"))
	got.has(t, "As it is written here it would be", "It fits big", `"pan": "***"`)
	got.hasNot(t, "4111-hidden")
	got = b.post(edit, with(form, "do", "explain", "verify.secrets", "another-token-of-16-letters"))
	got.has(t, "not verified")
	got = b.post(edit, with(form, "do", "explain", "variables[0].type", "numbr"))
	if got.status != 422 || got.wrongAt("variables[0].type") == "" || got.written(t).Get("variables[2].path") != "order.who" {
		t.Errorf("explaining what is wrong: %d %s", got.status, got.words())
	}
	if text := w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources/mine", nil).String(); strings.Contains(text, "order.who") {
		t.Errorf("it was saved: %s", text)
	}
	if got := b.post(edit, with(form, "do", "save")); got.status != 303 {
		t.Errorf("saving: %d %s", got.status, got.words())
	}
	if text := w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources/mine", nil).String(); !strings.Contains(text, "order.who") {
		t.Errorf("it was not saved: %s", text)
	}
}

// A webhook is run as it is written in the form, and its answer becomes the sample; what the
// file has can be tried so, and not be saved.
func TestConsoleBuildsAWebhook(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	edit := in + "/webhooks/mine/edit"
	form := b.want(200, edit).written(t)
	if form.Get("response.variables[0].path") != "note" || form.Get("retry.schedule") != "none" || form.Get("rest") != "" {
		t.Fatalf("the form has %v", form)
	}
	got := b.post(edit, with(form, "do", "run", "url", w.Backend+"/{{ step }}", "query", "a: {{ step }}\nb: 2", "run_body", `{"variables":{"step":"seven"}}`))
	got.has(t, "success", "/seven?a=seven&b=2", "Answered 200", "<b>answer</b>")
	ran := got.written(t)
	if !strings.Contains(ran.Get("sample"), "answer") || ran.Get("url") != w.Backend+"/{{ step }}" || ran.Get("query") != "a: {{ step }}\nb: 2" {
		t.Errorf("after the run the form has %v", ran)
	}
	if next := b.post(edit, with(ran, "response.variables[0].name", "", "response.variables[0].path", "", "do", "pick:/note")).written(t); next.Get("response.variables[0].name") != "note" {
		t.Errorf("picked: %v", next)
	}
	for name, want := range map[string]string{`{"variabels":{}}`: "variabels", `{`: "is no JSON", `[]`: "is no JSON object"} {
		if got := b.post(edit, with(form, "do", "run", "run_body", name)); got.status != 422 || !strings.Contains(got.wrongAt("run_body"), want) {
			t.Errorf("%s: %d %q", name, got.status, got.wrongAt("run_body"))
		}
	}
	if got := b.post(edit, with(form, "do", "run", "url", "ftp://x")); got.status != 422 || got.wrongAt("url") == "" {
		t.Errorf("an odd url: %d %q", got.status, got.wrongAt("url"))
	}
	if text := w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/webhooks/mine", nil).String(); strings.Contains(text, "{{ step }}") {
		t.Errorf("it was saved: %s", text)
	}
	files := in + "/webhooks/score/edit"
	b.want(200, files).has(t, "The configuration file has this webhook", "Try a change")
	form = b.want(200, files+"?try=1").written(t)
	got = b.post(files, with(form, "do", "run", "response.variables[1].path", "note"))
	got.has(t, "success", "can be tried, and not be saved")
	if strings.Contains(got.text, `class="first" name="do" value="save"`) {
		t.Error("what the file has can be saved")
	}
	if got := b.post(files, with(form, "do", "save")); got.status != 409 {
		t.Errorf("saving what the file has: %d", got.status)
	}
	explains := in + "/sources/payments/edit?try=1&request=" + w.refused()
	form = b.want(200, explains).written(t)
	b.post(in+"/sources/payments/edit", with(form, "do", "explain", "verify.type", "none", "verify.in", "", "verify.name", "", "verify.secrets", "")).has(t, "As it is written here it would be", "resumed already")
	ranPage := b.post(in+"/webhooks/mine/run", url.Values{"body": {`{}`}})
	ranPage.has(t, "Make variables of the answer")
	begun := b.post(edit+"?try=1", url.Values{"do": {"begin"}, "sample": {`{"note":"x","deep":{"er":[true]}}`}})
	begun.has(t, "deep.er[0]")
	if form := begun.written(t); form.Get("etag") == "" || form.Get("url") == "" {
		t.Errorf("begun with %v", form)
	}
}

// A condition is written in three fields; conditions and variables of its own stand within
// an outcome, and blank ones are left out.
func TestConsoleConditions(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	form := b.want(200, in+"/sources/mine/edit").written(t)
	if form.Get("match[0].when[0].path") != "status" || form.Get("match[0].when[0].test") != "equals" || form.Get("match[0].when[0].value") != "paid" || form.Get("rest") != "" {
		t.Fatalf("the form has %v", form)
	}
	more := b.post(in+"/sources/mine/edit", with(form, "do", "row:match[0].when"))
	more = b.post(in+"/sources/mine/edit", with(more.written(t), "do", "row:match[0].variables"))
	for _, name := range []string{"match[0].when[2].value", "match[0].variables[0].path", "match[1].when[0].path"} {
		if strings.Count(more.text, `id="i-`+name+`"`) != 1 {
			t.Errorf("no row %s: %s", name, more.words())
		}
	}
	form = with(more.written(t), "match[0].when[0].value", "paid, 12, true", "match[0].when[0].test", "one of",
		"match[0].when[2].path", "order.who", "match[0].when[2].test", "is not", "match[0].when[2].value", `"12"`,
		"match[0].variables[0].name", "sum", "match[0].variables[0].path", "order.total", "match[0].variables[0].type", "number",
		"match[2].name", "late", "match[2].branch", "FAILURE", "match[2].when[1].path", "header:X-Late", "match[2].when[1].test", "exists")
	if got := b.post(in+"/sources/mine/edit", with(form, "do", "save")); got.status != http.StatusSeeOther {
		t.Fatalf("saving: %d %s", got.status, got.words())
	}
	want := `[{"name":"paid","branch":"SUCCESS","when":[{"path":"status","in":["paid",12,true]},{"not":{"path":"order.who","equals":"12"}}],"variables":[{"name":"sum","path":"order.total","type":"number"}]},` +
		`{"name":"late","branch":"FAILURE","when":[{"path":"header:X-Late","exists":true}]}]`
	if got := w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources/mine", nil).String(); !strings.Contains(got, `"match":`+want) {
		t.Errorf("saved is %s, want %s", got, want)
	}
	// What is wrong is said in the row, whichever member of the API it is about.
	form = b.want(200, in+"/endpoints/own/edit").written(t)
	for _, c := range [][4]string{
		{"a", "", "", "filter[0].test"}, {"a", "exists", "b", "filter[0].value"}, {"a", "as JSON", `{"path":"a","exists":true}`, "filter[0].path"}, {"", "as JSON", "[", "filter[0].value"},
		{"a..b", "equals", "x", "filter[0].path"}, {"a", "matches", "(", "filter[0].value"}, {"", "equals", "x", "filter[0].path"}, {"", "as JSON", `{"any":[]}`, "filter[0].value"},
		{"", "as JSON", `{"path":"a","exists":true,"regex":"b"}`, "filter[0].path"},
	} {
		got := b.post(in+"/endpoints/own/edit", with(form, "do", "save", "filter[0].path", c[0], "filter[0].test", c[1], "filter[0].value", c[2]))
		if got.status != 422 || got.wrongAt(c[3]) == "" || got.written(t).Get("filter[0].value") != c[2] {
			t.Errorf("%q: %d, at %s %q: %s", c, got.status, c[3], got.wrongAt(c[3]), got.words())
		}
	}
	if got := b.post(in+"/endpoints/own/edit", with(form, "do", "save", "filter[0].path", "conversation.key", "filter[0].test", "exists")); got.status != http.StatusSeeOther {
		t.Errorf("saving a filter: %d %s", got.status, got.words())
	}
}

// What is made anew writes over nothing: an id that is taken is said at its field.
func TestConsoleMakesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	for at, of := range map[string][2]string{
		in + "/new/sources": {"mine", "/v1/tenants/acme/sources/mine"}, in + "/new/endpoints": {"own", "/v1/tenants/acme/endpoints/own"},
		in + "/new/webhooks": {"mine", "/v1/tenants/acme/webhooks/mine"},
	} {
		before := w.Admin().Must(t, []int{200}, "GET", of[1], nil).String()
		form := b.want(200, at).written(t)
		got := b.post(at, with(form, "do", "save", "id", of[0]))
		if got.status != 422 || !strings.Contains(got.wrongAt("id"), "taken") || got.written(t).Get("id") != of[0] {
			t.Errorf("%s: %d %q %s", at, got.status, got.wrongAt("id"), got.words())
		}
		if after := w.Admin().Must(t, []int{200}, "GET", of[1], nil).String(); after != before {
			t.Errorf("%s has written over\n%s\nit is\n%s", at, before, after)
		}
		if got := b.post(at, with(got.written(t), "do", "save", "id", "fresh")); got.status != http.StatusSeeOther && got.status != 200 {
			t.Errorf("%s with an id that is free: %d %s", at, got.status, got.words())
		}
	}
}
