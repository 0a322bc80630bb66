package configs

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/fields"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hookgate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// referenceEnviron sets every variable that the reference asks for.
func referenceEnviron() (environ []string) {
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)\}`).FindAllStringSubmatch(Reference, -1) {
		if m[1] != "NAME" {
			environ = append(environ, m[1]+"=made-up value of "+m[1])
		}
	}
	return append(environ, "PLATFORM_TOKEN=0123456789abcdef-platform", "ACME_TOKEN=0123456789abcdef-acme")
}

func TestReferenceLoads(t *testing.T) {
	c, err := Load(Options{Flags: Flags{Config: write(t, Reference)}, Environ: referenceEnviron()})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Tenants["acme"].Sources["payments"].Verify.Secrets[0].Reveal(); got != "made-up value of STRIPE_WHSEC" {
		t.Errorf("the source's secret is %q", got)
	}
	if _, there := c.Tenants["agency"]; !there {
		t.Error("a tenant that says nothing is a tenant all the same")
	}
}

func TestReferenceCompiles(t *testing.T) {
	environ := referenceEnviron()
	for _, name := range []string{"BOT_WHSEC", "STOCK_WHSEC"} {
		environ = append(environ, name+"="+signature.NewSecret())
	}
	if _, err := Load(Options{Flags: Flags{Config: write(t, Reference)}, Environ: environ, Check: compile}); err != nil {
		t.Fatal(err)
	}
}

func TestReferenceMentionsEveryKey(t *testing.T) {
	d, mistakes := readDocument("reference.yaml", []byte(Reference), func(string) (string, bool) { return "x", true })
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	// A type that is used in several places is shown in full in one of them or
	// spread over them, as verify is over the sources.
	mentioned := map[reflect.Type][]string{}
	for path := range d.places {
		parent, name := fields.Parent(path)
		if t := fields.TypeAt(reflect.TypeFor[Config](), parent); t != nil && path != "" {
			mentioned[t] = append(mentioned[t], name)
		}
	}
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			if fields.KeepsOrder(typ) {
				return // its names are not ours
			}
			typ = typ.Elem()
		}
		names := fields.Names(typ)
		if names == nil || seen[typ] {
			return
		}
		seen[typ] = true
		for _, name := range names {
			if name == "expire_after" && strings.Contains(Reference, "# expire_after: ") {
				continue // the file may not have it: what stands there stays
			}
			if !slices.Contains(mentioned[typ], name) {
				t.Errorf("reference.yaml does not mention %s of %s", name, typ)
			}
			if next := fields.TypeAt(typ, name); next != nil {
				visit(next)
			}
		}
	}
	visit(reflect.TypeFor[Config]())
	if len(seen) < 20 {
		t.Errorf("looked at %d types only", len(seen))
	}
}

func TestReferenceSaysTheDefaults(t *testing.T) {
	c, err := Load(Options{Flags: Flags{Config: write(t, Reference)}, Environ: referenceEnviron()})
	if err != nil {
		t.Fatal(err)
	}
	d := Default()
	if c.Public.Addr != d.Public.Addr || c.Public.MaxBody != d.Public.MaxBody || c.Internal != d.Internal ||
		c.Store != d.Store || c.Log != d.Log || c.Drain != d.Drain || !reflect.DeepEqual(c.Otel, d.Otel) && len(c.Otel.Headers) > 0 {
		t.Errorf("the reference's values are %s, the defaults %s", c, d)
	}
}

func TestExampleOfTheSpecLoads(t *testing.T) {
	text, err := os.ReadFile("testdata/spec.yaml")
	if err != nil {
		t.Fatal(err)
	}
	environ := []string{"ACME_AUTH=a", "BOT_TOKEN=b", "STRIPE_WHSEC=c", "CRM_TOKEN=d", "CRM_WHSEC=e", "META_SECRET=f", "META_VERIFY=g",
		"PLATFORM_TOKEN=0123456789abcdef"}
	if _, err := Load(Options{Flags: Flags{Config: write(t, string(text))}, Environ: environ}); err != nil {
		t.Fatal(err)
	}
}

func TestNoFormShowsASecret(t *testing.T) {
	var environ []string
	for _, set := range referenceEnviron() {
		name, _, _ := strings.Cut(set, "=")
		environ = append(environ, name+"=canary-0123456789")
	}
	text := strings.NewReplacer("headers: {}      ", "headers: { api-key: canary-in-the-file }", "${ACME_TOKEN}", "canary-in-the-file", "${CRM_SECRET}", "canary-in-the-file").Replace(Reference)
	c, err := Load(Options{Flags: Flags{Config: write(t, text)}, Environ: append(environ, "HOOKGATE_ADMIN_TOKEN=canary-0123456789abc",
		"HOOKGATE_MASTER_KEY=Y2FuYXJ5LTAxMjM0NTY3ODlhYmNkZWYtY2FuYXJ5ISE=")})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("config", "pointer", c, "value", *c)
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c, c), fmt.Sprintf("%v %+v %#v", *c, *c, *c), log.String(), string(encoded),
		fmt.Sprintf("%v %+v %#v", c.Tokens, c.Tenants, c.Routes),
	} {
		if strings.Contains(shown, "canary") || strings.Contains(shown, "Y2FuYXJ5") {
			t.Errorf("shows a secret: %s", shown)
		}
	}
	if string(c.Key()) != "canary-0123456789abcdef-canary!!" {
		t.Errorf("the master key is %q", c.Key())
	}
	if !strings.Contains(c.String(), gateway.Masked) {
		t.Error("a secret that is set must show as masked")
	}
}

func TestNoFileIsAllDefaults(t *testing.T) {
	c, err := Load(Options{})
	if err != nil || !reflect.DeepEqual(c.Public, Default().Public) || c.Store.Dir != "./hookgate-data" || c.Key() != nil {
		t.Errorf("without a file: %s, %v", c, err)
	}
}
