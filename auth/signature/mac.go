package signature

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"sync"
)

// encoding writes a MAC as text. The text is what is compared: of the many texts
// that decode to the same bytes only the canonical one passes.
type encoding struct {
	length func(n int) int
	write  func(dst, src []byte)
}

var (
	hexLower  = encoding{hex.EncodedLen, func(dst, src []byte) { hex.Encode(dst, src) }}
	base64Std = encoding{base64.StdEncoding.EncodedLen, base64.StdEncoding.Encode}
	base64URL = encoding{base64.RawURLEncoding.EncodedLen, base64.RawURLEncoding.Encode} // without padding

	algorithms = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}
	encodings  = map[string]encoding{"hex": hexLower, "base64": base64Std, "base64url": base64URL}
	alphabets  = map[string]string{"hex": hexDigits, "base64": letters + "+/=", "base64url": letters + "-_="}
)

const (
	hexDigits = "0123456789abcdefABCDEF"
	letters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// key is one secret's keyed hash, kept warm: to key a fresh one costs two blocks of
// hashing and half a kilobyte for every request.
type key struct {
	pool   sync.Pool
	secret []byte // of a hash that has no key: it is a part of what is hashed
}

// keyed is a keyed hash that goes from request to request, with room for its result.
type keyed struct {
	mac hash.Hash
	sum [sha512.Size]byte
	out [2 * sha512.Size]byte // hex is the longest text
}

func newKey(mac func() hash.Hash) *key {
	return &key{pool: sync.Pool{New: func() any { return &keyed{mac: mac()} }}}
}

func (k *key) take() *keyed     { return k.pool.Get().(*keyed) }
func (k *key) leave(mac *keyed) { k.pool.Put(mac) }

// text returns the MAC of parts, written by e, until the next call.
func (m *keyed) text(parts [][]byte, e encoding) []byte {
	m.mac.Reset()
	for _, part := range parts {
		m.mac.Write(part) // a hash never fails
	}
	return m.written(e)
}

// written returns the MAC of what was written, by e, until the next call.
func (m *keyed) written(e encoding) []byte {
	sum := m.mac.Sum(m.sum[:0])
	out := m.out[:e.length(len(sum))]
	e.write(out, sum)
	return out
}

// givesOne tells whether one of signatures is the MAC of parts, which is made once however
// many they are.
func (k *key) givesOne(signatures [][]byte, e encoding, parts ...[]byte) bool {
	mac := k.take()
	defer k.leave(mac)
	text, found := mac.text(parts, e), 0
	for _, signature := range signatures {
		found |= subtle.ConstantTimeCompare(text, signature)
	}
	return found == 1
}

// gives tells whether signature is the MAC of parts, written by e. It compares in
// constant time; only the length of a signature shows.
func (k *key) gives(signature []byte, e encoding, parts ...[]byte) bool {
	mac := k.take()
	defer k.leave(mac)
	return subtle.ConstantTimeCompare(mac.text(parts, e), signature) == 1
}
