package gateway_test

import (
	"testing"

	"hookgate/gateway"
)

// What is reserved for a string is what it takes.
func FuzzStringSize(f *testing.F) {
	for _, s := range []string{"", "a", "\x00\x1f\n\r\t\"\\", "käse \U0001f9c0", "half \xc3", "\ufffd\u2028<>&"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		if got, want := gateway.StringSize(s), len(gateway.AppendString(nil, string(s))); got != want {
			t.Errorf("%q takes %d bytes, said %d", s, want, got)
		}
	})
}
