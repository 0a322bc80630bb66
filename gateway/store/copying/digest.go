package copying

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math/bits"

	"hookgate/gateway/store"
)

// Sum is how many rows of a kind there are, and the sum of their SHA-256, modulo 2^256.
type Sum struct {
	Rows   int64
	Digest [sha256.Size]byte
}

// Text is the digest as it is shown.
func (s Sum) Text() string { return hex.EncodeToString(s.Digest[:]) }

// summing adds rows to a sum.
type summing struct {
	Sum
	kind store.Kind
	hash hash.Hash
	room [sha256.Size]byte
	size [8]byte
}

func newSumming(kind store.Kind) *summing { return &summing{kind: kind, hash: sha256.New()} }

func (s *summing) add(r *store.Row) {
	s.hash.Reset()
	s.text(string(s.kind))
	s.text(r.Tenant)
	s.text(r.Name)
	s.text(r.Key)
	s.bytes(r.ID)
	s.bytes(r.Other)
	s.number(uint64(r.At))
	s.number(uint64(r.Number))
	s.bytes(r.Value)
	s.Rows++
	addTo(&s.Digest, s.hash.Sum(s.room[:0]))
}

func (s *summing) number(n uint64) {
	binary.BigEndian.PutUint64(s.size[:], n)
	s.hash.Write(s.size[:])
}

// bytes has its length before it: two rows are never one text.
func (s *summing) bytes(b []byte) {
	s.number(uint64(len(b)))
	s.hash.Write(b)
}

func (s *summing) text(text string) { s.bytes([]byte(text)) }

func addTo(sum *[sha256.Size]byte, one []byte) {
	var carry uint64
	for at := len(sum) - 8; at >= 0; at -= 8 {
		var word uint64
		word, carry = bits.Add64(binary.BigEndian.Uint64(sum[at:]), binary.BigEndian.Uint64(one[at:]), carry)
		binary.BigEndian.PutUint64(sum[at:], word)
	}
}

// digestOf is one digest of all kinds.
func digestOf(sums []Counted) string {
	h := sha256.New()
	for i := range sums {
		h.Write([]byte(sums[i].Kind))
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(sums[i].Rows)))
		h.Write(sums[i].Digest[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
