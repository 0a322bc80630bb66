package signature_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

func TestPusherTokens(t *testing.T) {
	c := sample("pusher", []byte("s3cret"))
	c.Tokens = []signature.Token{{Key: "k2", Secret: "old"}}
	const body = `{}`
	old := hex.EncodeToString(mac(sha256.New, "old", body))
	hold(t, c, body, []want{
		{"the key", pairs{{"X-Pusher-Key", "k1"}, {"X-Pusher-Signature", hexMAC(body)}}, ""},
		{"a token", pairs{{"X-Pusher-Key", "k2"}, {"X-Pusher-Signature", old}}, ""},
		{"another's secret", pairs{{"X-Pusher-Key", "k1"}, {"X-Pusher-Signature", old}}, signature.Mismatch},
		{"no such key", pairs{{"X-Pusher-Key", "k3"}, {"X-Pusher-Signature", old}}, signature.Credential},
		{"no key", pairs{{"X-Pusher-Signature", hexMAC(body)}}, signature.MissingHeader},
		{"two keys", pairs{{"X-Pusher-Key", "k1"}, {"X-Pusher-Key", "k2"}, {"X-Pusher-Signature", old}}, signature.DuplicateHeader},
	})
}

func manyTokens(n int) (all []signature.Token) {
	for i := range n {
		all = append(all, signature.Token{Key: strings.Repeat("t", i+1), Secret: "x"})
	}
	return all
}
