package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// webhook is an outbound request that a flow step runs.
type webhook struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	ManagedBy string        `json:"managed_by"`
	Method    string        `json:"method"`
	URL       string        `json:"url"`
	Profile   string        `json:"profile"`
	Error     *string       `json:"error"`
	Breaker   *breakerShown `json:"breaker"`
}

// Word is how it stands.
func (w *webhook) Word() string {
	switch {
	case w.Breaker != nil && w.Breaker.State != "closed":
		return w.Breaker.State
	case w.Error != nil:
		return "failed"
	}
	return "enabled"
}

func webhooksPage(v *view) error {
	_, shown, err := listOf[webhook](v, asksFor{path: v.of("webhooks")})
	if err != nil {
		return err
	}
	shown.Kept = keptOf(v, keptUntilDeleted)
	shown.Make = curl(v, http.MethodPut, v.of("webhooks", "score"), `{"url": "https://api.example.com/score"}`)
	shown.New = newIf(v, "webhooks")
	v.show("webhooks", "Webhooks", shown)
	return nil
}

// newIf gives the address at which a thing of a kind is made, for those who may.
func newIf(v *view, kind string) string {
	if !v.may(http.MethodPut, v.of(kind, "x")) || v.session.Portal != nil {
		return ""
	}
	return v.at("new", kind)
}

// runShown is a run of a webhook: what was sent, what came, what was found in it.
type runShown struct {
	ID         string  `json:"id"`
	Outcome    string  `json:"outcome"`
	Reason     *string `json:"reason"`
	Status     *int    `json:"status"`
	DurationMS float64 `json:"duration_ms"`
	Detail     *string `json:"detail"`
	Address    *string `json:"address"`
	Errors     []fault `json:"errors"`
	Request    *struct {
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"request"`
	Answer *struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`

		Shown shownBody `json:"-"`
	} `json:"answer"`
	Explained []struct {
		Name    string          `json:"name"`
		Path    string          `json:"path"`
		Value   json.RawMessage `json:"value"`
		Problem *string         `json:"problem"`
	} `json:"explained"`
}

// webhookShown is the page of one webhook.
type webhookShown struct {
	webhook
	Figures *figures
	MayRun  bool
	MayEdit bool
	Form    url.Values
	Wrong   *problemOf
	Run     *runShown
	Curl    string
}

// stepSample is what a flow step gives a call.
const stepSample = "{\n  \"conversation_key\": \"chat-1\",\n  \"variables\": {}\n}"

func webhookPage(v *view) error {
	return showWebhook(v, url.Values{"body": {stepSample}}, nil, nil)
}

func showWebhook(v *view, form url.Values, run *runShown, wrong *problemOf) error {
	shown := webhookShown{Form: form, Run: run, Wrong: wrong, Curl: curl(v, http.MethodGet, v.of("webhooks", v.id), nil)}
	if err := v.get(v.of("webhooks", v.id), nil, &shown.webhook); err != nil {
		return err
	}
	shown.Figures, _ = statsOf(v, v.of("stats"), 24*time.Hour, url.Values{"webhook": {v.id}})
	shown.MayRun = v.may(http.MethodPost, v.of("webhooks", v.id, "run"))
	shown.MayEdit = v.session.Portal == nil && v.may(http.MethodPut, v.of("webhooks", v.id))
	v.show("webhook", v.id, &shown)
	return nil
}

// runWebhook makes a real call, and shows all of it. It is not asked twice for: to see what
// a backend answers is what somebody came for.
func runWebhook(v *view) error {
	form := formOf(v.ctx)
	body, err := inJSON("body", form.Get("body"))
	run := &runShown{}
	if err == nil {
		if body == nil {
			body = json.RawMessage("{}")
		}
		_, err = v.ask(request{method: http.MethodPost, path: v.of("webhooks", v.id, "run"), body: body}, run)
	}
	if p, is := asProblem(err); is && p.Status != http.StatusNotFound && p.Status != http.StatusForbidden {
		v.status = p.Status
		return showWebhook(v, form, nil, p)
	}
	if err != nil {
		return err
	}
	run.seen(v)
	return showWebhook(v, form, run, nil)
}

// seen hides in a run what the session may not see.
func (r *runShown) seen(v *view) {
	if r.Request != nil {
		r.Request.URL = targetOf(v, r.Request.URL)
		r.Request.Body = bodyOf(v, r.Request.Body)
	}
	if r.Answer != nil {
		r.Answer.Body = textOf(v, r.Answer.Body)
		r.Answer.Shown = bodyShown(v, "answer", json.RawMessage(r.Answer.Body), "", "", "")
	}
	for i := range r.Explained {
		one := &r.Explained[i]
		one.Value = variableOf(v, variable{one.Name, one.Path}, one.Value)
	}
}

// run makes a real call by the webhook as it is edited: nothing is saved. What it is answered
// is the sample from then on.
func (s *editShown) run(v *view) error {
	body, faults := built(s.Kind.form(), s.Form)
	if len(faults) > 0 {
		return invalidForm(faults)
	}
	step, err := inJSON("run_body", s.Form.Get("run_body"))
	if err != nil {
		return err
	}
	asked := &object{}
	if step != nil {
		if asked, err = objectOf(step); err != nil {
			return wrongField("run_body", err.Error())
		}
	}
	asked.drop("webhook")
	asked.put("webhook", body)
	run := &runShown{}
	_, err = v.ask(request{method: http.MethodPost, path: v.of("webhooks", v.id, "run"), body: asked}, run)
	if p, is := asProblem(err); is {
		for i, f := range p.Faults {
			if f.Path != "webhook" && !strings.HasPrefix(f.Path, "webhook.") {
				p.Faults[i] = fault{"run_body", f.Path + " " + f.Message}
			}
		}
		p.within("webhook")
	}
	if err != nil {
		return err
	}
	run.seen(v)
	if s.Run = run; run.Answer != nil && json.Valid([]byte(run.Answer.Body)) {
		s.Form.Set("sample", run.Answer.Body)
		s.Form.Set("sample_type", "")
	}
	return nil
}

// within takes the place of a part away from faults in it.
func (p *problemOf) within(part string) {
	for i := range p.Faults {
		p.Faults[i].Path = strings.TrimPrefix(p.Faults[i].Path, part+".")
	}
}
