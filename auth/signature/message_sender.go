package signature

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// messageLabel is the one label of what is signed here.
const messageLabel = "sig1"

// signerKeys checks what a sender of messages is given: as a receiver would, but that the
// key which signs is the private one.
func signerKeys(c *Config, f *faults) []*key {
	coveredBy(or(c.Signed, messageCovers), f)
	if !slices.Contains([]string{"", messageHMAC, messageEd25519}, c.Algorithm) {
		f.add("algorithm", "is %q: must be %s or %s", c.Algorithm, messageHMAC, messageEd25519)
	}
	secrets(c.Secrets, f, func(secret string) (messageSecret, error) { return messageSecretOf(secret, c.Algorithm) })
	return []*key{nil} // a message's own is made where it signs
}

// messageSecret is a shared secret, or else a private key.
type messageSecret struct {
	shared  *key
	private ed25519.PrivateKey
}

// messageSecretOf tells them apart by their form, as messageKeyOf does: a private key is
// PKCS #8, or its 32 bytes where algorithm says so.
func messageSecretOf(secret, algorithm string) (s messageSecret, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(secret)
	if err == nil && algorithm == messageEd25519 && len(raw) == ed25519.SeedSize {
		return messageSecret{private: ed25519.NewKeyFromSeed(raw)}, nil
	}
	if err == nil && isDER(raw) && algorithm != messageHMAC {
		parsed, _ := x509.ParsePKCS8PrivateKey(raw)
		if private, is := parsed.(ed25519.PrivateKey); is {
			return messageSecret{private: private}, nil
		}
		return s, errors.New("is DER: must be an Ed25519 private key in PKCS #8, which signs")
	}
	if algorithm == messageEd25519 {
		return s, errors.New("must be an Ed25519 private key in base64: PKCS #8, or its 32 bytes")
	}
	k, err := messageKeyOf(secret, algorithm)
	return messageSecret{shared: k.shared}, err
}

func (s *messageSecret) algorithm() string {
	if s.shared != nil {
		return messageHMAC
	}
	return messageEd25519
}

func (s *messageSecret) sign(text []byte) string {
	if s.shared != nil {
		return s.shared.textOf(rfc9421.encoding, text)
	}
	return base64.StdEncoding.EncodeToString(ed25519.Sign(s.private, text))
}

// signMessage signs the components that the configuration lists, and sends those of them
// that are headers which it can know: the digest of the body, and the date.
func signMessage(_ *key, c *Config, r *Request, m *Message) ([][2]string, error) {
	secret, err := messageSecretOf(c.Secrets[0], c.Algorithm)
	if err != nil {
		return nil, err
	}
	covers := coveredBy(or(c.Signed, messageCovers), new(faults))
	var fields fieldList
	for _, name := range covers {
		switch name {
		case contentDigest:
			sum := sha256.Sum256(m.Body)
			fields = append(fields, [2]string{"Content-Digest", "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"})
		case "date":
			fields = append(fields, [2]string{"Date", m.At.UTC().Format(http.TimeFormat)})
		}
	}
	r.Header = fields
	var list claim
	for i, name := range covers {
		list.components[i] = []byte(name)
	}
	list.count = len(covers)
	said := `("` + strings.Join(covers, `" "`) + `");created=` + strconv.FormatInt(m.At.Unix(), 10) + `;alg="` + secret.algorithm() + `"`
	list.text = []byte(said)
	b := base{request: r}
	if err := b.write(&list, covers); err != nil {
		return nil, err
	}
	return append(fields, [2]string{messageInput, messageLabel + "=" + said},
		[2]string{rfc9421.header, messageLabel + "=:" + secret.sign(b.text) + ":"}), nil
}
