package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each key is told once, with its value and where that comes from; secrets are not.
func TestOrigins(t *testing.T) {
	name := filepath.Join(t.TempDir(), "hookgate.yaml")
	text := "log: { level: warn }\negress:\n  proxy: { url: \"http://user:canary@proxy.example.com\" }\ninternal: { addr: 127.0.0.1:1 }\ntenants: { acme: {}, shop: {} }\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Options{Flags: Flags{Config: name, Public: ":9000"}, Environ: []string{"HOOKGATE_INTERNAL_ADDR=127.0.0.1:2"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Origin{}
	for _, o := range c.Origins() {
		got[o.Key] = o
	}
	if len(got) != len(Keys()) {
		t.Errorf("%d keys of %d", len(got), len(Keys()))
	}
	for _, want := range []Origin{
		{"public.addr", `":9000"`, "--public"}, {"internal.addr", `"127.0.0.1:2"`, "HOOKGATE_INTERNAL_ADDR"}, {"log.level", `"warn"`, name + ":1"},
		{"log.format", `"json"`, "default"}, {"egress.proxy.url", `"***"`, name + ":3"}, {"tenants", "2", name + ":5"},
	} {
		if got[want.Key] != want {
			t.Errorf("%+v, want %+v", got[want.Key], want)
		}
	}
	for path, want := range map[string]string{"tenants.acme": name + ":5", "tenants.shop": name + ":5", "tenants.none": "", "log.level": name + ":1"} {
		if at := c.Place(path); at != want {
			t.Errorf("%s stands at %q, want %q", path, at, want)
		}
	}
	for _, o := range got {
		if strings.Contains(o.Value, "canary") {
			t.Errorf("%s shows a secret", o.Key)
		}
	}
}
