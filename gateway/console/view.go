package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/edge"
	"hookgate/gateway/resources"
)

// view is one request on its way to a page.
type view struct {
	c        *Console
	ctx      *fasthttp.RequestCtx
	now      time.Time
	base     string // /console or /portal
	path     string // below it, without a final slash, encoded
	query    url.Values
	kept     url.Values // of it in addresses of the page: lasting; nil: not known yet
	session  resources.Session
	signedIn bool
	tenant   string    // of the path; "": none
	id       string    // of the path
	request  string    // of the path, of a request to a route
	status   int       // 0: 200
	making   *api.Page // nil: nobody has signed in
}

// frame is what the frame of every page shows, with the page in it.
type frame struct {
	Title   string
	Base    string
	Tenant  string
	Path    string // of the page, with its query
	Who     string // the name by which somebody has signed in
	Scope   string
	Portal  *resources.Portal
	Nav     []navItem
	Tenants []string // to choose among; empty: there is nothing to choose
	Said    *said    // what happened by the act before
	Key     string   // of the forms on the page
	Version string
	Now     time.Time
	SignIn  bool   // nobody has signed in
	Live    string // the address of the stream; "": the page does not move
	View    *view
	Page    any
}

// Asset gives the address of a file that pages load.
func (f *frame) Asset(name string) string {
	_, names := assets()
	return f.Base + "/assets/" + names[name]
}

// navItem is one place to go to.
type navItem struct {
	Name, URL string
	Here      bool
	Apart     bool // it begins what is of no tenant
}

// said is what happened.
type said struct {
	Text string `json:"t"`
	Name string `json:"n,omitempty"` // of a link
	URL  string `json:"u,omitempty"`
	Bad  bool   `json:"b,omitempty"`
}

// show answers with a page.
func (v *view) show(name, title string, of any) {
	f := frame{
		Title: title, Base: v.base, Tenant: v.tenant, Path: string(v.ctx.Request.Header.RequestURI()), Version: v.c.Version,
		Now: v.now, SignIn: !v.signedIn, View: v, Page: of, Said: takeSaid(v),
	}
	if v.signedIn {
		f.Who, f.Scope, f.Portal = v.session.By.Name, string(v.session.By.Scope), v.session.Portal
		f.Key = newKey()
		f.Nav = navOf(v)
		f.Tenants = tenantsOf(v)
		f.Live = v.base + "/live"
		if v.tenant != "" {
			f.Live += "?tenant=" + url.QueryEscape(v.tenant)
		}
	}
	var out bounded
	if err := templates()[name].Execute(&out, "frame", &f); err != nil {
		if errors.Is(err, errLargePage) {
			v.ctx.Error("What this page shows is too large for a page: ask the API for it, or for less of it.", http.StatusInsufficientStorage)
			v.fields()
			return
		}
		v.c.Log.Error("a page of the console could not be made", "path", v.path, "error", err)
		v.ctx.Error("The page could not be made: the log says why.", http.StatusInternalServerError)
		v.fields()
		return
	}
	v.ctx.SetStatusCode(max(http.StatusOK, v.status))
	v.ctx.SetContentType("text/html; charset=utf-8")
	give(v, out.Bytes())
}

// give answers with what a page is.
func give(v *view, body []byte) {
	if !v.making.Send(v.ctx, body) {
		busy(v, "So many large pages are being sent")
	}
}

// busy says that there are too many pages.
func busy(v *view, why string) {
	v.ctx.Error(why+": try again in a moment.", http.StatusServiceUnavailable)
	v.ctx.Response.Header.Set("Retry-After", "1")
	v.fields()
}

// mostPage bounds a page, in bytes.
const mostPage = 8 << 20

var errLargePage = errors.New("the page is too large")

// bounded is what is written of a page.
type bounded struct{ bytes.Buffer }

// Write is of io.Writer.
func (p *bounded) Write(b []byte) (int, error) {
	if p.Len()+len(b) > mostPage {
		return 0, errLargePage
	}
	return p.Buffer.Write(b)
}

// problemShown is the page of what cannot be shown or done.
type problemShown struct {
	Title, Detail string
	Faults        []fault
	Return        string // where to go; "": nowhere
	Scope         string // what it takes; "": nothing else
}

func (v *view) problem(status int, title, detail string) {
	v.status = status
	v.show("problem", title, problemShown{Title: title, Detail: detail})
}

func (v *view) notFound() {
	v.problem(http.StatusNotFound, "There is nothing here", "It was deleted, is too old to be kept, or never was. Search for an id or a conversation key, or choose a page.")
}

// failed shows why something went wrong.
func (v *view) failed(err error) {
	var p *problemOf
	var g *gateway.Error
	switch {
	case errors.As(err, &p) && p.Status == http.StatusNotFound:
		v.notFound()
	case errors.As(err, &p) && p.Status == http.StatusForbidden:
		v.status = http.StatusForbidden
		shown := problemShown{Title: "Your token may not see this", Detail: "You have signed in with a token of scope " + string(v.session.By.Scope) + ". Ask whoever runs this gateway for one of scope admin, and sign in with that."}
		if v.session.Portal != nil {
			shown = problemShown{Title: "This portal does not show it", Detail: "Ask the people whose product led you here."}
		}
		v.show("problem", shown.Title, shown)
	case errors.As(err, &p):
		v.status = p.Status
		v.show("problem", p.Title, problemShown{Title: p.Title, Detail: p.Detail, Faults: p.Faults})
	case errors.As(err, &g) && g.Code != gateway.CodeInternal:
		status, _, body := edge.Problem(err, string(edge.RequestID(v.ctx)))
		shown := problemOf{}
		_ = json.Unmarshal(body, &shown)
		v.status = status
		v.show("problem", shown.Title, problemShown{Title: shown.Title, Detail: shown.Detail, Faults: shown.Faults})
	default:
		v.c.Log.Error("a page of the console could not be made", "path", v.path, "error", err)
		v.problem(http.StatusInternalServerError, "Something is wrong here", "The log of the gateway says what.")
	}
}

func (v *view) redirect(to string) {
	v.ctx.SetStatusCode(http.StatusSeeOther)
	v.ctx.Response.Header.Set("Location", to)
}

// saidCookie tells the next page what happened.
const saidCookie = "hookgate_said"

// say has the next page say what happened.
func (v *view) say(s said) {
	text, _ := json.Marshal(s)
	var k fasthttp.Cookie
	k.SetKey(saidCookie)
	k.SetValue(url.QueryEscape(string(text)))
	k.SetHTTPOnly(true)
	k.SetPath(v.base)
	k.SetMaxAge(60)
	k.SetSameSite(fasthttp.CookieSameSiteLaxMode)
	if p := v.session.Portal; p != nil && len(p.FrameAncestors) > 0 {
		k.SetSecure(true)
		k.SetSameSite(fasthttp.CookieSameSiteNoneMode)
		k.SetPartitioned(true)
	}
	v.ctx.Response.Header.SetCookie(&k)
}

func takeSaid(v *view) *said {
	value := v.ctx.Request.Header.Cookie(saidCookie)
	if len(value) == 0 || !v.signedIn || len(v.ctx.Request.Header.Peek("Hookgate-Again")) > 0 {
		return nil
	}
	var s said
	text, err := url.QueryUnescape(string(value))
	if err != nil || json.Unmarshal([]byte(text), &s) != nil || s.URL != "" && !inside(v.base, s.URL) {
		return nil
	}
	var k fasthttp.Cookie
	k.SetKey(saidCookie)
	k.SetPath(v.base)
	k.SetMaxAge(-1)
	k.SetExpire(fasthttp.CookieExpireDelete)
	v.ctx.Response.Header.SetCookie(&k)
	return &s
}

// tenants are those that the session may choose among: as many as a list has on a page.
func tenantsOf(v *view) (ids []string) {
	if v.session.Portal != nil {
		return nil
	}
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if v.get("/tenants", url.Values{"limit": {"200"}}, &list) != nil {
		return nil
	}
	for _, t := range list.Data {
		ids = append(ids, t.ID)
	}
	return ids
}

// at gives an address below the path's tenant.
func (v *view) at(parts ...string) string {
	to := v.base + "/tenants/" + url.PathEscape(v.tenant)
	for _, p := range parts {
		to += "/" + url.PathEscape(p)
	}
	return to
}

// of is at for the API: below /v1.
func (v *view) of(parts ...string) string { return strings.TrimPrefix(v.at(parts...), v.base) }

// mostAddress is how many bytes of the query of a page stand in each of its own addresses
// that it shows, of which a list has one a row. No page asks for so much; what nobody asked
// for has no place there.
const mostAddress = 2 << 10

// lasting gives what of a query stands in addresses of the page.
func lasting(query url.Values) url.Values {
	kept, left := url.Values{}, mostAddress
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := query.Get(name)
		if n := len(name) + len(value); n <= left {
			kept.Set(name, value)
			left -= n
		}
	}
	return kept
}

// with gives the page's own address with other words in its query; "" takes one away.
func (v *view) with(pairs ...string) string {
	if v.kept == nil {
		v.kept = lasting(v.query)
	}
	query := maps.Clone(v.kept)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			query.Del(pairs[i])
		} else {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	to := v.base + v.path
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	return to
}

// askedIn gives the words of the query that the API knows, as a page's list asks for them.
func askedIn(v *view, names ...string) url.Values {
	query := url.Values{}
	for _, name := range append([]string{"limit", "cursor"}, names...) {
		if value := v.query.Get(name); value != "" {
			query.Set(name, value)
		}
	}
	if n, err := strconv.Atoi(query.Get("limit")); query.Get("limit") == "" {
		query.Set("limit", strconv.Itoa(rowsOfPage))
	} else if err == nil && n > mostOfPage {
		query.Set("limit", strconv.Itoa(mostOfPage))
	}
	return query
}

// rowsOfPage is how many rows a list has where nobody says otherwise, and mostOfPage how many
// it has at most (SPEC-console C5): a page is for people.
const (
	rowsOfPage = 50
	mostOfPage = 200
)

func queryOf(ctx *fasthttp.RequestCtx) url.Values {
	query, _ := url.ParseQuery(string(edge.Query(ctx))) // what is odd in it is not asked for
	return query
}

// formOf reads a form; what is no form is an empty one.
func formOf(ctx *fasthttp.RequestCtx) url.Values {
	body, err := edge.ReadBody(ctx, mostForm)
	if err != nil {
		return url.Values{}
	}
	form, _ := url.ParseQuery(string(body))
	return form
}

// mostForm is the most bytes of a form.
const mostForm = 4 << 20

func escape(text string) string { return url.QueryEscape(text) }

// At is at, for templates.
func (v *view) At(parts ...string) string { return v.at(parts...) }

// MayRead says whether the session sees a list of the tenant's, for templates.
func (v *view) MayRead(list string) bool { return v.may(http.MethodGet, v.of(list)) }

// MayPost says whether the session may do something to a thing of the tenant's, for templates.
func (v *view) MayPost(parts ...string) bool { return v.may(http.MethodPost, v.of(parts...)) }

// With is with, for templates.
func (v *view) With(pairs ...string) string { return v.with(pairs...) }

// Without gives the page's own address without a word of its query.
func (v *view) Without(name string) string { return v.with(name, "") }
