package directory

import (
	"net/url"
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// CORS is which web pages may call, compiled.
type CORS struct {
	origins []string // in lower case, without a port that the scheme says; or any
	headers string
}

const (
	anyOrigin = "*"
	mostCORS  = 100 // origins, and headers
)

// Allows gives what an origin is told of itself; "" says that it may not call.
func (c *CORS) Allows(origin []byte) string {
	for _, o := range c.origins {
		if o == anyOrigin || strings.EqualFold(o, string(origin)) {
			return o
		}
	}
	return ""
}

// Headers lists the fields that a page may send.
func (c *CORS) Headers() string { return c.headers }

// compileCORS compiles who may call from a browser; nil for nobody.
func compileCORS(spec *gateway.CORS, f *faults) *CORS {
	if spec == nil {
		return nil
	}
	if n := len(spec.Origins); n == 0 || n > mostCORS {
		f.add("cors.origins", "has %d: must be 1 to %d", n, mostCORS)
	}
	if n := len(spec.Headers); n > mostCORS {
		f.add("cors.headers", "has %d: at most %d", n, mostCORS)
	}
	c := &CORS{headers: "Content-Type"}
	for i, origin := range spec.Origins {
		normal, ok := originOf(origin)
		switch place := fields.Index("cors.origins", i); {
		case !ok:
			f.add(place, `is %q: must be an origin, such as "https://shop.example.com", or "*"`, origin)
		case slices.Contains(c.origins, normal):
			f.add(place, "is there twice")
		}
		c.origins = append(c.origins, normal)
	}
	for i, name := range spec.Headers {
		if len(name) > maxHeaderName {
			f.add(fields.Index("cors.headers", i), "has %d bytes: at most %d", len(name), maxHeaderName)
			continue
		}
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~") != "" {
			f.add(fields.Index("cors.headers", i), "is %q: must be the name of a header field", name)
		}
	}
	if len(spec.Headers) > 0 {
		c.headers = strings.Join(spec.Headers, ", ")
	}
	return c
}

// originOf gives an origin as browsers write it (RFC 6454 6.2). "null" is none: every
// page can have itself called so.
func originOf(text string) (normal string, ok bool) {
	if text == anyOrigin {
		return text, true
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(text) != len(u.Scheme+"://"+u.Host) {
		return text, false
	}
	port := ":" + map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), port), true
}
