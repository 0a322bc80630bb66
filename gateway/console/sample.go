package console

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A form that maps variables has a sample beside it: a body that came, or the answer of a
// run. It shows what each path finds as it is typed, and makes variables of what is there.

// sampled is a sample, and what the form makes of it.
type sampled struct {
	Of        string // what it is a sample of: callback, answer
	Text      string
	Type      string // its Content-Type; "": JSON
	Request   string // the kept request that it is the body of; "": of none
	Requests  []publicRequest
	Mapped    []mapped
	Problem   string // why nothing is mapped
	Values    []valueAt
	CanJudge  bool // the edited source can be asked what it makes of the request
	Variables string
	CanRun    bool // the edited webhook can be run
	RunBody   field
}

// mostProposed is how many values of a sample are proposed as variables.
const mostProposed = 100

// begun takes over what the address says: a request as the sample, a path as a variable.
func (s *editShown) begun(v *view) {
	if s.IsNew || rulesAt[s.Kind.Path] == "" {
		return
	}
	if id := v.query.Get("request"); id != "" {
		s.Form.Set("request", id)
	} else if s.Kind.Path == "sources" {
		for _, r := range requestsTo(v, v.id) {
			if r.Outcome != "unauthenticated" && r.Preview != "" {
				s.Form.Set("request", r.ID)
				break
			}
		}
	}
	if s.takeSample(v); s.Kind.Path == "webhooks" {
		s.Form.Set("run_body", stepSample)
	}
	if path := v.query.Get("path"); path != "" {
		s.variable(path, v.query.Get("name"))
	}
}

// requestsTo are the newest requests to a source.
func requestsTo(v *view, source string) []publicRequest {
	var list struct {
		Data []publicRequest `json:"data"`
	}
	if v.get(v.of("sources", source, "requests"), url.Values{"limit": {"30"}}, &list) != nil {
		return nil // they may not be seen, or none is kept
	}
	for i := range list.Data {
		list.Data[i].seen(v)
	}
	return list.Data
}

// takeSample makes the body of the chosen request the sample.
func (s *editShown) takeSample(v *view) {
	id := s.Form.Get("request")
	if id == "" {
		return
	}
	r, err := requestOf(v, id)
	if err != nil || r.source(v.tenant) != v.id {
		s.Form.Del("request") // it is kept no longer
		return
	}
	if r.Truncated || withheld(v) != "" && !json.Valid([]byte(r.Text)) {
		return // half of it, or a word in its place, is no sample
	}
	s.Form.Set("sample", r.Text)
	s.Form.Set("sample_type", r.contentType())
}

// contentType is what a request says of its body.
func (r *publicRequest) contentType() string {
	for _, f := range r.Headers {
		if strings.EqualFold(f[0], "Content-Type") {
			return f[1]
		}
	}
	return ""
}

// variable gives the form a row for a variable, unless it has one of that path.
func (s *editShown) variable(path, name string) {
	at := rulesAt[s.Kind.Path]
	r := s.rows(at)
	var names []string
	for row := range r.count(s.Form, at) {
		if s.Form.Get(rowAt(at, row)+"path") == path {
			return
		}
		names = append(names, s.Form.Get(rowAt(at, row)+"name"))
	}
	if name == "" {
		name = "value"
	}
	free := name
	for n := 2; slices.Contains(names, free); n++ {
		free = name + "_" + strconv.Itoa(n)
	}
	r.add(s.Form, at, map[string]string{"name": free, "path": path})
}

// pick makes a variable of a value of the sample.
func (s *editShown) pick(pointer string) {
	for _, at := range valuesOf(json.RawMessage(s.Form.Get("sample"))) {
		if at.Pointer == pointer {
			s.variable(at.Plain, at.Name)
		}
	}
}

// sample shows the sample with what the form's variables find in it; nil where the form
// maps nothing.
func (s *editShown) sample(v *view, raw json.RawMessage) *sampled {
	at := rulesAt[s.Kind.Path]
	if at == "" || s.Locked && !s.Trying {
		return nil
	}
	shown := &sampled{Of: "callback", Text: s.Form.Get("sample"), Type: s.Form.Get("sample_type"), Request: s.Form.Get("request"), Variables: at}
	if s.Kind.Path == "webhooks" {
		shown.Of = "answer"
		shown.CanRun = !s.IsNew && v.may(http.MethodPost, v.of("webhooks", "x", "run"))
		shown.RunBody = field{member: member{path: "run_body", label: "What the step gives, as JSON", as: asJSON, hint: "conversation_key, variables, context"}, Path: "run_body", Value: s.Form.Get("run_body"), Wrong: s.Wrong.At("run_body")}
	} else if !s.IsNew {
		shown.Requests = requestsTo(v, v.id)
		shown.CanJudge = shown.Request != "" && v.may(http.MethodPost, v.of("requests", "x", "explain"))
	}
	if strings.TrimSpace(shown.Text) == "" {
		return shown
	}
	all := valuesOf(json.RawMessage(shown.Text))
	shown.Values = all[:min(len(all), mostProposed)]
	if o, err := objectOf(raw); err == nil {
		shown.look(v, o.at(at))
	}
	return shown
}

// look has the API map the variables of the form from the sample.
func (s *sampled) look(v *view, variables json.RawMessage) {
	if len(variables) == 0 {
		return
	}
	body := map[string]json.RawMessage{"variables": variables, "body": json.RawMessage(s.Text)}
	if essence, _, _ := mime.ParseMediaType(s.Type); essence != "" && !strings.HasSuffix(essence, "json") || !json.Valid([]byte(s.Text)) {
		text, err := written(s.Text)
		if err != nil {
			return
		}
		kind, _ := written(orText(s.Type, "application/x-www-form-urlencoded")) // a text is JSON
		body["body"], body["content_type"] = text, kind
	}
	var answer struct {
		Variables []mapped `json:"variables"`
	}
	_, err := v.ask(request{method: http.MethodPost, path: "/map", body: body}, &answer)
	if p, is := asProblem(err); is {
		s.Problem = p.Error()
		for _, f := range p.Faults {
			s.Problem += "; " + f.Path + " " + f.Message
		}
		return
	}
	s.Mapped = answer.Variables
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// explain asks what the source as it is edited would make of the request: nothing is saved.
func (s *editShown) explain(v *view) error {
	body, faults := built(s.Kind.form(), s.Form)
	if len(faults) > 0 {
		return invalidForm(faults)
	}
	found := &explained{}
	_, err := v.ask(request{method: http.MethodPost, path: v.of("requests", s.Form.Get("request"), "explain"), body: map[string]json.RawMessage{"source": body}}, found)
	if p, is := asProblem(err); is {
		p.within("source")
	}
	if err != nil {
		return err
	}
	var edited rules
	if err := json.Unmarshal(body, &edited); err != nil {
		return err
	}
	found.Variables = mappedBy(v, &edited, found.Variables)
	found.Checks = checksOf(v, found.Checks)
	s.Explain = found
	return nil
}
