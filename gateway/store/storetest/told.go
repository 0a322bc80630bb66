package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

func toldCallback(k *kit, tenant, key string, o gateway.Outcome) gateway.Callback {
	return gateway.Callback{
		ID: gateway.NewID(gateway.PrefixCallback, k.now), Tenant: tenant, Source: "payments", Outcome: o,
		ConversationKey: key, ReceivedAt: k.now,
	}
}

func toldCall(k *kit, tenant, key string, o gateway.CallOutcome, reason string) *gateway.Call {
	c := &gateway.Call{
		ID: gateway.NewID(gateway.PrefixCall, k.now), Tenant: tenant, Webhook: "score", ConversationKey: key, Outcome: o, Reason: reason,
		Status: 200, Duration: 12 * time.Millisecond, Attempts: 1, CreatedAt: k.now, EndedAt: k.now.Add(12 * time.Millisecond),
	}
	if o == gateway.CallPending {
		c.Status, c.EndedAt = 0, time.Time{}
	}
	return c
}

// tellCallbacks makes callbacks of all outcomes within some days, newest first. Every fifth
// is parked first, and resumes a wait later.
func tellCallbacks(k *kit, n int) (all []*gateway.Callback) {
	k.Helper()
	for i := range n {
		c := toldCallback(k, acme, []string{"42", "43", "wa_42"}[i%3], gateway.Listed[i%len(gateway.Listed)])
		c.Source = []string{"payments", "forms"}[i%2]
		if i%5 == 0 {
			c.Outcome = gateway.OutcomeParked
		}
		if c.Outcome == gateway.OutcomeResumed {
			c.WaitID = gateway.NewID(gateway.PrefixWait, k.now)
		}
		k.commit(&gateway.Change{Callbacks: []gateway.Callback{c}, Refused: c.Outcome == gateway.OutcomeLate},
			&gateway.Change{Callbacks: []gateway.Callback{toldCallback(k, acmeB, "42", gateway.OutcomeResumed)}})
		if i%5 == 0 {
			c.Outcome, c.WaitID = gateway.OutcomeResumed, gateway.NewID(gateway.PrefixWait, k.now)
			k.commit(&gateway.Change{Callbacks: []gateway.Callback{c}})
		}
		all = append(all, &c)
		k.set(k.now.Add([]time.Duration{0, 300 * time.Microsecond, time.Second, 25 * time.Minute}[i%4]))
	}
	slices.Reverse(all)
	return all
}

func callbacksAnswerQueries(k *kit) {
	from := k.now
	all := tellCallbacks(k, 80)
	id := func(c *gateway.Callback) string { return c.ID }
	k.twice(func() {
		for _, source := range []string{"", "forms", "never"} {
			for i, outcome := range []string{"", "resumed", "parked", "late", "ignored", "duplicate"} {
				for j, names := range [][]string{nil, {"42"}, {"42", "wa_42"}, {"never"}} {
					q := store.Query{Tenant: acme, Source: source, Outcome: outcome, Conversation: names, Limit: []int{0, 1, 5}[i%3], Rows: []int{0, 1, 7}[j%3]}
					switch (i + j) % 3 {
					case 1:
						q.Since = from.Add(k.now.Sub(from) / 3)
					case 2:
						q.Until = from.Add(k.now.Sub(from) / 2)
					}
					k.same(fmt.Sprintf("asked for %+v", q), listed(k, q, k.Store.Callbacks, id), matching(all, q.Limit, q.Callback, id))
				}
			}
		}
		for _, want := range all[:10] {
			got, err := k.Store.Callback(acme, want.ID)
			k.must(err)
			k.same("one", got, *want)
		}
	})
	for _, strange := range []string{"", "cb_1", "evt_1", gateway.NewID(gateway.PrefixCallback, k.now)} {
		if _, err := k.Store.Callback(acme, strange); !errors.Is(err, gateway.ErrNotFound) {
			k.Errorf("%q: %v", strange, err)
		}
	}
	if _, err := k.Store.Callback(acmeB, all[0].ID); !errors.Is(err, gateway.ErrNotFound) {
		k.Errorf("another tenant's: %v", err)
	}
	refused := toldCallback(k, acme, "a", gateway.OutcomeLate)
	refused.ID = "tok_x"
	if err := k.Commit(&gateway.Change{Callbacks: []gateway.Callback{refused}}); err == nil {
		k.Error("a callback without an id of its own was taken")
	}
}

// callbacksTellEnds has waits whose lines say that they are open, and whose callbacks tell of
// their ends: the lines say so, also on pages of their own, and in a crowd.
func callbacksTellEnds(k *kit) {
	var want []gateway.Trace
	for i := range 40 {
		name := []string{"a", "b"}[i%2]
		w := &gateway.Wait{
			ID: gateway.NewID(gateway.PrefixWait, k.now), Tenant: acme, Source: "payments", ConversationKey: name,
			State: gateway.StateWaiting, CreatedAt: k.now, ExpiresAt: k.now.Add(time.Minute),
		}
		k.commit(&gateway.Change{Wait: w, Traces: []gateway.Trace{w.Line()}})
		for range i % 3 {
			c := toldCallback(k, acme, name, gateway.OutcomeIgnored)
			k.commit(&gateway.Change{Callbacks: []gateway.Callback{c}})
			want = append(want, c.Line())
			k.set(k.now.Add(time.Second))
		}
		if i%4 == 3 {
			want = append(want, w.Line()) // it goes on waiting
			continue
		}
		k.set(k.now.Add(59 * time.Second))
		c := toldCallback(k, acme, name, gateway.OutcomeResumed)
		c.WaitID = w.ID
		ended := *w
		ended.State, ended.Branch, ended.Match, ended.EndedAt = gateway.StateResumed, gateway.Success, "paid", k.now.Add(time.Millisecond)
		ended.Callback = &gateway.TakenCallback{ID: c.ID, ReceivedAt: c.ReceivedAt}
		if !c.Ends(&ended) {
			k.Fatal("a callback that ends a wait does not tell of it")
		}
		k.commit(&gateway.Change{Wait: &ended, Callbacks: []gateway.Callback{c}})
		want = append(want, c.Line(), ended.Line())
		k.set(k.now.Add([]time.Duration{0, time.Second, time.Hour}[i%3]))
	}
	slices.SortFunc(want, func(a, b gateway.Trace) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID)) })
	k.twice(func() {
		for _, limit := range []int{1, 3, 1000} {
			var got []gateway.Trace
			q := store.Timeline{Tenant: acme, Names: []string{"a", "b"}, Limit: limit}
			for {
				page, err := k.Store.Traces(q)
				k.must(err)
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				q.Before = store.Line{At: page[len(page)-1].At, ID: page[len(page)-1].ID}
			}
			k.same(fmt.Sprintf("the timeline by %d", limit), lineStrings(got), lineStrings(want))
		}
	})
	whole := map[string]bool{}
	for _, line := range lineStrings(want) {
		whole[line] = true
	}
	for range 30 { // as they grow too old, hour after hour: with its end, or gone
		k.pass(8 * time.Hour)
		left, err := k.Store.Traces(store.Timeline{Tenant: acme, Names: []string{"a", "b"}})
		k.must(err)
		for _, line := range lineStrings(left) {
			if !whole[line] {
				k.Errorf("after all there is %s", line)
			}
		}
	}
}

func lineStrings(list []gateway.Trace) (lines []string) {
	for _, t := range list {
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s", t.At, t.Key, t.Kind, t.ID, t.Data))
	}
	return lines
}

// callbacksAreLines has callbacks among other lines of their conversation, and reads the
// timeline page by page.
func callbacksAreLines(k *kit) {
	var want []gateway.Trace
	for i := range 60 {
		name := []string{"a", "b", "c"}[i%3]
		t := k.trace(acme, name, fmt.Sprintf("x_%02d", i))
		if i%2 == 0 {
			c := toldCallback(k, acme, name, gateway.OutcomeParked)
			k.commit(&gateway.Change{Callbacks: []gateway.Callback{c, toldCallback(k, acme, "other", gateway.OutcomeLate)}})
			c.Outcome, c.WaitID = gateway.OutcomeResumed, "wait_1"
			k.commit(&gateway.Change{Callbacks: []gateway.Callback{c}})
			t = c.Line()
		} else {
			k.commit(&gateway.Change{Traces: []gateway.Trace{t}})
		}
		want = append(want, t)
		k.set(k.now.Add([]time.Duration{0, 0, time.Nanosecond, 5 * time.Hour}[i%4]))
	}
	slices.SortFunc(want, func(a, b gateway.Trace) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID)) })
	since := want[len(want)-10].At
	k.twice(func() {
		for _, most := range []int{1, 4, 7, 100} {
			var got []gateway.Trace
			q := store.Timeline{Tenant: acme, Names: []string{"c", "a", "b", "a", ""}, Since: since, Limit: most}
			for {
				page, err := k.Store.Traces(q)
				k.must(err)
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				q.Before = store.Line{At: page[len(page)-1].At, ID: page[len(page)-1].ID}
			}
			of := slices.DeleteFunc(slices.Clone(want), func(t gateway.Trace) bool { return t.At.Before(since) })
			k.same(fmt.Sprintf("pages of %d, newest first", most), got, of)
		}
	})
}

func callsRoundTrip(k *kit) {
	c := toldCall(k, acme, "42", gateway.CallFailure, gateway.CallInvalidResponse)
	c.Variables, c.Responses, c.Attributes = gateway.Raw(`{"a":1}`), gateway.Raw(`[]`), gateway.Raw(`{"b":"ü"}`)
	c.Body, c.Context, c.WaitID, c.LeftOut = gateway.Raw(`"no \u0000 luck"`), gateway.Raw(`{"x":1}`), "wait_1", []string{"body"}
	c.Errors = []gateway.Fault{{Path: "responses[0]", Message: "is missing"}}
	c.Sent = &gateway.CallRequest{Method: "POST", URL: "https://a.example/?k=***", Header: [][2]string{{"X-A", "***"}, {"B", ""}}, BodyBytes: 7}
	k.commit(&gateway.Change{Call: c})
	plain := toldCall(k, acme, "", gateway.CallPending, "")
	k.commit(&gateway.Change{Call: plain, Refused: true})
	k.twice(func() {
		for _, want := range []*gateway.Call{c, plain} {
			got, err := k.Store.Call(acme, want.ID)
			k.must(err)
			k.same("a call", got, want)
		}
	})
	plain.Outcome, plain.EndedAt = gateway.CallSuccess, k.now
	k.commit(&gateway.Change{Call: plain})
	got, err := k.Store.Call(acme, plain.ID)
	k.must(err)
	k.same("a call that has ended", got, plain)
	if _, err := k.Store.Call(acmeB, c.ID); !errors.Is(err, gateway.ErrNotFound) {
		k.Errorf("another tenant's: %v", err)
	}
}

func callsAnswerQueries(k *kit) {
	from := k.now
	var all []*gateway.Call
	for i := range 60 {
		outcome, reason := []gateway.CallOutcome{gateway.CallSuccess, gateway.CallFailure, gateway.CallPending}[i%3], ""
		if outcome == gateway.CallFailure {
			reason = gateway.CallReasons[i%len(gateway.CallReasons)]
		}
		c := toldCall(k, acme, []string{"42", "", "wa_42"}[i%3], outcome, reason)
		c.Webhook = []string{"score", "crm"}[i%2]
		k.commit(&gateway.Change{Call: c}, &gateway.Change{Call: toldCall(k, acmeB, "42", gateway.CallSuccess, "")})
		if i%6 == 2 { // what was pending ends
			ended := *c
			ended.Outcome, ended.Reason, ended.EndedAt = gateway.CallFailure, gateway.CallTimeout, k.now
			k.commit(&gateway.Change{Call: &ended})
			c = &ended
		}
		all = append(all, c)
		k.set(k.now.Add([]time.Duration{0, 300 * time.Microsecond, time.Second, 25 * time.Minute}[i%4]))
	}
	slices.Reverse(all)
	id := func(c *gateway.Call) string { return c.ID }
	k.twice(func() {
		for _, webhook := range []string{"", "crm", "never"} {
			for i, outcome := range []string{"", "success", "failure", "pending"} {
				for j, reason := range []string{"", "timeout", "status"} {
					for n, names := range [][]string{nil, {"42"}, {"42", "wa_42"}} {
						q := store.Query{Tenant: acme, Webhook: webhook, Outcome: outcome, Reason: reason, Conversation: names, Limit: []int{0, 1, 5}[n], Rows: []int{0, 1, 7}[j]}
						if (i+j+n)%2 == 1 {
							q.Since, q.Until = from.Add(k.now.Sub(from)/4), from.Add(k.now.Sub(from)/2)
						}
						k.same(fmt.Sprintf("asked for %+v", q), listed(k, q, k.Store.Calls, id), matching(all, q.Limit, q.Call, id))
					}
				}
			}
		}
	})
}

// toldCostWhatTheyAnswer has many callbacks and calls, and asks for what few have, and none.
func toldCostWhatTheyAnswer(k *kit) {
	for i := range 2000 {
		c, made := toldCallback(k, acme, fmt.Sprint(i%7), gateway.OutcomeResumed), toldCall(k, acme, fmt.Sprint(i%7), gateway.CallSuccess, "")
		if i == 250 || i == 900 {
			c.Source, c.Outcome, c.ConversationKey = "rare", gateway.OutcomeLate, "rare"
			made.Webhook, made.Outcome, made.Reason, made.ConversationKey = "rare", gateway.CallFailure, gateway.CallStatus, "rare"
		}
		k.commit(&gateway.Change{Callbacks: []gateway.Callback{c}, Call: made, Refused: true})
		k.set(k.now.Add(time.Second))
	}
	for _, q := range []store.Query{
		{Source: "rare", Webhook: "rare"}, {Source: "never", Webhook: "never"}, {Conversation: []string{"rare", "never"}}, {Conversation: []string{"never"}},
		{Since: k.now.Add(-3 * time.Second)}, {Until: k.now.Add(-1998 * time.Second)}, {Source: "rare", Webhook: "rare", Conversation: []string{"1"}},
	} {
		q.Tenant, q.Rows = acme, 12
		next, err := k.Store.Callbacks(q, func(*gateway.Callback) bool { return true })
		k.must(err)
		k.same(fmt.Sprintf("where callbacks go on for %+v", q), next, "")
		next, err = k.Store.Calls(q, func(*gateway.Call) bool { return true })
		k.must(err)
		k.same(fmt.Sprintf("where calls go on for %+v", q), next, "")
	}
	for _, outcome := range []string{"late", "parked", "failure", "pending"} {
		q := store.Query{Tenant: acme, Outcome: outcome, Rows: 12}
		next, err := k.Store.Callbacks(q, func(*gateway.Callback) bool { return true })
		k.must(err)
		k.same("where callbacks go on that are "+outcome, next, "")
		next, err = k.Store.Calls(q, func(*gateway.Call) bool { return true })
		k.must(err)
		k.same("where calls go on that are "+outcome, next, "")
	}
	for reason, want := range map[string]int{gateway.CallStatus: 2, gateway.CallTimeout: 0} {
		n := 0
		next, err := k.Store.Calls(store.Query{Tenant: acme, Reason: reason, Rows: 12}, func(*gateway.Call) bool { n++; return true })
		k.must(err)
		k.same("calls that failed for "+reason, fmt.Sprint(n, next), fmt.Sprint(want, ""))
	}
}

func toldExpire(k *kit) {
	count := func() (n int) {
		k.Helper()
		q := store.Query{Tenant: acme, Conversation: []string{"42"}}
		_, err := k.Store.Callbacks(q, func(*gateway.Callback) bool { n++; return true })
		k.must(err)
		_, err = k.Store.Calls(q, func(*gateway.Call) bool { n += 10; return true })
		k.must(err)
		lines, err := k.Store.Traces(store.Timeline{Tenant: acme, Names: []string{"42"}})
		k.must(err)
		return n + 100*len(lines)
	}
	both := func() *gateway.Change {
		return &gateway.Change{Callbacks: []gateway.Callback{toldCallback(k, acme, "42", gateway.OutcomeLate)}, Call: toldCall(k, acme, "42", gateway.CallSuccess, "")}
	}
	k.commit(both())
	k.pass(6 * aDay)
	k.commit(both())
	k.twice(func() { k.same("both are young enough", count(), 222) })
	k.pass(3 * aDay)
	k.twice(func() { k.same("one is too old", count(), 111) })
	k.must(k.DeleteTenant(acme))
	k.same("the tenant is deleted", count(), 0)
}
