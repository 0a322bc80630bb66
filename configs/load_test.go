package configs

import (
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/lexer"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

func TestPrecedence(t *testing.T) {
	file := write(t, "public: { addr: \":1\", url: \"https://file.example\" }\ninternal: { addr: \":2\" }\nstore: { dir: from-file }\nlog: { level: warn }\n")
	environ := []string{"HOOKGATE_CONFIG=" + file, "HOOKGATE_PUBLIC_ADDR=:3", "HOOKGATE_INTERNAL_ADDR=:4", "HOOKGATE_DATA_DIR=from-environment",
		"HOOKGATE_PUBLIC_URL=https://environment.example", "HOOKGATE_LOG_FORMAT=text", "HOOKGATE_LOG_LEVEL=", "HOOKGATE_ADMIN_TOKEN=0123456789abcdef"}
	for name, c := range map[string]struct {
		options Options
		want    [6]string // public.addr, public.url, internal.addr, store.dir, log.level, log.format
	}{
		"default":     {Options{}, [6]string{":8080", "", "127.0.0.1:8081", "./hookgate-data", "info", "json"}},
		"file":        {Options{Flags: Flags{Config: file}}, [6]string{":1", "https://file.example", ":2", "from-file", "warn", "json"}},
		"environment": {Options{Environ: environ}, [6]string{":3", "https://environment.example", ":4", "from-environment", "warn", "text"}},
		"flag": {Options{Environ: environ, Flags: Flags{Public: ":5", Data: "from-flag"}},
			[6]string{":5", "https://environment.example", ":4", "from-flag", "warn", "text"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Load(c.options)
			if err != nil {
				t.Fatal(err)
			}
			if values := [6]string{got.Public.Addr, got.Public.URL, got.Internal.Addr, got.Store.Dir, got.Log.Level, got.Log.Format}; values != c.want {
				t.Errorf("got %q, want %q", values, c.want)
			}
			if set := got.AdminToken.Reveal(); (set == "0123456789abcdef") != (c.options.Environ != nil) {
				t.Errorf("the admin token is %q", set)
			}
		})
	}
}

func TestMistakesNameTheFlagOrVariable(t *testing.T) {
	file := write(t, "public: { addr: \"file\" }\nlog: { level: loud }\n")
	_, err := Load(Options{Flags: Flags{Config: file, Internal: "flag"}, Environ: []string{
		"HOOKGATE_PUBLIC_ADDR=variable", "HOOKGATE_LOG_FORMAT=xml", "HOOKGATE_ADMIN_TOKEN=canary", "HOOKGATE_MASTER_KEY=canary"},
		Check: func(*Config) []gateway.Fault {
			return []gateway.Fault{{Path: "public.addr", Message: "is taken"}, {Path: "tenants", Message: "are too many"}}
		}})
	if err == nil {
		t.Fatal("loaded")
	}
	want := []string{
		`HOOKGATE_PUBLIC_ADDR: must be an address with a port, such as ":8080" or "127.0.0.1:8081"`,
		`--internal: must be an address with a port, such as ":8080" or "127.0.0.1:8081"`,
		"HOOKGATE_LOG_FORMAT: must be one of json, text",
		"HOOKGATE_ADMIN_TOKEN: token is too short: use 16 or more characters",
		"HOOKGATE_MASTER_KEY: must be 32 bytes in base64, as `openssl rand -base64 32` makes them",
		file + ":1:1: tenants: are too many\n    public: { addr: \"file\" }\n    ^",
		file + ":1:17: public.addr: must be an address with a port, such as \":8080\" or \"127.0.0.1:8081\"\n    public: { addr: \"file\" }\n                    ^",
		file + ":2:15: log.level: must be one of debug, info, warn, error\n    log: { level: loud }\n                  ^",
	}
	if got := err.Error(); got != strings.Join(want, "\n") {
		t.Errorf("the report is\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if _, ok := errors.AsType[Mistakes](err); !ok {
		t.Errorf("the error is a %T", err)
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.yaml")
	_, err := Load(Options{Environ: []string{"HOOKGATE_CONFIG=" + missing}})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("the error is %v", err)
	}
}

func TestFileThatIsTooLarge(t *testing.T) {
	_, err := Load(Options{Flags: Flags{Config: write(t, strings.Repeat("#", maxFile+1))}})
	if err == nil || !strings.Contains(err.Error(), "larger than 16777216 bytes") {
		t.Errorf("the error is %v", err)
	}
}

func TestAliasesCannotFillTheMemory(t *testing.T) {
	text := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		text += strings.ReplaceAll(string(c)+": &"+string(c)+" [P,P,P,P,P,P,P,P,P,P]\n", "P", "*"+string(c-1))
	}
	d, found := readDocument("f", []byte(text), func(string) (string, bool) { return "", false })
	if len(found) != 1 || !strings.Contains(found[0].message, "too large") || len(d.places) > maxNodes {
		t.Errorf("%d places, mistakes %v", len(d.places), found)
	}
}

// What is nested too deep does not come to the parser, in whatever form.
func TestNestingIsBoundedBeforeTheParser(t *testing.T) {
	for name, text := range map[string]func(deep int) string{
		"lists":             func(n int) string { return "a: " + strings.Repeat("[", n) },
		"lists that end":    func(n int) string { return "a: " + strings.Repeat("[", n) + strings.Repeat("]", n) },
		"objects":           func(n int) string { return "a: " + strings.Repeat("{a: ", n) },
		"entries":           func(n int) string { return "a:\n " + strings.Repeat("- ", n) + "b" },
		"names":             func(n int) string { return "a:\n " + strings.Repeat("? ", n) + "b" },
		"values":            func(n int) string { return "a:\n " + strings.Repeat(": ", n) + "b" },
		"members":           func(n int) string { return strings.Repeat("a: ", n) + "b" },
		"members of a list": func(n int) string { return "a: [" + strings.Repeat("a: [", n) + "b]" },
		"tags":              func(n int) string { return "a: " + strings.Repeat("!!a ", n) + "b" },
		"anchors":           func(n int) string { return "a: " + strings.Repeat("&a ", n) + "b" },
		"both":              func(n int) string { return "a: " + strings.Repeat("!!a &a ", n) + "b" },
		"lines":             nestedLines,
	} {
		t.Run(name, func(t *testing.T) {
			if _, deep := errors.AsType[boundError](checkNesting(lexer.Tokenize(text(mostNested + 10)))); !deep {
				t.Error("the parser is given it")
			}
			if err := checkNesting(lexer.Tokenize(text(fields.MaxDepth))); err != nil {
				t.Errorf("%d levels: %v", fields.MaxDepth, err)
			}
		})
	}
	for depth, want := range map[int]bool{fields.MaxDepth: true, fields.MaxDepth + 2: false} {
		d, found := readDocument("f", []byte(nestedLines(depth)), func(string) (string, bool) { return "", false })
		if (len(found) == 0) != want || !want && !strings.Contains(found[0].message, "deeper than 128 levels") {
			t.Errorf("%d levels: %v, %v", depth, d.broken, found)
		}
	}
}

// nestedLines gives members that stand in one another, so deep.
func nestedLines(levels int) string {
	var text strings.Builder
	for i := range levels {
		text.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return text.String()
}

func TestMergeKeys(t *testing.T) {
	text := `
tenants:
  a:
    sources:
      one: &one { verify: &v { type: token, in: header, name: X }, methods: [POST] }
      two: &two { <<: *one, methods: [GET], verify: { <<: *v, name: Y } }
      three: { <<: [{ methods: [PUT] }, *two] }
`
	c, err := Load(Options{Flags: Flags{Config: write(t, text)}})
	if err != nil {
		t.Fatal(err)
	}
	s := c.Tenants["a"].Sources
	two := gateway.Source{Verify: gateway.Verify{Type: "token", In: "header", Name: "Y"}, Methods: []string{"GET"}}
	three := two
	three.Methods = []string{"PUT"}
	if !reflect.DeepEqual(s["two"], two) || !reflect.DeepEqual(s["three"], three) {
		t.Errorf("merged to\n%+v\n%+v", s["two"], s["three"])
	}
}

// FuzzLoad: whatever the file, there is a configuration or mistakes whose places
// are in the file; a secret under a known key is in no report.
func FuzzLoad(f *testing.F) {
	f.Add(Reference)
	f.Add("tokens: [{ scope: platform, secret: \"${SET}\" }]\n")
	f.Add("tenants:\n  a: &x\n    name: |\n      b\n  c: { <<: *x, name: 'd\n e' }\n")
	f.Add("a: 1\na: 2\n---\n%YAML 1.2\n")
	f.Add("tokens:\n- secret: \"canary\n  canary\"\n  scope: é\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, found := readWhole("f", text, newInputs(map[string]string{"SET": "0123456789abcdef"}))
		err := c.report(found, nil)
		if (err == nil) != (len(found) == 0) {
			t.Fatalf("%d mistakes, but the error is %v", len(found), err)
		}
		for _, m := range found {
			if m.at.line < 1 || m.at.column < 1 || m.at.line > len(c.file.lines)+1 {
				t.Fatalf("%v is not in the file of %d lines", m, len(c.file.lines))
			}
		}
		if err != nil {
			for _, token := range c.Tokens {
				if s := token.Secret.Reveal(); len(s) > 24 && strings.Contains(err.Error(), s) {
					t.Fatalf("the report shows the secret %q:\n%v", s, err)
				}
			}
			return
		}
		if faults := c.check(); len(faults) > 0 {
			t.Fatalf("taken, but at fault: %v", faults)
		}
	})
}

// Members stand as they were written; merged ones come first (c14).
func TestFileKeepsTheOrderOfMembers(t *testing.T) {
	path := write(t, `
tenants:
  acme:
    headers: { X-Z: z, X-A: a }
    webhooks:
      one: { url: "http://a.example/", body: &base { zeta: 1, alpha: { d: 1, c: 2.50 }, __type: x } }
      two: { url: "http://a.example/", query: { z: "1", a: "2" }, body: { <<: *base, m: 3, zeta: 9 } }
`)
	c, err := Load(Options{Flags: Flags{Config: path}})
	if err != nil {
		t.Fatal(err)
	}
	acme := c.Tenants["acme"]
	for webhook, want := range map[string]string{
		"one": `{"zeta":1,"alpha":{"d":1,"c":2.50},"__type":"x"}`, "two": `{"zeta":9,"alpha":{"d":1,"c":2.50},"__type":"x","m":3}`,
	} {
		if got := string(*acme.Webhooks[webhook].Body); got != want {
			t.Errorf("%s has %s", webhook, got)
		}
	}
	if q := acme.Webhooks["two"].Query; acme.Headers[0].Name != "X-Z" || q[0].Name != "z" || q[1].Value != "2" {
		t.Errorf("%v, %v", acme.Headers, q)
	}
}
