package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/waiting"
)

// told is an event that shows these names of a conversation, the first its own key.
func told(names ...string) gateway.Naming {
	return gateway.Naming{Tenant: "acme", Key: names[0], Others: names[1:]}
}

// hear publishes events as outbound does.
func (k *kit) hear(events ...gateway.Naming) error {
	p := &gateway.Publication{Events: []gateway.Event{{
		ID: gateway.NewID(gateway.PrefixEvent, time.Now()), Tenant: "acme", Type: "note", AcceptedAt: time.Now(), Body: gateway.Raw("{}"),
	}}}
	var heard []gateway.Naming
	named := false
	for _, e := range events {
		p.Own = append(p.Own, gateway.OwnKey{Tenant: e.Tenant, Key: e.Key})
		heard = append(heard, e)
		named = named || len(e.Others) > 0
	}
	if !named {
		return k.store.Accept(p)
	}
	changes, done, err := k.sessions.Learn(context.Background(), heard)
	if err != nil {
		return err
	}
	p.Changes = changes
	err = k.store.Accept(p)
	if done != nil && !k.crashing {
		done(err)
	}
	return err
}

// known gives the names of a conversation in the store.
func (k *kit) known(key string) []string {
	n, _, err := k.store.Names("acme", key)
	if err != nil {
		k.t.Error(err)
	}
	slices.Sort(n.All)
	return n.All
}

// Two events of one publish that name one conversation are learned together, in any
// order and also where only both together show that it is one.
func TestLearnAllOfOnePublish(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	for i, events := range [][]gateway.Naming{
		{told("a", "x1"), told("a", "x2")},
		{told("a", "x1", "x2"), told("a", "x2", "x3"), told("a", "x4")},
		{told("a", "x1"), told("a", "x1")},
	} {
		want := map[string]bool{}
		var named []gateway.Naming
		for _, e := range events {
			n := gateway.Naming{Tenant: "acme", Key: fmt.Sprint(i, e.Key)}
			want[n.Key] = true
			for _, o := range e.Others {
				n.Others = append(n.Others, fmt.Sprint(i, o))
				want[fmt.Sprint(i, o)] = true
			}
			named = append(named, n)
		}
		w := k.open(waiting.OpenRequest{Key: named[0].Key}).Wait
		early := k.send(sent{key: named[len(named)-1].Others[0], body: paid(i)})
		if err := k.hear(named...); err != nil {
			t.Fatal(err)
		}
		for name := range want {
			if got := k.known(name); len(got) != len(want) {
				t.Errorf("%s is known as %v, want all of %v", name, got, want)
			}
		}
		if err := k.resumedBy(w.ID, early.CallbackID); err != nil {
			t.Errorf("parked under the last that was learned: %v", err)
		}
	}
}

// Publishes, an opening and Alias at once add to one conversation: none forgets what
// another added, and every callback that was parked under a name finds a wait.
func TestLearnAtOnce(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	var all sync.WaitGroup
	for round := range 100 {
		all.Go(func() {
			key := fmt.Sprintf("chat%d", round)
			name := func(what string) string { return key + "-" + what }
			var racers sync.WaitGroup
			for i := range 3 {
				racers.Go(func() {
					if err := k.hear(told(key, name(fmt.Sprint("x", i))), told(key, name(fmt.Sprint("y", i)))); err != nil {
						t.Error(err)
					}
				})
			}
			racers.Go(func() {
				if _, err := k.tryOpen(waiting.OpenRequest{Key: key, Aliases: []string{name("opened")}}); err != nil {
					t.Error(err)
				}
			})
			racers.Go(func() { k.alias(key, name("alias")) })
			var taken waiting.Taken
			racers.Go(func() { taken = k.send(sent{key: name("x1"), body: paid(round)}) })
			racers.Wait()
			want := []string{key}
			for _, what := range []string{"x0", "x1", "x2", "y0", "y1", "y2", "opened", "alias"} {
				want = append(want, name(what))
			}
			slices.Sort(want)
			if got := k.known(key); !slices.Equal(got, want) {
				t.Errorf("round %d: known as %v, want %v", round, got, want)
			}
			if taken.Outcome != gateway.OutcomeParked {
				return // it came when all was known, and resumed the wait
			}
			var list []*gateway.Wait
			_, err := k.sessions.List(store.Query{Tenant: "acme"}, func(w *gateway.Wait) bool {
				if w.ConversationKey == key {
					list = append(list, w)
				}
				return true
			})
			if err != nil || len(list) != 1 || list[0].State != gateway.StateResumed {
				t.Errorf("round %d: parked under a name, and the wait reads %v, %v", round, list, err)
			}
		})
	}
	all.Wait()
	if c := k.observed(); c.open != 0 || c.parked != 0 {
		t.Errorf("observed %+v, want nothing left open or parked", c)
	}
}

// A key that an event showed as its own is no alias of another conversation, whichever
// came first, and whoever says it is.
func TestOwnKeyIsNobodysAlias(t *testing.T) {
	learn := map[string]func(*kit) error{
		"an event": func(k *kit) error { return k.hear(told("mallory", "victim")) },
		"Alias":    func(k *kit) error { return k.sessions.Alias(context.Background(), "acme", "mallory", "victim") },
		"a wait": func(k *kit) error {
			_, err := k.tryOpen(waiting.OpenRequest{Key: "mallory", Aliases: []string{"victim"}})
			return err
		},
		"by another name": func(k *kit) error { return k.hear(told("mallory", "victim-ext")) },
		"both in one publish": func(k *kit) error {
			return k.hear(told("mallory", "victim"), told("victim"))
		},
	}
	for name, do := range learn {
		for _, order := range []string{"own first", "alias first"} {
			t.Run(name+", "+order, func(t *testing.T) {
				k := newKit(t, nil, gateway.Source{})
				defer func() { k.stop() }()
				own := func() error { return errors.Join(k.hear(told("mallory")), k.hear(told("victim", "victim-ext"))) }
				first, then := own, func() error { return do(k) }
				if order == "alias first" {
					first, then = then, first
				}
				if err := first(); err != nil {
					t.Fatal(err)
				}
				if err := then(); err != nil {
					t.Fatal(err)
				}
				if order == "alias first" && name == "by another name" {
					return // then it was an alias of the first who had it
				}
				k.apart()
			})
		}
	}
}

// apart holds the waits and callbacks of mallory and the victim apart.
func (k *kit) apart() {
	k.t.Helper()
	theirs, err := k.tryOpen(waiting.OpenRequest{Key: "mallory"})
	var exists *gateway.Error
	if err != nil && !(errors.As(err, &exists) && exists.Code == gateway.CodeWaitExists) {
		k.t.Fatal(err)
	}
	for i, key := range []string{"victim", "victim-ext", "victim"} {
		early := k.send(sent{key: key, body: paid(i)})
		if i == 0 && early.Outcome != gateway.OutcomeParked {
			k.t.Fatalf("the victim's callback, before its wait: %+v", early)
		}
		w := k.open(waiting.OpenRequest{Key: "victim"}).Wait
		if i > 0 { // after a resumed wait nothing is parked
			early = k.send(sent{key: key, id: fmt.Sprint("again", i), body: paid(i)})
		}
		if err := k.resumedBy(w.ID, early.CallbackID); err != nil {
			k.t.Errorf("%d: %v", i, err)
		}
		k.restart()
	}
	if theirs.Wait != nil {
		if now := k.wait(theirs.Wait.ID); now.State != gateway.StateWaiting {
			k.t.Errorf("mallory's wait reads %s", now.AppendJSON(nil))
		}
	}
	if taken := k.send(sent{key: "mallory", body: paid(9)}); taken.Outcome != gateway.OutcomeResumed {
		k.t.Errorf("mallory's own callback: %+v", taken)
	}
}

// A publish that is not stored has changed nothing, and stands in nobody's way.
func TestLearnedAndNotStored(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	w := k.open(waiting.OpenRequest{Key: "chat"}).Wait
	early := k.send(sent{key: "pi", body: paid(1)})
	changes, done, err := k.sessions.Learn(context.Background(), []gateway.Naming{told("chat", "pi")})
	if err != nil || len(changes) != 2 {
		t.Fatalf("%d changes, %v; want the names, and the wait that takes what was parked", len(changes), err)
	}
	done(gateway.Unavailable("the disk is full", time.Second))
	if now := k.wait(w.ID); now.State != gateway.StateWaiting {
		t.Errorf("the wait reads %s", now.AppendJSON(nil))
	}
	if err := k.hear(told("chat", "pi")); err != nil {
		t.Fatal(err)
	}
	if err := k.resumedBy(w.ID, early.CallbackID); err != nil {
		t.Error(err)
	}
}

// Whoever learns names of several tenants waits for no turn while others wait for
// his: all of them come through.
func TestLearnOfSeveralTenants(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	tenants := []string{"acme", "beta", "gamma"}
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			var heard []gateway.Naming
			for j := range tenants {
				heard = append(heard, gateway.Naming{Tenant: tenants[(i+j)%len(tenants)], Key: "chat", Others: []string{fmt.Sprint("x", i%12)}})
			}
			ctx, stop := context.WithTimeout(context.Background(), time.Minute)
			defer stop()
			changes, done, err := k.sessions.Learn(ctx, heard)
			if err != nil {
				t.Error(err)
				return
			}
			if done == nil {
				return
			}
			if err = k.store.Commit(changes...); err != nil {
				t.Error(err)
			}
			done(err)
		})
	}
	all.Wait()
	for _, tenant := range tenants {
		if n, _, err := k.store.Names(tenant, "x3"); err != nil || len(n.All) != 13 {
			t.Errorf("%s knows %v, %v", tenant, n.All, err)
		}
	}
}

// What an older version left apart, because it crashed between learning a name and
// looking for what is parked under it, meets at the next start.
func TestRecoveryLetsMeetWhatShould(t *testing.T) {
	k := newKit(t, nil, gateway.Source{Match: onlyPaid})
	defer func() { k.stop() }()
	w := k.open(waiting.OpenRequest{Key: "chat1", Mode: gateway.ModeNotify}).Wait
	other := k.open(waiting.OpenRequest{Key: "chat2"}).Wait
	first := k.send(sent{key: "pi_1", body: paid(1)})
	k.send(sent{key: "pi_2", body: paid(2)})
	if err := k.store.Commit(&gateway.Change{Names: &gateway.Names{Tenant: "acme", All: []string{"chat1", "pi_1", "pi_2"}, Used: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		k.restart()
		if err := k.resumedBy(w.ID, first.CallbackID); err != nil {
			t.Error(err)
		}
		if now := k.wait(other.ID); now.State != gateway.StateWaiting {
			t.Errorf("another conversation's wait reads %s", now.AppendJSON(nil))
		}
		if c := k.observed(); c.open != 1 || c.parked != 1 {
			t.Errorf("observed %+v, want one wait open and one callback parked", c)
		}
	}
	lane := gateway.LaneKey{Tenant: "acme", Endpoint: gateway.PlatformEndpoint}
	if due, err := k.store.Window(lane, gateway.Due{}, 10); err != nil || len(due) != 1 {
		t.Errorf("%d notices, %v; want that of the end", len(due), err)
	}
}

// Names that are used after a day are written anew, and those that were added
// meanwhile with them.
func TestNamesInUseAreWrittenAnew(t *testing.T) {
	k := newKit(t, nil, gateway.Source{})
	defer func() { k.stop() }()
	long := time.Now().Add(-5 * 24 * time.Hour)
	if err := k.store.Commit(&gateway.Change{Names: &gateway.Names{Tenant: "acme", All: []string{"chat", "x"}, Used: long}}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() { k.send(sent{key: "x", body: paid(i)}) })
	}
	all.Go(func() {
		if err := k.hear(told("chat", "y")); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	k.restart() // which waits for what is written beside
	n, found, err := k.store.Names("acme", "x")
	if err != nil || !found || time.Since(n.Used) > time.Minute || len(n.All) != 3 {
		t.Errorf("known as %v, last used at %v; %v", n.All, n.Used, err)
	}
}
