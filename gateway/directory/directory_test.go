package directory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/metrics"
)

var options = directory.Options{
	MaxBody:     1 << 20,
	CheckURL:    func(string, bool) error { return nil },
	CheckHeader: func(string, string) error { return nil },
}

func tenant(t testing.TB, id string, spec gateway.Tenant, sources ...*directory.Source) *directory.Tenant {
	t.Helper()
	compiled, faults := directory.CompileTenant(gateway.Meta{ID: id, ManagedBy: gateway.ManagedByAPI}, spec, options)
	if len(faults) > 0 {
		t.Fatalf("tenant %s: %v", id, faults)
	}
	return compiled.Having(sources...)
}

func source(t testing.TB, id string, spec gateway.Source) *directory.Source {
	t.Helper()
	if spec.Verify.Type == "" {
		spec.Verify.Type = "none"
	}
	s, faults := directory.CompileSource(gateway.Meta{ID: id}, spec, options)
	if len(faults) > 0 {
		t.Fatalf("source %s: %v", id, faults)
	}
	return s
}

func build(tokens directory.Tokens, tenants ...*directory.Tenant) *directory.Snapshot {
	return directory.Build(metrics.New("test"), tenants, tokens)
}

func TestDefaults(t *testing.T) {
	s := build(nil, tenant(t, "acme", gateway.Tenant{}, source(t, "pay", gateway.Source{}))).Tenant("acme").Source("pay")
	if s.EarlyTTL != 60*time.Second || s.EarlyMax != 1000 || s.Window != 24*time.Hour || s.MaxBody != 1<<20 || s.Pin != 0 || s.Rate != nil || s.Again || !s.Enabled {
		t.Errorf("a source that says nothing is %+v", s)
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH"} {
		if !s.Takes([]byte(method)) || !strings.Contains(s.Allow, method) {
			t.Errorf("it does not take %s", method)
		}
	}
	for _, method := range []string{"", "TRACE", "post", "CONNECT", "HEAD", "DELETE", "OPTIONS"} {
		if s.Takes([]byte(method)) {
			t.Errorf("it takes %q", method)
		}
	}
	if only := source(t, "x", gateway.Source{Methods: []string{"POST"}}); only.Takes([]byte("GET")) || only.Allow != "POST" {
		t.Errorf("with methods [POST] it takes %s", only.Allow)
	}
}

func TestSnapshotsDoNotChange(t *testing.T) {
	first := build(nil, tenant(t, "acme", gateway.Tenant{AccountKeys: []string{"k1"}}, source(t, "pay", gateway.Source{})), tenant(t, "other", gateway.Tenant{}))
	acme, other := first.Tenant("acme"), first.Tenant("other")
	second := first.With(acme.With(source(t, "cal", gateway.Source{})))
	third := second.With(tenant(t, "acme", gateway.Tenant{AccountKeys: []string{"k2"}}, second.Tenant("acme").Sources()...))
	fourth := third.Without("acme")
	if first.Tenant("acme") != acme || acme.Source("cal") != nil || first.AccountKey("k1") != acme {
		t.Error("the first snapshot changed")
	}
	if second.Tenant("acme").Source("cal") == nil || second.Tenant("acme").Source("pay") == nil || second.Tenant("other") != other {
		t.Error("the second lacks something, or copied a tenant that did not change")
	}
	for _, s := range third.Tenant("acme").Sources() {
		if s.Tenant != third.Tenant("acme") || s.Plan == nil || s.Metrics == nil {
			t.Errorf("source %s of the third is %+v", s.ID, s)
		}
	}
	if third.AccountKey("k1") != nil || third.AccountKey("k2") != third.Tenant("acme") {
		t.Error("account keys do not follow their tenant")
	}
	if fourth.Tenant("acme") != nil || fourth.AccountKey("k2") != nil || fourth.Tenant("other") != other {
		t.Error("the fourth still has the tenant")
	}
	if without := acme.Without("pay"); without.Source("pay") != nil || acme.Source("pay") == nil {
		t.Error("Without changed the tenant itself")
	}
}

func TestTreeOfTenants(t *testing.T) {
	s := build(nil, tenant(t, "top", gateway.Tenant{}), tenant(t, "mid", gateway.Tenant{Parent: "top"}), tenant(t, "low", gateway.Tenant{Parent: "mid"}),
		tenant(t, "side", gateway.Tenant{Parent: "top"}), tenant(t, "ring1", gateway.Tenant{Parent: "ring2"}), tenant(t, "ring2", gateway.Tenant{Parent: "ring1"}),
		tenant(t, "orphan", gateway.Tenant{Parent: "gone"}))
	for pair, want := range map[[2]string]bool{
		{"low", "low"}: true, {"low", "mid"}: true, {"low", "top"}: true, {"low", "side"}: false, {"top", "low"}: false,
		{"ring1", "ring2"}: true, {"ring1", "top"}: false, {"orphan", "top"}: false, {"nobody", "top"}: false, {"low", ""}: false,
	} {
		if got := s.Under(pair[0], pair[1]); got != want {
			t.Errorf("%s under %q: %t, want %t", pair[0], pair[1], got, want)
		}
	}
	trees := func(s *directory.Snapshot) (text string) {
		for _, id := range []string{"top", "mid", "low", "side", "orphan"} {
			text += id + ":" + s.Tenant(id).Tree() + " "
		}
		return text
	}
	if got := trees(s); got != "top:top mid:top low:top side:top orphan:orphan " {
		t.Errorf("trees are %s", got)
	}
	moved := s.With(tenant(t, "mid", gateway.Tenant{Parent: "orphan"}))
	if got := trees(moved); got != "top:top mid:orphan low:orphan side:top orphan:orphan " {
		t.Errorf("after a move trees are %s", got)
	}
	if got := trees(s); got != "top:top mid:top low:top side:top orphan:orphan " {
		t.Errorf("in the snapshot before it trees are %s", got)
	}
	if !s.HasChildren("mid") || s.HasChildren("low") {
		t.Error("HasChildren does not see the tree")
	}
	if s.Reaches(auth.Principal{Scope: auth.Tenant, Tenant: "mid"}, "top") || s.Reaches(auth.Principal{}, "top") || !s.Reaches(auth.Principal{Scope: auth.Platform}, "top") {
		t.Error("Reaches does not follow the tree")
	}
	deep := build(nil)
	for i := range 40 {
		id, spec := fmt.Sprintf("d%d", i), gateway.Tenant{}
		if i > 0 {
			spec.Parent = fmt.Sprintf("d%d", i-1)
		}
		if faults, _ := deep.CheckTenant(id, spec); (len(faults) > 0) != (i > 16) {
			t.Fatalf("a tenant with %d above it: %v", i, faults)
		}
		if i <= 16 {
			deep = deep.With(tenant(t, id, spec))
		}
		if faults, _ := deep.CheckTenant("d0", gateway.Tenant{Parent: "d5"}); i >= 5 && len(faults) == 0 {
			t.Fatal("a ring is taken")
		}
	}
}

func TestTokensOfTenantsThatCannotUseThem(t *testing.T) {
	hash := token.Hash("t")
	tokens := directory.Tokens{hash: {Scope: auth.Tenant, Tenant: "acme"}}
	if _, ok := build(tokens).Token(hash); ok {
		t.Error("a token of a tenant that is not there is good")
	}
	acme := tenant(t, "acme", gateway.Tenant{AccountKeys: []string{"k"}}, source(t, "s", gateway.Source{}))
	if _, ok := build(tokens, acme).Token(hash); !ok {
		t.Error("a tenant's token is refused")
	}
	acme.Disabled = true
	s := build(tokens, acme)
	if _, ok := s.Token(hash); ok || s.AccountKey("k") != nil || s.Tenant("acme").Source("s").Enabled {
		t.Error("a disabled tenant is in service")
	}
}

func TestPlatform(t *testing.T) {
	seconds := func(n int) *gateway.Duration { d := gateway.Duration(time.Duration(n) * time.Second); return &d }
	p := tenant(t, "acme", gateway.Tenant{
		Headers: gateway.Headers{{Name: "X-Both", Value: "tenant"}, {Name: "X-Tenant", Value: "1"}, {Name: "authorization", Value: "tenant"}},
		Platform: &gateway.Platform{
			URL: "https://x.example/", Headers: gateway.Headers{{Name: "x-both", Value: "platform"}}, Timeout: seconds(5),
			Auth: gateway.Auth{Type: "basic", Username: "Aladdin", Password: "open sesame"}, Retry: &gateway.Retry{Initial: seconds(2), MaxAge: seconds(60)},
		},
	}).Platform
	got := map[string]string{}
	for _, h := range p.Headers {
		got[h.Name] = h.Value
	}
	if len(got) != 3 || got["x-both"] != "platform" || got["X-Tenant"] != "1" || got["Authorization"] != "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" {
		t.Errorf("headers are %q", got)
	}
	if p.Timeout != 5*time.Second || p.Trusted || p.Signer == nil || p.Retry.Initial != 2*time.Second || p.Retry.MaxAge != time.Minute || p.Retry.Schedule != nil || p.Retry.Validate() != nil {
		t.Errorf("platform is %+v", p)
	}
	if plain := tenant(t, "b", gateway.Tenant{Platform: &gateway.Platform{URL: "https://x.example/"}}).Platform; plain.Timeout != directory.DefaultTimeout || len(plain.Retry.Schedule) != 8 {
		t.Errorf("a platform that says nothing is %+v", plain)
	}
	none := []gateway.Duration{}
	if once := tenant(t, "c", gateway.Tenant{Platform: &gateway.Platform{URL: "https://x.example/", Retry: &gateway.Retry{Schedule: &none}}}).Platform; len(once.Retry.Schedule) != 0 || once.Retry.Initial != 0 {
		t.Errorf("an empty schedule is %+v, not one attempt", once.Retry)
	}
}

func TestFaultsOfPlatforms(t *testing.T) {
	refusing := options
	refusing.CheckURL = func(_ string, trusted bool) error {
		if trusted {
			return nil
		}
		return errors.New("leads nowhere")
	}
	refusing.CheckHeader = func(name, _ string) error {
		if name == "Host" {
			return errors.New("belongs to the connection")
		}
		return nil
	}
	zero := 0
	spec := gateway.Tenant{Headers: gateway.Headers{{Name: "Host", Value: "x"}, {Name: "X", Value: gateway.Secret(strings.Repeat("v", 9000))}}, Platform: &gateway.Platform{
		URL: "https://x.example/", Headers: gateway.Headers{{Name: "Authorization", Value: "a"}},
		Auth:  gateway.Auth{Type: "bearer", Token: "t", Name: "n"},
		Sign:  gateway.Sign{Type: "hmac", Header: "X-Sig", Secrets: []gateway.Secret{"a", ""}},
		Retry: &gateway.Retry{MaxAttempts: &zero, Schedule: &[]gateway.Duration{gateway.Duration(31 * 24 * time.Hour)}, Never: []gateway.Status{{Text: "2xx"}}},
	}}
	_, faults := directory.CompileTenant(gateway.Meta{ID: "acme"}, spec, refusing)
	var got []string
	for _, f := range faults {
		got = append(got, f.Path)
	}
	slices.Sort(got)
	want := []string{
		"headers.Host", "headers.X", "platform.auth.name", "platform.headers.Authorization", "platform.retry.max_attempts",
		"platform.retry.never[0]", "platform.retry.schedule[0]", "platform.sign.secrets[1]", "platform.url",
	}
	if !slices.Equal(got, want) {
		t.Errorf("faults at %q, want %q", got, want)
	}
	byFile := spec
	byFile.Headers, byFile.Platform = nil, &gateway.Platform{URL: "http://bot.internal/"}
	if trusted, faults := directory.CompileTenant(gateway.Meta{ID: "acme", ManagedBy: gateway.ManagedByFile}, byFile, refusing); len(faults) > 0 || !trusted.Platform.Trusted {
		t.Errorf("a platform that the file names is not trusted: %v", faults)
	}
}

func TestNothingPrintsAHeader(t *testing.T) {
	h := directory.Header{Name: "X-Auth", Value: "canary"}
	var out strings.Builder
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, format+format, h, []*directory.Header{&h})
	}
	if err := json.NewEncoder(&out).Encode(h); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "h", h)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "h", h)
	if strings.Contains(out.String(), "canary") || strings.Contains(out.String(), "63616e") || !strings.Contains(out.String(), "X-Auth") {
		t.Errorf("printed: %s", out.String())
	}
}

// A request's lookups copy nothing.
func TestLookupsDoNotAllocate(t *testing.T) {
	hash := token.Hash("t")
	d := directory.New()
	d.Swap(build(directory.Tokens{hash: {Scope: auth.Tenant, Tenant: "low"}},
		tenant(t, "top", gateway.Tenant{AccountKeys: []string{"k"}}, source(t, "pay", gateway.Source{})), tenant(t, "low", gateway.Tenant{Parent: "top"})))
	id, src, method := []byte("top"), []byte("pay"), []byte("POST")
	if n := testing.AllocsPerRun(100, func() {
		s := d.Current()
		p, ok := s.Token(hash)
		found := s.TenantBytes(id).SourceBytes(src)
		if !ok || s.Reaches(p, "top") || !s.Under("low", "top") || !found.Takes(method) || s.AccountKey("k") == nil {
			t.Fatal("a lookup went wrong")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// Writing one tenant of many copies that one.
func BenchmarkWith(b *testing.B) {
	tenants := make([]*directory.Tenant, 1000)
	for i := range tenants {
		tenants[i] = tenant(b, fmt.Sprintf("t%d", i), gateway.Tenant{}, source(b, "pay", gateway.Source{}))
	}
	s := build(nil, tenants...)
	next := s.Tenant("t7").With(source(b, "cal", gateway.Source{}))
	b.ReportAllocs()
	for b.Loop() {
		s.With(next)
	}
}

// What a provider does not sign can be no id of its repeats.
func TestMailgunKnowsRepeatsByItsToken(t *testing.T) {
	mailgun := gateway.Source{Verify: gateway.Verify{Type: "mailgun", Secrets: []gateway.Secret{"key"}}}
	for id, want := range map[string]int{"": 0, "signature.token": 0, "event-data.id": 1, "header:X-Id": 1} {
		mailgun.Dedupe.ID = id
		_, faults := directory.CompileSource(gateway.Meta{ID: "mail"}, mailgun, options)
		if len(faults) != want || want > 0 && faults[0].Path != "dedupe.id" {
			t.Errorf("%q: faults %v", id, faults)
		}
	}
}
