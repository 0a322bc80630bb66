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
	if p.URL == "" {
		f.add("url", "is missing")
	} else if err := o.CheckURL(p.URL, trusted); err != nil {
		f.add("url", "%v", err)
	}
	own := compileHeaders("headers", p.Headers, o, f)
	if h := compileAuth(p.Auth, o, f); h.Name != "" {
		if has(own, h.Name) {
			f.add(fields.Member("headers", h.Name), "is set by auth too: leave one of them out")
		}
		own = append(own, h)
	}
	return &Platform{
		URL: p.URL, Trusted: trusted, Headers: over(tenant, own), Signer: compileSign(p.Sign, f),
		Timeout: f.span("timeout", p.Timeout, DefaultTimeout, MinTimeout, MaxTimeout),
		Retry:   compileRetry(p.Retry, f),
	}
}

// compileAuth gives the header field by which a request says who sends it; none
// has no name.
func compileAuth(a gateway.Auth, o Options, f *faults) (h Header) {
	reads := map[string][]string{
		"": {}, "none": {}, "basic": {"username", "password"}, "bearer": {"token"}, "header": {"name", "value"},
	}[a.Type]
	if reads == nil {
		f.add("auth.type", "is %q: must be none, basic, bearer or header", a.Type)
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
		f.header("auth", h, o)
	}
	return h
}

// basicCredential is RFC 7617, section 2.
func basicCredential(a gateway.Auth) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.Username+":"+a.Password.Reveal()))
}

// compileSign makes the signer; nothing said is type none: a secret that nobody
// was shown would prove nothing to the platform.
func compileSign(s gateway.Sign, f *faults) *signature.Signer {
	signer, more := signature.CompileSigner(signature.Config{
		Type: cmp.Or(s.Type, "none"), Secrets: reveal(s.Secrets), Header: s.Header,
		Algorithm: s.Algorithm, Encoding: s.Encoding, Prefix: s.Prefix, Signed: s.Signed,
	})
	f.signature("sign", more)
	return signer
}
