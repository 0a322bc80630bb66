package resources_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway/resources"
)

// take loads a file whose options are those of others with the same rules, and gives what
// was built for it.
func (k *kit) take(text, rules string) []string {
	k.t.Helper()
	f := compiled(file(k.t, text))
	f.Compile.Rules = rules
	built, err := k.TakeFile(f)
	if err != nil {
		k.t.Fatal(err)
	}
	slices.Sort(built)
	return built
}

// A load builds the tenants of which the file says something else, and shares all others
// with the snapshot before.
func TestLoadBuildsWhatChanged(t *testing.T) {
	k := newKit(t)
	k.tenant("api", `{"name": "of the API"}`)
	const a, b = `"a": {"name": "A", "endpoints": {"e": {"url": "https://a.example.com/"}}}`, `"b": {"headers": {"X": "y"}}`
	if got := k.take(`{`+a+`,`+b+`}`, "one"); !slices.Equal(got, []string{"a", "api", "b"}) {
		t.Fatalf("the first file builds %q", got)
	}
	for _, step := range []struct {
		name, file, rules string
		want              []string
	}{
		{"the same", `{` + a + `,` + b + `}`, "one", nil},
		{"the other way round", `{` + b + `,` + a + `}`, "one", nil},
		{"one more", `{` + a + `,` + b + `,"c": {}}`, "one", []string{"c"}},
		{"one otherwise", `{` + a + `,"b": {},"c": {}}`, "one", []string{"b"}},
		{"one that is the API's", `{` + a + `,"b": {},"c": {},"api": {}}`, "one", []string{"api"}},
		{"two less", `{` + a + `,"b": {}}`, "one", []string{"api", "c"}},
		{"other rules for all", `{` + a + `,"b": {}}`, "two", []string{"a", "api", "b", "c"}},
		{"rules that nobody knows", `{` + a + `,"b": {}}`, "", []string{"a", "api", "b", "c"}},
	} {
		before := k.here.Current()
		if got := k.take(step.file, step.rules); !slices.Equal(got, step.want) {
			t.Errorf("%s: builds %q, want %q", step.name, got, step.want)
		}
		for now := range k.here.Current().Tenants() {
			if same := before.Tenant(now.ID) == now; same == slices.Contains(step.want, now.ID) {
				t.Errorf("%s: tenant %s is the one before: %v", step.name, now.ID, same)
			}
		}
	}
}

// A file that is refused for what the API holds changes nothing, and the next is compared
// with the one in force.
func TestLoadComparesWithTheFileInForce(t *testing.T) {
	k := newKit(t)
	k.take(`{"a": {}}`, "one")
	k.tenant("api", `{"account_keys": ["k"]}`)
	before := k.here.Current()
	f := compiled(file(t, `{"a": {"account_keys": ["k"]}}`))
	f.Compile.Rules = "one"
	if _, err := k.TakeFile(f); err == nil {
		t.Fatal("an account key that the API holds was taken")
	}
	if k.here.Current() != before {
		t.Error("a refused file made another snapshot")
	}
	if got := k.take(`{"a": {}}`, "one"); got != nil {
		t.Errorf("the file in force builds %q", got)
	}
}

func manyTenants(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"tenant-%d": {"endpoints": {`, i)
		for j := range 5 {
			fmt.Fprintf(&b, `"e%d": {"url": "https://r%d.example.com/%d"},`, j, i, j)
		}
		b.WriteString(`"last": {"url": "https://x.example.com/", "sign": {"type": "none"}}}}`)
	}
	return "{" + b.String()[1:] + "}"
}

// BenchmarkFile: 1,000 tenants of six endpoints from nothing, again, with one more, and a
// PUT among them.
func BenchmarkFile(b *testing.B) {
	k := newKit(b)
	text := manyTenants(1000)
	of := func(text, rules string) resources.File {
		f := compiled(file(b, text))
		f.Compile.Rules = rules
		return f
	}
	same, more, others := of(text, "one"), of(manyTenants(1001), "one"), of(text, "")
	load := func(f resources.File) {
		if err := k.SetFile(f); err != nil {
			b.Fatal(err)
		}
	}
	for name, files := range map[string][2]resources.File{"nothing": {others, others}, "unchanged": {same, same}, "one": {same, more}} {
		b.Run(name, func(b *testing.B) {
			load(files[0])
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				load(files[(i+1)%2])
			}
		})
	}
	b.Run("put", func(b *testing.B) {
		load(same)
		k.tenant("api", `{}`)
		b.ReportAllocs()
		for b.Loop() {
			if _, _, _, err := k.Endpoints.Put(admin, "api", "e", tree(b, `{"url": "https://r.example.com/"}`)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
