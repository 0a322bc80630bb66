package console

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
	"hookgate/gateway/resources"
)

// signIn is what the page shows by which somebody signs in.
type signIn struct {
	Next  string
	Wrong string // what was wrong; "": nothing yet
}

// login shows the form, and takes it.
func login(v *view) {
	if v.base == portalBase {
		v.notFound()
		return
	}
	next := v.query.Get("next")
	if !v.ctx.IsPost() {
		if v.signedIn {
			v.redirect(inward(next))
			return
		}
		v.show("login", "Sign in", signIn{Next: next})
		return
	}
	form := formOf(v.ctx)
	next = form.Get("next")
	s, known, err := v.c.Logins.SignIn(form.Get("token"), v.asking())
	switch {
	case err != nil:
		v.failed(err)
	case !known:
		v.c.AuthFailures.Inc()
		wrongToken(v, next)
	default:
		signed(v, s)
		v.redirect(inward(next))
	}
}

// inward is where somebody goes who has signed in.
func inward(next string) string {
	if inside(consoleBase, next) {
		return next
	}
	return consoleBase
}

// failing is the place of sign-ins in the bucket of failures.
var failing = limits.Key{Part: "console"}

func wrongToken(v *view, next string) {
	wrong := "No token in force reads so. A token is shown once, when it is made: make another with hookgate token create."
	v.status = http.StatusUnauthorized
	if again, _ := v.c.failures.Count(failing, edge.Client(v.ctx, v.c.Trusts), v.c.Now()); again > 0 {
		seconds := strconv.Itoa(int(math.Ceil(again.Seconds())))
		v.ctx.Response.Header.Set("Retry-After", seconds)
		v.status, wrong = http.StatusTooManyRequests, "Too many wrong tokens came from your address. Try again in "+seconds+" s."
	}
	v.show("login", "Sign in", signIn{next, wrong})
}

// signed begins a session, in the place of the one that was.
func signed(v *view, s resources.Session) {
	if v.signedIn {
		_ = v.c.Logins.SignOut(v.session, v.asking()) // it ends by itself, too
	}
	v.setCookie(s.Cookie, s.Portal != nil && len(s.Portal.FrameAncestors) > 0)
}

// logout ends the session.
func logout(v *view) {
	if !v.ctx.IsPost() {
		v.notFound()
		return
	}
	back := consoleBase + "/login"
	if v.signedIn {
		if err := v.c.Logins.SignOut(v.session, v.asking()); err != nil {
			v.failed(err)
			return
		}
		if p := v.session.Portal; p != nil && p.ReturnURL != "" {
			back = p.ReturnURL
		} else if p != nil {
			back = ""
		}
		v.setCookie("", v.session.Portal != nil && len(v.session.Portal.FrameAncestors) > 0)
	}
	v.session, v.signedIn = resources.Session{}, false
	if back == "" {
		v.problem(http.StatusOK, "You are signed out", "")
		return
	}
	v.redirect(back)
}

// linkShown is the page of a link that signs in once.
type linkShown struct {
	Portal bool
	Tenant string
}

// openLink shows what a link leads to, and by its button goes there. Looking uses nothing up:
// programs look at links before people do.
func openLink(v *view, secret string) {
	l, known := v.c.Logins.Look(secret)
	if !known || (l.Portal != nil) != (v.base == portalBase) {
		v.notFound()
		return
	}
	if l.Portal != nil && len(l.Portal.FrameAncestors) > 0 {
		v.session.Portal = l.Portal // who may frame the portal may frame its door
		v.fields()
		v.session.Portal = nil
	}
	if l.Spent {
		showSpent(v, l)
		return
	}
	if !v.ctx.IsPost() {
		v.show("link", "Open", linkShown{l.Portal != nil, l.Tenant})
		return
	}
	s, err := v.c.Logins.Use(secret, v.asking())
	switch {
	case errors.Is(err, resources.ErrLinkSpent):
		showSpent(v, l)
	case errors.Is(err, gateway.ErrNotFound):
		v.notFound()
	case err != nil:
		v.failed(err)
	default:
		signed(v, s)
		to := v.base
		if s.Portal != nil {
			to += "/tenants/" + s.Tenant + "/" + s.Portal.Pages[0]
		}
		v.redirect(to)
	}
}

// showSpent says that a link was used, and where to get another.
func showSpent(v *view, l resources.Link) {
	v.status = http.StatusGone
	p := problemShown{Title: "This link was used already, or its time is over", Detail: "A link opens one session, once. Ask for another where you got it."}
	if l.Portal != nil {
		p.Return = l.Portal.ReturnURL
	}
	v.show("problem", p.Title, p)
}

// who is the session as the API knows it.
func (v *view) who() api.Who {
	id, logins := v.session.ID, v.c.Logins
	return api.Who{By: v.session.By, Digest: v.session.Digest, Alive: func() bool {
		_, alive := logins.Alive(id)
		return alive
	}}
}
