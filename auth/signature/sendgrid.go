package signature

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
)

// sendgrid is the event webhook of Twilio SendGrid: time and body are signed with ECDSA
// on P-256, and the secret is the webhook's public key (www.twilio.com/docs/sendgrid/
// for-developers/tracking-events/getting-started-event-webhook-security-features). Of
// the two signatures that ECDSA has for one message both hold. Nothing stands between
// time and body: a digit that moved from the one to the other makes another moment, of
// long ago or far ahead.
//
// A request brings many events, each with an id of its own.
var sendgrid = asymmetricFamily{
	descriptor: descriptor{
		name:       "sendgrid",
		header:     "X-Twilio-Email-Event-Webhook-Signature",
		timestamp:  "X-Twilio-Email-Event-Webhook-Timestamp",
		clock:      plainSeconds,
		signed:     "{timestamp}{body}",
		window:     fiveMinutes,
		identities: []Identity{{Each: "$", ID: []string{"sg_event_id"}}},
	},
	decode:  base64Text,
	public:  p256Public,
	private: p256Private,
}

// p256Public reads a public key in the form that SendGrid shows, SPKI in base64.
func p256Public(secret string) (publicKey, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(secret)
	if err != nil {
		return nil, errKeyP256
	}
	parsed, err := x509.ParsePKIXPublicKey(raw)
	key, is := parsed.(*ecdsa.PublicKey)
	if err != nil || !is || key.Curve != elliptic.P256() {
		return nil, errKeyP256
	}
	return func(message, signature []byte) bool {
		sum := sha256.Sum256(message)
		return ecdsa.VerifyASN1(key, sum[:], signature) // strict DER
	}, nil
}

var errKeyP256 = errors.New(`must be the webhook's verification key: an ECDSA key of P-256 in base64, "MFkwEwYH…", without the lines of PEM`)

// p256Private reads a private key, PKCS #8 in base64.
func p256Private(secret string) (privateKey, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(secret)
	if err != nil {
		return nil, errPrivateP256
	}
	parsed, err := x509.ParsePKCS8PrivateKey(raw)
	key, is := parsed.(*ecdsa.PrivateKey)
	if err != nil || !is || key.Curve != elliptic.P256() {
		return nil, errPrivateP256
	}
	return func(message []byte) []byte {
		sum := sha256.Sum256(message)
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			panic("signature: " + err.Error()) // only a broken source of randomness, and that one never fails
		}
		return signature
	}, nil
}

var errPrivateP256 = errors.New("must be a private key of P-256: PKCS #8 in base64, without the lines of PEM")
