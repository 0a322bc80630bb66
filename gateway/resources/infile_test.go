package resources_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/resources"
)

// told gives the lines that do adds to the audit.
func (k *kit) told(do func()) []audit.Line {
	k.t.Helper()
	before := len(k.audited(""))
	do()
	return k.audited("")[before:]
}

func settings(most int, token gateway.Secret) map[string]any {
	return map[string]any{"bounds.waits": &most, "otel.headers": &map[string]gateway.Secret{"authorization": token}}
}

// What the file changed while no process ran has its lines at the next start, as a reload
// would have them.
func TestStartTellsWhatTheFileChangedSince(t *testing.T) {
	k := newKit(t)
	first := file(t, `{"acme": {"name": "A", "endpoints": {"e": {"url": "https://a.example.com/", "token": "canary-a"}}}, "b": {}, "c": {"name": "C"}}`)
	first.Tokens = []resources.FileToken{{Scope: auth.Admin, Name: "boss", Secret: "canary of the file"}}
	first.Settings = settings(5, "canary-s")
	first.Routes = map[string]gateway.Route{"r": {Mode: "proxy", Match: gateway.RouteMatch{Path: "/r"}, Upstreams: []gateway.Upstream{{URL: "http://bot.internal:3000"}}}}
	next := file(t, `{"acme": {"name": "B", "endpoints": {"e": {"url": "https://a.example.com/", "token": "canary-b"}}}, "c": {"name": "C"}, "d": {}}`)
	next.Settings = settings(6, "canary-t")

	if got := brief(k.told(func() { k.start(first) })); !slices.Equal(got, []string{
		"file create tenants/acme", "file create tenants/b", "file create tenants/c", "file update tokens", "file update routes", "file reload configuration",
	}) {
		t.Errorf("a file in an empty one's place comes as %q", got)
	}
	if got := brief(k.told(func() { k.start(first) })); !slices.Equal(got, []string{"file reload configuration"}) {
		t.Errorf("the same file comes as %q", got)
	}
	lines := k.told(func() { k.start(next) })
	if got := brief(lines); !slices.Equal(got, []string{
		"file update tenants/acme", "file delete tenants/b", "file create tenants/d", "file update tokens", "file update routes", "file reload configuration",
	}) {
		t.Fatalf("another file comes as %q", got)
	}
	if got := change(lines[0], "name"); got != "A -> B" || strings.Count(change(lines[0], "endpoints.e.token"), "sha256:") != 2 || len(lines[0].Changes) != 2 {
		t.Errorf("the changes are %+v", lines[0].Changes)
	}
	if got := change(lines[5], "bounds.waits"); got != "5 -> 6" || strings.Count(change(lines[5], "otel.headers.authorization"), "sha256:") != 2 || len(lines[5].Changes) != 2 {
		t.Errorf("the settings come as %+v", lines[5].Changes)
	}
	if text := fmt.Sprintf("%+v", lines); strings.Contains(text, "canary") || strings.Contains(text, gateway.Masked) {
		t.Errorf("a secret, or a mask, is in the audit: %s", text)
	}
	if got := brief(k.told(func() { k.start(next) })); !slices.Equal(got, []string{"file reload configuration"}) {
		t.Errorf("after it the same file comes as %q", got)
	}
}

// The first start over a folder that knows nothing of a file does not take all that it says
// for changes: an earlier version kept nothing of it.
func TestFirstFileIsNoChange(t *testing.T) {
	k := &kit{t: t, fs: newKit(t).fs, dir: "new", key: 1}
	t.Cleanup(k.stop)
	k.start(file(t, `{"acme": {"name": "A"}}`))
	if got := brief(k.audited("")); !slices.Equal(got, []string{"file reload configuration"}) {
		t.Errorf("the first file comes as %q", got)
	}
	lines := k.told(func() { k.start(file(t, `{"acme": {"name": "B"}}`)) })
	if got := brief(lines); !slices.Equal(got, []string{"file update tenants/acme", "file reload configuration"}) || change(lines[0], "name") != "A -> B" {
		t.Errorf("the second comes as %+v", lines)
	}
}

// What an earlier start was killed before it had told the store is not told as changed.
func TestKilledBeforeTheCrowdIsKept(t *testing.T) {
	var crowd strings.Builder
	for i := range 250 {
		fmt.Fprintf(&crowd, `"t%d": {"name": "A"}, `, i)
	}
	text := func(rest string) resources.File { return file(t, `{`+crowd.String()+rest+`}`) }
	for name, kill := range map[string]bool{"stopped": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			k := &kit{t: t, fs: newKit(t).fs, dir: "new", key: 1}
			t.Cleanup(k.stop)
			k.start(text(`"x": {}`))
			if kill {
				if err := k.store.Close(); err != nil { // before it can be told more
					t.Fatal(err)
				}
				k.Close()
				k.Resources, k.store = nil, nil
			}
			k.start(text(`"x": {"name": "X"}, "y": {}`))
			got := brief(k.audited(""))[1:]
			want := []string{"file update tenants/x", "file create tenants/y", "file reload configuration"}
			if kill { // nobody knows whether there was a y, and perhaps nothing of x
				got = slices.DeleteFunc(got, func(line string) bool { return line == want[0] })
				want = want[2:]
			}
			if !slices.Equal(got, want) {
				t.Errorf("after it another file comes as %q, want %q", got, want)
			}
			if got := brief(k.told(func() { k.start(text(`"x": {}`)) })); !slices.Equal(got, []string{"file update tenants/x", "file delete tenants/y", "file reload configuration"}) {
				t.Errorf("then the file comes as %q", got)
			}
		})
	}
}

// What could not be told, because the store took nothing, is told by the next load.
func TestLoadThatCouldNotBeToldIsToldLater(t *testing.T) {
	k := newKit(t)
	k.set(`{"acme": {"name": "A"}}`)
	lines := k.told(func() {
		k.under.Store = full{k.store}
		k.set(`{"acme": {"name": "B"}}`)
		k.under.Store = k.store
		k.Remember()
	})
	if got := brief(lines); !slices.Equal(got, []string{"file update tenants/acme", "file reload configuration"}) || change(lines[0], "name") != "A -> B" {
		t.Errorf("the audit has %+v", lines)
	}
	if lines := k.told(k.Remember); len(lines) > 0 {
		t.Errorf("it is told again: %+v", lines)
	}
}

// Another master key makes other marks, and that is no change of what they stand for.
func TestRekeyIsNoChangeOfTheFile(t *testing.T) {
	k := newKit(t)
	text := `{"acme": {"name": %q, "endpoints": {"e": {"url": "https://a.example.com/", "token": "canary-a"}}}}`
	f := file(t, fmt.Sprintf(text, "A"))
	f.Tokens = []resources.FileToken{{Scope: auth.Admin, Name: "boss", Secret: "canary of the file"}}
	f.Settings = settings(5, "canary-s")
	k.start(f)
	if err := resources.Reseal(k.store, sealer(t, 1), sealer(t, 2), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	k.key = 2
	if got := brief(k.told(func() { k.start(f) })); !slices.Equal(got, []string{"file reload configuration"}) {
		t.Errorf("after a rekey the same file comes as %q", got)
	}
	next := file(t, fmt.Sprintf(text, "B"))
	next.Tokens, next.Settings = f.Tokens, settings(6, "canary-s")
	lines := k.told(func() { k.start(next) })
	if got := brief(lines); !slices.Equal(got, []string{"file update tenants/acme", "file reload configuration"}) || len(lines[0].Changes) != 1 || len(lines[1].Changes) != 1 {
		t.Errorf("after a rekey another file comes as %+v", lines)
	}
}
