package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

const keySize = 32 // bytes: AES-256

// Key is a master key. It prints as "***" wherever it is printed.
type Key struct{ bytes [keySize]byte }

var errKey = errors.New("master key must be 32 bytes in base64, 44 characters or 43 without padding (make one: openssl rand -base64 32)")

// ParseKey reads a master key from base64, standard or URL-safe, padded or not,
// with white space around it. The error does not hold the text.
func ParseKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	if padded := strings.TrimSuffix(text, "="); len(padded) == base64.RawStdEncoding.EncodedLen(keySize) {
		text = padded
	}
	raw, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != keySize {
		return Key{}, errKey
	}
	return Key{bytes: [keySize]byte(raw)}, nil
}

func newKey() (key Key) {
	rand.Read(key.bytes[:]) // never fails: the runtime ends the process instead
	return key
}

func (k Key) text() string { return base64.StdEncoding.EncodeToString(k.bytes[:]) }

// Format keeps the key out of every verb of fmt, %d and %x too.
func (Key) Format(f fmt.State, _ rune) { io.WriteString(f, "***") }

// MarshalText keeps the key out of JSON, and out of structured logs.
func (Key) MarshalText() ([]byte, error) { return []byte("***"), nil }
