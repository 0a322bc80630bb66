package pebblestore

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// BenchmarkCommitTold makes resumed callbacks durable, each another: with their line in the
// timeline, as it was before lists showed callbacks, and as a callback. Without a disk, for
// what is compared is work.
func BenchmarkCommitTold(b *testing.B) {
	for _, asLine := range []bool{true, false} {
		b.Run(fmt.Sprintf("line=%t", asLine), func(b *testing.B) {
			s := mustOpen(b, Options{Dir: "data", FS: vfs.NewMem()})
			at := time.Now()
			c := resumed(at)
			line, wait := c.Traces[0], c.Traces[1]
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				at = at.Add(100 * time.Microsecond)
				key := fmt.Sprintf("conversation-%d", n)
				c.Wait.ID, c.Wait.Callback.ID, c.Wait.ConversationKey = gateway.NewID(gateway.PrefixWait, at), gateway.NewID(gateway.PrefixCallback, at), key
				c.Marks[0].Key = gateway.NewMarkKey(gateway.MarkDelivery, []byte(key))
				line.Key, line.ID, line.At, wait.Key, wait.ID, wait.At = key, c.Wait.Callback.ID, at, key, c.Wait.ID, at
				if c.Traces = []gateway.Trace{wait}; asLine {
					line.Data = append(gateway.AppendCallbackLine([]byte{'{'}, "payments", gateway.OutcomeResumed, c.Wait.ID), '}')
					c.Traces = append(c.Traces, line)
				} else {
					c.Callbacks = []gateway.Callback{{
						ID: c.Wait.Callback.ID, Tenant: "acme", Source: "payments", Outcome: gateway.OutcomeResumed, ConversationKey: key, WaitID: c.Wait.ID, ReceivedAt: at,
					}}
				}
				if err := s.Commit(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkListsTold asks for three callbacks and three calls of many: each question is to
// take no more than three times what the plain list takes.
func BenchmarkListsTold(b *testing.B) {
	s, n := benchStore(b), *listed
	from, step := time.Now().Add(-6*day), 6*day/time.Duration(n)
	outcomes := []gateway.Outcome{gateway.OutcomeResumed, gateway.OutcomeResumed, gateway.OutcomeParked, gateway.OutcomeIgnored}
	for i := 0; i < n; {
		var changes []*gateway.Change
		for ; i < n && len(changes) < 1000; i++ {
			at := from.Add(time.Duration(i) * step)
			cb := gateway.Callback{
				ID: gateway.NewID(gateway.PrefixCallback, at), Tenant: "acme", Source: some("source", i, n), Outcome: outcomes[i%4],
				ConversationKey: some("conversation", i, n), ReceivedAt: at,
			}
			call := &gateway.Call{
				ID: gateway.NewID(gateway.PrefixCall, at), Tenant: "acme", Webhook: some("source", i, n), Outcome: gateway.CallSuccess,
				ConversationKey: some("conversation", i, n), CreatedAt: at, EndedAt: at,
			}
			if i%(n/4) == n/7 {
				cb.Outcome, call.Outcome, call.Reason = gateway.OutcomeLate, gateway.CallFailure, gateway.CallTimeout
			}
			changes = append(changes, &gateway.Change{Callbacks: []gateway.Callback{cb}, Call: call, Refused: true})
		}
		must(b, s.Commit(changes...))
	}
	middle := from.Add(3 * day)
	for _, question := range []struct {
		name string
		q    store.Query
	}{
		{"plain", store.Query{}},
		{"since", store.Query{Since: time.Now().Add(-time.Hour)}},
		{"until", store.Query{Until: middle}},
		{"source=7", store.Query{Source: "source-7", Webhook: "source-7"}},
		{"source=rare", store.Query{Source: "source-rare", Webhook: "source-rare"}},
		{"source=absent", store.Query{Source: "source-absent", Webhook: "source-absent"}},
		{"conversation=7", store.Query{Conversation: []string{"conversation-7", "another"}}},
		{"conversation=rare", store.Query{Conversation: []string{"conversation-rare", "another"}}},
		{"rare-outcome", store.Query{Outcome: "late"}},
		{"absent-outcome", store.Query{Outcome: "none"}},
		{"failure", store.Query{Outcome: "failure"}},
		{"two-that-never-meet", store.Query{Source: "source-7", Webhook: "source-7", Conversation: []string{"conversation-8"}}},
	} {
		q := question.q
		q.Tenant, q.Limit = "acme", 3
		b.Run("callbacks/"+question.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Callbacks(q, func(*gateway.Callback) bool { return true }); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("calls/"+question.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Calls(q, func(*gateway.Call) bool { return true }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
