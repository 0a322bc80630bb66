package api

import "testing"

// What may frame a portal is what a browser takes for an origin, and ends no directive of a policy.
func TestOrigins(t *testing.T) {
	for text, want := range map[string]bool{
		"https://app.example.com": true, "https://app.example.com:8443": true, "https://xn--9ca.example": true, "https://[2001:db8::1]": true,
		"http://localhost:3000": true, "http://127.0.0.1": true,
		"https://é.example": false, "https://app.example.com:99999": false, "http://app.example.com": false, "https://*.example.com": false,
		"https://a; script-src *": false, "https://a,b": false, "https://u@a": false, "javascript:": false, "https:": false, "*": false, "'none'": false,
		"https://a\r\nX: y": false, "https://%31": false, "://": false,
	} {
		if got := originOf(text) != nil; got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
