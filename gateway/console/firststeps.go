package console

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// firstSteps lead from nothing to the first callback: make a tenant, make a source, send
// yourself a callback. Each is a form, and a command that does the same.
type firstSteps struct {
	All    []firstStep
	Tenant string // that was made, or is to be
	Source string
	Token  string // that callers of the source send
	Body   string
	Form   url.Values // what was written where a step went wrong
	Wrong  *problemOf // nil: none did
}

// firstStep is one of them.
type firstStep struct {
	Name, Title, About, Curl string
	Done, Next               bool
}

// Value gives what stands in a field: what was written, or what is proposed.
func (s *firstSteps) Value(name, proposed string) string {
	if _, is := s.Form[name]; is {
		return s.Form.Get(name)
	}
	return proposed
}

// triedStep is a step that went wrong.
type triedStep struct {
	form  url.Values
	wrong *problemOf
}

// firstStepsOf gives the first steps while they are not gone: while there is no tenant, or one
// alone without a source, or without a callback to it. Else nil, and for those who may make
// nothing.
func firstStepsOf(v *view, rows []tenantRow, shown *listShown, tried *triedStep) (*firstSteps, error) {
	if len(rows) > 1 || shown.LeftOut > 0 || shown.First != "" || len(shown.Chips) > 0 || shown.Wrong != nil || !v.may(http.MethodPut, "/tenants/acme/sources/payments") {
		return nil, nil
	}
	s := &firstSteps{Tenant: "acme", Source: "payments", Token: strings.ToLower(rand.Text()), Body: `{"conversation_key": "chat-1"}`}
	gone := 0
	if len(rows) == 1 {
		s.Tenant, gone = rows[0].ID, 1
		var sources struct {
			Data []source `json:"data"`
		}
		in := "/tenants/" + url.PathEscape(s.Tenant)
		if err := v.get(in+"/sources", url.Values{"limit": {"2"}}, &sources); err != nil {
			return nil, err
		}
		if len(sources.Data) > 0 {
			s.Source, gone = sources.Data[0].ID, 2
			f, err := statsOf(v, in+"/stats", 30*24*time.Hour, nil)
			if err != nil {
				return nil, err
			}
			if len(sources.Data) > 1 || f.Sum(f.Callbacks) > 0 {
				return nil, nil
			}
		}
	}
	if tried != nil {
		s.Form, s.Wrong = tried.form, tried.wrong
	}
	s.tell(v, gone)
	return s, nil
}

// tell says what each step does, and the command for it.
func (s *firstSteps) tell(v *view, gone int) {
	in := "/tenants/" + url.PathEscape(s.Tenant)
	hook := strings.TrimSuffix(v.c.PublicURL, "/")
	if hook == "" {
		hook = "https://PUBLIC"
	}
	s.All = []firstStep{
		{
			Name: "tenant", Title: "Make a tenant", About: "A tenant is the owner whose data no other sees: a customer, or a product of yours.",
			Curl: curl(v, http.MethodPut, in, `{"name": "Acme"}`),
		},
		{
			Name: "source", Title: "Make a source", About: "A source is a tenant's named place for callbacks, with a check of its own: here whoever calls has to send a token.",
			Curl: curl(v, http.MethodPut, in+"/sources/"+url.PathEscape(s.Source), `{"verify": {"type": "token", "in": "header", "name": "X-Token", "secrets": ["`+s.Token+`"]}}`),
		},
		{
			Name: "test", Title: "Send yourself a callback", About: "It goes the way of every callback. No flow waits for it yet, so it is parked for a minute; the page of the source shows it with its checks.",
			Curl: "curl -H 'X-Token: THE-TOKEN' -H 'Content-Type: application/json' \\\n  -d " + quoted(s.Body) + " \\\n  " + quoted(hook+"/hooks/"+s.Tenant+"/"+s.Source),
		},
	}
	for i := range s.All {
		s.All[i].Done, s.All[i].Next = i < gone, i == gone
	}
}

// takeStep does one of the first steps.
func takeStep(v *view) error {
	form := formOf(v.ctx)
	do, is := stepDeeds[form.Get("step")]
	if !is {
		return &problemOf{Status: http.StatusUnprocessableEntity, Title: "Invalid fields", Detail: "there is no such step: there are tenant, source and test"}
	}
	to := v.base
	d := deed{verb: "Save", do: func(v *view, form url.Values) (s said, err error) {
		s, to, err = do(v, form)
		return s, err
	}}
	d.form = func(v *view, form url.Values, wrong *problemOf) error {
		return showOverview(v, &triedStep{form, wrong})
	}
	d.to = func(*view) string { return to }
	return perform(v, &d, form)
}

// stepDeeds are what the steps do; each says what happened, and where that is to be seen.
var stepDeeds = map[string]func(v *view, form url.Values) (s said, to string, err error){
	"tenant": func(v *view, form url.Values) (said, string, error) {
		id := strings.TrimSpace(form.Get("id"))
		if err := isNew(v, "id", id, "/tenants/"+url.PathEscape(id)); err != nil {
			return said{}, "", err
		}
		_, err := v.ask(request{method: http.MethodPut, path: "/tenants/" + url.PathEscape(id), body: map[string]string{"name": strings.TrimSpace(form.Get("name"))}}, nil)
		return said{Text: "The tenant was made:", Name: id, URL: v.base + "/tenants/" + url.PathEscape(id)}, v.base, err
	},
	"source": func(v *view, form url.Values) (said, string, error) {
		id := strings.TrimSpace(form.Get("source"))
		below := "/tenants/" + url.PathEscape(form.Get("tenant")) + "/sources/" + url.PathEscape(id)
		if err := isNew(v, "source", id, below); err != nil {
			return said{}, "", err
		}
		verify := map[string]any{"type": "token", "in": "header", "name": "X-Token", "secrets": []string{strings.TrimSpace(form.Get("secrets"))}}
		_, err := v.ask(request{method: http.MethodPut, path: below, body: map[string]any{"verify": verify}}, nil)
		return said{Text: "The source was made:", Name: id, URL: v.base + below + "/requests"}, v.base, atStep(err, "source", "secrets")
	},
	"test": func(v *view, form url.Values) (said, string, error) {
		below := "/tenants/" + url.PathEscape(form.Get("tenant")) + "/sources/" + url.PathEscape(form.Get("of"))
		var answer explained
		_, err := v.ask(request{method: http.MethodPost, path: below + "/test", body: map[string]any{"body": form.Get("body"), "headers": [][2]string{{"Content-Type", "application/json"}}}}, &answer)
		return said{Text: "The source answered: " + stateOf(or(answer.Outcome, "")).Word + ". Its checks are in the list.", Bad: answer.Status != nil && *answer.Status >= http.StatusBadRequest}, v.base + below + "/requests", err
	},
}

// isNew refuses an id of a step that names something that is there: a step makes, and writes
// over nothing.
func isNew(v *view, field, id, path string) error {
	if id == "" {
		return wrongField(field, "must be 1 to 63 of a-z, 0-9, - and _")
	}
	err := v.get(path, nil, nil)
	if err == nil {
		return wrongField(field, "is there already: choose another")
	}
	if p, is := asProblem(err); is && p.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// atStep puts what the API finds wrong at the field of the form that it is about: what its
// path ends with, or the first.
func atStep(err error, first, other string) error {
	p, is := asProblem(err)
	if !is || p.Status != http.StatusUnprocessableEntity {
		return err
	}
	for i := range p.Faults {
		if f := &p.Faults[i]; strings.Contains(f.Path, other) {
			f.Path = other
		} else {
			f.Path = first
		}
	}
	return err
}
