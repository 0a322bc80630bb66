package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// reloaded is a gateway with webhooks of its file, and their backend.
type reloaded struct {
	*program.Program
	t       *testing.T
	backend *gatewaytest.Receiver
}

// hooked is a file with two webhooks; what they ask for, where in its answer the value
// is, and how often the second may fail, is given.
func (r *reloaded) hooked(path, value string, failures int) string {
	return fmt.Sprintf(`
egress: { allow: [127.0.0.0/8] }
tenants:
  acme:
    webhooks:
      lookup: { url: "%[1]s/%[2]s", response: { variables: [{ name: value, path: %[3]s }] } }
      frail:  { url: "%[1]s/%[2]s-frail", breaker: { failures: %[4]d, open: 1h, max_open: 1h } }
`, r.backend.URL, path, value, failures)
}

func (r *reloaded) reload(text string) {
	r.t.Helper()
	r.Configure(r.t, text)
	r.Admin().Must(r.t, []int{200}, "POST", "/v1/reload", nil)
}

// call calls a webhook; it gives what came of it, and the paths that the backend was
// asked for meanwhile.
func (r *reloaded) call(webhook string) (shown gjson.Result, asked string) {
	r.t.Helper()
	a := r.Admin().Must(r.t, []int{200}, "POST", "/v1/tenants/acme/webhooks/"+webhook+"/call", nil)
	for _, q := range r.backend.Take() {
		asked += q.Path
	}
	return gjson.ParseBytes(a.Body), asked
}

func (r *reloaded) want(webhook, asked, member, value string) {
	r.t.Helper()
	shown, got := r.call(webhook)
	if got != asked || shown.Get(member).String() != value {
		r.t.Fatalf("%s asks for %q, want %q, and its %s is not %q: %s", webhook, got, asked, member, value, shown.Raw)
	}
}

func newReloaded(t *testing.T) *reloaded {
	r := &reloaded{t: t, backend: gatewaytest.NewReceiver(t)}
	r.backend.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		if strings.HasSuffix(q.Path, "frail") {
			return gatewaytest.Reply{Status: 500}
		}
		return gatewaytest.Reply{Body: `{"a":"first","b":"second"}`}
	})
	r.Program = program.Start(t, program.Options{Config: r.hooked("old", "a", 2)})
	return r
}

// What the file says of a webhook holds from the next call on. What is known of its
// backend is not in the file: an open breaker stays open, until its settings change.
func TestReloadOfWebhooks(t *testing.T) {
	t.Parallel()
	r := newReloaded(t)
	r.want("lookup", "/old", "variables.value", "first")
	r.want("frail", "/old-frail", "reason", "status")
	r.want("frail", "/old-frail", "reason", "status")
	r.want("frail", "", "reason", "breaker_open")

	r.reload(r.hooked("new", "b", 2))
	r.want("lookup", "/new", "variables.value", "second")
	r.want("frail", "", "reason", "breaker_open")

	r.Configure(t, r.hooked("broken/{{ x", "a", 2))
	r.Admin().Must(t, []int{422}, "POST", "/v1/reload", nil)
	r.want("lookup", "/new", "variables.value", "second")

	r.reload(r.hooked("new", "b", 3))
	r.want("frail", "/new-frail", "reason", "status")

	r.reload("tenants:\n  acme: {}\n")
	r.Admin().Must(t, []int{404}, "POST", "/v1/tenants/acme/webhooks/lookup/call", nil)
}

// A call ends as it began, whatever the file says meanwhile.
func TestReloadDuringACall(t *testing.T) {
	t.Parallel()
	r := newReloaded(t)
	answer := make(chan struct{})
	r.backend.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		select {
		case <-answer:
		case <-q.Ended: // a test that fails lets nobody wait
		}
		return gatewaytest.Reply{Body: `{"a":"first","b":"second"}`}
	})
	made := make(chan string, 1)
	go func() {
		a, err := r.Admin().Do(t.Context(), "POST", "/v1/tenants/acme/webhooks/lookup/call", nil)
		made <- fmt.Sprint(a, err)
	}()
	if _, err := r.backend.Await(t.Context(), func(gatewaytest.Received) bool { return true }); err != nil {
		t.Fatal(err)
	}
	r.reload(r.hooked("new", "b", 2))
	close(answer)
	if got := <-made; !strings.Contains(got, `"variables":{"value":"first"}`) {
		t.Errorf("after a reload in its midst a call is answered %s", got)
	}
}
