package signature_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// sample configures a type of one secret: base64 or hex of it, where the type wants
// that, and with it what else the type must be told.
func sample(name string, secret []byte) signature.Config {
	c := signature.Config{Type: name, Secrets: []string{string(secret)}}
	switch name {
	case "standard", "svix", "msteams", "replicate", "liveblocks", "dodo", "lithic", "anthropic", "resend", "clerk":
		c.Secrets = []string{base64.StdEncoding.EncodeToString(secret)}
	case "adyen-platform":
		c.Secrets = []string{hex.EncodeToString(secret)}
	case "hmac":
		c.Header = "X-Sig"
	case "pusher":
		c.Key = "k1"
	case "lark":
		c.VerificationToken = "v3r1f1cation"
	case "jwt":
		c.BodyHash = &signature.BodyHash{Claim: "payload_hash"}
	case "livekit", "vonage":
		c.APIKey = "k1"
	case "atlassian-connect":
		c.ClientKey = "k1"
	case "google-pubsub": // its keys are fetched, as are those of the next two
		c.Secrets, c.Audience, c.Email = nil, "gate", "push@p.iam.test"
	case "botframework":
		c.Secrets, c.AppID = nil, "app"
	case "truelayer":
		c.Secrets = nil
	}
	return c
}

// samplePair configures sender and receiver of a type.
func samplePair(t testing.TB, name string, secret []byte) (sender, receiver signature.Config) {
	t.Helper()
	sender = sample(name, secret)
	receiver = sample(name, secret)
	switch name {
	case "standard-ed25519":
		private, public := signature.NewEd25519Secret()
		sender.Secrets, receiver.Secrets = []string{private}, []string{public}
	case "telnyx":
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		sender.Secrets, receiver.Secrets = b64(private), b64(public)
	case "sendgrid":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		sender.Secrets, receiver.Secrets = b64(private), b64(public)
	}
	return sender, receiver
}

func b64(raw []byte) []string { return []string{base64.StdEncoding.EncodeToString(raw)} }

// dressed is a body as the senders of a type write it.
func dressed(c signature.Config, body []byte, at time.Time) []byte {
	switch c.Type {
	case "linear":
		return fmt.Appendf(nil, `{"data":"%x","webhookTimestamp":%d}`, body, at.UnixMilli())
	case "lark":
		return larkBody(c.Secrets[0], fmt.Appendf(nil, `{"header":{"token":%q},"data":"%x"}`, c.VerificationToken, body))
	}
	return body
}

// larkBody hides an event.
func larkBody(secret string, event []byte) []byte {
	padding := aes.BlockSize - len(event)%aes.BlockSize
	return larkBlocks(secret, append(event, bytes.Repeat([]byte{byte(padding)}, padding)...))
}

// larkBlocks hides whole blocks.
func larkBlocks(secret string, blocks []byte) []byte {
	key := sha256.Sum256([]byte(secret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	text := append(bytes.Repeat([]byte("i"), aes.BlockSize), blocks...)
	cipher.NewCBCEncrypter(block, text[:aes.BlockSize]).CryptBlocks(text[aes.BlockSize:], text[aes.BlockSize:])
	return fmt.Appendf(nil, `{"encrypt":%q}`, base64.StdEncoding.EncodeToString(text))
}
