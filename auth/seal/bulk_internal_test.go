package seal

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// The vectors of C2SP's XAES-256-GCM.md: a key whose CMAC subkey needs no
// reduction, and one whose does.
func TestBulkVectors(t *testing.T) {
	nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
	for _, c := range []struct {
		key  byte
		aad  string
		want string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		b := bulkOf(bytes.Repeat([]byte{c.key}, keySize))
		if got := hex.EncodeToString(b.of(nonce).Seal(nil, nonce[12:], []byte("XAES-256-GCM"), []byte(c.aad))); got != c.want {
			t.Errorf("key %d: sealed as %s, want %s", c.key, got, c.want)
		}
	}
}
