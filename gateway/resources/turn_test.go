package resources_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/resources"
)

// slow is a store whose commits wait until the test lets them go.
type slow struct {
	resources.Store
	gate chan struct{}
}

func (s *slow) PutAudited(lines []gateway.AuditLine, records ...gateway.Record) error {
	<-s.gate
	return s.Store.PutAudited(lines, records...)
}

// slowly runs a test over a disk that stands still from stop on, until it calls what stop
// gives.
func slowly(t *testing.T, do func(k *kit, stop func() (goOn func()))) {
	synctest.Test(t, func(t *testing.T) {
		k := &kit{t: t, fs: vfs.NewMem(), dir: "slow", key: 1}
		defer k.stop()
		k.start(resources.File{})
		do(k, func() func() {
			s := &slow{k.under.Store, make(chan struct{})}
			k.under.Store = s
			return func() { close(s.gate) }
		})
	})
}

// A page of the console looks at its session while others sign in, and the disk is slow.
func TestPagesDoNotWaitForSignIns(t *testing.T) {
	slowly(t, func(k *kit, stop func() func()) {
		k.tenant("acme", `{}`)
		_, text := k.token("acme")
		s, _, err := k.Logins.SignIn(text, auth.Asking{})
		if err != nil {
			t.Fatal(err)
		}
		secret, err := k.link("acme", text)
		if err != nil {
			t.Fatal(err)
		}
		goOn := stop()
		done := make(chan error, 20)
		for range 20 {
			go func() {
				_, _, err := k.Logins.SignIn(text, auth.Asking{})
				done <- err
			}()
		}
		synctest.Wait()
		looked := make(chan bool, 2)
		go func() {
			_, alive := k.Logins.Alive(s.ID)
			looked <- alive
			_, known := k.Logins.Look(secret)
			looked <- known
		}()
		for range 2 {
			select {
			case ok := <-looked:
				if !ok {
					t.Error("the session or the link is not found")
				}
			case <-done:
				t.Fatal("a sign-in ended first")
			}
		}
		goOn()
		for range 20 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

// One line a tree, whatever it writes: who floods is refused beyond it, and another's write
// stands behind one of it alone. What ends something has a line of its own.
func TestEveryWriteTakesItsTurn(t *testing.T) {
	slowly(t, func(k *kit, stop func() func()) {
		for _, id := range []string{"acme", "rival"} {
			k.tenant(id, `{}`)
		}
		k.tenant("child", `{"parent": "acme"}`)
		k.endpoint("acme", "crm", `{"url": "https://crm.example.com"}`)
		spec := gateway.Webhook{Profile: gateway.ProfileChatbot, URL: "https://bot.example.com"}
		writes := map[string]func() error{
			"tenant": func() error {
				_, _, err := k.Tenants.Put(of("acme"), "child", tree(t, `{"parent": "acme"}`))
				return err
			},
			"source": func() error { _, _, err := k.Sources.Put(of("child"), "child", "s", tree(t, payments)); return err },
			"endpoint": func() error {
				_, _, _, err := k.Endpoints.Put(of("acme"), "acme", "e", tree(t, `{"url": "https://a.example.com"}`))
				return err
			},
			"rotation":   func() error { _, _, err := k.Endpoints.Rotate(of("acme"), "acme", "crm", time.Hour); return err },
			"webhook":    func() error { _, _, err := k.Webhooks.PutSpec(of("acme"), "acme", "w", spec); return err },
			"check":      func() error { _, err := k.Webhooks.CheckSpec(of("acme"), "acme", "w", spec); return err },
			"call error": func() error { return k.Webhooks.SetError("acme", "bot", "it failed") },
		}
		if _, _, err := k.Webhooks.PutSpec(admin, "acme", "bot", spec); err != nil {
			t.Fatal(explain(err))
		}
		goOn := stop()
		flood := make(chan error, 40)
		for range 40 {
			go func() { flood <- writes["source"]() }()
		}
		synctest.Wait()
		for name, write := range writes {
			if err := write(); code(err) != gateway.CodeUnavailable {
				t.Errorf("a %s beyond a full line: %v", name, err)
			}
		}
		order := make(chan string, 2)
		go func() {
			if _, _, err := k.Sources.Put(of("rival"), "rival", "s", tree(t, payments)); err != nil {
				t.Error(explain(err))
			}
			order <- "rival"
		}()
		go func() {
			if err := k.Endpoints.Delete(of("acme"), "acme", "crm"); err != nil {
				t.Error(explain(err))
			}
			order <- "deletion"
		}()
		synctest.Wait()
		goOn()
		<-order
		<-order
		if n := len(flood); n > 30 {
			t.Errorf("%d of a flood came before another's write and an own deletion", n)
		}
		refused := 0
		for range 40 {
			if err := <-flood; code(err) == gateway.CodeUnavailable {
				refused++
			} else if err != nil {
				t.Error(explain(err))
			}
		}
		if refused != 7 {
			t.Errorf("%d of 40 are refused, want all but one and the 32 of its line", refused)
		}
	})
}

// Who stands in line while the token is deleted has lost the turn, also where the tenant is
// made anew; so has who only then comes with what was allowed.
func TestWritesEndWithTheirToken(t *testing.T) {
	slowly(t, func(k *kit, stop func() func()) {
		k.tenant("acme", `{}`)
		made, _ := k.token("acme")
		by := of("acme")
		by.TokenID = made.ID
		spec := gateway.Webhook{Profile: gateway.ProfileChatbot, URL: "https://bot.example.com"}
		whole, err := k.Webhooks.CheckSpec(by, "acme", "bot", spec)
		if err != nil {
			t.Fatal(explain(err))
		}
		goOn := stop()
		done := make(chan error, 10)
		for i := range cap(done) {
			go func() {
				_, _, err := k.Sources.Put(by, "acme", fmt.Sprint("s", i), tree(t, payments))
				done <- err
			}()
		}
		synctest.Wait()
		anew := make(chan error)
		go func() { anew <- k.Tenants.Delete(admin, "acme") }()
		synctest.Wait()
		goOn()
		if err := <-anew; err != nil {
			t.Fatal(explain(err))
		}
		k.tenant("acme", `{}`)
		refused := 0
		for range cap(done) {
			if err := <-done; code(err) == gateway.CodeUnauthenticated {
				refused++
			} else if err != nil {
				t.Error(explain(err))
			}
		}
		if refused < 8 || len(k.here.Current().Tenant("acme").Sources()) != 0 {
			t.Errorf("%d are refused, and the new tenant has %d sources of the old one", refused, len(k.here.Current().Tenant("acme").Sources()))
		}
		if _, _, err := k.Webhooks.PutSpec(by, "acme", "bot", whole); code(err) != gateway.CodeUnauthenticated {
			t.Errorf("what was checked for the old one: %v", err)
		}
		if err := k.Webhooks.ReplaceSpec(of("acme"), "acme", "bot", whole); code(err) != gateway.CodeNotFound {
			t.Errorf("one that is not there is replaced: %v", err)
		}
	})
}

// Who has written as much as the audit takes of a day, and used up the reserve, too, deletes
// tenants all the same.
func TestTenantsAreDeletedWhateverWasWritten(t *testing.T) {
	k := newKit(t)
	k.daily = 16 << 10
	k.start(resources.File{})
	k.tenant("acme", `{}`)
	k.tenant("child", `{"parent": "acme"}`)
	made, text := k.token("child")
	var err error
	for err == nil {
		_, _, err = k.Sources.Put(of("child"), "child", "s", tree(t, payments))
	}
	for range 200 { // far beyond the reserve
		if _, err := k.Logins.Revoke(of("acme"), resources.Which{Tenant: "child"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Tenants.Delete(of("acme"), "child"); err != nil {
		t.Fatalf("the deletion: %v", err)
	}
	if _, known, _ := k.Logins.SignIn(text, auth.Asking{}); known || k.here.Current().Tenant("child") != nil {
		t.Error("the tenant lives on")
	}
	if _, err := k.Tokens.Get(made.ID); err == nil {
		t.Error("its token lives on")
	}
}

// A tree has a share of the bytes that links and sessions keep of portals; what was used
// gives way to what comes.
func TestPortalsAreBoundedInBytes(t *testing.T) {
	k := newKit(t)
	for _, id := range []string{"many", "rival"} {
		k.tenant(id, `{}`)
	}
	_, text := k.token("rival")
	_, own := k.token("many")
	large := make([]string, 10)
	for i := range large {
		large[i] = fmt.Sprintf("https://%0250d", i)
	}
	portal := map[string]any{"frame_ancestors": large, "return_url": "https://" + strings.Repeat("r", 2000), "pages": []string{}}
	k.crowd(gateway.KindLogin, gateway.PrefixLogin, 3_000, time.Now(), func(int) map[string]any {
		return map[string]any{"tenant": "many", "root": "many", "portal": portal}
	})
	ids := k.crowd(gateway.KindLink, gateway.PrefixLink, 3_000, time.Now(), func(int) map[string]any {
		return map[string]any{"tenant": "many", "root": "many", "portal": portal, "used": true}
	})
	k.start(resources.File{})
	if _, err := k.link("rival", text); err != nil {
		t.Errorf("another tree: %s", explain(err))
	}
	if _, err := k.link("many", own); code(err) != gateway.CodeRateLimited {
		t.Fatalf("a tree beyond its bytes: %v", err)
	}
	var left int
	if err := k.store.Resources(func(r gateway.Record) error {
		if r.Kind == gateway.KindLink {
			left++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if left != len(ids)-8+1 {
		t.Errorf("%d links are kept: of those that were used the oldest go, a few at a time", left)
	}
	if _, _, err := k.Logins.NewPortalLink(admin, token.Hash(text), "rival", resources.Portal{FrameAncestors: large}, time.Minute); err != nil {
		t.Errorf("another tree's second: %s", explain(err))
	}
}
