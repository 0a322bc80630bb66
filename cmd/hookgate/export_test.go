package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// What is exported with sealed secrets makes the same tenant on a gateway with the same master
// key, with secrets that work; anywhere else it says what is wrong, and changes nothing.
func TestSealedExport(t *testing.T) {
	t.Parallel()
	key := func(fill string) []string {
		return []string{"HOOKGATE_MASTER_KEY=" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, 32)))}
	}
	from, to, other := program.Start(t, program.Options{Env: key("a")}), program.Start(t, program.Options{Env: key("a")}), program.Start(t, program.Options{Env: key("b")})
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	a := from.Admin()
	a.Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{"headers": {"X-Api-Key": "key-of-acme", "X-Plain": "plain"}, "platform": {"url": "https://bot.example.com/", "auth": {"type": "bearer", "token": "token-of-the-platform"}}}`)
	a.Must(t, []int{201}, "PUT", "/v1/tenants/acme/sources/pay", `{"verify": {"type": "stripe", "secrets": ["`+secret+`"]}, "conversation_key": {"in": "body", "path": "data.object.metadata.conversation_key"}}`)
	a.Must(t, []int{201}, "PUT", "/v1/tenants/acme/endpoints/crm", `{"url": "https://crm.example.com/", "sign": {"type": "standard", "secrets": ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]}}`)
	a.Must(t, []int{201}, "PUT", "/v1/tenants/acme/endpoints/made", `{"url": "https://crm.example.com/made"}`)
	a.Must(t, []int{201}, "PUT", "/v1/tenants/acme/webhooks/bank", `{"url": "https://bank.example.com/", "auth": {"type": "basic", "username": "u", "password": "password-of-the-bank"}}`)

	env := func(p *program.Program) []string {
		return []string{"HOOKGATE_SERVER=" + p.Internal, "HOOKGATE_TOKEN=" + program.AdminToken}
	}
	out, log, code := runs(t, env(from), "export", "--secrets", "sealed")
	if code != 0 || strings.Contains(out, "***") || strings.Count(out, "hgs1:") != 6 {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	for _, clear := range []string{secret, "key-of-acme", "token-of-the-platform", "C2FVsBQIhrscChlQIMV", "password-of-the-bank"} {
		if strings.Contains(out, clear) {
			t.Errorf("%s is exported in the clear", clear)
		}
	}
	file := filepath.Join(t.TempDir(), "export.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(out)
	if _, log, code := runs(t, env(to), "apply", "-f", file); code != 0 {
		t.Fatalf("applied elsewhere: exit %d\n%s", code, log)
	}
	if said, log, code := runs(t, nil, "trigger", "stripe", "--to", to.Public+"/hooks/acme/pay", "--secret", secret); code != 0 || !strings.HasPrefix(said, "202 ") {
		t.Errorf("signed with the secret: exit %d\n%s%s", code, said, log)
	}
	again, log, code := runs(t, env(to), "apply", "-f", file)
	if code != 0 || strings.Contains(again, "updated") {
		t.Errorf("applied again: exit %d\n%s%s", code, again, log)
	}

	if _, log, code := runs(t, env(other), "apply", "-f", file); code != 1 || !strings.Contains(log, "another master key") {
		t.Errorf("with another master key: exit %d\n%s", code, log)
	}
	write(strings.Replace(out, "  acme:", "  rival:", 1))
	if _, log, code := runs(t, env(to), "apply", "-f", file); code != 1 || !strings.Contains(log, "for another place than this one, tenants/rival") {
		t.Errorf("as another tenant: exit %d\n%s", code, log)
	}
	token := a.Must(t, []int{201}, "POST", "/v1/tokens", `{"scope": "tenant", "tenant": "acme"}`).Field("token")
	own := []string{"HOOKGATE_SERVER=" + from.Internal, "HOOKGATE_TOKEN=" + token}
	write(out)
	if _, log, code := runs(t, own, "apply", "-f", file); code != 1 || !strings.Contains(log, "only an admin token") {
		t.Errorf("with the tenant's own token: exit %d\n%s", code, log)
	}
	if _, log, code := runs(t, own, "export", "--secrets", "sealed", "--tenant", "acme"); code != 1 || !strings.Contains(log, "403") && !strings.Contains(log, "forbidden") && !strings.Contains(log, "may not") {
		t.Errorf("exported with the tenant's own token: exit %d\n%s", code, log)
	}
	if said, log, code := runs(t, nil, "check", file); code != 1 || !strings.Contains(said+log, "hookgate apply takes it") {
		t.Errorf("as a configuration file: exit %d\n%s%s", code, said, log)
	}
}
