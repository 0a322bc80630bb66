package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Mark is by what a secret is told from another where it must not be shown: the audit,
// and tags of versions. It is an HMAC-SHA256 under a key of its own, derived from the
// master key: who has a mark alone cannot try which secret it is of.
type Mark [sha256.Size]byte

// Mark gives the mark of a secret.
func (s *Sealer) Mark(secret string) (m Mark) {
	h := hmac.New(sha256.New, s.marks)
	h.Write([]byte(secret))
	h.Sum(m[:0])
	return m
}

// markShown is how many bytes of a mark are shown: they tell an old secret from a new
// one, and are no use to who looks for either.
const markShown = 4

// String gives a mark as the audit shows it: "sha256:" and 8 hex digits.
func (m Mark) String() string { return "sha256:" + hex.EncodeToString(m[:markShown]) }

func markKey(key Key) []byte {
	own, err := hkdf.Key(sha256.New, key.bytes[:], nil, "hookgate marks of secrets", keySize)
	if err != nil {
		panic("seal: HKDF refuses 32 bytes") // it gives up to 8160 (RFC 5869)
	}
	return own
}
