package console

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth"
	"hookgate/gateway/api"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
	"hookgate/gateway/resources"
)

// API is what the console needs of the API.
type API interface {
	Ask(*api.Asked) api.Answered
	Follow(ctx *fasthttp.RequestCtx, who api.Who, target string)
	MayAsk(by auth.Principal, method, path string) bool
	Begin(who api.Who, tenant string) (p *api.Page, may bool)
}

// Logins is what the console needs of its sessions: resources.Logins.
type Logins interface {
	Installation() string
	SignIn(token string, asking auth.Asking) (s resources.Session, known bool, err error)
	Find(cookie string) (resources.Session, bool)
	Alive(id string) (resources.Session, bool)
	SignOut(resources.Session, auth.Asking) error
	Look(secret string) (resources.Link, bool)
	Use(secret string, asking auth.Asking) (resources.Session, error)
}

// Options is what the console needs.
type Options struct {
	API    API
	Logins Logins
	// Redact are the places in bodies and variables whose values are hidden.
	Redact []string
	// PublicURL is the base of the URLs of sources, for the curl that a page shows.
	PublicURL string
	Version   string
	// Trusts says whose X-Forwarded fields are believed.
	Trusts func(netip.Addr) bool
	// AuthFailures counts sign-ins without a good token.
	AuthFailures interface{ Inc() }
	Now          func() time.Time
	Log          *slog.Logger
}

// Console answers /console and /portal.
type Console struct {
	Options
	origin   http.CrossOriginProtection
	failures limits.Failures
	redact   redactor
	done     doneKeys
	pages    []page
}

// New makes a Console.
func New(o Options) *Console {
	c := &Console{Options: o, redact: newRedactor(o.Redact)}
	c.pages = pages()
	return c
}

// The two places at which it is served.
const (
	consoleBase = "/console"
	portalBase  = "/portal"
)

// Handler answers every path below /console and /portal.
func (c *Console) Handler(ctx *fasthttp.RequestCtx) {
	v := &view{c: c, ctx: ctx, now: c.Now(), base: consoleBase}
	path := string(edge.Path(ctx))
	if rest, is := strings.CutPrefix(path, portalBase); is {
		v.base, path = portalBase, rest
	} else {
		path = strings.TrimPrefix(path, consoleBase)
	}
	v.path = strings.TrimSuffix(path, "/")
	v.query = queryOf(ctx)
	if name, is := strings.CutPrefix(v.path, "/assets/"); is {
		serveAsset(ctx, name)
		return
	}
	v.session, v.signedIn = c.Logins.Find(string(ctx.Request.Header.Cookie(cookieName(v))))
	if v.signedIn && (v.session.Portal != nil) != (v.base == portalBase) {
		v.session, v.signedIn = resources.Session{}, false
	}
	v.fields()
	if !v.fromHere() {
		v.problem(http.StatusForbidden, "This was not sent by a page of this gateway", "A form of another site may not change anything here. Open the page anew and try again.")
		return
	}
	v.serve()
}

// serve finds what answers.
func (v *view) serve() {
	switch {
	case v.path == "/login":
		login(v)
	case v.path == "/logout":
		logout(v)
	case strings.HasPrefix(v.path, "/link/"):
		openLink(v, strings.TrimPrefix(v.path, "/link/"))
	case !v.signedIn:
		signInFirst(v)
	case v.path == "/live":
		live(v)
	default:
		makePage(v)
	}
}

// makePage makes a page, of which there are few at once: what they show is large.
func makePage(v *view) {
	p := v.find()
	making, may := v.c.API.Begin(v.who(), v.tenant)
	if !may {
		busy(v, "So many pages are being made")
		return
	}
	v.making = making
	defer making.End() // a panic too
	v.page(p)
}

// signInFirst sends those who are nobody yet to sign in, and back.
func signInFirst(v *view) {
	if v.base == portalBase {
		v.problem(http.StatusUnauthorized, "Your session is over", "Go back to where you came from, and open this page from there again.")
		return
	}
	if !v.ctx.IsGet() {
		v.problem(http.StatusUnauthorized, "Your session is over", "Sign in and do it again: nothing was done.")
		return
	}
	v.redirect(consoleBase + "/login?next=" + escape(string(v.ctx.Request.Header.RequestURI())))
}
