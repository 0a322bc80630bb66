package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// consoleWorld is a gateway in which something has happened, for those who look at it.
type consoleWorld struct {
	*program.Program
	t     testing.TB
	Wait  string // that is open
	Ended string // that was resumed
	Dead  string // a delivery whose attempts are spent
	Event string
	Key   string // of a conversation with all of it

	Backend string // what answers well
	Request string // to the source mine, which the API made
	Parked  string // the callback that it brought
}

// markup is what nobody may see as anything but text.
const markup = `<img src=x onerror=alert(1)>"'&</script><b>`

// newConsoleWorld makes it through the API, as a platform and its third parties would.
func newConsoleWorld(t testing.TB) *consoleWorld {
	t.Helper()
	good := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Markup", "<b>header</b>")
		_, _ = w.Write([]byte(`{"note":"` + "<b>answer</b>" + `"}`))
	}))
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<b>out of order</b>", http.StatusServiceUnavailable)
	}))
	t.Cleanup(good.Close)
	t.Cleanup(bad.Close)
	port := func(s *httptest.Server) string { return s.URL[strings.LastIndexByte(s.URL, ':')+1:] }
	w := &consoleWorld{t: t, Key: "chat-1", Backend: good.URL}
	w.Program = program.Start(t, program.Options{Config: fmt.Sprintf(`
egress: { allow: [127.0.0.0/8], ports: [%s, %s] }
console: { redact: [card.number, iban] }
tenants:
  acme:
    name: "Acme %s"
    sources:
      payments:
        verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] }
        variables: [{ name: amount, path: amount, type: number }]
      calendar: { verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] } }
    endpoints:
      archive: { url: "%s/archive" }
      crm: { url: "%s/crm", event_types: [message], retry: { schedule: [1ms] } }
      later: { url: "%s/later", event_types: [status], retry: { schedule: [10m, 1h, 5h] } }
    webhooks:
      score: { url: "%s/score", response: { variables: [{ name: note, path: note }, { name: absent, path: nowhere }] } }
routes:
  bot: { match: { path: /bot }, mode: proxy, upstreams: [{ url: "%s" }], verify: { type: none } }
`, port(good), port(bad), "<b>", good.URL, bad.URL, bad.URL, good.URL, good.URL)})
	w.fill()
	return w
}

func (w *consoleWorld) fill() {
	t, admin, sender := w.t, w.Admin(), w.Sender()
	const v1 = "/v1/tenants/acme"
	open := func(key, source string, seconds int) string {
		return admin.Must(t, []int{201}, "POST", v1+"/waits", map[string]any{"conversation_key": key, "source": source, "mode": "poll", "timeout_seconds": seconds, "context": map[string]any{"step": "7", "iban": "DE-hidden"}}).Field("id")
	}
	admin.Must(t, []int{201}, "PUT", v1+"/endpoints/own", `{"url":"https://own.example.com/","event_types":["none"]}`)
	admin.Must(t, []int{201}, "PUT", v1+"/sources/mine", `{"verify":{"type":"token","in":"header","name":"X-Token","secrets":["a-token-of-16-characters"]},"match":[{"name":"paid","branch":"SUCCESS","when":[{"path":"status","equals":"paid"}]}],
		"variables":[{"name":"total","path":"order.total","type":"number"},{"name":"note","path":"order.note","default":"none"}],"unwrap":""}`)
	admin.Must(t, []int{201}, "PUT", v1+"/webhooks/mine", `{"name":"Mine","url":"`+w.Backend+`/mine","body":{"chat":"{{ sessionId }}"},"response":{"variables":[{"name":"note","path":"note"}]}}`)
	w.Parked = sender.Must(t, []int{202}, "POST", "/hooks/acme/mine", map[string]any{"conversation_key": "chat-9", "status": "paid", "items": []any{map[string]any{"odd key": map[string]any{"a/b": 1}}}, "order": map[string]any{"total": "12.50", "who": markup}, "card": map[string]any{"number": "4111-hidden"}}, sourceToken).Field("callback_id")
	var kept struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	admin.Must(t, []int{200}, "GET", v1+"/sources/mine/requests", nil).Decode(t, &kept)
	w.Request = kept.Data[0].ID
	w.Ended = open(w.Key, "payments", 120)
	sender.Must(t, []int{200}, "POST", "/hooks/acme/payments", map[string]any{"conversation_key": w.Key, "amount": 12.5, "card": map[string]any{"number": "4111-hidden", "name": markup}}, sourceToken)
	sender.Must(t, []int{401}, "POST", "/hooks/acme/payments", `{"conversation_key":"chat-1"}`)
	sender.Must(t, []int{202}, "POST", "/hooks/acme/calendar", `{"conversation_key":"chat-2"}`, sourceToken)
	sender.Must(t, []int{400}, "POST", "/hooks/acme/payments", `{"conversation_key": `+markup, sourceToken)
	w.Wait = open(w.Key, "calendar", 300)
	open("chat-3/"+markup[:4], "payments", 300)
	events := []map[string]any{
		{"event": map[string]any{"type": "message"}, "conversation": map[string]any{"key": w.Key}, "text": markup, "card": map[string]any{"number": "4111-hidden"}},
		{"event": map[string]any{"type": "status"}, "conversation": map[string]any{"key": w.Key}},
	}
	admin.Must(t, []int{202}, "POST", v1+"/events", map[string]any{"events": events})
	program.Eventually(t, time.Minute, func() error {
		var list struct {
			Data []struct {
				ID       string   `json:"id"`
				EventIDs []string `json:"event_ids"`
			} `json:"data"`
		}
		admin.Must(t, []int{200}, "GET", v1+"/deliveries?state=dead&endpoint=crm", nil).Decode(t, &list)
		if len(list.Data) != 1 {
			return fmt.Errorf("%d dead letters", len(list.Data))
		}
		w.Dead, w.Event = list.Data[0].ID, list.Data[0].EventIDs[0]
		admin.Must(t, []int{200}, "GET", v1+"/deliveries?state=succeeded", nil).Decode(t, &list)
		if len(list.Data) != 2 {
			return fmt.Errorf("%d succeeded", len(list.Data))
		}
		return nil
	})
}
