package relayed_test

import (
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/relayed"
)

// FuzzRead reads sealed requests from any bytes: none panics, and what was
// written reads the same.
func FuzzRead(f *testing.F) {
	f.Add("/a?b", "X-A", "1", []byte("\x01\x01/"))
	f.Add("", "x", "\xff", []byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add("/", "Host", "h", []byte("\x01\x80"))
	f.Fuzz(func(t *testing.T, target, name, value string, raw []byte) {
		_, _, _ = relayed.Read(raw)
		r := gateway.RelayedRequest{Target: target, Header: []gateway.HeaderField{{Name: "X-First", Value: ""}, {Name: name, Value: value}}}
		plain := relayed.Append(nil, &r)
		got, header, err := relayed.Read(plain)
		if err != nil || got != target || header[0] != [2]string{"X-First", ""} || len(header) > 2 || len(header) == 2 && header[1] != [2]string{name, value} {
			t.Errorf("%q, %q: %q came back as %q, %q, %v", target, name, value, got, header, err)
		}
		for cut := range plain {
			if got, header, err := relayed.Read(plain[:cut]); err == nil && (got != target || len(header) > 1) {
				t.Errorf("%d bytes of it were read as %q, %q", cut, got, header)
			}
		}
	})
}

func TestSameField(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"X-A", "x-a", true}, {"X_A", "x-a", true}, {"x-a", "X_a", true}, {"x-a", "x-b", false}, {"x-a", "x-", false}} {
		if relayed.SameField(c.a, c.b) != c.want {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.want)
		}
	}
}
