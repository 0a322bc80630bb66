package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// publicRequest is a request to a source that was kept.
type publicRequest struct {
	ID         string      `json:"id"`
	At         *time.Time  `json:"at"`
	Client     *string     `json:"client"`
	Method     string      `json:"method"`
	Path       string      `json:"path"`
	Headers    [][2]string `json:"headers"`
	Preview    string      `json:"body_preview"`
	Body       *string     `json:"body"`
	Base64     *string     `json:"body_base64"`
	BodyBytes  *float64    `json:"body_bytes"`
	Truncated  bool        `json:"truncated"`
	Outcome    string      `json:"outcome"`
	Status     int         `json:"status"`
	Reason     *string     `json:"reason"`
	Checks     []check     `json:"checks"`
	CallbackID *string     `json:"callback_id"`
	WaitID     *string     `json:"wait_id"`
	Key        *string     `json:"conversation_key"`
	DurationMS float64     `json:"duration_ms"`

	Text string `json:"-"` // the body, as far as it may be seen
	URL  string `json:"-"`
	Curl string `json:"-"`
}

// source is the source that it was sent to, which its path tells; "": it is not known.
func (r *publicRequest) source(tenant string) string {
	path, _, _ := strings.Cut(r.Path, "?")
	_, below, _ := strings.Cut(path, "/hooks/"+tenant+"/")
	id, _, _ := strings.Cut(below, "/")
	return id
}

// check is one step by which a request was judged.
type check struct {
	Step   string `json:"step"`
	OK     *bool  `json:"ok"`
	Detail string `json:"detail"`
}

// Word is how it went.
func (c check) Word() string {
	switch {
	case c.OK == nil:
		return "not judged"
	case *c.OK:
		return "ok"
	}
	return "failed"
}

// explained is what today's configuration would make of a request.
type explained struct {
	Outcome    *string         `json:"outcome"`
	Status     *int            `json:"status"`
	Checks     []check         `json:"checks"`
	Variables  json.RawMessage `json:"variables"`
	Match      *string         `json:"match"`
	Branch     *string         `json:"branch"`
	Key        *string         `json:"conversation_key"`
	CallbackID *string         `json:"callback_id"`
	WaitID     *string         `json:"wait_id"`
}

var outcomes = []string{
	"resumed", "parked", "duplicate", "already_resumed", "late", "no_waiting_session", "ignored", "conversation_key_missing", "invalid_body",
	"variable_missing", "unauthenticated", "not_found", "too_large", "rate_limited", "unavailable",
}

// allRefused is every outcome of a request that came to nothing.
const allRefused = "refused"

// requestsPage lists the newest requests to a source, refused ones too.
func requestsPage(v *view) error {
	rows, shown, err := listOf[publicRequest](v, asksFor{path: v.of("sources", v.id, "requests"), filters: []filter{{Name: "outcome", Label: "Outcome", Words: append([]string{allRefused}, outcomes...)}}})
	if err != nil {
		return err
	}
	s := source{MayTest: v.may(http.MethodPost, v.of("sources", v.id, "test")), MayEdit: v.session.Portal == nil && v.may(http.MethodPut, v.of("sources", v.id)), At: v.at("sources", v.id)}
	if err := v.get(v.of("sources", v.id), nil, &s); err != nil {
		return err
	}
	for i := range rows {
		rows[i].seen(v)
	}
	shown.More, shown.Kept = s, keptOf(v, keptRequests)
	shown.Make = "curl -X POST -H 'Content-Type: application/json' \\\n  -d '{\"conversation_key\": \"chat-1\"}' \\\n  " + quoted(hookOf(v, &s))
	if shown.Sel != "" {
		r, err := requestOf(v, shown.Sel)
		if err != nil {
			shown.Detail = &detail{ID: shown.Sel, Missing: true}
		} else {
			shown.More = struct {
				source
				Request *publicRequest
			}{s, r}
		}
	}
	v.show("requests", "Requests to "+v.id, shown)
	return nil
}

func requestOf(v *view, id string) (*publicRequest, error) {
	r := &publicRequest{}
	if err := v.get(v.of("requests", id), nil, r); err != nil {
		return nil, err
	}
	r.seen(v)
	r.URL, r.Curl = v.at("requests", id), curl(v, http.MethodGet, v.of("requests", id), nil)
	r.readBody(v)
	return r, nil
}

// readBody gives Text the body, as far as it may be seen.
func (r *publicRequest) readBody(v *view) {
	switch {
	case r.Body != nil:
		r.Text = textOf(v, *r.Body)
	case r.Base64 != nil:
		r.Text = textOf(v, *r.Base64)
	}
}

// requestShown is the page of one request.
type requestShown struct {
	*publicRequest
	Shown     shownBody // its body
	Edit      string    // where its source is edited with it; "": it may not be
	Explained *explained
	MayAsk    bool
	Others    []publicRequest // of the same source
	Compared  *compared       // nil: with none
}

// requestPage shows one.
func requestPage(v *view) error {
	r, err := requestOf(v, v.id)
	if err != nil {
		return err
	}
	v.show("request", v.id, shownRequest(v, r))
	return nil
}

func shownRequest(v *view, r *publicRequest) *requestShown {
	source := r.source(v.tenant)
	shown := &requestShown{publicRequest: r, MayAsk: v.may(http.MethodPost, v.of("requests", v.id, "explain"))}
	shown.Shown = bodyShown(v, "body", json.RawMessage(r.Text), "sources", source, r.ID)
	shown.Compared = r.besides(v, source)
	shown.Others = slices.DeleteFunc(requestsTo(v, source), func(other publicRequest) bool { return other.ID == r.ID })
	if v.session.Portal == nil && v.may(http.MethodPut, v.of("sources", source)) {
		shown.Edit = v.at("sources", source, "edit") + "?try=1&request=" + url.QueryEscape(r.ID)
	}
	return shown
}

// explainPage shows what today's configuration would make of a request. It changes nothing.
func explainPage(v *view) error {
	r, err := requestOf(v, v.id)
	if err != nil {
		return err
	}
	v.path = strings.TrimSuffix(v.path, "/explain") // links of the page lead to what a GET shows
	shown := shownRequest(v, r)
	shown.Explained = &explained{}
	if _, err := v.ask(request{method: http.MethodPost, path: v.of("requests", v.id, "explain")}, shown.Explained); err != nil {
		return err
	}
	shown.Explained.Variables = mappedOf(v, "sources", r.source(v.tenant), shown.Explained.Variables)
	shown.Explained.Checks = checksOf(v, shown.Explained.Checks)
	v.show("request", v.id, shown)
	return nil
}

// sourcePage is a place where callbacks arrive.
type source struct {
	ID        string  `json:"id"`
	ManagedBy string  `json:"managed_by"`
	URL       string  `json:"url"`
	Enabled   *bool   `json:"enabled"`
	Verify    verifyd `json:"verify"`
	Disabled  bool    `json:"disabled"`

	SecretSetAt *time.Time `json:"secret_set_at"`

	Figures *figures `json:"-"`
	MayTest bool     `json:"-"`
	MayEdit bool     `json:"-"`
	At      string   `json:"-"`
}

type verifyd struct {
	Type string `json:"type"`
}

// Word is how it stands.
func (s source) Word() string {
	if s.Disabled || s.Enabled != nil && !*s.Enabled {
		return "disabled"
	}
	return "enabled"
}

// hookOf gives the address to which callbacks of a source are sent.
func hookOf(v *view, s *source) string {
	if s.URL != "" {
		return s.URL
	}
	return "https://PUBLIC/hooks/" + v.tenant + "/" + s.ID
}

// testSource sends a source a request that is signed with its own secret.
var testSource = deed{
	verb: "Test",
	asks: func(v *view) (string, error) {
		return "Send 1 request, signed with the secret of " + v.id + ", to it? It goes the way of every callback, and is parked or resumes a wait.", nil
	},
	do: func(v *view, form url.Values) (said, error) {
		var answer explained
		body := map[string]string{}
		if text := form.Get("body"); text != "" {
			body["body"] = text
		}
		_, err := v.ask(request{method: http.MethodPost, path: v.of("sources", v.id, "test"), body: body}, &answer)
		return said{Text: "The source answered: " + stateOf(or(answer.Outcome, "")).Word + ". Its checks are in the list.", Bad: answer.Status != nil && *answer.Status >= 400}, err
	},
	to: func(v *view) string { return v.at("sources", v.id, "requests") },
}

// sourcesPage lists the places where callbacks arrive.
func sourcesPage(v *view) error {
	rows, shown, err := listOf[source](v, asksFor{path: v.of("sources")})
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Figures = lately(v, "source", rows[i].ID, i)
	}
	shown.Kept = keptOf(v, keptUntilDeleted)
	shown.Make = curl(v, http.MethodPut, v.of("sources", "payments"), `{"verify": {"type": "token", "in": "header", "name": "X-Token", "secrets": ["a-secret-of-16-or-more"]}}`)
	shown.New = newIf(v, "sources")
	v.show("sources", "Callbacks", shown)
	return nil
}

// sourcePage shows the requests of one: that is what somebody wants to see of it.
func sourcePage(v *view) error {
	v.redirect(v.at("sources", v.id, "requests"))
	return nil
}
