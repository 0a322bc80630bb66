package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway/gatewaytest/program"
)

const aDesk = `
tenants:
  acme:
    endpoints:
      desk: { mode: pull, retry: { schedule: [10ms, 1h] }, sign: { type: standard, secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] } }
`

// An endpoint of the file that is pulled: what is said of what was pulled is told by its
// attempts, the timeline, the figures and the metrics; leases outlive the process, and who
// is held when it stops is sent away.
func TestPull(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: aDesk})
	const acme, desk = "/v1/tenants/acme", "/v1/tenants/acme/endpoints/desk"
	ask := func(method, path, body string) gjson.Result {
		t.Helper()
		return gjson.ParseBytes(p.Admin().Must(t, []int{200, 202}, method, path, []byte(body)).Body)
	}
	publish := func() {
		t.Helper()
		ask("POST", acme+"/events", `{"events":[{"event":{"type":"note"},"conversation":{"key":"chat-7"}}]}`)
	}
	pull := func(lease string) gjson.Result {
		t.Helper()
		list := ask("POST", desk+"/pull", `{"hold":30,"lease":"`+lease+`"}`).Get("deliveries")
		if list.Get("#").Int() != 1 {
			t.Fatalf("a pull gives %s", list.Raw)
		}
		return list.Get("0")
	}
	say := func(verb, more string, d gjson.Result) {
		t.Helper()
		if told := ask("POST", desk+"/"+verb, fmt.Sprintf(`{"leases":[%q]%s}`, d.Get("lease").Str, more)); told.Get("good.#").Int() != 1 {
			t.Errorf("%s of %s is answered %s", verb, d.Get("lease").Str, told.Raw)
		}
	}
	publish()
	first := pull("30s")
	say("nack", `,"error":"no room"`, first)
	say("ack", "", pull("30s"))
	publish()
	pull("1s")
	again := pull("15m") // held until the lease has run out, and the pause is over
	if again.Get("attempt").Int() != 2 {
		t.Errorf("after its lease it comes as %s", again.Raw)
	}
	var words []string
	for _, line := range ask("GET", acme+"/conversations/chat-7", "").Get("data").Array() {
		if line.Get("kind").Str == "attempt" {
			words = append(words, line.Get("error").String())
		}
	}
	if got := strings.Join(words, " "); got != "nack  lease" {
		t.Errorf("the timeline's attempts are %q", got)
	}
	metrics := string(p.Admin().Must(t, []int{200}, "GET", "/metrics", nil).Body)
	for _, want := range []string{
		`hookgate_delivery_attempts_total{code="2xx",endpoint="desk",tenant="acme"} 1`, `hookgate_delivery_attempts_total{code="nack",endpoint="desk",tenant="acme"} 1`,
		`hookgate_delivery_attempts_total{code="lease",endpoint="desk",tenant="acme"} 1`, `hookgate_deliveries_total{endpoint="desk",state="succeeded",tenant="acme"} 1`,
		`hookgate_queue_depth{endpoint="desk",tenant="acme"} 1`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("the metrics have no %s", want)
		}
	}
	figures := ask("GET", acme+"/stats?endpoint=desk", "").Get("data")
	for _, code := range []string{"2xx", "nack", "lease"} {
		var all int64
		for _, minute := range figures.Array() { // the test may begin in one and end in the next
			all += minute.Get("attempts." + code).Int()
		}
		if all != 1 {
			t.Errorf("the figures have %d of %s: %s", all, code, figures.Raw)
		}
	}
	if text := p.Log.Text(); strings.Contains(text, "whsec_") {
		t.Error("a secret is in the log")
	}

	held := make(chan program.Answer, 1)
	go func() {
		defer close(held)
		if a, err := p.Admin().Do(context.Background(), "POST", desk+"/pull", []byte(`{"hold":60}`)); err == nil {
			held <- a
		}
	}()
	program.Eventually(t, 30*time.Second, func() error {
		metrics := string(p.Admin().Must(t, []int{200}, "GET", "/metrics?name[]=hookgate_budget_used", nil).Body)
		if !strings.Contains(metrics, `{budget="holds"} 1`) {
			return fmt.Errorf("nobody is held: %s", metrics)
		}
		return nil
	})
	if code := p.Terminate(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.Log.Text())
	}
	if a, answered := <-held; !answered || a.Status != 503 || a.Field("code") != "draining" || a.Header.Get("Retry-After") == "" {
		t.Errorf("who was held is told %s", a)
	}
	p = program.Start(t, program.Options{Dir: p.Dir, Config: aDesk})
	if list := ask("POST", desk+"/pull", "").Get("deliveries"); list.Raw != "[]" {
		t.Errorf("what is lent is lent again: %s", list.Raw)
	}
	say("ack", "", again)
}
