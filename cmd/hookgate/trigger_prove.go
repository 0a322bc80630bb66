package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"hookgate/auth/signature"
	"hookgate/gateway"
)

func jsonText(text string) string {
	quoted := gateway.AppendString(nil, text)
	return string(quoted[1 : len(quoted)-1])
}

func formText(text string) string { return url.QueryEscape(text) }

// bearers prove who sends for the providers that hookgate sign cannot play: they send the
// secret along, or sign in a way that is no sender's of hookgate's own.
var bearers = map[string]func(*http.Request, *signature.Message, signature.Config) error{
	"none":     func(*http.Request, *signature.Message, signature.Config) error { return nil },
	"bearer":   sentAlong("Authorization", "Bearer "),
	"telegram": sentAlong("X-Telegram-Bot-Api-Secret-Token", ""),
	"gitlab":   sentAlong("X-Gitlab-Token", ""),
	"token":    ownToken,
	"basic":    basic,
	"twilio":   twilio,
	"mailgun":  mailgun,
	"discord":  discord,

	"adyen":             adyen,
	"braintree":         braintree,
	"dropbox-sign":      dropboxSign,
	"shopify-app-proxy": shopifyProxy,

	"cloudevents-handshake": ownToken,
	"mtls":                  func(*http.Request, *signature.Message, signature.Config) error { return nil }, // see clientCertificate
}

func sentAlong(field, prefix string) func(*http.Request, *signature.Message, signature.Config) error {
	return func(r *http.Request, _ *signature.Message, c signature.Config) error {
		r.Header.Set(field, prefix+c.Secrets[0])
		return nil
	}
}

// ownToken sends a token in the header field that the source names.
func ownToken(r *http.Request, _ *signature.Message, c signature.Config) error {
	if c.Header == "" {
		return errors.New("--signature-header is missing: the name of the header field that has the token")
	}
	r.Header.Set(c.Header, c.Secrets[0])
	return nil
}

// basic sends user and password (RFC 7617).
func basic(r *http.Request, _ *signature.Message, c signature.Config) error {
	user, password, both := strings.Cut(c.Secrets[0], ":")
	if !both {
		return errors.New("--secret must be USER:PASSWORD")
	}
	r.SetBasicAuth(user, password)
	return nil
}

// twilio signs the URL and the fields of the form in their order, as its documentation says
// ("Validating requests").
func twilio(r *http.Request, m *signature.Message, c signature.Config) error {
	form, err := url.ParseQuery(string(m.Body))
	if err != nil {
		return fmt.Errorf("the body is no form: %w", err)
	}
	signed := m.URL
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		signed += name + strings.Join(form[name], "")
	}
	mac := hmac.New(sha1.New, []byte(c.Secrets[0]))
	mac.Write([]byte(signed))
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return nil
}

// mailgun has the signature within the body, over a time and a token.
func mailgun(_ *http.Request, m *signature.Message, c signature.Config) error {
	at, token := strconv.FormatInt(m.At.Unix(), 10), hex.EncodeToString(randomBytes(25))
	mac := hmac.New(sha256.New, []byte(c.Secrets[0]))
	mac.Write([]byte(at + token))
	signed := fmt.Sprintf(`{"signature":{"timestamp":"%s","token":"%s","signature":"%x"}`, at, token, mac.Sum(nil))
	body := gjson.ParseBytes(m.Body)
	if !body.IsObject() {
		return errors.New("the body of mailgun is an object")
	}
	rest := without([]byte(body.Raw), "signature")
	if rest != "{}" {
		signed += "," + strings.TrimPrefix(rest, "{")
	} else {
		signed += "}"
	}
	m.Body = []byte(signed)
	return nil
}

// discord signs with the application's private key, which only a made-up one is known of:
// the source has its public key.
func discord(r *http.Request, m *signature.Message, c signature.Config) error {
	key, err := hex.DecodeString(c.Secrets[0])
	if err != nil || len(key) != ed25519.SeedSize {
		return errors.New("--secret must be the 32 bytes of an Ed25519 seed, in hex; the source has the public key")
	}
	at := strconv.FormatInt(m.At.Unix(), 10)
	r.Header.Set("X-Signature-Timestamp", at)
	r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(ed25519.NewKeyFromSeed(key), append([]byte(at), m.Body...))))
	return nil
}

// prepared gives the body as it goes out: Lark's is encrypted.
func prepared(provider string, c signature.Config, m signature.Message) ([]byte, error) {
	if provider != "lark" {
		return m.Body, nil
	}
	if len(c.Secrets) == 0 {
		return m.Body, nil // which is told when it is signed
	}
	body := bytes.ReplaceAll(m.Body, []byte("{verification_token}"), []byte(jsonText(c.VerificationToken)))
	key := sha256.Sum256([]byte(c.Secrets[0]))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(body)%aes.BlockSize // PKCS #7
	body = append(body, bytes.Repeat([]byte{byte(pad)}, pad)...)
	iv := randomBytes(aes.BlockSize)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(body, body)
	return fmt.Appendf(nil, `{"encrypt":"%s"}`, base64.StdEncoding.EncodeToString(append(iv, body...))), nil
}
