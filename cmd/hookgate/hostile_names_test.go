package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

const namesConfig = `
egress: { allow: [127.0.0.0/8] }
tenants:
  acme:
    account_keys: [names]
    platform: { url: "%s/outcomes" }
    sources:
      payments:
        verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-the-names-test"] }
        max_body: 16MiB
    webhooks:
      lookup: { url: "%s/lookup", method: POST }
      later: { url: "%s/lookup", method: POST, mode: async }
`

const namesToken = "X-Token: a-token-of-the-names-test"

func startNames(t *testing.T) (*program.Program, *gatewaytest.Receiver) {
	t.Helper()
	r := gatewaytest.NewReceiver(t)
	r.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Body: "{}"} })
	return program.Start(t, program.Options{Config: fmt.Sprintf(namesConfig, r.URL, r.URL, r.URL)}), r
}

// happened publishes events, each the text between {"event":{ and its conversation.
func happened(t *testing.T, p *program.Program, conversation, event string) {
	t.Helper()
	p.Admin().Must(t, []int{202}, http.MethodPost, "/v1/events",
		fmt.Appendf(nil, `{"events":[{"event":{%s},"conversation":{"key":%q},"account":{"key":"names"}}]}`, event, conversation))
}

func variablesOf(kind, variable string) string {
	return fmt.Sprintf(`"type":%q,"payload":{"variables":[{"type":"text","name":"conversation_url","value":%q}]}`, kind, variable)
}

// Whatever a visitor types, and whatever another conversation's events say, the
// callback of a conversation that speaks for itself resumes no wait of another.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	p, _ := startNames(t)
	for name, attack := range map[string]struct {
		event string
		first bool // the victim's own event comes before
	}{
		"typed":            {variablesOf("variables", "https://x.example/victim"), false},
		"in a message":     {variablesOf("message", "https://x.example/victim"), false},
		"of one known":     {variablesOf("conversation_create", "https://x.example/victim"), true},
		"in advance":       {variablesOf("conversation_create", "https://x.example/victim"), false},
		"by external_key":  {`"type":"conversation_create","payload":{"external_key":"victim"}`, true},
		"and in advance":   {`"type":"note","payload":{"external_key":"victim"}`, false},
		"typed, not a URL": {variablesOf("conversation_create", "victim"), false},
		"said twice": {`"type":"conversation_create","payload":{"variables":[{"name":"conversation_url","value":"https://x.example/c/1"},` +
			`{"name":"conversation_url","value":"https://x.example/c/victim"}]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			tag := fmt.Sprint(serial.Add(1))
			mallory, victim := "mallory-"+tag, "victim-"+tag
			speaks := func() { happened(t, p, victim, `"type":"note","payload":{}`) }
			if attack.first {
				speaks()
			}
			happened(t, p, mallory, strings.ReplaceAll(attack.event, "victim", victim))
			theirs := p.Admin().Must(t, []int{201}, http.MethodPost, "/v1/tenants/acme/waits",
				fmt.Appendf(nil, `{"conversation_key":%q,"source":"payments","mode":"poll"}`, mallory)).Field("id")
			if !attack.first {
				speaks()
			}
			paid := p.Sender().Must(t, []int{202}, http.MethodPost, "/hooks/acme/payments", fmt.Appendf(nil, `{"conversation_key":%q,"paid":1}`, victim), namesToken)
			if got := p.Admin().Must(t, []int{200}, http.MethodGet, "/v1/tenants/acme/waits/"+theirs, nil).Field("state"); got != "waiting" {
				t.Errorf("the attacker's wait is %s", got)
			}
			wait := p.Admin().Must(t, []int{201}, http.MethodPost, "/v1/tenants/acme/waits",
				fmt.Appendf(nil, `{"conversation_key":%q,"source":"payments","mode":"poll"}`, victim))
			if wait.Field("state") != "resumed" || !strings.Contains(string(wait.Body), paid.Field("callback_id")) {
				t.Errorf("the victim's wait reads %s", wait.Body)
			}
		})
	}
}

// A call that is refused has used nothing up: the payment that was parked before it
// is there for the call that is made.
func TestHostileRefusedCallTakesNothing(t *testing.T) {
	t.Parallel()
	p, _ := startNames(t)
	tenant := `{"account_keys":["refused"],"limits":{"calls_per_second":{"per_second":0.001,"burst":1}}}`
	p.Admin().Must(t, []int{201}, http.MethodPut, "/v1/tenants/refused", []byte(tenant))
	p.Admin().Must(t, []int{201}, http.MethodPut, "/v1/tenants/refused/sources/payments", []byte(`{"verify":{"type":"none"}}`))
	p.Admin().Must(t, []int{201}, http.MethodPut, "/v1/tenants/refused/webhooks/lookup", []byte(`{"url":"http://127.0.0.1:9/"}`))
	const call = "/v1/tenants/refused/webhooks/lookup/call"
	p.Admin().Must(t, []int{200}, http.MethodPost, call, []byte(`{}`))
	payment := []byte(`{"conversation_key":"chat","id":"pay_1"}`)
	parked := p.Sender().Must(t, []int{202}, http.MethodPost, "/hooks/refused/payments", payment, "Idempotency-Key: pay_1")
	for range 3 {
		p.Admin().Must(t, []int{429}, http.MethodPost, call, []byte(`{"conversation_key":"chat","wait":{"source":"payments"}}`))
	}
	p.Sender().Must(t, []int{200}, http.MethodPost, "/hooks/refused/payments", payment, "Idempotency-Key: pay_1")
	wait := p.Admin().Must(t, []int{201}, http.MethodPost, "/v1/tenants/refused/waits", []byte(`{"conversation_key":"chat","source":"payments","mode":"poll"}`))
	if wait.Field("state") != "resumed" || !strings.Contains(string(wait.Body), parked.Field("callback_id")) {
		t.Errorf("the payment is lost: %s", wait.Body)
	}
}

// An async call whose wait finds its callback parked: both are promised by the 202.
func TestAsyncCallWithAParkedCallback(t *testing.T) {
	t.Parallel()
	p, r := startNames(t)
	p.Sender().Must(t, []int{202}, http.MethodPost, "/hooks/acme/payments", []byte(`{"conversation_key":"chat"}`), namesToken)
	made := p.Admin().Must(t, []int{202}, http.MethodPost, "/v1/tenants/acme/webhooks/later/call", []byte(`{"conversation_key":"chat","wait":{"source":"payments"}}`))
	if !strings.Contains(string(made.Body), `"state":"resumed"`) || made.Field("outcome") != "pending" {
		t.Errorf("answered %s", made.Body)
	}
	program.Eventually(t, hostilePatience, func() error {
		for _, q := range r.Take() {
			if strings.Contains(string(q.Body), `"call.finished"`) {
				return nil
			}
		}
		return fmt.Errorf("the platform was not told of the end")
	})
}

// The outcome of a wait that its parked callback ends at once comes after its 201,
// which takes as long as its reader likes, up to a second.
func TestOutcomeComesAfterItsAnswer(t *testing.T) {
	t.Parallel()
	p, r := startNames(t)
	arrived := make(chan time.Time, 10)
	r.Script(func(gatewaytest.Received) gatewaytest.Reply {
		arrived <- time.Now()
		return gatewaytest.Reply{}
	})
	large := fmt.Sprintf(`{"conversation_key":"chat","pad":%q}`, strings.Repeat("x", 12<<20)) // no socket takes it by itself
	p.Sender().Must(t, []int{202}, http.MethodPost, "/hooks/acme/payments", []byte(large), namesToken)
	c, err := net.Dial("tcp", strings.TrimPrefix(p.Internal, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	body := `{"conversation_key":"chat","source":"payments","mode":"notify"}`
	began := time.Now() // and not when its first bytes are read: on a busy machine that is much later
	fmt.Fprintf(c, "POST /v1/tenants/acme/waits HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", program.AdminToken, len(body), body)
	if _, err := io.ReadFull(c, make([]byte, 12)); err != nil { // it is on its way
		t.Fatal(err)
	}
	select {
	case at := <-arrived:
		if after := at.Sub(began); after < 500*time.Millisecond {
			t.Errorf("the outcome came %s after its wait was asked for, when most of its 201 was not written", after)
		}
	case <-time.After(500 * time.Millisecond):
		go func() { _, _ = io.Copy(io.Discard, c) }() // until the test closes it
		select {
		case <-arrived:
		case <-time.After(hostilePatience):
			t.Error("the outcome never came")
		}
	}
}
