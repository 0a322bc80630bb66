package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// put writes files beside a configuration, and gives the configuration's name.
func put(t *testing.T, config string, files map[string]string) string {
	t.Helper()
	name := write(t, config)
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(filepath.Dir(name), file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

const secretFiles = `
tokens: [{ scope: admin, secret_file: admin }]
tenants:
  acme:
    platform: { url: "https://bot.example/", auth: { type: bearer, token_file: lf }, sign: { type: hmac, header: X-S, secrets_file: [lf, crlf] } }
    sources:
      pay: { verify: { type: stripe, secrets_file: lf }, handshake: { type: echo, in: header, name: X-Q, token: { in: query, name: t, secrets_file: crlf } } }
      till: { verify: { type: basic, username: u, password_file: crlf } }
      wa: { verify: { type: meta, secrets_file: [lf], verify_token_file: two } }
      ws: { verify: { type: pusher, key: k, secrets: [s3cret], tokens: [{ key: k2, secret_file: lf }] } }
      lark: { verify: { type: lark, secrets_file: "${DIR}/lf", verification_token_file: lf } }
    endpoints:
      crm: { url: "https://crm.example/", token_file: lf, auth: { type: header, name: X-K, value_file: lf } }
    webhooks:
      bot: { url: "https://bot.example/", profile: chatbot, token_file: lf, auth: { type: basic, username: u, password_file: lf } }
routes:
  r: { match: { path: / }, mode: proxy, upstreams: [{ url: "http://bot.example" }], verify: { type: github, secrets_file: lf } }
`

// Every key of a secret has its file, read relative to the configuration, without one
// line end.
func TestSecretsFromFiles(t *testing.T) {
	name := put(t, secretFiles, map[string]string{
		"admin": "0123456789abcdef\n", "lf": "s3cret-of-file\n", "crlf": "s3cret-of-file\r\n", "two": "s3cret-of-file",
	})
	c, err := Load(Options{Flags: Flags{Config: name}, Environ: []string{"DIR=" + filepath.Dir(name)}, Check: compile})
	if err != nil {
		t.Fatal(err)
	}
	const want = "s3cret-of-file"
	a := c.Tenants["acme"]
	for place, got := range map[string]string{
		"platform.auth.token":      a.Platform.Auth.Token.Reveal(),
		"platform.sign.secrets[1]": a.Platform.Sign.Secrets[1].Reveal(),
		"pay.secrets":              a.Sources["pay"].Verify.Secrets[0].Reveal(),
		"pay.handshake":            a.Sources["pay"].Handshake.Token.Secrets[0].Reveal(),
		"till.password":            a.Sources["till"].Verify.Password.Reveal(),
		"wa.secrets":               a.Sources["wa"].Verify.Secrets[0].Reveal(),
		"wa.verify_token":          a.Sources["wa"].Verify.VerifyToken.Reveal(),
		"ws.tokens":                a.Sources["ws"].Verify.Tokens[0].Secret.Reveal(),
		"lark.secrets":             a.Sources["lark"].Verify.Secrets[0].Reveal(),
		"lark.verification_token":  a.Sources["lark"].Verify.VerificationToken.Reveal(),
		"crm.token":                a.Endpoints["crm"].Token.Reveal(),
		"crm.auth.value":           a.Endpoints["crm"].Auth.Value.Reveal(),
		"bot.token":                a.Webhooks["bot"].Token.Reveal(),
		"bot.auth.password":        a.Webhooks["bot"].Auth.Password.Reveal(),
		"r.secrets":                c.Routes["r"].Verify.Secrets[0].Reveal(),
	} {
		if got != want {
			t.Errorf("%s is %q", place, got)
		}
	}
	if got := c.Tokens[0].Secret.Reveal(); got != "0123456789abcdef" {
		t.Errorf("the token is %q", got)
	}
	if strings.Contains(c.String(), want) {
		t.Error("the configuration shows what it read")
	}
}

// What is wrong with a file is told by its key and its name, and never by what is in it.
func TestSecretFilesRefused(t *testing.T) {
	large := strings.Repeat("canary", maxSecretFile)
	for written, want := range map[string]string{
		"secrets_file: none":                      "secrets_file: cannot be read: stat DIR/none: no such file or directory",
		"secrets_file: [good, none]":              "secrets_file[1]: cannot be read: stat DIR/none: no such file or directory",
		"secrets_file: good, secrets: [s3cret]":   "secrets_file: is beside secrets: leave one of them out",
		"secrets_file: good, secrets: []":         "secrets_file: is beside secrets: leave one of them out",
		"secrets_file: empty":                     "secrets_file: cannot be read: DIR/empty is empty",
		"secrets_file: ''":                        "secrets_file: must name a file",
		"secrets_file: 5":                         "secrets_file: must name a file",
		"secrets_file: { a: b }":                  "secrets_file: must name a file",
		"secrets_file: .":                         "secrets_file: cannot be read: DIR is no regular file",
		"secrets_file: large":                     "secrets_file: cannot be read: DIR/large is too large: a secret has at most 65536 bytes, all of them together 16777216",
		"secrets_file: binary":                    "secrets_file: cannot be read: DIR/binary is not UTF-8 text",
		"secrets_file: two":                       "secrets[0]: has white space at an end, which is no part of a secret: write it without, as it was read from DIR/two",
		"secrets_file: marked":                    "secrets[0]: has white space at an end, which is no part of a secret: write it without, as it was read from DIR/marked",
		"secrets_file: lines":                     "secrets[0]: has a control character, which no secret has, as it was read from DIR/lines",
		"secrets_file: [good, two]":               "secrets[1]: has white space at an end, which is no part of a secret: write it without, as it was read from DIR/two",
		"secrets_file: []":                        "secrets: is missing: set at least one",
		"secrets: [a], header_file: good":         "header_file: is not a known field",
		"secrets: [a], verify_token_file: [good]": "verify_token_file: must name a file",
	} {
		t.Run(written, func(t *testing.T) {
			name := put(t, "tenants:\n  acme:\n    sources:\n      pay: { verify: { type: stripe, "+written+" } }\n", map[string]string{
				"good": "canary", "empty": "\n", "large": large, "binary": "canary\xff", "two": "canary\n\n", "marked": "\ufeffcanary\n", "lines": "canary\ncanary",
			})
			_, err := Load(Options{Flags: Flags{Config: name}, Check: compile})
			if err == nil {
				t.Fatal("it was taken")
			}
			got := strings.ReplaceAll(err.Error(), filepath.Dir(name), "DIR")
			if !strings.Contains(got, ": tenants.acme.sources.pay.verify."+want+"\n") {
				t.Errorf("the report is\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(got, "canary") {
				t.Error("the report shows a secret")
			}
			if n := strings.Count(got, "DIR/hookgate.yaml:"); n > 1 {
				t.Errorf("one mistake is told as %d:\n%s", n, got)
			}
		})
	}
}
