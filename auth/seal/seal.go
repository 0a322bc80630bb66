// Package seal keeps secrets at rest unreadable (SPEC 3, DESIGN "Secrets").
//
// A secret on its way to the store goes through Seal, with associated data that
// names its place (AAD: tenant, object, field), and comes back through Open with
// the same place. A sealed value that was moved to another place does not open,
// so whoever can write the store cannot make one tenant's secret another's.
//
// The master key comes from the environment (ParseKey) or from a file in the
// data folder (LoadOrCreate). The store also holds the Sealer's Check, by which
// a start with a wrong key is known before anything is touched.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// version begins every sealed text: AES-256-GCM, then base64 of the random
// 96-bit nonce, the ciphertext and the 128-bit tag (NIST SP 800-38D). With
// random nonces one key is good for 2^32 sealings.
const version = "hgs1:"

var (
	// ErrForm says that a text is no sealed value of a version known here.
	ErrForm = errors.New("not a sealed value of a known version")
	// ErrOpen says that a sealed value was sealed with another key, for another
	// place, or changed since.
	ErrOpen = errors.New("sealed value does not open: wrong master key, moved from its place, or damaged")
)

var encoding = base64.RawStdEncoding.Strict()

// Sealer seals and opens with one master key. Many goroutines may use it.
type Sealer struct {
	aead  cipher.AEAD
	bulk  bulk
	marks []byte // the key of Mark
}

// New makes the Sealer of a key.
func New(key Key) *Sealer {
	block, err := aes.NewCipher(key.bytes[:])
	if err != nil {
		panic("seal: AES refuses a 32-byte key") // it takes 16, 24 and 32 (FIPS 197)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("seal: GCM refuses AES") // it asks for 16-byte blocks, which AES has
	}
	return &Sealer{aead: aead, bulk: newBulk(key), marks: markKey(key)}
}

// Seal returns plaintext sealed for the place that aad names.
func (s *Sealer) Seal(plaintext string, aad []byte) string {
	return version + encoding.EncodeToString(s.aead.Seal(nil, nil, []byte(plaintext), aad))
}

// Open returns what Seal was given. Its error is ErrForm or ErrOpen.
func (s *Sealer) Open(sealed string, aad []byte) (string, error) {
	text, ok := strings.CutPrefix(sealed, version)
	if !ok {
		return "", ErrForm
	}
	box, err := encoding.DecodeString(text)
	if err != nil {
		return "", ErrForm
	}
	plaintext, err := s.aead.Open(nil, nil, box, aad)
	if err != nil {
		return "", ErrOpen
	}
	return string(plaintext), nil
}

// IsSealed tells whether a text looks sealed; only Open knows.
func IsSealed(text string) bool { return strings.HasPrefix(text, version) }

// AAD names the place of a secret: whose, which object ("sources/payments"),
// and which field of it ("verify.secrets[0]"). Every part goes with its length,
// so that no two places read the same.
func AAD(tenant, object, field string) []byte {
	var aad []byte
	for _, part := range []string{tenant, object, field} {
		aad = binary.AppendUvarint(aad, uint64(len(part)))
		aad = append(aad, part...)
	}
	return aad
}

// checkPlace is where no secret can be: a tenant's name is never empty.
var checkPlace = AAD("", "store", "check")

const checkText = "hookgate"

// Check returns a sealed constant for the store to keep from its first start.
func (s *Sealer) Check() string { return s.Seal(checkText, checkPlace) }

// Matches tells by a kept Check whether this is the key that the store's secrets
// were sealed with. Its error is ErrForm or ErrOpen.
func (s *Sealer) Matches(check string) error {
	text, err := s.Open(check, checkPlace)
	if err == nil && text != checkText {
		return ErrForm
	}
	return err
}
