package calling_test

import (
	"context"
	"fmt"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/directory"
	"hookgate/gateway/transport"
)

func request(w *directory.Webhook) calling.Request {
	q, err := calling.Read(w, []byte(`{}`))
	if err != nil {
		panic(err)
	}
	return q
}

// echo is a backend that costs nothing.
type echo struct{ answer *transport.Answer }

func (e echo) Do(context.Context, *transport.Request) (*transport.Answer, error) {
	return e.answer, nil
}

// busy is a builder with ten templates and ten variables, without transport and
// store: what a call of it costs is ours.
func busy(t testing.TB) func() {
	w := real(t)
	hook := gateway.Webhook{
		Method: "POST", URL: "https://api.example.com/users/{{ user.id }}", Query: gateway.Members[string]{{Name: "q", Value: "{{ query }}"}},
		Headers: gateway.Headers{{Name: "X-A", Value: "{{ botId }}"}, {Name: "X-B", Value: "b-{{ n }}"}},
	}
	body, answer := `{`, `{"data":{`
	for i := range 10 {
		if i < 6 {
			body += fmt.Sprintf(`"f%d":"{{ v%d }} of {{ firstName }}",`, i, i)
		}
		answer += fmt.Sprintf(`"a%d":{"value":"%d.50","other":[1,2,3]},`, i, i)
		hook.Response.Variables = append(hook.Response.Variables, gateway.Variable{
			Name: fmt.Sprintf("a%d", i), Path: fmt.Sprintf("data.a%d.value", i), Type: []string{"", "number"}[i%2],
		})
	}
	hook.Body = raw(body + `"end":1}`)
	answer += `"end":1},"more":"` + fmt.Sprintf("%0500d", 1) + `"}`
	w.hook(hook)
	o := w.made
	o.Sender = echo{&transport.Answer{Status: 200, Body: []byte(answer)}}
	o.Store = nothing{}
	calls := w.another(o)
	sent := []byte(`{"conversation_key":"k","variables":{"user":{"id":7},"query":"a b","n":3,"v0":0,"v1":1,"v2":"2","v3":3,"v4":4,"v5":5},` +
		`"context":{"botId":"b","firstName":"Zoe"}}`)
	webhook := w.acme().Webhook("hook")
	var dst []byte
	return func() {
		q, err := calling.Read(webhook, sent)
		if err != nil {
			t.Fatal(err)
		}
		made, err := calls.Call(context.Background(), q)
		if err != nil || made.Outcome != gateway.CallSuccess {
			t.Fatal(made, err)
		}
		dst = made.AppendJSON(dst[:0])
	}
}

// BenchmarkCall is a sync call, from the body of its request to that of its answer:
// what issue 4 allows 40 µs for.
func BenchmarkCall(b *testing.B) {
	call := busy(b)
	b.ReportAllocs()
	for b.Loop() {
		call()
	}
}

// BenchmarkBreakerOpen is a call that is refused.
func BenchmarkBreakerOpen(b *testing.B) {
	w := real(b)
	w.backend.play(always(reply{status: 500}))
	w.hook(gateway.Webhook{Breaker: &gateway.Breaker{Failures: new(1), Open: span(24 * 3600e9), MaxOpen: span(24 * 3600e9)}})
	w.call(`{}`)
	b.ReportAllocs()
	for b.Loop() {
		if made := w.call(`{}`); made.Reason != gateway.CallBreakerOpen {
			b.Fatal(made.Reason)
		}
	}
}

// nothing is a store that keeps nothing.
type nothing struct{}

func (nothing) Commit(...*gateway.Change) error                              { return nil }
func (nothing) PendingCalls(gateway.SlotSet) ([]*gateway.PendingCall, error) { return nil, nil }
