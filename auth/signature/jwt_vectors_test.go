package signature_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"slices"
	"testing"

	"hookgate/auth/signature"
)

// tokenVector is one case of testdata/signatures-2.json, with what a verifier must know
// beside the secret.
type tokenVector struct {
	vector
	Config struct {
		APIKey       string `json:"api_key"`
		KID          string
		Audience     string
		Email        string
		Issuers      []string
		AppID        string `json:"app_id"`
		Endorsements []string
		ClientKey    string   `json:"client_key"`
		BaseURL      string   `json:"base_url"`
		Required     []string `json:"required_headers"`
	}
}

// tokenTypes are the schemes of this file's cases; those of the last three have public
// keys for secrets.
var (
	tokenTypes  = []string{"messagebird", "qstash", "livekit", "vonage", "atlassian-connect", "google-pubsub", "botframework", "truelayer"}
	publicTypes = tokenTypes[5:]
)

// config is how a case is configured, with its keys as secrets.
func (v *tokenVector) config() signature.Config {
	c := v.Config
	return signature.Config{Type: v.Scheme, Secrets: v.secrets(), TokenConfig: signature.TokenConfig{
		APIKey: c.APIKey, KID: c.KID, Audience: c.Audience, Email: c.Email, Issuers: c.Issuers, AppID: c.AppID,
		Endorsements: c.Endorsements, ClientKey: c.ClientKey, BaseURL: c.BaseURL, RequiredHeaders: c.Required,
	}}
}

// fetched is how a case is configured where its keys are fetched.
func (v *tokenVector) fetched(t *testing.T) signature.Config {
	c := v.config()
	set := v.Secret
	if v.Scheme != "truelayer" {
		set = keySetOf(t, v.Secret, c.KID, c.Endorsements)
	}
	c.KeySets = signature.NewKeySets(func(string) ([]byte, error) { return []byte(set), nil })
	c.Secrets, c.KID, c.Endorsements = nil, "", nil
	return c
}

// keySetOf writes a key in PEM as a set with one key.
func keySetOf(t testing.TB, text, id string, endorsements []string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatal("no PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return keySet(t, jwkOf(t, key, id, endorsements))
}

func keySet(t testing.TB, keys ...map[string]any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func jwkOf(t testing.TB, key any, id string, endorsements []string) map[string]any {
	t.Helper()
	text := func(n []byte) string { return base64.RawURLEncoding.EncodeToString(n) }
	all := map[string]any{"kid": id, "use": "sig", "endorsements": endorsements}
	switch key := key.(type) {
	case *rsa.PublicKey:
		all["kty"], all["n"], all["e"] = "RSA", text(key.N.Bytes()), text(big.NewInt(int64(key.E)).Bytes())
	case *ecdsa.PublicKey:
		raw, err := key.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		half := len(raw) / 2
		all["kty"], all["crv"], all["x"], all["y"] = "EC", key.Curve.Params().Name, text(raw[1:half+1]), text(raw[half+1:])
	default:
		t.Fatalf("%T", key)
	}
	return all
}

// tokenMeans says which of our reasons a reason of the cases may be.
var tokenMeans = map[string][]signature.Reason{
	"body":              {signature.Mismatch},
	"url":               {signature.Mismatch, signature.Claim},
	"method":            {signature.Mismatch},
	"secret":            {signature.Mismatch},
	"missing-header":    {signature.MissingHeader},
	"missing-body-hash": {signature.MissingClaim},
	"no-expiry":         {signature.MissingClaim},
	"malformed":         {signature.Malformed},
	"stale":             {signature.Stale},
	"future":            {signature.Future},
	"issuer":            {signature.Claim},
	"audience":          {signature.Claim},
	"endorsement":       {signature.Claim},
	"algorithm":         {signature.Algorithm},
}

func tokenVectors(t testing.TB) (all []tokenVector) {
	t.Helper()
	text, err := os.ReadFile("testdata/signatures-2.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(v tokenVector) bool { return !slices.Contains(tokenTypes, v.Scheme) })
}

// Every case is judged as the provider's own package, and our rules, judge it: with keys
// that are configured, and with those that are fetched.
func TestTokenVectors(t *testing.T) {
	ran := map[string]int{}
	for _, v := range tokenVectors(t) {
		ran[v.Scheme]++
		t.Run(v.ID, func(t *testing.T) { v.check(t, v.config()) })
		if slices.Contains(publicTypes, v.Scheme) {
			t.Run(v.ID+"/fetched", func(t *testing.T) { v.check(t, v.fetched(t)) })
		}
	}
	for _, kind := range tokenTypes {
		if ran[kind] == 0 {
			t.Errorf("no case of %s ran", kind)
		}
	}
}

func (v *tokenVector) check(t *testing.T, c signature.Config) {
	t.Helper()
	err := compile(t, c).Verify(v.request(t))
	if v.Valid {
		if err != nil {
			t.Errorf("%s: refused: %v", v.Note, err)
		}
		return
	}
	var refused *signature.Error
	if !errors.As(err, &refused) {
		t.Fatalf("%s: passed, or no *Error: %v", v.Note, err)
	}
	if !slices.Contains(tokenMeans[v.Reason], refused.Reason) {
		t.Errorf("%s: refused for %v, want %s", v.Note, refused, v.Reason)
	}
}
