package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/node"
	"hookgate/gateway/secure/securetest"
)

// examined runs doctor over a configuration, with a data folder of its own.
func examined(t *testing.T, text string, env ...string) (found map[string][]node.Finding, code int) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "hookgate.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env = append([]string{"HOOKGATE_PUBLIC_ADDR=127.0.0.1:0", "HOOKGATE_INTERNAL_ADDR=127.0.0.1:0"}, env...)
	out, log, code := runs(t, env, "doctor", "--config", file, "--data", filepath.Join(dir, "data"), "--json")
	var all []node.Finding
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v: %s%s", err, out, log)
	}
	if strings.Contains(out, "canary") {
		t.Errorf("it shows a secret: %s", out)
	}
	found = map[string][]node.Finding{}
	for _, f := range all {
		if (f.Fix == "") != (f.Severity == node.SeverityOK) {
			t.Errorf("what to do: %+v", f)
		}
		found[f.Check] = append(found[f.Check], f)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
		t.Errorf("it leaves behind %q, %v", left, err)
	}
	return found, code
}

// has says whether a check found something with these words.
func has(found map[string][]node.Finding, check, severity, words string) error {
	for _, f := range found[check] {
		if f.Severity == severity && strings.Contains(f.Detail, words) {
			return nil
		}
	}
	return fmt.Errorf("%s has no %s with %q: %+v", check, severity, words, found[check])
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := securetest.NewAuthority(t)
	cert, key := ca.ClientUntil(t, "over", time.Now().Add(-time.Hour))
	for name, text := range map[string]string{"over.pem": cert, "over.key": key} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	taken := strings.TrimPrefix(program.Start(t, program.Options{}).Public, "http://")

	good, code := examined(t, "tenants: { acme: { platform: { url: \"https://bot.example.com/\" }, endpoints: { crm: { url: \"https://crm.example.com/\", token: canary-of-16-characters } } } }\n")
	for _, check := range []string{"configuration", "certificates", "ports", "key", "secrets", "verify", "endpoints", "egress", "platform", "internal"} {
		if len(good[check]) != 1 || good[check][0].Severity != node.SeverityOK {
			t.Errorf("%s: %+v", check, good[check])
		}
	}
	for _, check := range []string{"configuration", "certificates", "secrets", "verify", "endpoints", "platform"} {
		if err := has(good, check, node.SeverityOK, "what the API holds is not looked at"); err != nil {
			t.Error(err)
		}
	}
	if len(good["disk"]) == 0 || len(good["files"]) == 0 || code != 0 {
		t.Errorf("exit code %d, %+v", code, good)
	}

	bad, code := examined(t, `
public: { tls: { cert: "`+dir+`/over.pem", key: "`+dir+`/over.key" } }
egress: { allow: [169.254.0.0/16, 10.0.0.0/8] }
tenants:
  acme:
    sources:
      open: { verify: { type: none } }
      pay: { verify: { type: bearer, secrets: [canary-short] } }
      twice: { verify: { type: bearer, secrets: [canary-of-16-characters] } }
    endpoints: { crm: { url: "http://crm.example.com/", token: canary-of-16-characters } }
`, "HOOKGATE_PUBLIC_ADDR="+taken, "HOOKGATE_INTERNAL_ADDR=0.0.0.0:0")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []struct{ check, severity, words string }{
		{"certificates", "error", "over.pem has expired on"}, {"ports", "error", "public.addr: " + taken}, {"egress", "warning", "egress.allow[0], 169.254.0.0/16, lets tenants reach the metadata"},
		{"egress", "warning", "10.0.0.0/8, is wide"}, {"verify", "warning", "tenants.acme.sources.open takes callbacks from anybody"},
		{"secrets", "warning", "tenants.acme.sources.pay.verify.secrets[0] has 12 characters"}, {"secrets", "warning", "is the same as tenants.acme."},
		{"endpoints", "warning", "tenants.acme.endpoints.crm is sent to without TLS"}, {"platform", "warning", "tenants.acme has no platform url"}, {"internal", "warning", "open on 0.0.0.0"},
	} {
		if err := has(bad, want.check, want.severity, want.words); err != nil {
			t.Error(err)
		}
	}
	broken, code := examined(t, "tenants:\n  acme: { nmae: x }\n")
	if err := has(broken, "configuration", "error", "hookgate.yaml:2:11: tenants.acme.nmae: is not a known field"); err != nil || code != 1 {
		t.Errorf("exit code %d, %v", code, err)
	}
	out, _, code := runs(t, []string{"HOOKGATE_PUBLIC_ADDR=" + taken}, "doctor", "--data", filepath.Join(dir, "data"))
	if code != 1 || !strings.Contains(out, "error    ports: public.addr: "+taken) || !strings.Contains(out, "stop who has it") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
