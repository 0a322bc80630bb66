package resources

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"hookgate/gateway/transport"
)

// Whatever url is taken, it is known where it leads, and that is where it is dialled.
func FuzzOrigin(f *testing.F) {
	for _, text := range []string{
		"https://crm.example.com/a", "HTTP://CRM.example.com.:80?x", "https://[2001:DB8::1]:8443#f", "https://8.8.8.8", "https://a.example.com?@b.example.com/",
		"https://a.example.com#@b.example.com", "https://{{ host }}/", "https://a.example.com{{ b }}", "https:///a.example.com", "https:a.example.com",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, known := origin(text)
		if (transport.Egress{}).CheckURL(text, true) != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
		if addr, err := netip.ParseAddr(host); err == nil {
			host = addr.String()
		}
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		if want := u.Scheme + "://" + host + ":" + port; !known || got != want {
			t.Fatalf("%q leads to %q (%t), want %q", text, got, known, want)
		}
	})
}
