package resources_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/resources"
)

const (
	acme = `{"name": "Acme", "account_keys": ["k1", "476"], "headers": {"X-Acme-Auth": "canary-tenant-header"},
		"limits": {"waits_open": 10, "callbacks_per_second": 5},
		"platform": {"url": "https://bot.example.com/resume", "auth": {"type": "bearer", "token": "canary-bearer"},
			"sign": {"type": "standard", "secrets": ["whsec_Y2FuYXJ5LXNpZ25pbmctc2VjcmV0LTAx"]}, "headers": {"X-Own": "canary-platform-header"},
			"timeout": "5s", "retry": {"schedule": ["1s", "1m"]}}}`
	payments = `{"verify": {"type": "stripe", "secrets": ["canary-first", "canary-second"]},
		"conversation_key": {"in": "body", "path": "data.object.metadata.conversation_key"},
		"match": [{"name": "paid", "branch": "SUCCESS", "when": [{"path": "type", "in": ["<paid>", 1.50]}]}],
		"variables": [{"name": "amount", "path": "data.amount", "type": "number", "default": 0}],
		"early": {"ttl": "2m", "max": 5}, "respond": {"status": 200}, "rate_limit": 7, "max_body": "64KiB", "methods": ["POST"]}`
)

func TestWritesOutliveARestart(t *testing.T) {
	k := newKit(t)
	if tenant := k.tenant("acme", acme); tenant.Platform.Timeout.Seconds() != 5 || tenant.Platform.Trusted {
		t.Errorf("platform is %+v", tenant.Platform)
	}
	s := k.source("acme", "payments", payments)
	if s.EarlyTTL.Minutes() != 2 || s.EarlyMax != 5 || s.Pin != 200 || s.MaxBody != 64<<10 || s.Allow != "POST" || s.Plan == nil || s.Verifier == nil {
		t.Errorf("source is %+v", s)
	}
	k.sameAfterRestart(resources.File{})
	k.source("acme", "open", `{"verify": {"type": "none"}}`)
	k.tenant("acme", acme)
	k.tenant("below", `{"parent": "acme"}`)
	if err := k.Sources.Delete(admin, "acme", "open"); err != nil {
		t.Fatal(err)
	}
	k.sameAfterRestart(resources.File{})
	if got := k.here.Current().Tenant("acme").Source("payments").Spec.Verify.Secrets[1].Reveal(); got != "canary-second" {
		t.Errorf("a secret came back as %q", got)
	}
}

func TestPutTellsWhetherItCreated(t *testing.T) {
	k := newKit(t)
	first, created, err := k.Tenants.Put(admin, "acme", tree(t, acme))
	if !created || err != nil {
		t.Fatalf("the first PUT created: %t, %v", created, err)
	}
	again, created, err := k.Tenants.Put(admin, "acme", tree(t, acme))
	if created || err != nil || again.Meta.CreatedAt != first.Meta.CreatedAt {
		t.Errorf("the second PUT created: %t at %v, first %v, %v", created, again.Meta.CreatedAt, first.Meta.CreatedAt, err)
	}
	for _, want := range []bool{true, false} {
		if _, created, err := k.Sources.Put(admin, "acme", "payments", tree(t, payments)); created != want || err != nil {
			t.Errorf("PUT source created: %t, %v, want %t", created, err, want)
		}
	}
}

func TestMaskKeepsTheOldSecret(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", acme)
	k.source("acme", "payments", payments)
	k.source("acme", "payments", `{"verify": {"type": "stripe", "secrets": ["***", "new"]}}`)
	k.tenant("acme", `{"headers": {"X-Acme-Auth": "***"}, "platform": {"url": "https://bot.example.com/other", "auth": {"type": "bearer", "token": "***"}}}`)
	k.sameAfterRestart(resources.File{})
	now := k.here.Current().Tenant("acme")
	got := []string{
		now.Source("payments").Spec.Verify.Secrets[0].Reveal(), now.Source("payments").Spec.Verify.Secrets[1].Reveal(),
		now.Spec.Headers[0].Value.Reveal(), now.Spec.Platform.Auth.Token.Reveal(),
	}
	if want := []string{"canary-first", "new", "canary-tenant-header", "canary-bearer"}; !slices.Equal(got, want) {
		t.Errorf("secrets are %q, want %q", got, want)
	}
	_, _, err := k.Sources.Put(admin, "acme", "payments", tree(t, `{"verify": {"type": "basic", "username": "u", "password": "***"}}`))
	if want := []string{"verify.password"}; !slices.Contains(paths(err), want[0]) {
		t.Errorf("a mask of nothing: %v, want a fault at %s", err, want)
	}
	_, _, err = k.Tenants.Put(admin, "acme", tree(t, `{"headers": {"X.Other": "***"}}`))
	if !slices.Contains(paths(err), `headers["X.Other"]`) {
		t.Errorf("a mask of no header: %v", explain(err))
	}
	if k.here.Current().Tenant("acme") != now {
		t.Error("a refused PUT changed the snapshot")
	}
}

func TestFaultsNameEveryPlace(t *testing.T) {
	k := newKit(t)
	_, _, err := k.Tenants.Put(admin, "acme", tree(t, `{"nmae": "x", "parent": "nobody", "account_keys": ["a", "a", ""], "retention": {"dead": "9999d"},
		"headers": {"Host": "x", "X-A": "a\nb", "x-a": "c"}, "limits": {"waits_open": 0},
		"platform": {"url": "ftp://x", "auth": {"type": "bearer", "username": "u"}, "sign": {"type": "odd"}, "timeout": "2m",
			"headers": {"Content-Length": "1"}, "retry": {"max_attempts": 0, "jitter": 7}}}`))
	want := []string{
		"account_keys[1]", "account_keys[2]", "headers.Host", "headers.X-A", "headers.x-a", "limits.waits_open", "nmae", "parent",
		"platform.auth.token", "platform.auth.username", "platform.headers.Content-Length", "platform.retry.jitter",
		"platform.retry.max_attempts", "platform.sign.type", "platform.timeout", "platform.url", "retention.dead",
	}
	if got := slices.Compact(paths(err)); !slices.Equal(got, want) {
		t.Errorf("faults of a tenant at\n%q, want\n%q\n%s", got, want, explain(err))
	}
	k.tenant("acme", acme)
	_, _, err = k.Sources.Put(admin, "acme", "Payments", tree(t, `{"methods": ["GET", "BREW", "GET"], "max_body": "1GiB",
		"early": {"ttl": "301s", "max": 0}, "dedupe": {"window": "8d"}, "respond": {"status": 404},
		"conversation_key": {"in": "cookie"}, "match": [{"name": "x", "branch": "MAYBE", "when": []}], "rate_limit": 0, "enabled": "yes"}`))
	for _, place := range []string{
		"id", "verify.type", "methods[1]", "methods[2]", "max_body", "early.ttl", "early.max", "dedupe.window", "respond.status",
		"conversation_key.in", "match[0].branch", "rate_limit", "enabled",
	} {
		if !slices.Contains(paths(err), place) {
			t.Errorf("no fault at %s in\n%s", place, explain(err))
		}
	}
	if k.here.Current().Tenant("acme").Source("Payments") != nil {
		t.Error("a faulty source was taken")
	}
}

func TestTenantsAgainstOneAnother(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{"account_keys": ["k1"]}`)
	k.tenant("child", `{"parent": "acme"}`)
	k.tenant("grandchild", `{"parent": "child"}`)
	for name, c := range map[string]struct {
		id, body string
		code     gateway.Code
	}{
		"taken key":    {"other", `{"account_keys": ["k1"]}`, gateway.CodeAccountKeyTaken},
		"own parent":   {"acme", `{"parent": "acme"}`, gateway.CodeInvalidField},
		"ring":         {"acme", `{"parent": "grandchild"}`, gateway.CodeInvalidField},
		"no parent":    {"other", `{"parent": "nobody"}`, gateway.CodeInvalidField},
		"name no id":   {"No Name", `{}`, gateway.CodeInvalidField},
		"own key":      {"acme", `{"account_keys": ["k1", "k2"]}`, ""},
		"key set free": {"other", `{"account_keys": ["k3"]}`, ""},
	} {
		if _, _, err := k.Tenants.Put(admin, c.id, tree(t, c.body)); code(err) != c.code {
			t.Errorf("%s: %v, want code %q", name, err, c.code)
		}
	}
	if err := k.Tenants.Delete(admin, "child"); code(err) != gateway.CodeTenantHasChildren {
		t.Errorf("deleting a parent: %v", err)
	}
	for _, id := range []string{"grandchild", "child", "acme"} {
		if err := k.Tenants.Delete(admin, id); err != nil {
			t.Errorf("deleting %s: %v", id, err)
		}
	}
	if want := []string{"grandchild", "child", "acme"}; !slices.Equal(k.deleted, want) {
		t.Errorf("told of deleted %q, want %q", k.deleted, want)
	}
	k.tenant("third", `{"account_keys": ["k1"]}`) // free again
	k.sameAfterRestart(resources.File{})
}

// A tenant's token stays within its own tree, and does not widen its own bounds.
func TestTenantTokensStayInTheirTree(t *testing.T) {
	k := newKit(t)
	k.tenant("agency", `{"limits": {"waits_open": 5, "callbacks_per_second": 3}, "account_keys": ["k1"]}`)
	k.tenant("mine", `{"parent": "agency"}`)
	k.tenant("stranger", `{}`)
	for name, c := range map[string]struct {
		id, body string
		code     gateway.Code
	}{
		"own, bounds left out": {"agency", `{"name": "A"}`, ""},
		"own, bounds repeated": {"agency", `{"parent": "", "account_keys": ["k1"], "limits": {"waits_open": 5, "callbacks_per_second": {"per_second": 3, "burst": 3}}}`, ""},
		"own limits":           {"agency", `{"limits": {"waits_open": 6}}`, gateway.CodeForbidden},
		"own account keys":     {"agency", `{"account_keys": ["k1", "k9"]}`, gateway.CodeForbidden},
		"own parent":           {"agency", `{"parent": "stranger"}`, gateway.CodeForbidden},
		"a child's limits":     {"mine", `{"parent": "agency", "limits": {"waits_open": 100}}`, ""},
		"a child let go":       {"mine", `{}`, gateway.CodeForbidden},
		"a child given away":   {"mine", `{"parent": "stranger"}`, gateway.CodeForbidden},
		"a new child":          {"fresh", `{"parent": "mine"}`, ""},
		"a new tenant outside": {"outside", `{}`, gateway.CodeForbidden},
		"a new one elsewhere":  {"outside", `{"parent": "stranger"}`, gateway.CodeForbidden},
		"a stranger's tenant":  {"stranger", `{"parent": "agency"}`, gateway.CodeForbidden},
	} {
		if _, _, err := k.Tenants.Put(of("agency"), c.id, tree(t, c.body)); code(err) != c.code {
			t.Errorf("%s: %v, want code %q", name, err, c.code)
		}
	}
	if l := k.here.Current().Tenant("agency").Spec.Limits; *l.WaitsOpen != 5 || l.CallbacksPerSecond.PerSecond != 3 {
		t.Errorf("limits are %+v now", l)
	}
	if _, _, err := k.Sources.Put(of("agency"), "stranger", "s", tree(t, payments)); code(err) != gateway.CodeNotFound {
		t.Errorf("a source of a stranger: %v", err)
	}
	if _, _, err := k.Sources.Put(of("agency"), "mine", "s", tree(t, payments)); err != nil {
		t.Errorf("a source of a child: %v", err)
	}
	if err := k.Tenants.Delete(of("agency"), "stranger"); code(err) != gateway.CodeNotFound {
		t.Errorf("deleting a stranger: %v", err)
	}
	if err := k.Sources.Delete(of("mine"), "agency", "s"); code(err) != gateway.CodeNotFound {
		t.Errorf("reaching up: %v", err)
	}
}

func TestSecretsAreSealedOnDisk(t *testing.T) {
	k := &kit{t: t, fs: vfs.Default, dir: t.TempDir(), key: 1}
	t.Cleanup(k.stop)
	k.start(resources.File{})
	k.tenant("acme", acme)
	k.source("acme", "payments", payments)
	_, text, err := k.Tokens.Make(admin, resources.NewToken{Scope: "platform", Name: "bot"})
	if err != nil {
		t.Fatal(err)
	}
	k.stop()
	found := 0
	err = filepath.WalkDir(k.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte("conversation_key")) {
			found++
		}
		for _, secret := range []string{"canary", "Y2FuYXJ5", text} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds %.8s…", filepath.Base(path), secret)
			}
		}
		return err
	})
	if err != nil || found == 0 {
		t.Errorf("the source itself is in %d files, %v: the search proves nothing", found, err)
	}
	if logs := k.logs.String(); strings.Contains(logs, "canary") || strings.Contains(logs, text) {
		t.Errorf("a secret is in the logs:\n%s", logs)
	}
}

func TestWrongMasterKeyTouchesNothing(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", acme)
	k.key = 2
	if err := k.tryStart(resources.File{}); !errors.Is(err, resources.ErrMasterKey) {
		t.Fatalf("start with another key: %v", err)
	}
	k.key = 1
	k.start(resources.File{})
	if k.here.Current().Tenant("acme").Spec.Headers[0].Value.Reveal() != "canary-tenant-header" {
		t.Error("the right key reads another secret")
	}
}

// Readers use a snapshot without a lock while writers make the next one; -race
// finds a writer that touches what they read.
func TestReadersNeverMeetWriters(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", acme)
	k.source("acme", "payments", payments)
	k.webhook("acme", "stock", stock)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					look(k.here.Current())
					_ = k.Webhooks.Error("acme", "stock")
				}
			}
		})
	}
	for range 20 {
		k.tenant("acme", strings.ReplaceAll(acme, "canary-bearer", gateway.Masked))
		k.source("acme", "payments", strings.ReplaceAll(payments, "canary-first", gateway.Masked))
		k.webhook("acme", "stock", strings.ReplaceAll(stock, "canary-header", gateway.Masked))
		if err := k.Webhooks.SetError("acme", "stock", "bad"); err != nil {
			t.Fatal(err)
		}
		if err := k.SetFile(compiled(resources.File{})); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	readers.Wait()
}

func (k *kit) knows(text string) (auth.Principal, bool) {
	return k.here.Current().Token(token.Hash(text))
}

func TestFirstToken(t *testing.T) {
	k := newKit(t)
	first, err := k.Tokens.First()
	if err != nil || !strings.HasPrefix(first, "hg_admin_") {
		t.Fatalf("the first start gives %q, %v", first, err)
	}
	if p, ok := k.knows(first); !ok || p.Scope != auth.Admin || !gateway.IsID(gateway.PrefixToken, p.TokenID) {
		t.Errorf("it stands for %+v, %t", p, ok)
	}
	k.start(resources.File{}) // killed as it was about to show it
	unseen := first
	if first, err = k.Tokens.First(); err != nil || first == "" || first == unseen {
		t.Errorf("after a first start that showed nothing, the next gives %q, %v", first, err)
	}
	if _, ok := k.knows(unseen); !ok {
		t.Error("what the first start may have shown is out of force")
	}
	if err := k.Tokens.FirstShown(); err != nil {
		t.Fatal(err)
	}
	k.start(resources.File{})
	if again, err := k.Tokens.First(); err != nil || again != "" {
		t.Errorf("the second start gives %q, %v", again, err)
	}
	if _, ok := k.knows(first); !ok {
		t.Error("the token is forgotten after a restart")
	}
	_, other, err := k.Tokens.Make(admin, resources.NewToken{Scope: "admin", Name: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	k.env = "the environment's token"
	k.start(resources.File{})
	if _, ok := k.knows(first); ok {
		t.Error("the first token is in force beside the environment's")
	}
	if p, ok := k.knows(k.env); !ok || p.Scope != auth.Admin {
		t.Error("the environment's token is not the admin token")
	}
	if _, ok := k.knows(other); !ok {
		t.Error("a token that an admin made is out of force")
	}
	k.env = ""
	k.start(resources.File{})
	if _, ok := k.knows(first); !ok {
		t.Error("the first token does not come back")
	}
	for _, made := range k.Tokens.List() {
		if err := k.Tokens.Delete(admin, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	k.start(resources.File{})
	if again, err := k.Tokens.First(); err != nil || again != "" {
		t.Errorf("after all tokens were deleted a start gives %q, %v: one had been set", again, err)
	}
}

func TestNoFirstTokenWhereOneIsSet(t *testing.T) {
	for name, set := range map[string]func(*kit) resources.File{
		"environment": func(k *kit) resources.File { k.env = "environment-token"; return resources.File{} },
		"file": func(*kit) resources.File {
			return resources.File{Tokens: []resources.FileToken{{Scope: auth.Admin, Secret: "a token of the file"}}}
		},
	} {
		k := newKit(t)
		k.start(set(k))
		if made, err := k.Tokens.First(); made != "" || err != nil {
			t.Errorf("%s: a token is made all the same, %v", name, err)
		}
		k.env = ""
		k.start(resources.File{})
		if made, err := k.Tokens.First(); made != "" || err != nil {
			t.Errorf("%s: a token is made on a later start, %v", name, err)
		}
	}
}

func TestTokens(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	made, text, err := k.Tokens.Make(admin, resources.NewToken{Scope: "tenant", Tenant: "acme", Name: "ci"})
	if err != nil || made.Scope != "tenant" || made.Tenant != "acme" || made.Name != "ci" || !strings.HasPrefix(text, "hg_tenant_") {
		t.Fatalf("made %+v, %v", made, err)
	}
	for _, bad := range [][3]string{{"root", "", ""}, {"tenant", "", ""}, {"tenant", "nobody", ""}, {"admin", "acme", ""}, {"admin", "", "a\nb"}} {
		if _, _, err := k.Tokens.Make(admin, resources.NewToken{Scope: bad[0], Tenant: bad[1], Name: bad[2]}); code(err) != gateway.CodeInvalidField {
			t.Errorf("MakeToken(%q): %v", bad, err)
		}
	}
	k.start(resources.File{})
	if p, ok := k.knows(text); !ok || p != (auth.Principal{Scope: auth.Tenant, Tenant: "acme", TokenID: made.ID, Name: "ci"}) {
		t.Errorf("after a restart it stands for %+v, %t", p, ok)
	}
	if shown, err := k.Tokens.Get(made.ID); err != nil || shown != made {
		t.Errorf("it is shown as %+v, %v", shown, err)
	}
	if err := k.Tenants.Delete(admin, "acme"); err != nil {
		t.Fatal(err)
	}
	k.tenant("acme", `{}`)
	if _, ok := k.knows(text); ok {
		t.Error("a token of a deleted tenant opens its successor")
	}
	k.start(resources.File{})
	if _, ok := k.knows(text); ok || len(k.Tokens.List()) != 0 {
		t.Error("a token of a deleted tenant is back after a restart")
	}
	if err := k.Tokens.Delete(admin, made.ID); code(err) != gateway.CodeNotFound {
		t.Errorf("deleting it again: %v", err)
	}
}

// full is a store that takes no writes.
type full struct{ resources.Store }

var errFull = gateway.Unavailable("the disk is full", time.Second)

func (full) PutResources(...gateway.Record) error                              { return errFull }
func (full) PutAudited([]gateway.AuditLine, ...gateway.Record) error           { return errFull }
func (full) DeleteResource(string, string, string, ...gateway.AuditLine) error { return errFull }
func (full) DeleteTenant(string, ...gateway.AuditLine) error                   { return errFull }

func TestFullDiskChangesNothing(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", acme)
	k.source("acme", "payments", payments)
	made, _, err := k.Tokens.Make(admin, resources.NewToken{Scope: "platform"})
	if err != nil {
		t.Fatal(err)
	}
	before := k.here.Current()
	k.under.Store = full{k.store}
	_, _, putTenant := k.Tenants.Put(admin, "acme", tree(t, `{}`))
	_, _, putSource := k.Sources.Put(admin, "acme", "payments", tree(t, `{"verify": {"type": "none"}}`))
	_, _, makeToken := k.Tokens.Make(admin, resources.NewToken{Scope: "admin"})
	for what, err := range map[string]error{
		"PUT tenant": putTenant, "PUT source": putSource, "make token": makeToken, "DELETE token": k.Tokens.Delete(admin, made.ID),
		"DELETE source": k.Sources.Delete(admin, "acme", "payments"), "DELETE tenant": k.Tenants.Delete(admin, "acme"),
	} {
		if code(err) != gateway.CodeUnavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	if k.here.Current() != before || len(k.deleted) > 0 {
		t.Error("a refused write changed something")
	}
	if err := k.SetFile(compiled(file(t, fileAcme))); err != nil { // no reason not to start
		t.Errorf("loading the file: %v", err)
	}
	k.under.Store = k.store
	k.set(fileAcme)
	k.start(resources.File{})
	if now := k.here.Current().Tenant("acme"); now == nil || !now.Disabled {
		t.Errorf("the mark was not made up for: %+v", now)
	}
}
