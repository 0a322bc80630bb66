package proxy

import (
	"cmp"
	"net/url"
	"strings"

	"hookgate/gateway/edge"
)

// pointsAway reports whether a field of an answer names an address that may be the
// upstream's own: Location and Content-Location do, and Refresh behind its seconds.
func pointsAway(name []byte) bool {
	switch len(name) {
	case len("location"):
		return is(name, "location")
	case len("refresh"):
		return is(name, "refresh")
	case len("content-location"):
		return is(name, "content-location")
	}
	return false
}

// relocation gives the fields of an answer that point away as the client can follow
// them: an upstream knows its own address, and not the one that was called (SPEC 17).
type relocation struct {
	base   string // the public address, up to the path as it was received
	prefix string // that the route takes off a path
	route  *route
	host   []byte    // that was asked for
	from   *upstream // that answers
}

func (x *exchange) relocation() *relocation {
	return &relocation{
		base: publicBase(&x.caller, x.route.Host), prefix: string(x.route.prefix), route: x.route,
		host: x.ctx.Request.Header.Host(), from: x.leg.upstream,
	}
}

// publicBase is what stands before the path of a request in the URL that was called.
// Where the route is of one host it is that host, for another leads away from the route.
func publicBase(c *edge.Caller, host string) string {
	if u, err := url.Parse(c.PublicURL); c.PublicURL == "" || host != "" && (err != nil || u.Hostname() != host) {
		return edge.FrontOf(c.Ctx, c.Trusts).Base()
	}
	return c.PublicURL
}

// field gives the value of a field that points away.
func (r *relocation) field(name, value []byte) string {
	text := string(value)
	if !is(name, "refresh") {
		return r.reference(text)
	}
	at := strings.Index(strings.ToLower(text), "url=")
	if at < 0 {
		return text
	}
	at += len("url=")
	return text[:at] + r.reference(strings.Trim(text[at:], `"'`))
}

// reference gives one with the public address in place of an upstream's own. What is
// relative to the request stays as it is, and so does what leads elsewhere.
func (r *relocation) reference(written string) string {
	if strings.HasPrefix(written, "/") && !strings.HasPrefix(written, "//") {
		return r.path(written)
	}
	scheme, rest, found := strings.Cut(written, "//")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	scheme = strings.ToLower(strings.TrimSuffix(scheme, ":"))
	if !found || strings.HasPrefix(strings.ToLower(r.base)+"/", scheme+"://"+strings.ToLower(authority)+"/") {
		return written // it is relative, or the public one
	}
	own := r.owner(scheme, authority)
	if own == nil {
		return written
	}
	if tail, below := cutBase(tail, own.dialer.Base()); below {
		return r.base + r.prefix + tail
	}
	return written
}

// path is reference for a path alone: it changes where the route, or the upstream's URL,
// has one path stand for another. An upstream that hears X-Forwarded-Prefix has done it.
func (r *relocation) path(written string) string {
	own, prefix := r.from.dialer.Base(), r.prefix
	if prefix == "" && own == "" {
		return written
	}
	if u, err := url.Parse(r.base); err == nil {
		prefix = u.EscapedPath() + prefix
	}
	tail, below := cutBase(written, own)
	if _, done := cutBase(written, prefix); !below || done && prefix != "" {
		return written
	}
	if prefix == "" && !strings.HasPrefix(tail, "/") {
		return "/" + tail
	}
	return prefix + tail
}

// cutBase cuts a path that ends on a segment boundary off the front of another; below is
// false where it does not stand there.
func cutBase(path, base string) (rest string, below bool) {
	rest, below = strings.CutPrefix(path, base)
	return rest, below && (rest == "" || base == "" || strings.IndexByte("/?#", rest[0]) >= 0)
}

// owner gives the upstream of the route whose address it is; nil where it is nobody's.
// The host that was asked for is the upstream's own, too, where it is preserved: one
// that hears nothing of TLS in front writes http before it.
func (r *relocation) owner(scheme, authority string) *upstream {
	if scheme != "" && scheme != "http" && scheme != "https" {
		return nil
	}
	if r.route.KeepsHost && strings.EqualFold(string(r.host), authority) {
		return r.from
	}
	for _, u := range r.route.upstreams {
		own, _, _ := strings.Cut(u.url, "://")
		if withPort(cmp.Or(scheme, own), authority) == withPort(own, u.dialer.Host()) {
			return u
		}
	}
	return nil
}

// withPort gives host and port as they are compared.
func withPort(scheme, authority string) string {
	authority = strings.ToLower(authority)
	if strings.LastIndexByte(authority, ':') > strings.LastIndexByte(authority, ']') {
		return authority
	}
	if strings.EqualFold(scheme, "https") {
		return authority + ":443"
	}
	return authority + ":80"
}
