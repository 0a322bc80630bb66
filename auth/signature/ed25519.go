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

// asymmetric is a descriptor whose content is signed with Ed25519. Who verifies
// holds nothing that could sign.
type asymmetric struct {
	*digest // which fields there are and what is signed; it has no keys
	decode  func(text []byte) (signature []byte, ok bool)
	private []ed25519.PrivateKey
	public  []ed25519.PublicKey
}

// standardEd25519 is Standard Webhooks 1.0.0 with its signatures of version v1a:
// the fields and the signed bytes of standard.
var standardEd25519 = func() descriptor {
	d := standard
	d.name, d.prefix = "standard-ed25519", "v1a,"
	return d
}()

var asymmetricScheme = scheme{
	name:  standardEd25519.name,
	reads: []string{"secrets", "tolerance"},
	build: func(c *Config, f *faults) *Verifier {
		a := &asymmetric{digest: newFields(standardEd25519, c, f), decode: base64Signature}
		a.public = secrets(c.Secrets, f, whpk)
		return &Verifier{proof: a, deliveryID: standardEd25519.deliveryID}
	},
}

const (
	whskPrefix = "whsk_"
	whpkPrefix = "whpk_"
	// mostSignatures bounds the work that one bad request can make: a signature
	// costs as much to verify as a thousand comparisons.
	mostSignatures = 8
)

func newAsymmetricSigner(c *Config, f *faults) *asymmetric {
	a := &asymmetric{digest: newFields(standardEd25519, c, f)}
	a.private = secrets(c.Secrets, f, whsk)
	return a
}

// whsk reads a private key: the seed and the public key that belongs to it. With
// any other public key in its place, two signatures would give the private one
// away, so it is checked.
func whsk(secret string) (ed25519.PrivateKey, error) {
	raw, err := unprefixed(secret, whskPrefix, ed25519.PrivateKeySize)
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
	raw, err := unprefixed(secret, whpkPrefix, ed25519.PublicKeySize)
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

func (a *asymmetric) verify(r *Request) error {
	var parts [mostParts][]byte
	value, err := a.read(r, &parts)
	if err != nil {
		return err
	}
	message, tried := bytes.Join(parts[:len(a.template)], nil), 0
	for item := range a.items(value) {
		text, is := bytes.CutPrefix(item, []byte(a.prefix))
		if !is {
			continue
		}
		if tried++; tried > mostSignatures {
			return refuse(Malformed, a.header)
		}
		sig, ok := a.decode(text)
		for i := 0; ok && i < len(a.public); i++ {
			if ed25519.Verify(a.public[i], message, sig) {
				return nil
			}
		}
	}
	return refuse(Mismatch, a.header)
}

// base64Signature reads a signature in the one text that stands for it.
func base64Signature(text []byte) ([]byte, bool) {
	if len(text) != base64.StdEncoding.EncodedLen(ed25519.SignatureSize) {
		return nil, false
	}
	sig, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	return sig, err == nil && len(sig) == ed25519.SignatureSize
}

// sign appends the value of the signature header: a signature for each key.
func (a *asymmetric) sign(to []byte, c *content) []byte {
	parts := a.template.parts(c)
	message := bytes.Join(parts[:len(a.template)], nil)
	for i, key := range a.private {
		if i > 0 {
			to = append(to, a.list)
		}
		to = append(to, a.prefix...)
		to = base64.StdEncoding.AppendEncode(to, ed25519.Sign(key, message))
	}
	return to
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
