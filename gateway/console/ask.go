package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookgate/gateway/api"
	"hookgate/gateway/edge"
)

// problemOf is what the API says when it refuses.
type problemOf struct {
	Status int
	Code   string  `json:"code"`
	Title  string  `json:"title"`
	Detail string  `json:"detail"`
	Faults []fault `json:"errors"`
}

type fault struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

func (p *problemOf) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return p.Title
}

// At gives what is wrong with one field; "" for nothing.
func (p *problemOf) At(name string) string {
	if p == nil {
		return ""
	}
	for _, f := range p.Faults {
		if f.Path == name || strings.HasPrefix(f.Path, name+".") || strings.HasPrefix(f.Path, name+"[") {
			return f.Message
		}
	}
	return ""
}

// requestPage is what a page asks of the API: below /v1.
type request struct {
	method, path string
	query        url.Values
	body         any // as JSON, or json.RawMessage; nil: none
	ifMatch      string
	ifNoneMatch  string
}

// errNotShown is of what a portal does not reach.
var errNotShown = &problemOf{Status: http.StatusForbidden, Code: "forbidden", Title: "Not allowed", Detail: "this portal does not show it"}

// ask asks for v's session, and reads the answer into to, which may be nil.
func (v *view) ask(q request, to any) (api.Answered, error) {
	if !v.reaches(q.method, q.path) {
		return api.Answered{}, errNotShown
	}
	return answered(v, q, to)
}

// answered is ask for what a portal does not reach: to is not shown, but what is depends on it.
func answered(v *view, q request, to any) (api.Answered, error) {
	asked := api.Asked{
		Who: v.who(), Client: edge.Client(v.ctx, v.c.Trusts), Request: string(edge.RequestID(v.ctx)),
		Method: q.method, Target: "/v1" + q.path, IfMatch: q.ifMatch, IfNoneMatch: q.ifNoneMatch,
	}
	if len(q.query) > 0 {
		asked.Target += "?" + q.query.Encode()
	}
	switch body := q.body.(type) {
	case nil:
	case json.RawMessage:
		asked.Body = body
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return api.Answered{}, err
		}
		asked.Body = text
	}
	a := v.making.Aside(q.method != http.MethodGet, func() api.Answered { return v.c.API.Ask(&asked) })
	if a.Status >= http.StatusBadRequest {
		p := &problemOf{Status: a.Status}
		_ = json.Unmarshal(a.Body, p) // a status says enough
		return a, p
	}
	if to == nil || len(a.Body) == 0 {
		return a, nil
	}
	return a, json.Unmarshal(a.Body, to)
}

// get reads one thing.
func (v *view) get(path string, query url.Values, to any) error {
	_, err := v.ask(request{method: http.MethodGet, path: path, query: query}, to)
	return err
}

// may says whether the session may do something, as far as is known before it asks: what
// it may not is not shown.
func (v *view) may(method, path string) bool {
	return v.reaches(method, path) && v.c.API.MayAsk(v.session.By, method, "/v1"+path)
}

// portalPaths are what the pages of a portal ask for, below /tenants/{tenant}.
var portalPaths = map[string][]string{
	"deliveries":    {"/deliveries", "/stats"},
	"endpoints":     {"/endpoints", "/stats"},
	"events":        {"/events"},
	"conversations": {"/conversations", "/deliveries", "/waits", "/events", "/callbacks", "/calls"},
	"waits":         {"/waits", "/stats"},
	"requests":      {"/requests", "/sources"},
	"webhooks":      {"/webhooks", "/stats"},
	"dead-letters":  {"/deliveries"},
}

// portalKinds are what a portal's pages hear of what happens; of changes of the
// configuration none does.
var portalKinds = map[string][]string{
	"deliveries":    {"delivery", "attempt", "breaker"},
	"endpoints":     {"delivery", "attempt", "breaker"},
	"dead-letters":  {"delivery", "attempt"},
	"events":        {"event", "delivery"},
	"conversations": {"wait", "callback", "event", "delivery", "attempt", "call"},
	"waits":         {"wait"},
	"requests":      {"callback"},
	"webhooks":      {"call"},
}

// kindsOf gives what a portal with these pages hears.
func kindsOf(pages []string) (kinds []string) {
	for _, page := range pages {
		for _, kind := range portalKinds[page] {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

// reaches holds a portal to its tenant, its pages, and to reading where it may only read.
// explainPage is a reading.
func (v *view) reaches(method, path string) bool {
	p := v.session.Portal
	if p == nil {
		return true
	}
	rest, is := strings.CutPrefix(path, "/tenants/"+v.session.Tenant)
	if !is || rest != "" && rest[0] != '/' {
		return false
	}
	if method == http.MethodPut || method == http.MethodDelete && !strings.HasPrefix(rest, "/waits/") {
		return false // configuration; a wait is cancelled by DELETE
	}
	reads := method == http.MethodGet || method == http.MethodPost && strings.HasSuffix(rest, "/explain")
	if !reads && (p.ReadOnly || strings.HasPrefix(rest, "/sources")) {
		return false
	}
	if rest == "" {
		return method == http.MethodGet
	}
	return slices.ContainsFunc(p.Pages, func(page string) bool {
		return slices.ContainsFunc(portalPaths[page], func(prefix string) bool {
			below, is := strings.CutPrefix(rest, prefix)
			return is && (below == "" || below[0] == '/')
		})
	})
}

// live gives the stream to the page that looks on.
func live(v *view) {
	query := url.Values{}
	if tenant := v.query.Get("tenant"); tenant != "" {
		query.Set("tenant", tenant)
	}
	if p := v.session.Portal; p != nil {
		query.Set("tenant", v.session.Tenant)
		query.Set("kinds", strings.Join(kindsOf(p.Pages), ","))
	}
	target := "/v1/stream"
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	v.c.API.Follow(v.ctx, v.who(), target)
}

// asProblem gives what the API said.
func asProblem(err error) (p *problemOf, is bool) {
	is = errors.As(err, &p)
	return p, is
}
