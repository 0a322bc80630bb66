package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"hash"
	"strings"
	"sync"
	"testing"

	"hookgate/auth/signature"
)

// part writes a part of a token.
func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// token puts header and claims together, and signs them.
func token(header, claims string, sign func(signed []byte) []byte) string {
	signed := part(header) + "." + part(claims)
	return signed + "." + part(string(sign([]byte(signed))))
}

// hs signs with a secret.
func hs(new func() hash.Hash, secret string) func([]byte) []byte {
	return func(signed []byte) []byte {
		mac := hmac.New(new, []byte(secret))
		mac.Write(signed)
		return mac.Sum(nil)
	}
}

// hs256 is a token of the secret that the tests share.
func hs256(claims string) string {
	return token(`{"alg":"HS256"}`, claims, hs(sha256.New, "s3cret"))
}

// goodClaims have what a token must have; %s stands for more of them.
var goodClaims = fmt.Sprintf(`{"exp":%d%%s}`, now.Unix()+60)

func claimsWith(more string) string { return fmt.Sprintf(goodClaims, more) }

// bearing is a request with a token.
func bearing(token string) *signature.Request {
	return &signature.Request{Method: "POST", Header: pairs{{"Authorization", "Bearer " + token}}, Body: []byte(`{}`), Now: now}
}

// signers are private keys, one for each kind, that cost too much to make often.
var signers = sync.OnceValue(func() map[string]crypto.Signer {
	all := map[string]crypto.Signer{}
	keep := func(name string, key crypto.Signer, err error) {
		if err != nil {
			panic(err)
		}
		all[name] = key
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	keep("RSA", key, err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	keep("another RSA", other, err)
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		keep(curve.Params().Name, key, err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	keep("Ed25519", private, err)
	return all
})

// publicSigning says with which key, and how, each algorithm signs.
var publicSigning = map[string]struct {
	key  string
	hash crypto.Hash
}{
	"RS256": {"RSA", crypto.SHA256}, "RS384": {"RSA", crypto.SHA384}, "RS512": {"RSA", crypto.SHA512},
	"PS256": {"RSA", crypto.SHA256}, "PS384": {"RSA", crypto.SHA384}, "PS512": {"RSA", crypto.SHA512},
	"ES256": {"P-256", crypto.SHA256}, "ES384": {"P-384", crypto.SHA384}, "ES512": {"P-521", crypto.SHA512},
	"EdDSA": {"Ed25519", 0},
}

// signedBy signs with the key of an algorithm, or another.
func signedBy(t testing.TB, algorithm, key string) func([]byte) []byte {
	t.Helper()
	private, of := signers()[key], publicSigning[algorithm]
	return func(signed []byte) []byte {
		sum := signed
		if of.hash != 0 {
			h := map[crypto.Hash]func() hash.Hash{crypto.SHA256: sha256.New, crypto.SHA384: sha512.New384, crypto.SHA512: sha512.New}[of.hash]()
			h.Write(signed)
			sum = h.Sum(nil)
		}
		if key, is := private.(*ecdsa.PrivateKey); is {
			r, s, err := ecdsa.Sign(rand.Reader, key, sum)
			if err != nil {
				t.Fatal(err)
			}
			raw := make([]byte, 2*((key.Curve.Params().BitSize+7)/8))
			r.FillBytes(raw[:len(raw)/2])
			s.FillBytes(raw[len(raw)/2:])
			return raw
		}
		var options crypto.SignerOpts = of.hash
		if strings.HasPrefix(algorithm, "PS") {
			options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: of.hash}
		}
		raw, err := private.Sign(rand.Reader, sum, options)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
}

// publicToken is a token of an algorithm by its key, under an id.
func publicToken(t testing.TB, algorithm, id, claims string) string {
	t.Helper()
	return token(fmt.Sprintf(`{"alg":%q,"kid":%q}`, algorithm, id), claims, signedBy(t, algorithm, publicSigning[algorithm].key))
}

// publicPEM writes the public half of a key of signers.
func publicPEM(t testing.TB, key string) string {
	t.Helper()
	raw, err := x509.MarshalPKIXPublicKey(signers()[key].Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}))
}

// jwtOf configures type jwt.
func jwtOf(c signature.TokenConfig, secrets ...string) signature.Config {
	return signature.Config{Type: "jwt", Secrets: secrets, TokenConfig: c}
}
