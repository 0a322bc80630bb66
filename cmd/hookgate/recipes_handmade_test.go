package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// twilioSignature is over the URL, and names and values of the form, sorted.
func twilioSignature(t *testing.T, secret, called, form string) string {
	t.Helper()
	values, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		called += name + values.Get(name)
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(called))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// larkBody encrypts an event as Lark does.
func larkBody(t *testing.T, secret, event string) string {
	t.Helper()
	key := sha256.Sum256([]byte(secret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	padding := aes.BlockSize - len(event)%aes.BlockSize
	text := []byte(strings.Repeat("i", aes.BlockSize) + event + strings.Repeat(string(rune(padding)), padding))
	cipher.NewCBCEncrypter(block, text[:aes.BlockSize]).CryptBlocks(text[aes.BlockSize:], text[aes.BlockSize:])
	return fmt.Sprintf(`{"encrypt":%q}`, base64.StdEncoding.EncodeToString(text))
}

// writeRoots gives a file with the only authority that the program knows.
func writeRoots(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
