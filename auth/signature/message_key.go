package signature

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
)

// messageKey is a shared secret, or else a public key.
type messageKey struct {
	shared *key
	public ed25519.PublicKey
}

// messageKeyOf tells keys apart by their form. Whoever has a public key could sign
// with it as if it were a shared secret, so none is ever taken for one: what is DER
// must be an Ed25519 public key, and 32 bytes, which both may have, need a word of the
// operator.
func messageKeyOf(secret, algorithm string) (k messageKey, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(secret)
	switch {
	case err != nil || len(raw) == 0:
		return k, errors.New("must be base64: a shared secret, or an Ed25519 public key (SPKI, or its 32 bytes)")
	case isDER(raw):
		public, _ := x509.ParsePKIXPublicKey(raw)
		point, is := public.(ed25519.PublicKey)
		if !is || algorithm == messageHMAC {
			return k, errors.New("is a key or certificate in DER: must be a shared secret, or an Ed25519 public key where algorithm is not hmac-sha256")
		}
		return messageKey{public: point}, lowOrderFault(point)
	case algorithm == messageEd25519 && len(raw) == ed25519.PublicKeySize:
		return messageKey{public: raw}, lowOrderFault(raw)
	case algorithm == messageEd25519:
		return k, errors.New("must be an Ed25519 public key in base64: SPKI, or its 32 bytes")
	case algorithm == "" && len(raw) == ed25519.PublicKeySize:
		return k, fmt.Errorf("has 32 bytes, as a shared secret and a public key may: set algorithm to %s or %s", messageHMAC, messageEd25519)
	}
	return messageKey{shared: newKey(func() hash.Hash { return hmac.New(sha256.New, raw) })}, nil
}

// isDER tells whether raw is one sequence, as every key and certificate in DER is,
// and next to no secret of random bytes.
func isDER(raw []byte) bool {
	var parts []asn1.RawValue
	rest, err := asn1.Unmarshal(raw, &parts)
	return err == nil && len(rest) == 0
}

func (k *messageKey) algorithm() string {
	if k.shared != nil {
		return messageHMAC
	}
	return messageEd25519
}

func (k *messageKey) signed(text, signature []byte) bool {
	if k.shared != nil {
		return k.shared.gives(signature, rfc9421.encoding, text)
	}
	raw, ok := base64Ed25519(signature)
	return ok && ed25519.Verify(k.public, text, raw)
}
