package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const filed = `
egress: { ca_file: ca.pem }
tenants:
  acme:
    endpoints: { crm: { url: "https://a.example", tls: { ca_file: sub/ca.pem, cert_file: cert.pem, key_file: %s } } }
    webhooks: { w: { url: "https://a.example", tls: { ca_file: ca.pem } } }
routes:
  bot: { match: { path: / }, mode: proxy, upstreams: [{ url: "https://a.example", tls: { ca_file: ca.pem } }] }
`

// Files in PEM are found beside the configuration file, read anew with it, and stand for
// what they hold.
func TestPEMFiles(t *testing.T) {
	folder := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("ca.pem", "an authority")
	put("sub/ca.pem", "another")
	put("cert.pem", "a certificate")
	put("key.pem", "a key")
	put("hookgate.yaml", strings.Replace(filed, "%s", filepath.Join(folder, "key.pem"), 1))
	load := func() *Config {
		t.Helper()
		c, err := Load(Options{Flags: Flags{Config: filepath.Join(folder, "hookgate.yaml")}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := load()
	e := c.Tenants["acme"].Endpoints["crm"].TLS
	if c.Egress.CA != "an authority" || e.CA != "another" || e.Cert != "a certificate" || e.Key != "a key" || e.CAFile+e.CertFile+e.KeyFile+c.Egress.CAFile != "" {
		t.Errorf("%+v, %+v", c.Egress, e)
	}
	if c.Tenants["acme"].Webhooks["w"].TLS.CA != "an authority" || c.Routes["bot"].Upstreams[0].TLS.CA != "an authority" {
		t.Error("a webhook or an upstream has not read its file")
	}
	put("sub/ca.pem", "a third")
	if ca := load().Tenants["acme"].Endpoints["crm"].TLS.CA; ca != "a third" {
		t.Errorf("after a reload it is %q", ca)
	}
}

func TestPEMFileMistakes(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "empty.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]string{
		"ca_file: missing.pem":     "tls.ca_file: cannot be read: no such file or directory",
		"ca_file: empty.pem":       "tls.ca_file: is an empty file",
		"ca_file: .":               "tls.ca_file: cannot be read",
		"ca_file: a.pem, ca: text": "tls.ca_file: stands beside ca",
	} {
		file := filepath.Join(folder, "hookgate.yaml")
		text := "tenants:\n  acme:\n    endpoints: { crm: { url: \"https://a.example\", tls: { " + member + " } } }\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(Options{Flags: Flags{Config: file}, Check: compile})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file+":3:") || strings.Count(err.Error(), file) != 1 {
			t.Errorf("%s: %v", member, err)
		}
	}
}

// What is wrong in a file stands where the file is named.
func TestMistakesInPEMFilesHaveTheirPlace(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "text.pem"), []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "hookgate.yaml")
	for text, want := range map[string]string{
		"tenants:\n  acme:\n    endpoints:\n      crm:\n        url: https://a.example\n        tls:\n          ca_file: text.pem\n":                        ":7:20: tenants.acme.endpoints.crm.tls.ca: holds no",
		"tenants:\n  acme:\n    webhooks:\n      w:\n        url: https://a.example\n        tls:\n          server_name: a\n          ca_file: text.pem\n": ":8:20: tenants.acme.webhooks.w.tls.ca: holds no",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(Options{Flags: Flags{Config: file}, Check: compile}); err == nil || !strings.Contains(err.Error(), file+want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
