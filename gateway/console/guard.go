package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"

	"hookgate/auth"
	"hookgate/gateway/audit"
	"hookgate/gateway/edge"
)

// policy is what a page may load: what comes from here, and no more. It has no inline
// script and no inline style, and nothing of another host.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "

// fields sets the headers that every page has, the refused ones too.
func (v *view) fields() {
	h := &v.ctx.Response.Header
	h.Set("Content-Security-Policy", policy+parents(v))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// parents are those who may frame the page: none, but a portal's own.
func parents(v *view) string {
	if p := v.session.Portal; p != nil && len(p.FrameAncestors) > 0 {
		return strings.Join(p.FrameAncestors, " ")
	}
	return "'none'"
}

// fromHere says whether a request may change something, as far as its origin tells: it
// came from one of our own pages, or from no browser.
func (v *view) fromHere() bool {
	r := &http.Request{Method: string(v.ctx.Method()), Host: v.front().Host, Header: http.Header{}}
	for _, name := range []string{"Sec-Fetch-Site", "Origin"} {
		if value := v.ctx.Request.Header.Peek(name); len(value) > 0 {
			r.Header.Set(name, string(value))
		}
	}
	return v.c.origin.Check(r) == nil
}

// front is how the browser called, as far as those in front are believed.
func (v *view) front() edge.Front { return edge.FrontOf(v.ctx, v.c.Trusts) }

func (v *view) secure() bool { return v.front().Scheme == "https" }

// asking is how somebody asks, for the audit.
func (v *view) asking() auth.Asking {
	return auth.Asking{Kind: audit.KindConsole, Client: edge.Client(v.ctx, v.c.Trusts).String(), RequestID: string(edge.RequestID(v.ctx))}
}

// cookieName is the name of the session's cookie. Two gateways on one host do not sign
// each other out, for each has its own.
func cookieName(v *view) string {
	name := "hookgate_" + v.c.Logins.Installation()
	if v.base == portalBase {
		return name + "_portal"
	}
	if v.secure() {
		return "__Host-" + name
	}
	return name
}

// setCookie gives the browser its session; "" takes it away.
func (v *view) setCookie(value string, framed bool) {
	var k fasthttp.Cookie
	k.SetKey(cookieName(v))
	k.SetValue(value)
	k.SetHTTPOnly(true)
	k.SetSameSite(fasthttp.CookieSameSiteLaxMode)
	k.SetSecure(v.secure())
	k.SetPath("/")
	if v.base == portalBase {
		k.SetPath(portalBase)
	}
	if framed { // within another site's page nothing else is sent back
		k.SetSecure(true)
		k.SetSameSite(fasthttp.CookieSameSiteNoneMode)
		k.SetPartitioned(true)
	}
	if value == "" {
		k.SetMaxAge(-1)
		k.SetExpire(fasthttp.CookieExpireDelete)
	}
	v.ctx.Response.Header.SetCookie(&k)
}

// inside says whether an address is one of ours that may be gone to after a form.
func inside(base, address string) bool {
	rest, is := strings.CutPrefix(address, base)
	return is && (rest == "" || rest[0] == '/' || rest[0] == '?') && !strings.HasPrefix(rest, "//") && !leavesAgain(rest)
}

// leavesAgain says whether a browser takes an address for another than it begins with: it
// leaves out control characters, and takes dots alone, escaped or not, for a step up.
func leavesAgain(rest string) bool {
	if strings.ContainsFunc(rest, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' }) {
		return true
	}
	path, _, _ := strings.Cut(rest, "?")
	path, _, _ = strings.Cut(path, "#")
	for segment := range strings.SplitSeq(path, "/") {
		if plain, err := url.PathUnescape(segment); err != nil || plain == "." || plain == ".." {
			return true
		}
	}
	return false
}
