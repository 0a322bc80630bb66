package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
)

// tokenKey is one that tokens may be signed with.
type tokenKey struct {
	id           string // "": it has none, and stands for any
	algorithm    string // "": any of its kind
	endorsements []string
	key          crypto.PublicKey
}

// mostKeys bounds the keys of one set: a token without an id would be tried with all.
const mostKeys = 64

// mostKeyBytes bounds what an RSA key costs to verify with.
const mostKeyBytes = 1024

// LargeKey says whether it takes longer to verify with a public key than anybody may have others
// wait for: RSA of over 8,192 bits. The library bounds keys that a peer sends (crypto/tls, Go
// 1.26), and none of authorities, which of 400,000 bits take ten seconds a handshake.
func LargeKey(key crypto.PublicKey) bool {
	large, is := key.(*rsa.PublicKey)
	return is && large.Size() > mostKeyBytes
}

var (
	errKeys    = errors.New("must be public keys: PEM with -----BEGIN PUBLIC KEY-----, a JWK, or a JWK set")
	errKeyKind = errors.New("must be RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519")
)

// jwk is a key as JSON (RFC 7517), as far as it is read here.
type jwk struct {
	Kty, Use, Kid, Alg, Crv string
	N, E, X, Y              string
	KeyOps                  []string `json:"key_ops"`
	Endorsements            []string // of Bot Framework: the channels that it may sign for
}

// readKeys reads what an operator writes: keys in PEM, a JWK or a JWK set.
func readKeys(text string) ([]*tokenKey, error) {
	raw := bytes.TrimSpace([]byte(text))
	if bytes.HasPrefix(raw, []byte("-----")) {
		return readPEM(raw)
	}
	var one jwk
	if err := json.Unmarshal(raw, &one); err != nil {
		return nil, errKeys
	}
	if one.Kty == "" {
		return readKeySet(raw)
	}
	key, err := one.read()
	if err != nil {
		return nil, err
	}
	return []*tokenKey{key}, nil
}

// readKeySet reads a JWK set. What it has for other uses, or of kinds that are not
// known here, is passed over (RFC 7517, section 5).
func readKeySet(text []byte) (keys []*tokenKey, err error) {
	var set struct{ Keys []jwk }
	if json.Unmarshal(text, &set) != nil {
		return nil, errKeys
	}
	for _, one := range set.Keys {
		if key, err := one.read(); err == nil && len(keys) < mostKeys {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errKeys
	}
	return keys, nil
}

// read makes the key, if it is one that verifies signatures.
func (j *jwk) read() (*tokenKey, error) {
	if j.Use != "" && j.Use != "sig" || len(j.KeyOps) > 0 && !slices.Contains(j.KeyOps, "verify") {
		return nil, errKeys
	}
	k := &tokenKey{id: j.Kid, algorithm: j.Alg, endorsements: j.Endorsements}
	switch j.Kty {
	case "RSA":
		k.key = j.rsa()
	case "EC":
		k.key = j.ecdsa()
	case "OKP":
		if x := unpadded(j.X); j.Crv == "Ed25519" && len(x) == ed25519.PublicKeySize {
			k.key = ed25519.PublicKey(x)
		}
	}
	return k, keyFault(k.key)
}

func (j *jwk) rsa() crypto.PublicKey {
	n, e := unpadded(j.N), new(big.Int).SetBytes(unpadded(j.E))
	if len(n) == 0 || e.BitLen() > 31 {
		return nil
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(e.Int64())}
}

func (j *jwk) ecdsa() crypto.PublicKey {
	curve := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}[j.Crv]
	if curve == nil {
		return nil
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, unpadded(j.X)...), unpadded(j.Y)...))
	if err != nil { // the point is not on the curve, or one half has another length
		return nil
	}
	return key
}

// unpadded decodes base64url; nil for what is none.
func unpadded(text string) []byte {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}

// keyFault says what is wrong with a key: it is of no known kind, or too weak.
func keyFault(key crypto.PublicKey) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.Size() < leastKeyBytes || key.Size() > mostKeyBytes || key.E < 3 || key.E%2 == 0 {
			return errKeyKind
		}
		return nil
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P224() {
			return errKeyKind
		}
		return nil
	case ed25519.PublicKey:
		return lowOrderFault(key)
	}
	return errKeyKind
}

// readPEM reads public keys of PEM, which have no ids.
func readPEM(text []byte) (keys []*tokenKey, err error) {
	for len(text) > 0 {
		block, rest := pem.Decode(text)
		if block == nil || block.Type != "PUBLIC KEY" || len(keys) == mostKeys {
			return nil, errKeys
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, errKeys
		}
		if err := keyFault(key); err != nil {
			return nil, err
		}
		keys, text = append(keys, &tokenKey{key: key}), bytes.TrimSpace(rest)
	}
	return keys, nil
}
