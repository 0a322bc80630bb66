package signature_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"

	"hookgate/auth/signature"
)

// tokenTypes are the providers that sign with tokens; those of the last three have
// public keys for secrets.
var (
	tokenTypes  = []string{"messagebird", "qstash", "livekit", "vonage", "atlassian-connect", "google-pubsub", "botframework", "truelayer"}
	publicTypes = tokenTypes[5:]
)

// tokens say how the cases of tokenTypes are configured: with keys as secrets.
var tokens = func() map[string]func(*vector) signature.Config {
	all := map[string]func(*vector) signature.Config{}
	for _, kind := range tokenTypes {
		all[kind] = tokenConfig
	}
	return all
}()

func tokenConfig(v *vector) signature.Config {
	c := v.Config
	return signature.Config{Type: v.Scheme, Secrets: v.secrets(), APIKey: c.APIKey, TokenConfig: signature.TokenConfig{
		KID: c.KID, Audience: c.Audience, Email: c.Email, Issuers: c.Issuers, AppID: c.AppID,
		Endorsements: c.Endorsements, ClientKey: c.ClientKey, BaseURL: c.BaseURL, RequiredHeaders: c.RequiredHeaders,
	}}
}

// fetchedConfig is how a case is configured where its keys are fetched.
func fetchedConfig(t *testing.T, v *vector) signature.Config {
	c := tokenConfig(v)
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

// tokenMeans says which of our reasons a reason of these cases may be.
var tokenMeans = map[string][]signature.Reason{
	"url":               {signature.Mismatch, signature.Claim},
	"method":            {signature.Mismatch},
	"missing-body-hash": {signature.MissingClaim},
	"no-expiry":         {signature.MissingClaim},
	"issuer":            {signature.Claim},
	"audience":          {signature.Claim},
	"endorsement":       {signature.Claim},
	"algorithm":         {signature.Algorithm},
	"key-id":            {signature.UnknownKey},
}

// publicVectors are the cases of publicTypes.
func publicVectors(t *testing.T) []vector {
	t.Helper()
	return slices.DeleteFunc(vectorsIn(t, "testdata/signatures-2.json"), func(v vector) bool {
		return !slices.Contains(publicTypes, v.Scheme)
	})
}

// A case is judged alike with keys that are fetched.
func TestVectorsWithFetchedKeys(t *testing.T) {
	ran := 0
	for _, c := range publicVectors(t) {
		ran++
		t.Run(c.ID, func(t *testing.T) { checkVector(t, compile(t, fetchedConfig(t, &c)), &c) })
	}
	if ran == 0 {
		t.Error("no case ran")
	}
}
