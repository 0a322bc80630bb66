package directory

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/retry"
)

// Platform is a tenant's platform endpoint, compiled.
type Platform struct {
	URL     string
	Trusted bool     // the file names it: the egress rules do not bind it (SPEC 14 "Routes")
	Headers []Header // the platform's own, its auth, and the tenant's where neither has the name
	Signer  *signature.Signer
	Timeout time.Duration // for one attempt
	Retry   retry.Policy
}

// compilePlatform checks a platform endpoint; its faults are placed from it.
func compilePlatform(p gateway.Platform, trusted bool, tenant []Header, o Options, f *faults) *Platform {
	f.url(p.URL, trusted, o)
	return &Platform{
		URL: p.URL, Trusted: trusted, Headers: over(tenant, compileOwn(p.Headers, p.Auth, o, f)), Signer: compileSign(p.Sign, o, f),
		Timeout: f.span("timeout", p.Timeout, DefaultTimeout, MinTimeout, MaxTimeout),
		Retry:   compileRetry(p.Retry, f),
	}
}

func (f *faults) url(url string, trusted bool, o Options) {
	if url == "" {
		f.add("url", "is missing")
	} else if err := o.CheckURL(url, trusted); err != nil {
		f.add("url", "%v", err)
	}
}

// compileOwn gives what an outbound request has besides its tenant's headers: its
// own, and its auth.
func compileOwn(headers gateway.Headers, auth gateway.Auth, o Options, f *faults) []Header {
	own := compileHeaders("headers", headers, o, f)
	h := compileAuth(auth, o, f)
	if h.Name == "" {
		return own
	}
	if has(own, h.Name) {
		f.add(fields.Member("headers", h.Name), "is set by auth too: leave one of them out")
	}
	return append(own, h)
}

// compileAuth gives the header field by which a request says who sends it; none
// has no name.
func compileAuth(a gateway.Auth, o Options, f *faults) (h Header) {
	reads := map[string][]string{
		"": {}, "none": {}, "basic": {"username", "password"}, "bearer": {"token"}, "header": {"name", "value"},
	}[a.Type]
	if reads == nil {
		known := []string{"none", "basic", "bearer", "header"}
		f.add("auth.type", "is %q: must be none, basic, bearer or header%s", a.Type, fields.Meant(a.Type, known))
		return h
	}
	for _, field := range []struct{ name, value string }{
		{"username", a.Username}, {"password", a.Password.Reveal()}, {"token", a.Token.Reveal()},
		{"name", a.Name}, {"value", a.Value.Reveal()},
	} {
		place := "auth." + field.name
		switch read := slices.Contains(reads, field.name); {
		case read && field.value == "" && field.name != "password":
			f.add(place, "is missing")
		case !read && field.value != "":
			f.add(place, "is not read by type %s: remove it", cmp.Or(a.Type, "none"))
		}
	}
	switch a.Type {
	case "basic":
		if strings.Contains(a.Username, ":") {
			f.add("auth.username", `has a ":", which ends the name in this scheme`)
		}
		h = Header{"Authorization", basicCredential(a)}
	case "bearer":
		h = Header{"Authorization", "Bearer " + a.Token.Reveal()}
	case "header":
		h = Header{a.Name, a.Value.Reveal()}
	}
	if h.Name != "" {
		f.header(authPlace(a, o), h, o)
	}
	return h
}

// authPlace is where a fault of the header field stands: at the credential, where the
// name is one that may be.
func authPlace(a gateway.Auth, o Options) string {
	switch {
	case a.Type == "bearer":
		return "auth.token"
	case a.Type == "header" && o.checkHeader(a.Name, "") == nil:
		return "auth.value"
	}
	return "auth"
}

// basicCredential is RFC 7617, section 2.
func basicCredential(a gateway.Auth) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.Username+":"+a.Password.Reveal()))
}

// compileSign makes the signer; nothing said is type none: a secret that nobody
// was shown would prove nothing to the platform.
func compileSign(s gateway.Sign, o Options, f *faults) *signature.Signer {
	signer, more := signature.CompileSigner(signature.Config{
		Type: cmp.Or(s.Type, "none"), Secrets: reveal(s.Secrets), Header: s.Header,
		Algorithm: s.Algorithm, Encoding: s.Encoding, Prefix: s.Prefix, Signed: s.Signed,
		TimestampHeader: s.TimestampHeader, TimestampUnit: s.TimestampUnit, HeaderFormat: s.Format,
	})
	f.signature("sign", more)
	for _, h := range []struct{ place, name string }{{"sign.header", s.Header}, {"sign.timestamp_header", s.TimestampHeader}} {
		if h.name == "" || len(more) > 0 {
			continue
		}
		if err := o.checkHeader(h.name, ""); err != nil {
			f.add(h.place, "%v", err)
		}
	}
	return signer
}
