package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/waiting"
)

func TestCallbackResumesItsWait(t *testing.T) {
	k := newKit(t, nil, gateway.Source{Variables: []gateway.Variable{{Name: "n", Path: "n"}}})
	defer k.stop()
	w := k.open(waiting.OpenRequest{Key: "chat1", Context: gateway.Raw(`{"step":"7"}`)}).Wait
	taken := k.send(sent{key: "chat1", body: paid(1200)})
	if taken.Outcome != gateway.OutcomeResumed || taken.WaitID != w.ID {
		t.Fatalf("taken %+v, want resumed %s", taken, w.ID)
	}
	got := k.wait(w.ID)
	if got.State != gateway.StateResumed || got.Branch != gateway.Success || string(got.Variables) != `{"n":1200}` ||
		got.Callback == nil || got.Callback.ID != taken.CallbackID || string(got.Context) != `{"step":"7"}` {
		t.Errorf("the wait reads %s", got.AppendJSON(nil))
	}
	for _, want := range []gateway.Outcome{gateway.OutcomeDuplicate, gateway.OutcomeDuplicate} {
		again := k.send(sent{key: "chat1", body: paid(1200)})
		if again.Outcome != want || again.CallbackID != taken.CallbackID || again.WaitID != w.ID {
			t.Errorf("the same again: %+v, want %s of %s", again, want, taken.CallbackID)
		}
	}
	if other := k.send(sent{key: "chat1", body: paid(7)}); other.Outcome != gateway.OutcomeAlreadyResumed {
		t.Errorf("another callback: %s, want already_resumed", other.Outcome)
	}
	next := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	if same := k.send(sent{key: "chat1", body: paid(1200)}); same.Outcome != gateway.OutcomeResumed || same.WaitID != next.ID {
		t.Errorf("the next wait of the conversation and an identical body: %+v", same)
	}
}

func TestParkedCallbackIsTakenByItsWait(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	first := k.send(sent{key: "chat1", id: "d1", body: paid(1)})
	second := k.send(sent{key: "chat1", id: "d2", body: paid(2)})
	if first.Outcome != gateway.OutcomeParked || second.Outcome != gateway.OutcomeParked {
		t.Fatalf("early callbacks: %s, %s", first.Outcome, second.Outcome)
	}
	if again := k.send(sent{key: "chat1", id: "d1", body: paid(1)}); again.Outcome != gateway.OutcomeDuplicate {
		t.Errorf("a parked one again: %s", again.Outcome)
	}
	k.restart() // what is parked outlives the process
	w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	if w.State != gateway.StateResumed || w.Callback.ID != first.CallbackID {
		t.Fatalf("the wait reads %s, want resumed by %s", w.AppendJSON(nil), first.CallbackID)
	}
	again := k.send(sent{key: "chat1", id: "d1", body: paid(1)})
	if again.Outcome != gateway.OutcomeDuplicate || again.WaitID != w.ID {
		t.Errorf("the taken one again: %+v", again)
	}
	if w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait; w.Callback == nil || w.Callback.ID != second.CallbackID {
		t.Errorf("the next wait reads %s, want resumed by %s", w.AppendJSON(nil), second.CallbackID)
	}
	if c := k.observed(); c.parked != 0 || c.open != 0 || c.taken != 2 {
		t.Errorf("observed %+v, want nothing left", c)
	}
}

func TestOldestParkedThatFitsIsTaken(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	k.send(sent{key: "chat1", body: `{"type":"noise"}`})
	fits := k.send(sent{key: "chat1", body: `{"type":"paid"}`})
	w := k.open(waiting.OpenRequest{
		Key:   "chat1",
		Match: gateway.Raw(`[{"name":"paid","branch":"FAILURE","when":[{"path":"type","equals":"paid"}]}]`),
	}).Wait
	if w.State != gateway.StateResumed || w.Callback.ID != fits.CallbackID || w.Match != "paid" || w.Branch != gateway.Failure {
		t.Errorf("the wait reads %s, want resumed by %s", w.AppendJSON(nil), fits.CallbackID)
	}
	if c := k.observed(); c.parked != 1 {
		t.Errorf("%d are parked, want the one that did not fit", c.parked)
	}
}

func TestAliasesNameOneConversation(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	early := k.send(sent{key: "pi_1", body: paid(1)})
	w := k.open(waiting.OpenRequest{Key: "chat1", Aliases: []string{"pi_1", "pi_2"}}).Wait
	if w.State != gateway.StateResumed || w.Callback.ID != early.CallbackID {
		t.Fatalf("parked under an alias: the wait reads %s", w.AppendJSON(nil))
	}
	// The names are remembered: the next wait is found by an alias of the first.
	w = k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	if got := k.send(sent{key: "pi_2", body: paid(2)}); got.Outcome != gateway.OutcomeResumed || got.WaitID != w.ID {
		t.Errorf("by a learned alias: %+v", got)
	}
	if got := k.send(sent{key: "pi_1", body: paid(3)}); got.Outcome != gateway.OutcomeAlreadyResumed {
		t.Errorf("ended, asked by an alias: %s", got.Outcome)
	}
	k.open(waiting.OpenRequest{Key: "chat1"})
	_, err := k.tryOpen(waiting.OpenRequest{Key: "pi_2"})
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != gateway.CodeWaitExists {
		t.Errorf("a second wait by an alias: %v, want wait_exists", err)
	}
}

func TestTimelineIsFoundByAnyName(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	k.open(waiting.OpenRequest{Key: "chat1", Aliases: []string{"pi_1"}})
	k.send(sent{key: "pi_1", body: paid(1)})
	k.send(sent{key: "chat1", body: paid(2)})
	for _, key := range []string{"chat1", "pi_1"} {
		traces, err := k.sessions.Timeline(key, store.Timeline{Tenant: "acme", Since: time.Now().Add(-time.Hour), Limit: 100})
		if err != nil || len(traces) != 3 {
			t.Fatalf("timeline of %s: %d lines, %v; want a wait and two callbacks", key, len(traces), err)
		}
	}
	if traces, err := k.sessions.Timeline("nobody", store.Timeline{Tenant: "acme", Since: time.Now().Add(-time.Hour), Limit: 100}); err != nil || len(traces) != 0 {
		t.Errorf("timeline of a key that nobody used: %v, %v", traces, err)
	}
}

func TestDeadlineHoldsOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewMem(), gateway.Source{})
		defer func() { k.stop() }()
		over := k.open(waiting.OpenRequest{Key: "over", Timeout: 10 * time.Second, Mode: gateway.ModeNotify}).Wait
		open := k.open(waiting.OpenRequest{Key: "open", Timeout: 100 * time.Second}).Wait
		k.stop()
		time.Sleep(20 * time.Second)
		k.start()
		if late := k.send(sent{key: "over", body: paid(1)}); late.Outcome != gateway.OutcomeLate || late.WaitID != over.ID {
			t.Errorf("after the deadline passed while down: %+v, want late", late)
		}
		if w := k.wait(over.ID); w.State != gateway.StateTimedOut || w.Reason != gateway.ReasonTimeout || w.Branch != gateway.Failure {
			t.Errorf("the wait that ran out while down reads %s", w.AppendJSON(nil))
		}
		w := k.wait(open.ID)
		if w.State != gateway.StateWaiting || !w.ExpiresAt.Equal(open.ExpiresAt) {
			t.Errorf("the open wait reads %s, want it open until %s", w.AppendJSON(nil), open.ExpiresAt)
		}
		time.Sleep(time.Until(open.ExpiresAt) + time.Second)
		synctest.Wait()
		if w := k.wait(open.ID); w.State != gateway.StateTimedOut || w.EndedAt.Sub(w.ExpiresAt) > 100*time.Millisecond {
			t.Errorf("at its deadline the wait reads %s", w.AppendJSON(nil))
		}
		// One for the wait in notify mode, one for the late callback.
		if len(k.notices) != 2 {
			t.Errorf("%d notices, want 2", len(k.notices))
		}
	})
}

func TestLateCallbackIsToldOnce(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	if _, err := k.sessions.Cancel(context.Background(), "acme", w.ID, gateway.ReasonCancelled); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if late := k.send(sent{key: "chat1", body: paid(1)}); late.Outcome != gateway.OutcomeLate {
			t.Fatalf("after a cancel: %s, want late", late.Outcome)
		}
	}
	k.send(sent{key: "chat1", body: paid(2)})
	if len(k.notices) != 2 {
		t.Errorf("%d notices for two distinct late callbacks", len(k.notices))
	}
	_, err := k.sessions.Cancel(context.Background(), "acme", w.ID, gateway.ReasonCancelled)
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != gateway.CodeWaitEnded {
		t.Errorf("cancelled twice: %v, want wait_ended", err)
	}
}

func TestHoldEndsWithTheOutcome(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	const holders = 5
	got := make(chan *gateway.Wait, holders)
	var ready sync.WaitGroup
	for range holders {
		ready.Add(1)
		go func() {
			ready.Done()
			held, err := k.hold(context.Background(), w.ID)
			if err != nil {
				t.Error(err)
			}
			got <- held
		}()
	}
	ready.Wait()
	k.send(sent{key: "chat1", body: paid(1)})
	for range holders {
		if held := <-got; held == nil || held.State != gateway.StateResumed {
			t.Errorf("held %+v, want resumed", held)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w = k.open(waiting.OpenRequest{Key: "chat1"}).Wait
	if held, err := k.hold(ctx, w.ID); err != nil || held.State != gateway.StateWaiting {
		t.Errorf("who stops holding gets %v, %v; want the wait as it stands", held, err)
	}
	k.sessions.Drain()
	_, err := k.hold(context.Background(), w.ID)
	var draining *gateway.Error
	if !errors.As(err, &draining) || draining.Code != gateway.CodeDraining {
		t.Errorf("hold while draining: %v", err)
	}
}

func TestIdempotencyKeyOpensOneWait(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	q := waiting.OpenRequest{Key: "chat1", IdempotencyKey: "k1", Sum: gateway.MarkKey{1}}
	const tries = 8
	ids := make(chan string, tries)
	for range tries {
		go func() {
			opened, err := k.tryOpen(q)
			if err != nil {
				t.Error(err)
				ids <- ""
				return
			}
			ids <- opened.Wait.ID
		}()
	}
	first := <-ids
	for range tries - 1 {
		if id := <-ids; id != first {
			t.Errorf("one Idempotency-Key opened %s and %s", first, id)
		}
	}
	k.restart()
	if again := k.open(q); again.Wait.ID != first || !again.Replayed {
		t.Errorf("after a restart it opened %+v, want %s again", again, first)
	}
	q.Sum = gateway.MarkKey{2}
	_, err := k.tryOpen(q)
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != gateway.CodeIdempotencyKeyReused {
		t.Errorf("with another body: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	zero, one := gateway.Duration(0), 1
	for name, c := range map[string]struct {
		spec gateway.Source
		send []sent
		want gateway.Outcome
	}{
		"nothing is parked":          {gateway.Source{Early: gateway.Early{TTL: &zero}}, []sent{{key: "a", body: paid(1)}}, gateway.OutcomeNoWaitingSession},
		"no more may be parked":      {gateway.Source{Early: gateway.Early{Max: &one}}, []sent{{key: "a", body: paid(1)}, {key: "b", body: paid(2)}}, gateway.OutcomeRateLimited},
		"no key":                     {gateway.Source{}, []sent{{body: paid(1)}}, gateway.OutcomeKeyMissing},
		"a required variable":        {gateway.Source{Variables: []gateway.Variable{{Name: "x", Path: "x", Required: true}}}, []sent{{key: "a", body: paid(1)}}, gateway.OutcomeVariableMissing},
		"fits no match":              {gateway.Source{Match: onlyPaid}, []sent{{key: "a", body: `{"type":"noise"}`}}, gateway.OutcomeIgnored},
		"ignored, the same again":    {gateway.Source{Match: onlyPaid}, []sent{{key: "a", body: `{"type":"noise"}`}, {key: "a", body: `{"type":"noise"}`}}, gateway.OutcomeDuplicate},
		"known by id, without a key": {gateway.Source{}, []sent{{key: "a", id: "d1", body: paid(1)}, {id: "d1", body: paid(1)}}, gateway.OutcomeDuplicate},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, nil, c.spec)
			defer k.stop()
			var last waiting.Taken
			for _, s := range c.send {
				last = k.send(s)
			}
			if last.Outcome != c.want {
				t.Errorf("%s, want %s", last.Outcome, c.want)
			}
		})
	}
}

var onlyPaid = []gateway.Match{{
	Name: "paid", Branch: gateway.Success, When: []gateway.Condition{{Path: "type", Equals: rawOf(`"paid"`)}},
}}

func rawOf(s string) *gateway.Raw { r := gateway.Raw(s); return &r }

func TestAgainParksAfterAnEndedWait(t *testing.T) {
	k := newKit(t, nil, gateway.Source{Early: gateway.Early{Again: true}})
	defer k.stop()
	k.open(waiting.OpenRequest{Key: "chat1"})
	k.send(sent{key: "chat1", body: paid(1)})
	if got := k.send(sent{key: "chat1", body: paid(2)}); got.Outcome != gateway.OutcomeParked {
		t.Errorf("%s, want parked for the next round", got.Outcome)
	}
}

func TestParkingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewMem(), gateway.Source{})
		defer k.stop()
		if got := k.send(sent{key: "chat1", id: "d1", body: paid(1)}); got.Outcome != gateway.OutcomeParked {
			t.Fatal(got.Outcome)
		}
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if c := k.observed(); c.parked != 0 {
			t.Errorf("%d parked after early.ttl", c.parked)
		}
		// Unclaimed, it is forgotten: the sender's retry is parked again.
		if got := k.send(sent{key: "chat1", id: "d1", body: paid(1)}); got.Outcome != gateway.OutcomeParked {
			t.Errorf("its retry: %s, want parked", got.Outcome)
		}
	})
}

// The platform may ask for a wait as soon as it hears of its end.
func TestNoticeGoesOutWhenTheEndIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewMem(), gateway.Source{})
		defer k.stop()
		var heard []gateway.WaitState
		for i, end := range []func(*gateway.Wait){
			func(w *gateway.Wait) { k.send(sent{key: w.ConversationKey, body: paid(1)}) },
			func(w *gateway.Wait) {
				if _, err := k.sessions.Cancel(t.Context(), "acme", w.ID, gateway.ReasonCancelled); err != nil {
					t.Fatal(err)
				}
			},
			func(*gateway.Wait) { time.Sleep(61 * time.Second); synctest.Wait() },
		} {
			w := k.open(waiting.OpenRequest{Key: fmt.Sprint("chat", i), Mode: gateway.ModeNotify}).Wait
			k.mu.Lock()
			k.onNotice = func() { heard = append(heard, k.wait(w.ID).State) }
			k.mu.Unlock()
			end(w)
		}
		want := []gateway.WaitState{gateway.StateResumed, gateway.StateCancelled, gateway.StateTimedOut}
		if !slices.Equal(heard, want) {
			t.Errorf("the platform heard, and saw %q, want %q", heard, want)
		}
	})
}

// On a busy machine a callback stands in line. It must not stay parked for longer
// than its mark is kept, or a repeat of it could be taken beside it.
func TestParkedCallbackDoesNotOutliveItsMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewMem(), gateway.Source{})
		defer k.stop()
		first := k.send(sent{key: "chat1", id: "d1", body: paid(1), stood: 30 * time.Second})
		time.Sleep(31 * time.Second)
		synctest.Wait()
		again := k.send(sent{key: "chat1", id: "d1", body: paid(1)})
		w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
		if again.Outcome != gateway.OutcomeParked || w.Callback == nil || w.Callback.ID != again.CallbackID {
			t.Errorf("%s was parked, its retry %s was %s, and the wait reads %s", first.CallbackID, again.CallbackID, again.Outcome, w.AppendJSON(nil))
		}
	})
}

func TestForgottenTenantEndsItsHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewMem(), gateway.Source{})
		defer k.stop()
		w := k.open(waiting.OpenRequest{Key: "chat1"}).Wait
		k.send(sent{key: "chat2", body: paid(1)})
		got := make(chan *gateway.Wait)
		go func() {
			held, err := k.hold(context.Background(), w.ID)
			if err != nil {
				t.Error(err)
			}
			got <- held
		}()
		synctest.Wait()
		k.sessions.Forget("acme")
		if held := <-got; held.State != gateway.StateCancelled {
			t.Errorf("held %s of a tenant that is gone", held.AppendJSON(nil))
		}
		if c := k.observed(); c.open != 0 || c.parked != 0 {
			t.Errorf("observed %+v, want nothing left", c)
		}
	})
}

func TestLimitOfOpenWaits(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer k.stop()
	two := 2
	k.source.Tenant.Spec.Limits.WaitsOpen = &two
	for i := range 2 {
		k.open(waiting.OpenRequest{Key: fmt.Sprint(i)})
	}
	_, err := k.tryOpen(waiting.OpenRequest{Key: "2"})
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != gateway.CodeRateLimited || refused.RetryAfter <= 0 {
		t.Errorf("one too many: %v", err)
	}
}

// What an event teaches of a conversation's names counts at once, and after a
// restart: for callbacks to come, and for one that was parked under the new name.
func TestLearnedNames(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	learn := func(names ...string) {
		t.Helper()
		if err := k.hear(told(names...)); err != nil {
			t.Fatalf("learn %v: %v", names, err)
		}
	}
	open := k.open(waiting.OpenRequest{Key: "a1"}).Wait
	early := k.send(sent{key: "a2", body: paid(1)})
	if early.Outcome != gateway.OutcomeParked {
		t.Fatalf("under a name that nobody knows: %s", early.Outcome)
	}
	learn("a1", "a2")
	if w := k.wait(open.ID); w.State != gateway.StateResumed || w.Callback.ID != early.CallbackID {
		t.Errorf("the open wait reads %s, want resumed by what was parked", w.AppendJSON(nil))
	}
	if got := k.send(sent{key: "a2", id: "x", body: paid(2)}); got.Outcome != gateway.OutcomeAlreadyResumed || got.WaitID != open.ID {
		t.Errorf("ended, by the learned name: %+v", got)
	}
	open = k.open(waiting.OpenRequest{Key: "b1"}).Wait
	learn("b1", "b2")
	k.restart()
	if got := k.send(sent{key: "b2", id: "y", body: paid(3)}); got.Outcome != gateway.OutcomeResumed || got.WaitID != open.ID {
		t.Errorf("open since before the name was learned: %+v", got)
	}
	if again := k.send(sent{key: "b2", id: "y", body: paid(3)}); again.Outcome != gateway.OutcomeDuplicate {
		t.Errorf("the same again: %s", again.Outcome)
	}
}

// A parked callback of which a wait's own rules make too much is not for that wait,
// which opens all the same; the next one takes it.
func TestParkedThatIsTooLargeStaysParked(t *testing.T) {
	small := gateway.Size(40)
	k := newKit(t, vfs.NewMem(), gateway.Source{VariablesMax: &small})
	body := `{"conversation_key":"chat1","a":"` + strings.Repeat("x", 30) + `"}`
	if taken := k.send(sent{key: "chat1", body: body}); taken.Outcome != gateway.OutcomeParked {
		t.Fatalf("%+v", taken)
	}
	first := k.open(waiting.OpenRequest{Key: "chat1", Variables: gateway.Raw(`[{"name":"a","path":"a"},{"name":"b","path":"a"}]`)})
	if first.Wait.State != gateway.StateWaiting {
		t.Fatalf("the wait is %s", first.Wait.State)
	}
	taken := k.send(sent{key: "chat1", body: strings.Replace(body, "x", "y", 1)})
	if taken.Outcome != gateway.OutcomeVariablesTooLarge || taken.WaitID != first.Wait.ID {
		t.Fatalf("%+v", taken)
	}
	if w := k.wait(first.Wait.ID); w.State != gateway.StateWaiting {
		t.Errorf("the wait is %s", w.State)
	}
}
