package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// sharedAlgorithms are those of a secret that both sides know (RFC 7518, section 3.2).
var sharedAlgorithms = map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}

// publicAlgorithm is one whose signatures a public key verifies (RFC 7518, section 3.1;
// RFC 8037). A key is of one kind and, on a curve, of one size, so none can be used with
// an algorithm that it was not made for.
type publicAlgorithm struct {
	hash  crypto.Hash
	curve elliptic.Curve // of ECDSA
	pss   bool           // of RSA
}

var publicAlgorithms = map[string]publicAlgorithm{
	"RS256": {hash: crypto.SHA256}, "RS384": {hash: crypto.SHA384}, "RS512": {hash: crypto.SHA512},
	"PS256": {hash: crypto.SHA256, pss: true}, "PS384": {hash: crypto.SHA384, pss: true}, "PS512": {hash: crypto.SHA512, pss: true},
	"ES256": {hash: crypto.SHA256, curve: elliptic.P256()}, "ES384": {hash: crypto.SHA384, curve: elliptic.P384()},
	"ES512": {hash: crypto.SHA512, curve: elliptic.P521()}, "EdDSA": {},
}

// fits tells whether key is of the kind that the algorithm verifies with.
func (a publicAlgorithm) fits(key crypto.PublicKey) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return a.curve == nil && a.hash != 0
	case *ecdsa.PublicKey:
		return key.Curve == a.curve
	case ed25519.PublicKey:
		return a.hash == 0
	}
	return false
}

// verify tells whether the signature is one of the token's by key, which fits.
func (a publicAlgorithm) verify(key crypto.PublicKey, t *openToken, signature []byte) bool {
	if key, is := key.(ed25519.PublicKey); is { // no provider signs so what is detached
		return ed25519.Verify(key, t.signed, signature)
	}
	h := a.hash.New()
	t.write(h)
	var room [sha512.Size]byte
	sum := h.Sum(room[:0])
	switch key := key.(type) {
	case *rsa.PublicKey:
		if a.pss { // RFC 7518, section 3.5: the salt is as long as the hash
			return rsa.VerifyPSS(key, a.hash, sum, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(key, a.hash, sum, signature) == nil
	case *ecdsa.PublicKey:
		size := (key.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, sum, r, s)
	}
	return false
}

// algorithmsOf checks what an operator allows, all of known; none listed are those
// of unset.
func algorithmsOf[T any](list []string, known map[string]T, with string, unset []string, f *faults) []string {
	if len(list) == 0 {
		return unset
	}
	for _, name := range list {
		if _, is := known[name]; !is {
			f.add("algorithms", "has %q: with %s they must be of %s", name, with, sorted(known))
			return unset // goes on only to find the other faults
		}
	}
	return list
}

// sorted lists the names of a table.
func sorted[T any](known map[string]T) string {
	return strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}
