package gateway_test

import (
	"strings"
	"testing"

	"hookgate/gateway"
)

func TestKey(t *testing.T) {
	long := strings.Repeat("k", gateway.MaxKey)
	for value, want := range map[string]string{
		"chat-42": "chat-42", "+49 170": "", "a\tb": "", "": "", "\x7f": "", "a\u00a0b": "", "a\u2028b": "", "a\u0085": "", "Zoë/1#?": "Zoë/1#?",
		long: long, long + "k": "",
		"https://chat.example/c/42bb83":            "42bb83",
		"https://chat.example/c/42bb83/?x=1#frag":  "42bb83",
		"http://chat.example/c/a%2Fb":              "a/b",
		"https://chat.example/c/a%20b":             "", // a space, once it is decoded
		"HTTPS://Chat.Example/c/42bb83":            "42bb83",
		"hTTp://chat.example/c/a%5Cb":              `a\b`,
		"https:/chat.example/c/42":                 "https:/chat.example/c/42",
		"http":                                     "http",
		"caf\xe9":                                  "", // no character: no page could show it
		"https://chat.example/c/%E9":               "",
		"a\ufffd":                                  "", // what half a surrogate pair, any, is read as
		"https://chat.example/c/%EF%BF%BD":         "",
		"https://chat.example/c/%zz":               "",
		"https://chat.example":                     "", // a host names no conversation
		"https://chat.example/":                    "",
		"ftp://chat.example/c/42":                  "ftp://chat.example/c/42",
		"https://chat.example/c/x?u=https://h/y/z": "x",
	} {
		got, ok := gateway.Key(value)
		if got != want || ok != (want != "") {
			t.Errorf("Key(%q) is %q, %v", value, got, ok)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add("https://h/a%2Fb/?q")
	f.Add("\u2003")
	f.Fuzz(func(t *testing.T, value string) {
		key, ok := gateway.Key(value)
		if !ok {
			if key != "" {
				t.Fatalf("no key, and %q", key)
			}
			return
		}
		if key == "" || len(key) > gateway.MaxKey || strings.ContainsAny(key, " \t\r\n\x00\x7f") {
			t.Fatalf("%q gives the key %q", value, key)
		}
		if again, ok := gateway.Key(key); !gateway.IsWebURL(key) && (!ok || again != key) {
			t.Fatalf("the key %q gives %q, %v", key, again, ok)
		}
	})
}

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "0": true, "acme_1-x": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "_a": false, "A": false, "a.b": false, "é": false, strings.Repeat("a", 64): false, "a b": false,
	} {
		if got := gateway.IsName(name); got != want {
			t.Errorf("IsName(%q) is %v", name, got)
		}
	}
}
