package main

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// Two requests of a source, and two attempts of a delivery, stand side by side with what
// differs between them.
func TestConsoleSideBySide(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	w.Sender().Must(t, []int{401}, "POST", "/hooks/acme/mine", `{"conversation_key":"chat-9","status":"open","card":{"number":"4111-hidden"},"new":[{"x":1}]}`)
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources/mine/requests?outcome=unauthenticated", nil).Decode(t, &list)
	other := list.Data[0].ID
	if page := b.want(200, in+"/requests/"+w.Request); !strings.Contains(page.text, `value="`+other+`"`) || strings.Contains(page.text, "Side by side</h2>") {
		t.Errorf("the other request is not offered: %s", page.words())
	}
	page := b.want(200, in+"/requests/"+w.Request+"?with="+other)
	page.has(t, "Side by side", "facts are the same", "not verified", "no header X-Token", `body status "paid" "open"`, "body new[0].x – 1", "X-Token *** –")
	page.hasNot(t, "4111-hidden")
	rows := page.text[strings.Index(page.text, `id="compared"`):]
	if rows = rows[:strings.Index(rows, "</table>")]; strings.Contains(rows, "body conversation_key") {
		t.Errorf("what is the same is told as different: %s", rows)
	}
	b.want(200, in+"/requests/"+w.Request+"?with=req_none").has(t, "There is nothing of that id here")
	b.want(200, in+"/requests/"+w.Request+"?with="+w.refused()).has(t, "of the same source")
	page = b.want(200, in+"/deliveries/"+w.Dead+"?one=1&two=2")
	page.has(t, "Side by side", "What differs", "Attempt 1", "Attempt 2", "sent Hookgate-Attempt 1 2")
	if page = b.want(200, in+"/deliveries/"+w.Dead+"?one=1&two=1"); !strings.Contains(page.words(), "They are the same") {
		t.Errorf("one beside itself: %s", page.words())
	}
}

// Failures that are alike are marked as known, by whom and until when, and unmarked.
func TestConsoleMarksAsKnown(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	page := b.want(200, in+"/dead-letters")
	link := regexp.MustCompile(`href="([^"]*)">Mark as known`).FindStringSubmatch(page.text)
	if link == nil {
		t.Fatalf("nothing can be marked: %s", page.words())
	}
	page = b.want(200, html.UnescapeString(link[1]))
	page.has(t, "Failures of crm , 5xx, status 503")
	form := url.Values{"key": {page.key(t)}, "endpoint": {"crm"}, "error": {"5xx"}, "status": {"503"}, "until": {"tomorrow"}, "note": {"ticket <b>812</b>"}}
	at := in + "/deliveries/groups/known"
	if got := b.post(at, form); got.status != 422 || got.wrongAt("until") == "" || !strings.Contains(got.text, "tomorrow") {
		t.Errorf("an odd moment: %d %s", got.status, got.words())
	}
	form.Set("until", time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	if got := b.post(at, form); got.status != 303 {
		t.Fatalf("marking: %d %s", got.status, got.words())
	}
	page = b.want(200, in+"/dead-letters")
	page.has(t, "These failures are marked as known", "by admin until", "ticket <b>812</b>", "Unmark")
	unmark := regexp.MustCompile(`action="([^"]*/unmark)"`).FindStringSubmatch(page.text)
	if unmark == nil {
		t.Fatalf("it cannot be unmarked: %s", page.text)
	}
	b.post(unmark[1], url.Values{}).has(t, "Take this 1 mark away?")
	if got := b.post(unmark[1], url.Values{"sure": {"1"}}); got.status != 303 {
		t.Errorf("unmarking: %d %s", got.status, got.words())
	}
	b.want(200, in+"/dead-letters").has(t, "The mark was taken away", "Mark as known")
}
