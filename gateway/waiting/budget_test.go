package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/shares"
	"hookgate/gateway/waiting"
)

// budgeted starts a kit whose budgets somebody else uses too.
func budgeted(t *testing.T, places, contexts int64) *kit {
	k := &kit{t: t, fs: vfs.NewMem(), dir: "data", places: shares.New(places), contexts: shares.New(contexts)}
	k.begin(gateway.Source{})
	k.places.Take(shares.Tenant("bystander"), 1)
	k.contexts.Take(shares.Tenant("bystander"), 1)
	return k
}

// fill opens waits until one is refused, and gives how many there were.
func (k *kit) fill(context string) (n int, refused *gateway.Error) {
	for ; n < 1000; n++ {
		_, err := k.tryOpen(waiting.OpenRequest{Key: fmt.Sprint("fill", n), Context: gateway.Raw(context)})
		if err != nil {
			errors.As(err, &refused)
			return n, refused
		}
	}
	return n, nil
}

// A tenant that opens waits, or waits with large contexts, leaves the rest to others.
func TestOpenWaitsAreShared(t *testing.T) {
	for _, one := range []struct {
		name             string
		places, contexts int64
		context          string
		want             int
		says             string
	}{
		{"number", 100, 1 << 20, `{}`, 25, "bounds.waits"},
		{"contexts", 1000, 4000, `"` + strings.Repeat("x", 98) + `"`, 10, "bounds.contexts"},
	} {
		t.Run(one.name, func(t *testing.T) {
			k := budgeted(t, one.places, one.contexts)
			defer k.stop()
			n, refused := k.fill(one.context)
			if n != one.want || refused == nil || refused.Code != gateway.CodeUnavailable || refused.RetryAfter <= 0 || !strings.Contains(refused.Message, one.says) {
				t.Errorf("%d waits were opened, then: %v", n, refused)
			}
			if !k.places.Take(shares.Tenant("another"), 1) || !k.contexts.Take(shares.Tenant("another"), 100) {
				t.Error("nothing is left to who comes next")
			}
		})
	}
}

// Rules of their own are kept with waits as contexts are: 40 waits with rules of 12 MB
// took 3.5 GB, of which the budget knew nothing.
func TestOwnRulesCountAsContexts(t *testing.T) {
	k := budgeted(t, 1000, 1<<20)
	defer k.stop()
	match := gateway.Raw(`[{"name":"a","branch":"SUCCESS","when":[{"path":"a","exists":true}]}]`)
	variables := gateway.Raw(`[{"name":"b","path":"b"}]`)
	k.open(waiting.OpenRequest{Key: "a", Context: gateway.Raw(`"xy"`), Match: match, Variables: variables})
	want := int64(4 + len(match) + len(variables))
	if bytes := k.contexts.Stat().Used - 1; bytes != want {
		t.Errorf("%d bytes are counted, want %d", bytes, want)
	}
	k.contexts = shares.New(1 << 20) // as a new process has it
	k.contexts.Take(shares.Tenant("bystander"), 1)
	k.restart()
	if bytes := k.contexts.Stat().Used - 1; bytes != want {
		t.Errorf("after a restart %d bytes are counted, want %d", bytes, want)
	}
}

// Names count, too: 40,000 waits with ten aliases each took 700 MB, of which no budget knew.
func TestAliasesCountAsContexts(t *testing.T) {
	k := budgeted(t, 1000, 1<<20)
	defer k.stop()
	aliases := []string{strings.Repeat("a", 200), strings.Repeat("b", 100)}
	k.open(waiting.OpenRequest{Key: "c", Aliases: aliases})
	least := int64(300)
	counted := k.contexts.Stat().Used - 1
	if counted < least {
		t.Errorf("%d bytes are counted, want at least %d", counted, least)
	}
	k.contexts = shares.New(1 << 20) // as a new process has it
	k.contexts.Take(shares.Tenant("bystander"), 1)
	k.restart()
	if after := k.contexts.Stat().Used - 1; after != counted {
		t.Errorf("after a restart %d bytes are counted, want %d", after, counted)
	}
	k.sessions.Forget("acme")
	if left := k.contexts.Stat().Used - 1; left != 0 {
		t.Errorf("%d bytes are left", left)
	}
}

// However a wait ends, what it had is given back, to whom it was taken from: also
// when the tenant has another parent by then, and when a former process opened it.
func TestEveryEndGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := budgeted(t, 1000, 1<<20)
		used := func(want int64) {
			t.Helper()
			if n, bytes := k.places.Stat().Used-1, k.contexts.Stat().Used-1; n != want || bytes != 4*want {
				t.Errorf("%d waits with %d bytes are counted, want %d with %d", n, bytes, want, 4*want)
			}
		}
		open := func(key string) *gateway.Wait {
			return k.open(waiting.OpenRequest{Key: key, Context: gateway.Raw(`"xy"`)}).Wait
		}
		k.send(sent{key: "early", body: paid(0)})
		if w := open("early"); w.State != gateway.StateResumed {
			t.Fatalf("its callback was there, and it is %s", w.State)
		}
		used(0)
		open("resumed")
		cancelled := open("cancelled")
		open("times out")
		if _, err := k.tryOpen(waiting.OpenRequest{Key: "resumed", Context: gateway.Raw(`"xy"`)}); err == nil {
			t.Fatal("two waits for one conversation")
		}
		used(3)
		k.above = []string{"agency"}
		k.send(sent{key: "resumed", body: paid(1)})
		if _, err := k.sessions.Cancel(context.Background(), "acme", cancelled.ID, gateway.ReasonCancelled); err != nil {
			t.Fatal(err)
		}
		used(1)
		open("survives")
		k.places, k.contexts = shares.New(1000), shares.New(1<<20) // as a new process has them
		k.places.Take(shares.Tenant("bystander"), 1)
		k.contexts.Take(shares.Tenant("bystander"), 1)
		k.restart()
		defer k.stop()
		used(2)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		used(0)
		open("forgotten")
		k.sessions.Forget("acme")
		used(0)
		if k.places.Stat().Largest != 1 {
			t.Error("somebody still has what was given back")
		}
	})
}

// What former processes promised stands, however little there is now.
func TestRecoveredWaitsHavePlaces(t *testing.T) {
	k := &kit{t: t, fs: vfs.NewMem(), dir: "data"}
	k.begin(gateway.Source{})
	for i := range 10 {
		k.open(waiting.OpenRequest{Key: fmt.Sprint(i)})
	}
	k.places = shares.New(4)
	k.restart()
	defer k.stop()
	if k.places.Stat().Used != 10 || k.observed().open != 10 {
		t.Errorf("%d are counted, %d open", k.places.Stat().Used, k.observed().open)
	}
	if n, _ := k.fill(`{}`); n != 0 {
		t.Error("there is room for more")
	}
}

// What is parked is shared, too: a request of a thousand items parked a thousand callbacks, and
// 600,000 of them at the sources of one tenant took a gigabyte.
func TestParkedCallbacksAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &kit{t: t, fs: vfs.NewMem(), dir: "data", parking: shares.New(64 << 10)}
		k.begin(gateway.Source{})
		k.parking.Take(shares.Tenant("bystander"), 1)
		early := func(i int) sent {
			return sent{key: fmt.Sprint(strings.Repeat("k", 200), i), id: fmt.Sprint(i), body: paid(i)}
		}
		n, refused := 0, (*gateway.Error)(nil)
		for ; n < 1000; n++ {
			taken, err := k.trySend(early(n))
			if errors.As(err, &refused) {
				break
			}
			if taken.Outcome != gateway.OutcomeParked {
				t.Fatalf("callback %d: %s, %v", n, taken.Outcome, err)
			}
		}
		if n < 10 || n > 24 || refused == nil || refused.Code != gateway.CodeUnavailable || refused.RetryAfter <= 0 || !strings.Contains(refused.Message, "bounds.parked") {
			t.Fatalf("%d are parked, and then: %v", n, refused)
		}
		if !k.parking.Take(shares.Tenant("another"), 1000) {
			t.Error("nothing is left to who comes next")
		}
		for i, one := range k.sendAll(early(0), early(n), early(n+1)) {
			if i == 0 && one.Became.Outcome != gateway.OutcomeDuplicate || i > 0 && !errors.As(one.Err, &refused) {
				t.Errorf("item %d of a batch: %s, %v", i, one.Became.Outcome, one.Err)
			}
		}
		if w := k.open(waiting.OpenRequest{Key: early(0).key}).Wait; w.State != gateway.StateResumed {
			t.Fatalf("its callback was parked, and it is %s", w.State)
		}
		if taken := k.send(early(n)); taken.Outcome != gateway.OutcomeParked {
			t.Errorf("in the place of one that was taken: %s", taken.Outcome)
		}
		k.parking = shares.New(4 << 10) // as a new process has it
		k.restart()
		defer k.stop()
		if k.parking.Stat().Used < 4<<10 {
			t.Errorf("after a restart %d bytes are counted", k.parking.Stat().Used)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if used := k.parking.Stat().Used; used != 0 {
			t.Errorf("%d bytes are counted when the time of all is over", used)
		}
		k.send(early(n + 2))
		k.sessions.Forget("acme")
		if used := k.parking.Stat().Used; used != 0 {
			t.Errorf("%d bytes are counted of a tenant that is no more", used)
		}
	})
}
