package resources_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/resources"
)

const (
	unpaddedKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAE"  // 26 bytes, without their =
	shortKey    = "whsec_MfKQ9r8GKYqrTwjUPD8ILA=="             // 16 bytes
	otherKey    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_"     // the alphabet of URLs
	goodKey     = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAE=" // as libraries read it
)

// A secret that the other side does not have as it is, or cannot read, is refused where
// it is written, by its name (c05).
func TestSecretsAreRefusedWhereTheyAreWritten(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	sources := func(body string) error {
		_, _, err := k.Sources.Put(of("acme"), "acme", "s", tree(t, body))
		return err
	}
	endpoints := func(body string) error {
		_, _, _, err := k.Endpoints.Put(of("acme"), "acme", "e", tree(t, `{"url":"https://e.example/",`+body[1:]))
		return err
	}
	webhooks := func(body string) error {
		_, _, err := k.Webhooks.Put(of("acme"), "acme", "w", tree(t, `{"url":"https://w.example/",`+body[1:]))
		return err
	}
	tenants := func(body string) error {
		_, _, err := k.Tenants.Put(admin, "acme", tree(t, `{"platform":{"url":"https://p.example/",`+body[1:]+`}`))
		return err
	}
	for _, c := range []struct {
		put        func(string) error
		body, path string
	}{
		{sources, `{"verify":{"type":"stripe","secrets":["ok","%s"]}}`, "verify.secrets[1]"},
		{sources, `{"verify":{"type":"hmac","header":"X-S","secrets":["%s"]}}`, "verify.secrets[0]"},
		{sources, `{"verify":{"type":"token","in":"query","name":"t","secrets":["%s"]}}`, "verify.secrets[0]"},
		{sources, `{"verify":{"type":"bearer","secrets":["%s"]}}`, "verify.secrets[0]"},
		{sources, `{"verify":{"type":"basic","username":"u","password":"%s"}}`, "verify.password"},
		{sources, `{"verify":{"type":"basic","username":"%s","password":"p"}}`, "verify.username"},
		{sources, `{"verify":{"type":"meta","secrets":["s"],"verify_token":"%s"}}`, "verify.verify_token"},
		{sources, `{"verify":{"type":"jwt","secrets":["%s"]}}`, "verify.secrets[0]"},
		{sources, `{"verify":{"type":"pusher","key":"k","secrets":["s"],"tokens":[{"key":"k2","secret":"%s"}]}}`, "verify.tokens[0].secret"},
		{sources, `{"verify":{"type":"none"},"handshake":{"type":"echo","in":"query","name":"q","token":{"in":"query","name":"t","secrets":["%s"]}}}`, "handshake.token.secrets[0]"},
		{endpoints, `{"token":"%s"}`, "token"},
		{endpoints, `{"auth":{"type":"basic","username":"u","password":"%s"}}`, "auth.password"},
		{endpoints, `{"auth":{"type":"bearer","token":"%s"}}`, "auth.token"},
		{endpoints, `{"auth":{"type":"header","name":"X-K","value":"%s"}}`, "auth.value"},
		{endpoints, `{"sign":{"type":"hmac","header":"X-S","secrets":["%s"]}}`, "sign.secrets[0]"},
		{webhooks, `{"profile":"chatbot","token":"%s"}`, "token"},
		{webhooks, `{"auth":{"type":"bearer","token":"%s"}}`, "auth.token"},
		{webhooks, `{"sign":{"type":"hmac","header":"X-S","secrets":["%s"]}}`, "sign.secrets[0]"},
		{tenants, `{"auth":{"type":"bearer","token":"%s"}}`, "platform.auth.token"},
		{tenants, `{"sign":{"type":"hmac","header":"X-S","secrets":["%s"]}}`, "platform.sign.secrets[0]"},
	} {
		for _, secret := range []string{`canary\n`, ` canary`, `canary\t`, `canary\u00a0`, `\ufeffcanary`, `can\u0000ary`, `can\r\nary`} {
			checkRefused(t, c.put(fmt.Sprintf(c.body, secret)), c.path)
		}
		if err := c.put(fmt.Sprintf(c.body, "a secret of some words, ünd more")); err != nil && !strings.Contains(c.path, "username") {
			t.Errorf("%s: a good one: %s", c.path, explain(err))
		}
	}
	for _, c := range []struct {
		put        func(string) error
		body, path string
	}{
		{sources, `{"verify":{"type":"standard","secrets":["%s"]}}`, "verify.secrets[0]"},
		{sources, `{"verify":{"type":"svix","secrets":["%s"]}}`, "verify.secrets[0]"},
		{endpoints, `{"sign":{"type":"standard","secrets":["%s"]}}`, "sign.secrets[0]"},
		{webhooks, `{"sign":{"type":"standard","secrets":["%s"]}}`, "sign.secrets[0]"},
		{tenants, `{"sign":{"type":"standard","secrets":["%s"]}}`, "platform.sign.secrets[0]"},
	} {
		if strings.Contains(c.path, "sign") {
			checkRefused(t, c.put(fmt.Sprintf(c.body, shortKey)), c.path)
		} else if err := c.put(fmt.Sprintf(c.body, shortKey)); err != nil { // it is the provider's choice
			t.Errorf("%s: a short one: %s", c.path, explain(err))
		}
		for _, secret := range []string{unpaddedKey, otherKey, strings.TrimPrefix(unpaddedKey, "whsec_"), goodKey + `\n`} {
			checkRefused(t, c.put(fmt.Sprintf(c.body, secret)), c.path)
		}
		for _, secret := range []string{goodKey, strings.TrimPrefix(goodKey, "whsec_"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
			if err := c.put(fmt.Sprintf(c.body, secret)); err != nil {
				t.Errorf("%s: a good one: %s", c.path, explain(err))
			}
		}
	}
}

// checkRefused holds an error to the one fault, which does not show the secret.
func checkRefused(t *testing.T, err error, path string) {
	t.Helper()
	var known *gateway.Error
	if !errors.As(err, &known) || len(known.Faults) != 1 || known.Faults[0].Path != path {
		t.Errorf("%s: %v", path, paths(err))
		return
	}
	if text := explain(err); strings.Contains(text, "canary") || strings.Contains(text, "MfKQ") {
		t.Errorf("%s: the secret is shown: %s", path, text)
	}
}

// Secrets that an earlier version took are in force as they were, are told of, and may be
// kept by their mask; writing them anew needs the right form.
func TestStoredSecretsGoOn(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.endpoint("acme", "e", `{"url":"https://e.example/","sign":{"type":"standard","secrets":["`+goodKey+`"]}}`)
	sealed := sealer(t, k.key).Seal(unpaddedKey, seal.AAD("acme", "sources/s", "verify.secrets[0]"))
	old := gateway.Record{Kind: gateway.KindSource, Tenant: "acme", ID: "s", Value: []byte(
		`{"spec":{"verify":{"type":"standard","secrets":["***"]}},"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z","secrets":{"verify.secrets[0]":"` + sealed + `"}}`)}
	if err := k.store.PutResources(old); err != nil {
		t.Fatal(err)
	}
	k.start(resources.File{})
	s := k.here.Current().Tenant("acme").Source("s")
	if s == nil || s.Refused || !s.Enabled || s.Verifier == nil {
		t.Fatalf("the stored source is %+v", s)
	}
	if logs := k.logs.String(); !strings.Contains(logs, "a stored secret would be refused today") || !strings.Contains(logs, "verify.secrets[0]") || strings.Contains(logs, "MfKQ") {
		t.Errorf("the log says %s", logs)
	}
	if _, _, err := k.Sources.Put(admin, "acme", "s", tree(t, `{"verify":{"type":"standard","secrets":["***"]},"max_body":1000}`)); err != nil {
		t.Errorf("written back: %s", explain(err))
	}
	_, _, err := k.Sources.Put(admin, "acme", "s", tree(t, `{"verify":{"type":"standard","secrets":["***","`+unpaddedKey+`"]}}`))
	checkRefused(t, err, "verify.secrets[1]")
}

// Files of secrets are the configuration file's: the API reads none.
func TestSecretFilesAreNotForTheAPI(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	_, _, err := k.Sources.Put(of("acme"), "acme", "s", tree(t, `{"verify":{"type":"stripe","secrets_file":"/etc/passwd"}}`))
	if text := explain(err); !strings.Contains(text, "verify.secrets_file: is for the configuration file alone") {
		t.Errorf("it says %s", text)
	}
}
