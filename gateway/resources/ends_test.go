package resources_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/resources"
)

// token makes a token of a tenant.
func (k *kit) token(tenant string) (made gateway.Token, text string) {
	k.t.Helper()
	made, text, err := k.Tokens.Make(admin, resources.NewToken{Scope: "tenant", Tenant: tenant, Name: "of " + tenant})
	if err != nil {
		k.t.Fatal(explain(err))
	}
	return made, text
}

// told counts the lines of an action, and the deeds that they tell of.
func told(lines []audit.Line, action audit.Action) (n, deeds int) {
	for _, l := range lines {
		if l.Action == action && l.Outcome == audit.OutcomeDone {
			n, deeds = n+1, deeds+max(1, l.Count)
		}
	}
	return n, deeds
}

// Whoever has used up the day of its tree can still sign out, revoke sessions, and have a
// token deleted; beyond the reserve, too, and all of it is told.
func TestEndsAlwaysSucceed(t *testing.T) {
	k := newKit(t)
	k.daily = 16 << 10
	k.start(resources.File{})
	k.tenant("acme", `{}`)
	made, text := k.token("acme")
	by := auth.Principal{Scope: auth.Tenant, Tenant: "acme", TokenID: made.ID}
	s, known, err := k.Logins.SignIn(text, auth.Asking{})
	if !known || err != nil {
		t.Fatal(known, err)
	}
	for err = nil; err == nil; {
		_, _, err = k.Sources.Put(by, "acme", "s", tree(t, payments))
	}
	if code(err) != gateway.CodeRateLimited {
		t.Fatal(err)
	}
	if err := k.Logins.SignOut(s, auth.Asking{}); err != nil {
		t.Errorf("a sign-out: %v", err)
	}
	if _, alive := k.Logins.Alive(s.ID); alive {
		t.Error("who signed out is signed in")
	}
	const often = 200 // far beyond the reserve
	for range often {
		if _, err := k.Logins.Revoke(by, resources.Which{Tenant: "acme"}); err != nil {
			t.Fatalf("a revocation: %v", err)
		}
	}
	if err := k.Tokens.Delete(by, made.ID); err != nil {
		t.Errorf("the deletion of a token: %v", err)
	}
	if _, known, _ := k.Logins.SignIn(text, auth.Asking{}); known {
		t.Error("a deleted token signs in")
	}
	if n, _ := told(k.audited(""), audit.SignOut); n != 1 {
		t.Errorf("%d lines tell of the sign-out", n)
	}
	if n, _ := told(k.audited("acme"), audit.Delete); n == 0 || n > 20 {
		t.Errorf("%d lines tell of %d revocations: the reserve is of a bounded size", n, often)
	}
}

// Sign-ins of one token are a line a minute, with the count of those after the first: a
// child's do not use up the day of its tree.
func TestSignInsAreFolded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &kit{t: t, fs: vfs.NewMem(), dir: "folded", key: 1, daily: 64 << 10}
		defer k.stop()
		k.start(resources.File{})
		k.tenant("acme", `{}`)
		k.tenant("child", `{"parent": "acme"}`)
		_, text := k.token("child")
		const often = 500
		for range often {
			if _, known, err := k.Logins.SignIn(text, auth.Asking{Client: "192.0.2.1"}); !known || err != nil {
				t.Fatalf("a sign-in: %t, %v", known, err)
			}
		}
		if _, _, err := k.Sources.Put(of("acme"), "acme", "s", tree(t, payments)); err != nil {
			t.Errorf("the parent's write after them: %v", err)
		}
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if n, deeds := told(k.audited("acme"), audit.SignIn); n != 2 || deeds != often {
			t.Errorf("%d lines tell of %d sign-ins, want 2 of %d", n, deeds, often)
		}
		if _, _, err := k.Logins.SignIn(text, auth.Asking{}); err != nil {
			t.Fatal(err)
		}
		if n, _ := told(k.audited("child"), audit.SignIn); n != 3 {
			t.Errorf("with the next minute's there are %d lines", n)
		}
	})
}
