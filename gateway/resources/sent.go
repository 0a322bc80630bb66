package resources

import (
	"net/netip"
	"net/url"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/secure"
)

// destination is the url that a secret is sent to, or that whoever pulls gets it, and what
// must stay the same for it to go nowhere else; the zero destination is that of a secret
// which is sent nowhere: with it somebody is verified, or something signed.
type destination struct{ same, url string }

// sent is the destination of what goes to the url at a place of a resource.
func sent(place, url string) destination {
	return destination{"scheme, host and port of " + place + " stay the same", url}
}

// sentTo tells where the secret at a place of a resource goes. A tenant's headers
// go wherever anything of the tenant goes; of that, only the platform's url is
// written together with them.
func sentTo(spec any, path string) destination {
	switch s := spec.(type) {
	case *gateway.Tenant:
		if s.Platform != nil && !strings.HasPrefix(path, "platform.sign.") {
			return sent("platform.url", s.Platform.URL)
		}
	case *gateway.Endpoint:
		switch {
		case signs(path):
		case s.Mode == gateway.EndpointPull: // to whoever may pull
			return destination{"mode stays pull", s.Mode}
		default:
			return sent("url", s.URL)
		}
	case *gateway.Webhook:
		if !signs(path) {
			return sent("url", s.URL)
		}
	}
	return destination{}
}

// warnOfCertificate tells of a certificate that has ended where it is written.
func (r *ledger) warnOfCertificate(settings *secure.Settings, of ...any) {
	if member, at := settings.Expired(r.clock()); member != "" {
		r.log.Warn("a certificate has expired", append(of, "place", "tls."+member, "until", at)...)
	}
}

// signs says whether the secret at a place is one that an endpoint or a webhook
// signs with. It never leaves, and one that was made up nobody could write again.
func signs(path string) bool { return strings.HasPrefix(path, "sign.") }

// staysPut says whether a secret that is kept goes where it went, or nowhere.
func staysPut(spec, old any, path string) bool {
	now, was := sentTo(spec, path), sentTo(old, path)
	return now.url == "" || now.url == was.url || sameOrigin(now.url, was.url)
}

// sameOrigin says whether two urls have the same scheme, host and port, whichever
// way they are written. Where a template has a part in these, no: the variables of
// a call decide then, and only the same text goes to the same place.
func sameOrigin(a, b string) bool {
	of, known := origin(a)
	other, also := origin(b)
	return known && also && of == other
}

// origin gives scheme://host:port in one way of writing; false where there is none
// that is certain. Names have no letters beyond ASCII: directory refuses them.
func origin(text string) (string, bool) {
	scheme, rest, _ := strings.Cut(text, "://")
	authority := rest
	if end := strings.IndexAny(rest, `/?#\`); end >= 0 {
		authority = rest[:end]
	}
	u, err := url.Parse(scheme + "://" + authority)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(scheme+authority, "{}%") {
		return "", false
	}
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.String()
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + host + ":" + port, port != "" && host != ""
}
