package signature

import (
	"bytes"
	"crypto/ed25519"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// standardEd25519 is Standard Webhooks 1.0.0 with its signatures of version v1a:
// the fields and the signed bytes of standard.
var standardEd25519 = func() asymmetricFamily {
	d := standard
	d.name, d.prefix = "standard-ed25519", "v1a,"
	return asymmetricFamily{
		descriptor: d, decode: base64Ed25519, public: ed25519Public(whpk), private: ed25519Private(whsk),
	}
}()

const (
	whskPrefix = "whsk_"
	whpkPrefix = "whpk_"
)

// ed25519Public makes of what reads a key the check of a signature.
func ed25519Public(read func(secret string) (ed25519.PublicKey, error)) func(string) (publicKey, error) {
	return func(secret string) (publicKey, error) {
		key, err := read(secret)
		return func(message, signature []byte) bool { return ed25519.Verify(key, message, signature) }, err
	}
}

// ed25519Private makes of what reads a key what signs with it.
func ed25519Private(read func(secret string) (ed25519.PrivateKey, error)) func(string) (privateKey, error) {
	return func(secret string) (privateKey, error) {
		key, err := read(secret)
		return func(message []byte) []byte { return ed25519.Sign(key, message) }, err
	}
}

// whsk reads a private key: the seed and the public key that belongs to it. With
// any other public key in its place, two signatures would give the private one
// away, so it is checked.
func whsk(secret string) (ed25519.PrivateKey, error) {
	return ed25519Pair(secret, whskPrefix)
}

// ed25519Pair reads a seed and the public key that belongs to it.
func ed25519Pair(secret, prefix string) (ed25519.PrivateKey, error) {
	raw, err := unprefixed(secret, prefix, ed25519.PrivateKeySize)
	if err != nil {
		return nil, err
	}
	key := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	if subtle.ConstantTimeCompare(key, raw) != 1 {
		return nil, errors.New("has a public half that does not belong to its seed")
	}
	return key, nil
}

// whpk reads a public key.
func whpk(secret string) (ed25519.PublicKey, error) {
	return ed25519Half(secret, whpkPrefix)
}

// ed25519Half reads a public key, which is not one for which anyone can sign.
func ed25519Half(secret, prefix string) (ed25519.PublicKey, error) {
	raw, err := unprefixed(secret, prefix, ed25519.PublicKeySize)
	if err != nil {
		return nil, err
	}
	return raw, lowOrderFault(raw)
}

func lowOrderFault(key []byte) error {
	if isLowOrder(key) {
		return errors.New("is a point of low order, for which anyone can make signatures")
	}
	return nil
}

func unprefixed(secret, prefix string, size int) ([]byte, error) {
	text, found := strings.CutPrefix(secret, prefix)
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if !found || err != nil || len(raw) != size {
		if prefix == "" {
			return nil, fmt.Errorf("must be %d bytes in base64", size)
		}
		return nil, fmt.Errorf("must be %q and %d bytes in base64", prefix, size)
	}
	return raw, nil
}

// lowOrder holds the encodings of all points whose order divides 8, canonical or
// not, without the sign of x ("Taming the many EdDSAs", Chalkias and others, 2020,
// table 6). A signature under such a key fits one message in eight or more.
var lowOrder = func() (all [][]byte) {
	for _, text := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		point, err := hex.DecodeString(text)
		if err != nil {
			panic("signature: " + err.Error())
		}
		all = append(all, point)
	}
	return all
}()

func isLowOrder(key []byte) bool {
	y := bytes.Clone(key)
	y[len(y)-1] &= 0x7f
	for _, point := range lowOrder {
		if bytes.Equal(y, point) {
			return true
		}
	}
	return false
}

// NewEd25519Secret makes a key pair for the scheme standard-ed25519: what signs,
// and what its receivers verify with.
func NewEd25519Secret() (private, public string) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic("signature: " + err.Error()) // only a broken source of randomness, and that one never fails
	}
	return whskPrefix + base64.StdEncoding.EncodeToString(key), whpkPrefix + base64.StdEncoding.EncodeToString(pub)
}
