package signature

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// standard is Standard Webhooks 1.0.0 with its symmetric signatures, v1
// (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md).
// Signatures of other versions may stand beside and are passed over.
var standard = descriptor{
	name:       "standard",
	header:     "webhook-signature",
	prefix:     "v1,",
	list:       ' ',
	timestamp:  "webhook-timestamp",
	id:         "webhook-id",
	barred:     ".",
	clock:      seconds,
	signed:     "{id}.{timestamp}.{body}",
	algorithm:  sha256.New,
	encoding:   base64Std,
	window:     fiveMinutes,
	key:        whsec,
	deliveryID: "header:webhook-id",
}

const whsecPrefix = "whsec_"

// whsec reads the key of a secret: base64, with or without its "whsec_".
func whsec(secret string) ([]byte, error) {
	text := strings.TrimRight(strings.TrimPrefix(secret, whsecPrefix), "=")
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New(`is not base64: this scheme's secrets are "whsec_" and the key in base64`)
	}
	return raw, nil
}

// strictKey reads the key of a secret: with or without its "whsec_", base64 in the one
// text that stands for the key, as the reference libraries do.
func strictKey(secret string) ([]byte, error) {
	raw, ok := base64Text([]byte(strings.TrimPrefix(secret, whsecPrefix)))
	if !ok {
		return nil, errors.New(`is not base64 with its padding: this scheme's secrets are "whsec_" and the key in base64`)
	}
	return raw, nil
}

// NewSecret makes a secret for the standard scheme: 24 random bytes, the least
// that Standard Webhooks allows, and so without padding in base64.
func NewSecret() string {
	var raw [24]byte
	rand.Read(raw[:]) // never fails: the runtime ends the process instead
	return whsecPrefix + base64.StdEncoding.EncodeToString(raw[:])
}
