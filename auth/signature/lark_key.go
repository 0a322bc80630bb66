package signature

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
)

// larkKey opens what an encrypt key has closed: AES-256-CBC by the key's SHA-256, with
// the first block as IV and the padding of PKCS #7.
type larkKey struct{ block cipher.Block }

func newLarkKey(secret []byte) larkKey {
	sum := sha256.Sum256(secret)
	block, err := aes.NewCipher(sum[:])
	if err != nil {
		panic("signature: " + err.Error()) // 32 bytes are a key of AES
	}
	return larkKey{block}
}

func (k larkKey) open(text string) ([]byte, bool) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < 2*aes.BlockSize || len(raw)%aes.BlockSize != 0 {
		return nil, false
	}
	iv, opened := raw[:aes.BlockSize], raw[aes.BlockSize:]
	cipher.NewCBCDecrypter(k.block, iv).CryptBlocks(opened, opened)
	padding := opened[len(opened)-1]
	rest := len(opened) - int(padding)
	if padding == 0 || padding > aes.BlockSize || bytes.Count(opened[rest:], []byte{padding}) != int(padding) {
		return nil, false
	}
	return opened[:rest], true
}
