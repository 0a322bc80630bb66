package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// What console.redact hides, and what a portal without bodies does, no page tells in other
// words: not in why a request was refused, nor as a variable, nor in a query.
func TestConsoleHidesValuesEverywhere(t *testing.T) {
	t.Parallel()
	const config = `
tenants:
  acme:
    sources:
      payments:
        verify: { type: none }
        match: [{ name: paid, branch: SUCCESS, when: [{ path: card.number, regex: "^1" }] }]
        variables: [{ name: pan, path: card.number }, { name: note, path: note }]
`
	t.Run("redact", func(t *testing.T) {
		t.Parallel()
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"card":{"number":"4111-answered"},"score":"score-word"}`))
		}))
		t.Cleanup(backend.Close)
		p := program.Start(t, program.Options{Config: "console: { redact: [card.number] }\negress: { allow: [127.0.0.0/8], ports: [" + backend.URL[strings.LastIndexByte(backend.URL, ':')+1:] + "] }" + config + `
    webhooks:
      score: { url: "` + backend.URL + `/x?card[number]=4111-asked", response: { variables: [{ name: pan, path: card.number }, { name: score, path: score }] } }
`})
		b := signedIn(t, p, program.AdminToken)
		pages := hiddenPages(t, p, b, "/console")
		call := p.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/score/call", `{"conversation_key":"chat-2"}`)
		id := call.Field("id")
		if !strings.Contains(call.String(), `"pan":"4111-answered"`) {
			t.Fatalf("the call gave %s", call)
		}
		program.Eventually(t, time.Minute, func() error { // that a call was made is written behind its answer
			if got := b.get("/console/tenants/acme/calls/" + id); got.status != 200 {
				return fmt.Errorf("the call's page: %d", got.status)
			}
			return nil
		})
		for name, page := range map[string]paper{
			"call": b.want(200, "/console/tenants/acme/calls/"+id),
			"run":  b.post("/console/tenants/acme/webhooks/score/run", url.Values{"body": {`{"conversation_key":"chat-2"}`}}),
		} {
			page.has(t, "score-word")
			ran := page.text
			if _, below, is := strings.Cut(page.text, "<h3>Sent"); is {
				ran = below // above it stands the webhook's own URL, which is configuration
			}
			if strings.Contains(page.text, "4111-answered") || strings.Contains(ran, "4111-asked") {
				t.Errorf("the page of a %s shows a card's number: %s", name, page.text)
			}
		}
		for _, want := range []string{"plain=query-word", "note-word", "pan"} { // what is not named is seen
			if !strings.Contains(pages, want) {
				t.Errorf("no page has %s", want)
			}
		}
	})
	t.Run("portal", func(t *testing.T) {
		t.Parallel()
		p := program.Start(t, program.Options{Config: config})
		to := p.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/portal-links", `{"pages":["requests","waits","conversations"],"bodies":false}`).Field("url")
		b := newBrowser(t, p.Internal)
		if got := b.post(strings.TrimPrefix(to, p.Internal), url.Values{}); got.status != 303 {
			t.Fatalf("the portal opens with %d", got.status)
		}
		pages := hiddenPages(t, p, b, "/portal")
		for _, value := range []string{"query-word", "note-word"} {
			if strings.Contains(pages, value) {
				t.Errorf("a page of a portal without bodies has %s", value)
			}
		}
		if !strings.Contains(pages, "plain=***") {
			t.Error("the names of a query are gone")
		}
	})
}

// hiddenPages has requests come of which one resumes a wait and one fits nothing, and gives
// all pages that tell of them: none of them has a card's number.
func hiddenPages(t *testing.T, p *program.Program, b *browser, base string) (all string) {
	t.Helper()
	const of = "/v1/tenants/acme"
	admin, sender := p.Admin(), p.Sender()
	wait := admin.Must(t, []int{201}, "POST", of+"/waits", `{"conversation_key":"chat-1","source":"payments","mode":"poll"}`).Field("id")
	const target = "/hooks/acme/payments?card%5Bnumber%5D=4111-query&plain=query-word"
	sender.Must(t, []int{200}, "POST", target, `{"conversation_key":"chat-1","card":{"number":"4111-other"},"note":"note-word"}`)
	sender.Must(t, []int{200}, "POST", target, `{"conversation_key":"chat-1","card":{"number":"1-4111-taken"},"note":"note-word"}`)
	var kept struct {
		Data []struct {
			ID       string  `json:"id"`
			Callback *string `json:"callback_id"`
			Outcome  string  `json:"outcome"`
		} `json:"data"`
	}
	said := admin.Must(t, []int{200}, "GET", of+"/sources/payments/requests", nil)
	said.Decode(t, &kept)
	if len(kept.Data) != 2 || kept.Data[0].Outcome != "resumed" || kept.Data[0].Callback == nil || !strings.Contains(said.String(), "4111-other") {
		t.Fatalf("the API tells of %s", said)
	}
	here := base + "/tenants/acme"
	shown := map[string]string{}
	for _, path := range []string{"/sources/payments/requests", "/requests/" + kept.Data[0].ID, "/requests/" + kept.Data[1].ID, "/waits/" + wait, "/waits?sel=" + wait, "/callbacks/" + *kept.Data[0].Callback, "/conversations/chat-1?sel=" + *kept.Data[0].Callback, "/conversations/chat-1?format=json"} {
		shown[path] = b.want(200, here+path).text
	}
	for _, one := range kept.Data {
		got := b.post(here+"/requests/"+one.ID+"/explain", url.Values{})
		if got.status != 200 || !strings.Contains(got.text, "Today it would be") {
			t.Errorf("explained: %d %s", got.status, got.text)
		}
		shown["explained "+one.Outcome] = got.text
	}
	for path, text := range shown {
		for _, value := range []string{"4111-other", "4111-taken", "4111-query"} {
			if strings.Contains(text, value) {
				t.Errorf("%s%s shows %s", base, path, value)
			}
		}
		all += text
	}
	return all
}
