package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
)

// What comes by the thousand a second (the header fields of relayed requests)
// would soon spend the 2^32 sealings that one key is good for with nonces of 96
// random bits. It is sealed with XAES-256-GCM (C2SP, XAES-256-GCM.md), which makes
// a key for each nonce of 192 bits: good for 2^80.

const (
	bulkVersion = 1
	bulkNonce   = 24
	// BulkOverhead is how many bytes a sealed value is longer than what it seals.
	BulkOverhead = 1 + bulkNonce + 16
)

// bulk is one key of XAES-256-GCM.
type bulk struct {
	block cipher.Block
	k1    [aes.BlockSize]byte // of CMAC (NIST SP 800-38B, 6.1)
}

// newBulk derives a key of its own from the master key, so that no key serves two
// ciphers.
func newBulk(key Key) bulk {
	own, err := hkdf.Key(sha256.New, key.bytes[:], nil, "hookgate relayed requests", keySize)
	if err != nil {
		panic("seal: HKDF refuses 32 bytes") // it gives up to 8160 (RFC 5869)
	}
	return bulkOf(own)
}

func bulkOf(key []byte) (b bulk) {
	b.block, _ = aes.NewCipher(key) // fails for a wrong length only
	b.block.Encrypt(b.k1[:], b.k1[:])
	carry := byte(0)
	for i := len(b.k1) - 1; i >= 0; i-- {
		top := b.k1[i] >> 7
		b.k1[i] = b.k1[i]<<1 | carry
		carry = top
	}
	b.k1[len(b.k1)-1] ^= carry * 0b1000_0111 // without a branch: it is part of a key
	return b
}

// of gives the cipher for one nonce; GCM takes its last 12 bytes.
func (b *bulk) of(nonce []byte) cipher.AEAD {
	var key [keySize]byte
	for i := range 2 {
		half := key[i*aes.BlockSize:][:aes.BlockSize]
		copy(half, []byte{0, byte(i) + 1, 'X', 0})
		copy(half[4:], nonce[:12])
		for j := range half {
			half[j] ^= b.k1[j]
		}
		b.block.Encrypt(half, half)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("seal: AES refuses a 32-byte key")
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: GCM refuses AES")
	}
	return aead
}

// AppendSealed appends plaintext, sealed for the place that aad names, to dst: what
// Seal does, but for bytes, and as often as one likes. dst and plaintext are apart.
func (s *Sealer) AppendSealed(dst, plaintext, aad []byte) []byte {
	dst = append(dst, bulkVersion)
	at := len(dst)
	dst = append(dst, make([]byte, bulkNonce)...)
	nonce := dst[at:]
	_, _ = rand.Read(nonce) // never fails: the runtime ends the process instead
	return s.bulk.of(nonce).Seal(dst, nonce[12:], plaintext, aad)
}

// AppendOpened appends what AppendSealed was given to dst, which is apart from
// sealed. Its error is ErrForm or ErrOpen.
func (s *Sealer) AppendOpened(dst, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < BulkOverhead || sealed[0] != bulkVersion {
		return dst, ErrForm
	}
	nonce, box := sealed[1:1+bulkNonce], sealed[1+bulkNonce:]
	opened, err := s.bulk.of(nonce).Open(dst, nonce[12:], box, aad)
	if err != nil {
		return dst, ErrOpen
	}
	return opened, nil
}
