package directory

import (
	"crypto/rand"
	"encoding/base64"

	"hookgate/auth/signature"
	"hookgate/gateway"
)

// The types of sign whose secret can be made up.
const (
	SignStandard = "standard"
	SignEd25519  = "standard-ed25519"
	SignHMAC     = "hmac"
	SignNone     = "none"
)

// MakeSecret makes a signing secret for a type of sign, and for standard-ed25519
// the public key by which its receivers verify.
func MakeSecret(signType string) (secret gateway.Secret, publicKey string) {
	switch signType {
	case SignEd25519:
		private, public := signature.NewEd25519Secret()
		return gateway.Secret(private), public
	case SignHMAC:
		var raw [32]byte
		rand.Read(raw[:]) // never fails: the runtime ends the process instead
		return gateway.Secret(base64.RawURLEncoding.EncodeToString(raw[:])), ""
	}
	return gateway.Secret(signature.NewSecret()), ""
}
