package signature

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// messageLabel names the one signature that a sender of ours makes.
const messageLabel = "sig1"

// messageSigner makes the text of a signature of RFC 9421.
type messageSigner func(text []byte) string

// CompileMessageSender is CompileSender for rfc9421: it signs the components that
// c.Signed lists, of a request that has these fields anyway. content-digest it makes by
// itself. The secret of ed25519 is the private key: PKCS #8, or the seed's 32 bytes.
func CompileMessageSender(c Config, header Headers) (*Signer, []Fault) {
	var f faults
	f.unread(&c, []string{"algorithm", "signed", "secrets"})
	covers := coveredBy(or(c.Signed, messageCovers), &f)
	if !slices.Contains([]string{"", messageHMAC, messageEd25519}, c.Algorithm) {
		f.word("algorithm", c.Algorithm, messageHMAC, messageEd25519)
	}
	algorithms := make([]string, 0, 1)
	keys := secrets(c.Secrets, &f, func(secret string) (messageSigner, error) {
		algorithm, signer, err := messageSignerOf(secret, c.Algorithm)
		algorithms = append(algorithms, algorithm)
		return signer, err
	})
	for _, name := range covers {
		if _, n := header.Get(name); name[0] != '@' && name != contentDigest && n != 1 {
			f.add("signed", "has %s, a header that the request must have once: say its value", name)
		}
	}
	if len(f) > 0 {
		return nil, f
	}
	s := &messageSender{covers, algorithms[0], keys[0], header}
	return &Signer{whole: s.sign}, nil
}

// messageSignerOf reads a key that signs, by the rules of messageKeyOf.
func messageSignerOf(secret, algorithm string) (of string, s messageSigner, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(secret)
	if err == nil && algorithm != messageHMAC {
		if private, is := ed25519PrivateOf(raw, algorithm); is {
			return messageEd25519, func(text []byte) string {
				return base64.StdEncoding.EncodeToString(ed25519.Sign(private, text))
			}, nil
		}
	}
	if algorithm == messageEd25519 {
		return "", nil, errors.New("must be an Ed25519 private key in base64: PKCS #8, or the 32 bytes of its seed")
	}
	k, err := messageKeyOf(secret, algorithm)
	switch {
	case err != nil:
		return "", nil, err
	case k.shared == nil:
		return "", nil, errors.New("is a public key, which signs nothing")
	}
	return messageHMAC, func(text []byte) string { return k.shared.textOf(rfc9421.encoding, text) }, nil
}

func ed25519PrivateOf(raw []byte, algorithm string) (ed25519.PrivateKey, bool) {
	if algorithm == messageEd25519 && len(raw) == ed25519.SeedSize {
		return ed25519.NewKeyFromSeed(raw), true
	}
	key, _ := x509.ParsePKCS8PrivateKey(raw)
	private, is := key.(ed25519.PrivateKey)
	return private, is
}

// messageSender signs messages. Many goroutines may use it.
type messageSender struct {
	covers    []string
	algorithm string
	key       messageSigner
	header    Headers
}

// sign sets the fields of the signature; none where the message has not what is signed.
func (s *messageSender) sign(m *Message, set func(name string, value []byte)) {
	fields := sentFields{Headers: s.header}
	if slices.Contains(s.covers, contentDigest) {
		if _, n := s.header.Get(contentDigest); n == 0 {
			sum := sha256.Sum256(m.Body)
			fields.digest = "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
		}
	}
	r := requestOf(m)
	r.Header = fields
	input := messageLabel + `=("` + strings.Join(s.covers, `" "`) + `");created=` + strconv.FormatInt(m.At.Unix(), 10) + `;alg="` + s.algorithm + `"`
	var c claim
	if from := (cursor{[]byte(input)}); !c.read(&from) {
		return
	}
	b := base{request: r}
	if b.write(&c, s.covers) != nil {
		return
	}
	if fields.digest != "" {
		set("Content-Digest", []byte(fields.digest))
	}
	set(messageInput, []byte(input))
	set(rfc9421.header, []byte(messageLabel+"=:"+s.key(bytes.Clone(b.text))+":"))
}

// sentFields are the fields of a request with the digest that is made for it.
type sentFields struct {
	Headers
	digest string
}

// Get is that of Headers.
func (f sentFields) Get(name string) (value []byte, n int) {
	if f.digest != "" && strings.EqualFold(name, contentDigest) {
		return []byte(f.digest), 1
	}
	return f.Headers.Get(name)
}
