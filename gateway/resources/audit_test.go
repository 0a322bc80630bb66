package resources_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
	"hookgate/gateway/resources"
	"hookgate/gateway/store"
)

// audited gives the lines that a tenant is shown ("": all), the oldest first.
func (k *kit) audited(tenant string) (all []audit.Line) {
	k.t.Helper()
	_, err := k.store.AuditLines(store.Query{Tenant: tenant}, func(stored gateway.AuditLine) bool {
		line, err := audit.Decode(stored)
		if err != nil {
			k.t.Fatal(err)
		}
		all = append(all, line)
		return true
	})
	if err != nil {
		k.t.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

func brief(lines []audit.Line) (all []string) {
	for _, l := range lines {
		all = append(all, l.Actor.Kind+" "+string(l.Action)+" "+l.Object)
	}
	return all
}

// after gives what a line says that a value was and is.
func change(l audit.Line, path string) string {
	for _, c := range l.Changes {
		if c.Path == path {
			return fmt.Sprint(c.Before, " -> ", c.After)
		}
	}
	return "none"
}

// Each write has its line, in the order of the writes, and none has a secret.
func TestEveryWriteHasItsLine(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", acme)
	k.tenant("child", `{"parent": "acme"}`)
	k.source("acme", "payments", payments)
	k.source("acme", "payments", strings.ReplaceAll(payments, "canary-first", "canary-other"))
	k.endpoint("acme", "crm", `{"url": "https://crm.example.com/", "headers": {"X-A": "canary-x"}}`)
	if _, _, err := k.Endpoints.Rotate(admin, "acme", "crm", time.Hour); err != nil {
		t.Fatal(err)
	}
	k.webhook("acme", "stock", stock)
	made, _, err := k.Tokens.Make(admin, resources.NewToken{Scope: "tenant", Tenant: "child", Name: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	by := auth.Principal{Scope: auth.Tenant, Tenant: "acme", TokenID: made.ID, Name: "ci"}
	for _, err := range []error{
		k.Webhooks.Delete(by, "acme", "stock"), k.Endpoints.Delete(by, "acme", "crm"), k.Sources.Delete(by, "acme", "payments"),
		k.Tenants.Delete(by, "child"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := k.Sources.Put(by, "acme", "bad", tree(t, `{"verify": 1}`)); err == nil {
		t.Fatal("a faulty source was taken")
	}
	k.stop()
	k.start(resources.File{})
	lines := k.audited("")
	want := []string{
		"file reload configuration",
		"token create tenants/acme", "token create tenants/child", "token create tenants/acme/sources/payments", "token update tenants/acme/sources/payments",
		"token create tenants/acme/endpoints/crm", "token rotate tenants/acme/endpoints/crm", "token create tenants/acme/webhooks/stock",
		"token create tokens/" + made.ID, "token delete tenants/acme/webhooks/stock", "token delete tenants/acme/endpoints/crm",
		"token delete tenants/acme/sources/payments", "token delete tenants/child", "token delete tokens/" + made.ID,
		"file reload configuration",
	}
	if got := brief(lines); !slices.Equal(got, want) {
		t.Fatalf("the audit has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if text := fmt.Sprintf("%+v", lines); strings.Contains(text, "canary") || strings.Contains(text, "whsec") || strings.Contains(text, gateway.Masked) {
		t.Errorf("a secret, or a mask, is in the audit: %s", text)
	}
	if got := change(lines[4], "verify.secrets[0]"); strings.Count(got, "sha256:") != 2 || len(lines[4].Changes) != 1 {
		t.Errorf("another secret is told as %q among %+v", got, lines[4].Changes)
	}
	if got := change(lines[6], "old_secrets[0]"); !strings.HasPrefix(got, "<nil> -> sha256:") || change(lines[6], "sign.secrets[0]") == "none" {
		t.Errorf("a rotation is told as %+v", lines[6].Changes)
	}
	if got := change(lines[8], "name"); got != "<nil> -> ci" || lines[8].Tenant != "child" {
		t.Errorf("a token is told as %+v", lines[8])
	}
	if a := lines[9].Actor; a.ID != made.ID || a.Name != "ci" || a.Scope != "tenant" {
		t.Errorf("the actor is %+v", a)
	}
	if got := change(lines[11], "verify.type"); got != "stripe -> <nil>" {
		t.Errorf("a deletion is told as %+v", lines[11].Changes)
	}
	if own := brief(k.audited("child")); !slices.Equal(own, []string{want[2], want[8], want[12], want[13]}) {
		t.Errorf("child is shown %q", own)
	}
}

// What has no place in the store has no line, and no effect.
func TestNoLineWithoutItsChange(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	before := brief(k.audited(""))
	k.under.Store = full{k.store}
	if _, _, err := k.Sources.Put(admin, "acme", "s", tree(t, payments)); code(err) != gateway.CodeUnavailable {
		t.Fatal(err)
	}
	k.under.Store = k.store
	if after := brief(k.audited("")); !slices.Equal(before, after) {
		t.Errorf("the audit has %q of a write that failed", after[len(before):])
	}
}

// What a tenant may have written in a day bounds what its tokens change, not what the
// operator does.
func TestTenantsFloodOfWritesIsBounded(t *testing.T) {
	k := &kit{t: t, fs: newKit(t).fs, dir: "flood", key: 1, daily: 64 << 10}
	t.Cleanup(k.stop)
	k.start(resources.File{})
	k.tenant("acme", `{}`)
	k.tenant("other", `{}`)
	writes := 0
	for ; writes < 10_000; writes++ {
		if _, _, err := k.Sources.Put(of("acme"), "acme", "s", tree(t, payments)); err != nil {
			if code(err) != gateway.CodeRateLimited {
				t.Fatal(err)
			}
			break
		}
	}
	if lines := len(k.audited("acme")); writes < 50 || writes == 10_000 || lines != writes+1 {
		t.Errorf("%d writes have %d lines", writes, lines)
	}
	if err := k.Sources.Delete(of("acme"), "acme", "s"); code(err) != gateway.CodeRateLimited || k.here.Current().Tenant("acme").Source("s") == nil {
		t.Errorf("a deletion beyond: %v", err)
	}
	if _, _, err := k.Sources.Put(of("other"), "other", "s", tree(t, payments)); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	if err := k.Sources.Delete(admin, "acme", "s"); err != nil {
		t.Errorf("the operator: %v", err)
	}
}

// A reload has a line for each tenant of which the file says something else.
func TestReloadTellsWhatTheFileChanges(t *testing.T) {
	k := newKit(t)
	take := func(f resources.File) (lines []audit.Line) {
		t.Helper()
		before := len(k.audited(""))
		if err := k.SetFile(compiled(f)); err != nil {
			t.Fatal(explain(err))
		}
		return k.audited("")[before:]
	}
	f := file(t, `{"acme": {"name": "A", "endpoints": {"e": {"url": "https://a.example.com/", "token": "canary-a"}}}, "b": {}}`)
	if got := brief(take(f)); !slices.Equal(got, []string{"file create tenants/acme", "file create tenants/b", "file reload configuration"}) {
		t.Errorf("the file comes as %q", got)
	}
	lines := take(file(t, `{"acme": {"name": "B", "endpoints": {"e": {"url": "https://a.example.com/", "token": "canary-b"}}}}`))
	if got := brief(lines); !slices.Equal(got, []string{"file update tenants/acme", "file delete tenants/b", "file reload configuration"}) {
		t.Fatalf("a change comes as %q", got)
	}
	if got := change(lines[0], "name"); got != "A -> B" || strings.Count(change(lines[0], "endpoints.e.token"), "sha256:") != 2 || len(lines[0].Changes) != 2 {
		t.Errorf("the changes are %+v", lines[0].Changes)
	}
	lines = take(resources.File{
		Routes: map[string]gateway.Route{}, Tenants: map[string]directory.FileTenant{},
		Tokens: []resources.FileToken{{Scope: auth.Admin, Name: "boss", Secret: "canary of the file"}},
	})
	if got := brief(lines); !slices.Equal(got, []string{"file delete tenants/acme", "file update tokens", "file reload configuration"}) || strings.Contains(fmt.Sprintf("%+v", lines), "canary") {
		t.Errorf("a token comes as %+v", lines)
	}
}

// A write that names the version it has read is refused when another has come between.
func TestIfMatch(t *testing.T) {
	k := newKit(t)
	acmeNow := k.tenant("acme", acme)
	match := func(tag string) auth.Principal {
		by := admin
		by.Asking = &auth.Asking{IfMatch: tag}
		return by
	}
	put := map[string]func(by auth.Principal) (string, error){
		"tenant": func(by auth.Principal) (string, error) {
			n, _, err := k.Tenants.Put(by, "acme", tree(t, acme))
			if err != nil {
				return "", err
			}
			return k.Tenants.ETag(n.Meta, &n.Spec), nil
		},
		"source": func(by auth.Principal) (string, error) {
			s, _, err := k.Sources.Put(by, "acme", "x", tree(t, payments))
			if err != nil {
				return "", err
			}
			return k.Sources.ETag(s.Meta, &s.Spec), nil
		},
		"endpoint": func(by auth.Principal) (string, error) {
			e, _, _, err := k.Endpoints.Put(by, "acme", "x", tree(t, `{"url": "https://crm.example.com/"}`))
			if err != nil {
				return "", err
			}
			return k.Endpoints.ETag(e.Meta, &e.Spec), nil
		},
		"webhook": func(by auth.Principal) (string, error) {
			w, _, err := k.Webhooks.Put(by, "acme", "x", tree(t, stock))
			if err != nil {
				return "", err
			}
			return k.Webhooks.ETag(w.Meta, &w.Spec), nil
		},
	}
	remove := map[string]func(by auth.Principal) error{
		"source":   func(by auth.Principal) error { return k.Sources.Delete(by, "acme", "x") },
		"endpoint": func(by auth.Principal) error { return k.Endpoints.Delete(by, "acme", "x") },
		"webhook":  func(by auth.Principal) error { return k.Webhooks.Delete(by, "acme", "x") },
		"tenant":   func(by auth.Principal) error { return k.Tenants.Delete(by, "acme") },
	}
	for _, kind := range []string{"source", "endpoint", "webhook", "tenant"} {
		if _, err := put[kind](match("*")); kind != "tenant" && code(err) != gateway.CodeChangedMeanwhile {
			t.Errorf("%s: * where there is none: %v", kind, err)
		}
		tag, err := put[kind](admin)
		if err != nil {
			t.Fatal(kind, explain(err))
		}
		for _, good := range []string{tag, "*", `"other", ` + tag} {
			if again, err := put[kind](match(good)); err != nil || again != tag {
				t.Errorf("%s: with %s: %s, %v", kind, good, again, err)
			}
		}
		for _, bad := range []string{`"other"`, "W/" + tag, strings.Trim(tag, `"`)} {
			if _, err := put[kind](match(bad)); code(err) != gateway.CodeChangedMeanwhile {
				t.Errorf("%s: with %s: %v", kind, bad, err)
			}
			if err := remove[kind](match(bad)); code(err) != gateway.CodeChangedMeanwhile {
				t.Errorf("%s: deleted with %s: %v", kind, bad, err)
			}
		}
		k.start(resources.File{})
		if _, err := put[kind](match(tag)); err != nil {
			t.Errorf("%s: after a restart: %v", kind, err)
		}
	}
	was := k.Tenants.ETag(acmeNow.Meta, &acmeNow.Spec)
	other := k.tenant("acme", strings.ReplaceAll(acme, "canary-bearer", "canary-2nd"))
	if k.Tenants.ETag(other.Meta, &other.Spec) == was {
		t.Error("another secret gives the same tag")
	}
	e := k.here.Current().Tenant("acme").Endpoint("x")
	before := k.Endpoints.ETag(e.Meta, &e.Spec)
	if e, _, err := k.Endpoints.Rotate(admin, "acme", "x", 0); err != nil || k.Endpoints.ETag(e.Meta, &e.Spec) == before {
		t.Errorf("a rotated secret gives the same tag, %v", err)
	}
	for _, kind := range []string{"source", "endpoint", "webhook", "tenant"} {
		if err := remove[kind](match("*")); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Who may not write a tenant does not learn by If-Match whether there is one.
func TestIfMatchTellsNoStranger(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.tenant("rival", `{}`)
	by := of("acme")
	by.Asking = &auth.Asking{IfMatch: "*"}
	for _, id := range []string{"rival", "nobody"} {
		if _, _, err := k.Tenants.Put(by, id, tree(t, `{}`)); code(err) != gateway.CodeForbidden {
			t.Errorf("%s: %v", id, err)
		}
	}
}
