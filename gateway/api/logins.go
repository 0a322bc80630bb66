package api

import (
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/resources"
)

// Logins is what the API needs of the console's sessions: resources.Logins.
type Logins interface {
	Revoke(auth.Principal, resources.Which) (n int, err error)
	NewPortalLink(by auth.Principal, digest token.Digest, tenant string, p resources.Portal, ttl time.Duration) (secret string, expires time.Time, err error)
}

// logins are the sessions of the console, and links to portals (SPEC-console C2, C5).
type logins struct {
	of   Logins
	base func() string // Options.Console
}

// revoke ends sessions: a token's, a tenant's, or all that the caller may end.
func (h *logins) revoke(c *call) (answer, error) {
	var b struct {
		Token  string `json:"token"`
		Tenant string `json:"tenant"`
	}
	if err := c.optionalBody(&b); err != nil {
		return answer{}, err
	}
	f := &faults{}
	if b.Token != "" && !gateway.IsID(gateway.PrefixToken, b.Token) {
		f.add("token", "must be the id of a token: tok_…")
	}
	if b.Tenant != "" && !gateway.IsName(b.Tenant) {
		f.add("tenant", "must be the id of a tenant")
	}
	if err := gateway.Invalid(f.list); err != nil {
		return answer{}, err
	}
	if b.Tenant != "" && (c.snapshot.Tenant(b.Tenant) == nil || !c.snapshot.Reaches(c.by, b.Tenant)) {
		return answer{}, errNoTenant
	}
	n, err := h.of.Revoke(c.by, resources.Which{Token: b.Token, Tenant: b.Tenant})
	if err != nil {
		return answer{}, err
	}
	c.audit("sessions of the console were revoked", "count", n, "tenant", b.Tenant)
	return show(http.StatusOK, struct {
		Revoked int `json:"revoked"`
	}{n})
}

// PortalPages are the words of a portal's pages.
var PortalPages = []string{"deliveries", "endpoints", "events", "conversations", "waits", "requests", "webhooks", "dead-letters"}

const (
	defaultLinkTTL = 10 * time.Minute
	maxLinkTTL     = 24 * time.Hour
	maxFrames      = 10
	maxOrigin      = 2048 // bytes of a return_url
	// maxParent is the longest that an origin can be: a scheme, a name of DNS, a port. All of
	// them stand in a header of each page.
	maxParent = len("https://") + 253 + len(":65535")
)

// linkBody is what a link to a portal is asked to be.
type linkBody struct {
	TTL            gateway.Duration `json:"ttl"`
	SessionTTL     gateway.Duration `json:"session_ttl"`
	ReadOnly       *bool            `json:"read_only"`
	Pages          []string         `json:"pages"`
	FrameAncestors []string         `json:"frame_ancestors"`
	ReturnURL      string           `json:"return_url"`
	Bodies         *bool            `json:"bodies"`
}

// link makes a link that opens the portal of the path's tenant, once.
func (h *logins) link(c *call) (answer, error) {
	b := linkBody{TTL: gateway.Duration(defaultLinkTTL), SessionTTL: gateway.Duration(resources.SessionLife)}
	tree, raw, err := c.body()
	if err != nil && len(raw) > 0 {
		return answer{}, err
	}
	f := &faults{}
	if len(raw) > 0 {
		f.list = fields.Decode(tree, &b)
	}
	b.check(f)
	if err := gateway.Invalid(f.list); err != nil {
		return answer{}, err
	}
	if c.tenant.Disabled {
		return answer{}, errTenantDisabled
	}
	p := resources.Portal{
		ReadOnly: b.ReadOnly == nil || *b.ReadOnly, Bodies: b.Bodies == nil || *b.Bodies, Pages: b.Pages,
		FrameAncestors: b.FrameAncestors, ReturnURL: b.ReturnURL, Life: int64(time.Duration(b.SessionTTL) / time.Second),
	}
	if len(p.Pages) == 0 {
		p.Pages = PortalPages
	}
	secret, expires, err := h.of.NewPortalLink(c.by, c.digest, c.params.tenant, p, time.Duration(b.TTL))
	if err != nil {
		return answer{}, err
	}
	c.audit("a link to a portal was made", "tenant", c.params.tenant)
	return show(http.StatusCreated, struct {
		URL       string       `json:"url"`
		ExpiresAt gateway.Time `json:"expires_at"`
	}{h.base() + "/portal/link/" + secret, gateway.At(expires)})
}

func (b *linkBody) check(f *faults) {
	if ttl := time.Duration(b.TTL); ttl < time.Second || ttl > maxLinkTTL {
		f.add("ttl", "must be 1s to 24h")
	}
	if ttl := time.Duration(b.SessionTTL); ttl < time.Minute || ttl > resources.SessionLife {
		f.add("session_ttl", "must be 1m to 12h")
	}
	if len(b.Pages) > len(PortalPages) {
		f.add("pages", "has more than there are: "+strconv.Itoa(len(PortalPages)))
		b.Pages = nil
	}
	for i, page := range b.Pages {
		if slices.Contains(b.Pages[:i], page) {
			f.add(fields.Index("pages", i), "is there twice")
		}
		if !slices.Contains(PortalPages, page) {
			f.add(fields.Index("pages", i), "must be one of "+strings.Join(PortalPages, ", ")+fields.Meant(page, PortalPages))
		}
	}
	if len(b.FrameAncestors) > maxFrames {
		f.add("frame_ancestors", "has over "+strconv.Itoa(maxFrames)+" parents")
	}
	for i, parent := range b.FrameAncestors {
		if u := originOf(parent); u == nil || len(parent) > maxParent || u.Path != "" || u.RawQuery != "" {
			f.add(fields.Index("frame_ancestors", i), originRule)
		}
	}
	if b.ReturnURL != "" && originOf(b.ReturnURL) == nil {
		f.add("return_url", "must be a URL with https (http on loopback alone)")
	}
}

const originRule = "must be an origin, as https://app.example.com (http on loopback alone)"

// isNoHost says of what no policy can have in a host: browsers take a name of other
// alphabets in its form of ASCII alone.
func isNoHost(c rune) bool { return c == '*' || c == '%' || c > '~' }

// originOf reads a URL that a browser may be led to, or may frame a portal; nil for what
// is none: only https, and http on loopback. Nothing in it can end a directive of a policy.
func originOf(text string) *url.URL {
	if len(text) > maxOrigin || strings.ContainsAny(text, " ;,'\"<>\\") {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || strings.ContainsFunc(u.Host, isNoHost) {
		return nil
	}
	if port, _ := strconv.Atoi(u.Port()); port > math.MaxUint16 { // to a browser it is no origin
		return nil
	}
	switch host := u.Hostname(); u.Scheme {
	case "https":
		return u
	case "http":
		if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
			return u
		}
	}
	return nil
}
