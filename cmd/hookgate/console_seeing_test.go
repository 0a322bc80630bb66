package main

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hookgate/gateway/gatewaytest/program"
)

// linked gives the address of the link that says a word.
func (p paper) linked(t testing.TB, word string) string {
	t.Helper()
	found := regexp.MustCompile(`<a [^>]*href="([^"]*)"[^>]*>` + regexp.QuoteMeta(word) + `</a>`).FindStringSubmatch(p.text)
	if found == nil {
		t.Fatalf("there is no link %q:\n%s", word, p.text)
	}
	return html.UnescapeString(found[1])
}

// An overview shows any number of tenants, page by page, the worst first; each figure has its
// picture.
func TestConsoleOverviewOfMany(t *testing.T) {
	t.Parallel()
	const tenants = 120
	var file strings.Builder
	file.WriteString("tenants:\n")
	for i := range tenants {
		fmt.Fprintf(&file, "  t%03d: { sources: { pay: { verify: { type: none } } } }\n", i)
	}
	p := program.Start(t, program.Options{Config: file.String()})
	p.Sender().Must(t, []int{202}, "POST", "/hooks/t077/pay", `{"conversation_key":"chat-1"}`)
	p.Sender().Must(t, []int{400}, "POST", "/hooks/t077/pay", `{"conversation_key":`)
	b := signedIn(t, p, program.AdminToken)
	rows := regexp.MustCompile(`<tr data-row="([^"]*)"`)
	var seen []string
	for at := "/console?span=24h"; at != ""; {
		page := b.want(200, at)
		for _, row := range rows.FindAllStringSubmatch(page.text, -1) {
			seen = append(seen, row[1])
		}
		if len(seen) < tenants {
			page.has(t, fmt.Sprintf("%d tenants that are better follow", tenants-len(seen)))
			if at = page.linked(t, "Older"); !strings.Contains(at, "span=24h") {
				t.Fatalf("the next page is %s", at)
			}
			continue
		}
		at = ""
		page.hasNot(t, ">Older<", "that is better", "that are better")
		page.linked(t, "Newest")
	}
	if len(seen) != tenants || seen[0] != "t077" {
		t.Errorf("%d tenants, first %s", len(seen), seen[0])
	}
	if slices.Sort(seen); len(slices.Compact(seen)) != tenants {
		t.Error("a tenant is there twice")
	}
	first := b.want(200, "/console?tenant=t077")
	first.has(t, "50.0 %", "0.4")
	for _, name := range []string{"Breakers open: from 0 to 0, last 0", "Callbacks: 2 in all, at most 2, last 2", "Events: 0 in all", "Success in percent: from 50 to 100, last 50", "Waits open: from 0", "Backlog: from 0", "Dead letters: 0 in all"} {
		if !strings.Contains(first.text, `role="img" aria-label="`+name) {
			t.Errorf("%s has no picture", name)
		}
	}
	wrong := b.want(404, "/console?tenant=t07")
	wrong.has(t, "there is no tenant t07, did you mean t0")
	b.want(422, "/console?span=2h").has(t, "span is 2h: there are 1h, 24h and 30d")
}

// A word of the address that is no filter, or no word of one, is said at the filter, with the
// nearest that there is, and nothing is listed.
func TestConsoleFiltersSayWhatIsNear(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	for path, c := range map[string]struct {
		status                 int
		field, says, near, got string
	}{
		"/deliveries?state=ded":                         {422, "state", "must be pending, retrying, succeeded, dead or cancelled, did you mean dead?", "dead", in + "/deliveries?state=dead"},
		"/deliveries?stat=dead&endpoint=crm":            {422, "state", "stat is no filter of this list, did you mean state?", "state", in + "/deliveries?endpoint=crm&state=dead"},
		"/deliveries?endpoint=crn":                      {200, "endpoint", "there is no crn now, did you mean crm?", "crm", in + "/deliveries?endpoint=crm"},
		"/waits?source=paymets":                         {200, "source", "there is no paymets now, did you mean payments?", "payments", in + "/waits?source=payments"},
		"/sources/payments/requests?outcome=resumd":     {422, "outcome", "did you mean resumed?", "resumed", in + "/sources/payments/requests?outcome=resumed"},
		"/events?tipe=message":                          {422, "type", "tipe is no filter of this list, did you mean type?", "type", in + "/events?type=message"},
		"/waits?span=24h&state=waitin&cursor=x":         {422, "state", "did you mean waiting?", "waiting", in + "/waits?span=24h&state=waiting"},
		"/../../audit?action=creat":                     {422, "action", "did you mean create?", "create", "/console/audit?action=create"},
		"/deliveries?since=yesterday&state=dead":        {422, "since", "must be a moment", "", ""},
		"/deliveries?colour=red":                        {422, "", "colour is no filter of this list", "", ""},
		"/endpoints?state=paused":                       {422, "", "state is no filter of this list", "", ""},
		"/../../routes/bot/requests?outcme=unavailable": {422, "", "outcme is no filter of this list", "", ""},
	} {
		at := in + path
		if rest, is := strings.CutPrefix(path, "/../.."); is {
			at = "/console" + rest
		}
		page := b.want(c.status, at)
		page.has(t, c.says)
		page.hasNot(t, "<tr data-row=")
		if c.field != "" && !regexp.MustCompile(`id="f-`+c.field+`"[^>]* aria-invalid="true" aria-describedby="w-`+c.field+`"`).MatchString(page.text) {
			t.Errorf("%s: it is not said at %s", at, c.field)
		}
		if c.near != "" {
			if got := page.linked(t, c.near); got != c.got {
				t.Errorf("%s: what was meant is at %s, want %s", at, got, c.got)
			}
			b.want(200, c.got)
		}
	}
	if got := b.want(422, in+"/deliveries?state=ded").text; !strings.Contains(got, "<option selected>ded</option>") {
		t.Error("what was asked for is not in the field")
	}
}

// Under every list stands how long it is kept, and what retention took.
func TestConsoleSaysWhatIsKept(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	w.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/brief", `{"retention":{"events":"36h","deliveries":"3d","dead":"4d"}}`)
	b := signedIn(t, w.Program, program.AdminToken)
	b.want(200, "/console/tenants/brief").has(t, "Nothing is set up yet", "/v1/tenants/brief/sources/payments")
	b.want(200, "/console/tenants/acme").hasNot(t, "Nothing is set up yet")
	for path, want := range map[string]string{
		"/tenants/acme/deliveries":                "Deliveries are kept for 7d, dead letters for 30d from their death; what has not ended stays. Retention took what was made before",
		"/tenants/brief/deliveries":               "Deliveries are kept for 3d, dead letters for 4d from their death; what has not ended stays. Retention took what was made before",
		"/tenants/brief/dead-letters":             "Dead letters are kept for 4d from their death. Retention took what died before",
		"/tenants/brief/events":                   "Events are kept for 36h. Retention took what was accepted before",
		"/tenants/acme/waits":                     "A wait is kept for 1d after its end; one that is open stays. Retention took what ended before",
		"/tenants/acme/conversations":             "A wait is kept for 1d after its end",
		"/tenants/acme/conversations/" + w.Key:    "Events, callbacks and calls are kept for 7d, deliveries for 7d, waits for 1d after their end.",
		"/tenants/acme/sources/payments/requests": "The newest of each source and route are kept, in memory",
		"/tenants/acme/sources":                   "stays until somebody deletes it",
		"/tenants/acme/endpoints":                 "stays until somebody deletes it",
		"/tenants/acme/webhooks":                  "stays until somebody deletes it",
		"/tokens":                                 "stays until somebody deletes it",
		"/routes":                                 "stands in the configuration file",
		"/routes/bot/requests":                    "The newest of each source and route are kept, in memory",
		"/jobs":                                   "A job is kept for 7d after its end. Retention took what ended before",
		"/audit":                                  "Lines are kept for 90d, as audit.retention says. Retention took what was written before",
		"":                                        "changes for 30d",
	} {
		b.want(200, "/console"+path).has(t, want)
	}
	b.want(200, "/console/tenants/acme/deliveries?since=2020-01-01").has(t, "the filter asks for what may be gone")
	b.want(200, "/console/tenants/acme/deliveries?since="+time.Now().UTC().Format(time.DateOnly)).hasNot(t, "what may be gone")
}

// The page of waits says who holds one, and how long callbacks took.
func TestConsoleWaits(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	held := make(chan struct{})
	go func() {
		defer close(held)
		_, _ = w.Admin().Do(t.Context(), "GET", "/v1/tenants/acme/waits/"+w.Wait+"?hold=300", nil)
	}()
	holds := regexp.MustCompile(`data-row="` + w.Wait + `"(?s:.*?)data-label="Holders">1<`)
	program.Eventually(t, time.Minute, func() error {
		if page := b.want(200, "/console/tenants/acme/waits"); !holds.MatchString(page.text) {
			return fmt.Errorf("nobody holds it: %s", page.text)
		}
		return nil
	})
	b.want(200, "/console/tenants/acme/waits/"+w.Wait).has(t, "1 request holds it")
	page := b.want(200, "/console/tenants/acme/waits?span=24h&state=waiting")
	page.has(t, "How long callbacks took", "Opened, 24h 3", "1 resumed, 0 timed out", "half of them at most")
	if !strings.Contains(page.text, `<input type="hidden" name="span" value="24h">`) || !strings.Contains(page.text, `aria-label="1 callback"`) {
		t.Errorf("the filters forget the span, or a bar has no name: %s", page.text)
	}
	w.Admin().Must(t, []int{200}, "DELETE", "/v1/tenants/acme/waits/"+w.Wait, nil)
	<-held
}

// A gateway in which nothing has happened leads to the first callback in three steps, by the
// keyboard, and then shows an overview; each step says what is wrong at its field.
func TestConsoleFirstSteps(t *testing.T) {
	p := program.Start(t, program.Options{})
	b := signedIn(t, p, program.AdminToken)
	page := b.want(200, "/console")
	page.has(t, "Make a tenant", "Make a source", "Send yourself a callback", "/v1/tenants/acme/sources/payments", "/hooks/acme/payments")
	for step, c := range map[string]struct {
		form url.Values
		says string
	}{
		"tenant": {url.Values{"id": {"no such id!"}}, "must be 1 to 63"},
		"source": {url.Values{"tenant": {"none"}, "source": {"pay"}}, ""},
		"test":   {url.Values{"tenant": {"none"}, "of": {"pay"}}, ""},
	} {
		c.form.Set("step", step)
		c.form.Set("key", page.key(t))
		got := b.post("/console", c.form)
		if got.status < 400 || !strings.Contains(got.text, `role="alert"`) && c.says == "" {
			t.Errorf("%s: %d %s", step, got.status, got.text)
		}
		got.has(t, c.says)
	}
	c := newChromium(t, p.Internal)
	c.signIn(program.AdminToken)
	axe := axeOf(t)
	for _, one := range c.axe(axe, "the first steps") {
		t.Error(one)
	}
	const said = `document.querySelector("[role=status]")?.textContent.includes(%q) && document.readyState === "complete"`
	c.do(chromedp.SendKeys("#i-id", "\r"))
	c.until(fmt.Sprintf(said, "The tenant was made"))
	c.do(chromedp.SendKeys("#i-source", "\r"))
	c.until(fmt.Sprintf(said, "The source was made"))
	if got := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources", nil).String(); strings.Count(got, `"id":"payments"`) != 1 {
		t.Errorf("the sources are %s", got)
	}
	for _, one := range c.axe(axe, "the last of the first steps") {
		t.Error(one)
	}
	c.do(chromedp.Submit("#i-body"))
	c.until(fmt.Sprintf(said, "The source answered: parked"))
	c.until(`location.pathname === "/console/tenants/acme/sources/payments/requests" && document.querySelector("tbody tr")`)
	done := b.want(200, "/console")
	done.hasNot(t, "Make a source")
	done.has(t, "Callbacks / min")
	again := b.post("/console", url.Values{"step": {"tenant"}, "id": {"acme"}, "name": {"written over"}})
	if got := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme", nil).String(); again.status != 422 || strings.Contains(got, "written over") {
		t.Errorf("a step writes over what is there: %d %s", again.status, got)
	}
}

// What is searched for by its id, its key or its name is gone to.
func TestConsoleSearchGoesThere(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	job := w.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/deliveries/replay", `{"state":"dead","endpoint":"crm"}`).Field("job_id")
	const in = "/console/tenants/acme"
	for q, want := range map[string]string{
		w.Wait: in + "/waits/" + w.Wait, w.Dead: in + "/deliveries/" + w.Dead, w.Event: in + "/events/" + w.Event, job: "/console/jobs/" + job,
		w.Key: in + "/conversations/" + w.Key, "archive": in + "/endpoints/archive", "calendar": in + "/sources/calendar", "score": in + "/webhooks/score",
	} {
		if got := b.want(303, "/console/search?tenant=acme&q="+url.QueryEscape(q)).header.Get("Location"); got != want {
			t.Errorf("%s leads to %s, want %s", q, got, want)
		}
		b.get(want)
	}
	b.want(200, "/console/jobs").has(t, "Who began and who cancelled them")
}
