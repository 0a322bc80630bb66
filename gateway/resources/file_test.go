package resources_test

import (
	"crypto/sha256"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
	"hookgate/gateway/resources"
)

// file reads tenants as a configuration file has them.
func file(t failer, text string) resources.File {
	t.Helper()
	f := resources.File{Tenants: map[string]directory.FileTenant{}}
	var read map[string]struct {
		gateway.Tenant
		Sources   map[string]gateway.Source   `json:"sources"`
		Endpoints map[string]gateway.Endpoint `json:"endpoints"`
		Webhooks  map[string]gateway.Webhook  `json:"webhooks"`
	}
	if faults := fields.Decode(tree(t, text), &read); len(faults) > 0 {
		t.Fatalf("%s: %v", text, faults)
	}
	for id, said := range tree(t, text).(*fields.Object).All() {
		tenant, written := read[id], said.(*fields.Object)
		text, err := written.MarshalJSON()
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		f.Tenants[id] = directory.FileTenant{
			Tenant: tenant.Tenant, Sources: tenant.Sources, Endpoints: tenant.Endpoints, Webhooks: tenant.Webhooks, Digest: sha256.Sum256(text),
		}
	}
	return f
}

const fileAcme = `{"acme": {"name": "from the file", "account_keys": ["k1"], "platform": {"url": "http://bot.internal/resume"},
	"sources": {"both": {"verify": {"type": "token", "in": "header", "name": "X-T", "secrets": ["of the file"]}}}}}`

func TestFileAndAPISideBySide(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{"name": "from the API"}`)
	k.source("acme", "both", `{"verify": {"type": "bearer", "secrets": ["of the API"]}}`)
	k.source("acme", "mine", `{"verify": {"type": "none"}}`)

	k.set(fileAcme)
	now := k.here.Current().Tenant("acme")
	if now.Spec.Name != "from the file" || now.Meta.ManagedBy != gateway.ManagedByFile || !now.Platform.Trusted {
		t.Errorf("beside the file the tenant is %+v, platform %+v", now.Meta, now.Platform)
	}
	if both := now.Source("both"); both.Meta.ManagedBy != gateway.ManagedByFile || both.Spec.Verify.Type != "token" {
		t.Errorf("the source in both is %+v", both.Meta)
	}
	if mine := now.Source("mine"); mine == nil || mine.Meta.ManagedBy != gateway.ManagedByAPI || !mine.Enabled {
		t.Errorf("the API's own source is %+v", mine)
	}
	for _, warning := range []string{"hides a tenant", "hides a source", "from anybody"} {
		if !strings.Contains(k.logs.String(), warning) {
			t.Errorf("no warning has %q", warning)
		}
	}
	k.refusedAsFile()
	k.source("acme", "later", `{"verify": {"type": "bearer", "secrets": ["s"]}}`)
	k.sameAfterRestart(file(t, fileAcme))

	k.set(`{}`)
	now = k.here.Current().Tenant("acme")
	if now == nil || !now.Disabled || now.Spec.Name != "from the API" || len(now.Sources()) != 3 {
		t.Fatalf("after it left the file the tenant is %+v", now)
	}
	if both := now.Source("both"); both.Enabled || both.Spec.Verify.Secrets[0].Reveal() != "of the API" {
		t.Errorf("the hidden source came back as %+v", both)
	}
	if k.here.Current().AccountKey("k1") != nil {
		t.Error("a disabled tenant holds an account key")
	}
	k.sameAfterRestart(resources.File{})

	k.set(fileAcme)
	if now = k.here.Current().Tenant("acme"); now.Disabled || !now.Source("mine").Enabled {
		t.Error("the tenant is still disabled, though it is back")
	}
	k.set(`{}`)
	k.tenant("acme", `{"name": "taken over"}`)
	if now = k.here.Current().Tenant("acme"); now.Disabled || !now.Source("both").Enabled {
		t.Error("the tenant is still disabled, though a PUT took it over")
	}
	k.sameAfterRestart(resources.File{})
}

func (k *kit) set(text string) {
	k.t.Helper()
	if err := k.SetFile(compiled(file(k.t, text))); err != nil {
		k.t.Fatal(explain(err))
	}
}

func (k *kit) refusedAsFile() {
	k.t.Helper()
	_, _, put := k.Tenants.Put(admin, "acme", tree(k.t, `{}`))
	_, _, putSource := k.Sources.Put(admin, "acme", "both", tree(k.t, `{}`))
	for what, err := range map[string]error{
		"PUT tenant": put, "PUT source": putSource,
		"DELETE tenant": k.Tenants.Delete(admin, "acme"), "DELETE source": k.Sources.Delete(admin, "acme", "both"),
	} {
		if code(err) != gateway.CodeManagedByFile {
			k.t.Errorf("%s: %v, want managed_by_file", what, err)
		}
	}
}

// A tenant that only the file had is still known when it left, over a restart too.
func TestTenantThatLeavesTheFileWhileStopped(t *testing.T) {
	k := newKit(t)
	k.set(fileAcme)
	k.source("acme", "mine", `{"verify": {"type": "bearer", "secrets": ["s"]}}`)
	_, text, err := k.Tokens.Make(admin, resources.NewToken{Scope: "tenant", Tenant: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	k.start(resources.File{})
	now := k.here.Current().Tenant("acme")
	if now == nil || !now.Disabled || now.Source("mine") == nil || now.Source("mine").Enabled || now.Source("both") != nil {
		t.Fatalf("the tenant is %+v", now)
	}
	if _, ok := k.knows(text); ok {
		t.Error("a token of a disabled tenant is in force")
	}
	if err := k.Tenants.Delete(admin, "acme"); err != nil {
		t.Errorf("it cannot be deleted: %v", err)
	}
	k.start(resources.File{})
	if k.here.Current().Tenant("acme") != nil {
		t.Error("it is back")
	}
}

func TestFaultyFileChangesNothing(t *testing.T) {
	k := newKit(t)
	k.set(fileAcme)
	k.tenant("api", `{"account_keys": ["held"]}`)
	before := k.here.Current()
	for name, c := range map[string]struct {
		text  string
		paths []string
	}{
		"compile": {`{"acme": {"sources": {"s": {}, "t": {"verify": {"type": "stripe"}}}}, "b": {"platform": {}}}`,
			[]string{"tenants.acme.sources.s.verify.type", "tenants.acme.sources.t.verify.secrets", "tenants.b.platform.url"}},
		"parent of the API": {`{"a": {"parent": "api"}}`, []string{"tenants.a.parent"}},
		"ring":              {`{"a": {"parent": "b"}, "b": {"parent": "a"}}`, []string{"tenants.a.parent", "tenants.b.parent"}},
		"one key twice":     {`{"a": {"account_keys": ["k"]}, "b": {"account_keys": ["j", "k"]}}`, []string{"tenants.b.account_keys[1]"}},
		"the API's key":     {`{"a": {"account_keys": ["held"]}}`, []string{"tenants.a.account_keys[0]"}},
		"bad ids":           {`{"A B": {"sources": {"x.y": {"verify": {"type": "none"}}}}}`, []string{`tenants["A B"].id`, `tenants["A B"].sources["x.y"].id`}},
	} {
		err := k.SetFile(compiled(file(t, c.text)))
		if got := paths(err); !slices.Equal(got, c.paths) {
			t.Errorf("%s: faults at %q, want %q", name, got, c.paths)
		}
		if k.here.Current() != before {
			t.Fatalf("%s: the snapshot changed", name)
		}
	}
	k.refusedAsFile() // the file of before is still the one in force
}

func TestFileTokens(t *testing.T) {
	k := newKit(t)
	f := file(t, fileAcme)
	f.Tokens = []resources.FileToken{
		{Scope: auth.Platform, Secret: "token of the platform"},
		{Scope: auth.Tenant, Tenant: "acme", Secret: "token of the tenant"},
		{Scope: auth.Tenant, Tenant: "nobody", Secret: "token of no tenant"},
	}
	if err := k.SetFile(compiled(f)); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]auth.Principal{
		"token of the platform": {Scope: auth.Platform},
		"token of the tenant":   {Scope: auth.Tenant, Tenant: "acme"},
		"token of no tenant":    {},
	} {
		if got, ok := k.knows(text); got != want || ok != (want.Scope != "") {
			t.Errorf("%s stands for %+v, %t", text, got, ok)
		}
	}
	k.set(fileAcme)
	if _, ok := k.knows("token of the platform"); ok {
		t.Error("a token that left the file is in force")
	}
}

// What was accepted once starts again, though the rules for writing have become
// narrower: its URL is judged when it is dialled.
func TestNarrowerEgressKeepsWhatIsStored(t *testing.T) {
	k := newKit(t)
	wide := compiled(resources.File{})
	wide.Compile.CheckURL = func(string, bool) error { return nil }
	if err := k.SetFile(wide); err != nil {
		t.Fatal(err)
	}
	k.tenant("acme", `{"platform": {"url": "http://bot.internal:3000/resume"}}`)
	k.start(resources.File{})
	if now := k.here.Current().Tenant("acme"); now.Disabled || now.Platform == nil || now.Platform.Trusted {
		t.Errorf("the tenant is %+v, platform %+v", now, now.Platform)
	}
	if _, _, err := k.Tenants.Put(admin, "acme", tree(t, `{"platform": {"url": "http://bot.internal:3000/resume"}}`)); !reflect.DeepEqual(paths(err), []string{"platform.url"}) {
		t.Errorf("writing it again: %v", err)
	}
}

func TestMetricsFollowTheSnapshot(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.source("acme", "pay", `{"verify": {"type": "none"}}`)
	k.source("acme", "cal", `{"verify": {"type": "none"}}`)
	first := k.here.Current().Tenant("acme").Source("pay").Metrics
	k.source("acme", "pay", `{"verify": {"type": "none"}, "respond": {"status": 204}}`)
	k.tenant("acme", `{"name": "renamed"}`)
	if k.here.Current().Tenant("acme").Source("pay").Metrics != first {
		t.Error("a PUT gave the source another counter: counts would be lost")
	}
	series := func(source string) (n int) {
		families, err := k.metrics.Gatherer().Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			for _, m := range family.GetMetric() {
				for _, label := range m.GetLabel() {
					if label.GetName() == "source" && label.GetValue() == source {
						n++
					}
				}
			}
		}
		return n
	}
	if err := k.Sources.Delete(admin, "acme", "pay"); err != nil {
		t.Fatal(err)
	}
	if series("pay") != 0 || series("cal") == 0 {
		t.Errorf("after pay was deleted: %d series of pay, %d of cal", series("pay"), series("cal"))
	}
	if err := k.Tenants.Delete(admin, "acme"); err != nil {
		t.Fatal(err)
	}
	if series("cal") != 0 {
		t.Errorf("%d series of a deleted tenant", series("cal"))
	}
}
