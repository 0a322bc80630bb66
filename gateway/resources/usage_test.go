package resources_test

import (
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/resources"
)

// The last use of a token is written down a minute later, once a minute at most, and is
// known after a restart.
func TestLastUseIsWrittenLazily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		made, _, err := k.Tokens.Make(admin, resources.NewToken{Scope: "platform"})
		if err != nil {
			t.Fatal(err)
		}
		if !made.LastUsedAt.IsZero() {
			t.Errorf("used at %s before it was", made.LastUsedAt)
		}
		store := &counting{Store: k.store}
		k.under.Store = store
		used := time.Now()
		for range 1000 {
			k.Tokens.Used(made.ID, time.Now())
			k.Tokens.Used("tok_of_nobody", time.Now())
			k.Tokens.Used("", time.Now())
			time.Sleep(10 * time.Millisecond)
		}
		if shown, err := k.Tokens.Get(made.ID); err != nil || !shown.LastUsedAt.Equal(gateway.At(used).Time) {
			t.Errorf("at once it is shown as used at %s, not %s: %v", shown.LastUsedAt, used, err)
		}
		if list := k.Tokens.List(); len(list) != 1 || !list[0].LastUsedAt.Equal(gateway.At(used).Time) {
			t.Errorf("listed as %+v", list)
		}
		if store.puts.Load() != 0 {
			t.Errorf("%d writes before a minute is over", store.puts.Load())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if shown, err := k.Tokens.Get(made.ID); err != nil || !shown.LastUsedAt.Equal(gateway.At(used).Time) || store.puts.Load() != 1 {
			t.Errorf("after a minute it was used at %s, not %s; %d writes, %v", shown.LastUsedAt, used, store.puts.Load(), err)
		}
		time.Sleep(time.Hour)
		if store.puts.Load() != 1 {
			t.Errorf("%d writes while nobody uses it", store.puts.Load())
		}
		again := time.Now()
		k.Tokens.Used(made.ID, again)
		k.under.Store = k.store
		k.start(resources.File{}) // closing writes what is new
		if shown, err := k.Tokens.Get(made.ID); err != nil || !shown.LastUsedAt.Equal(gateway.At(again).Time) {
			t.Errorf("after a restart it was used at %s, not %s: %v", shown.LastUsedAt, again, err)
		}
	})
}

// A use costs no memory: every internal call is one.
func TestUseAllocatesNothing(t *testing.T) {
	k := newKit(t)
	made, _, err := k.Tokens.Make(admin, resources.NewToken{Scope: "platform"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	k.Tokens.Used(made.ID, now)
	if n := testing.AllocsPerRun(100, func() { k.Tokens.Used(made.ID, now) }); n != 0 {
		t.Errorf("%v allocations a use", n)
	}
}

func TestTokensEnd(t *testing.T) {
	k := newKit(t)
	ends := gateway.At(time.Now().Add(time.Hour))
	made, text, err := k.Tokens.Make(admin, resources.NewToken{Scope: "admin", ExpiresAt: ends})
	if err != nil || !made.ExpiresAt.Equal(ends.Time) {
		t.Fatalf("made %+v, %v", made, err)
	}
	for range 2 {
		p, ok := k.knows(text)
		if !ok || p.Expired(ends.Add(-time.Millisecond)) || !p.Expired(ends.Time) {
			t.Errorf("it stands for %+v, %t", p, ok)
		}
		k.start(resources.File{})
	}
	past := gateway.At(time.Now().Add(-time.Second))
	if _, _, err := k.Tokens.Make(admin, resources.NewToken{Scope: "admin", ExpiresAt: past}); code(err) != gateway.CodeInvalidField || paths(err)[0] != "expires_at" {
		t.Errorf("one that has ended: %v", err)
	}
}
