package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Tests send something that somebody may write first: a request to a source, signed with
// its own secret, or an event to one endpoint.

// trialShown is the page of a test of a source.
type trialShown struct {
	ID     string
	URL    string // of the form
	Back   string
	Fields []field
	Wrong  *problemOf
	As     string     // how found came: what would be, or what was
	Found  *explained // nil: nothing was asked yet
	Signed bool
}

// tried is what the API says of a test.
type tried struct {
	explained
	Request struct {
		Path   string  `json:"path"`
		Body   *string `json:"body"`
		Signed bool    `json:"signed"`
	} `json:"request"`
}

var trialFields = []member{
	{path: "method", label: "Method", as: asChoice, words: []string{"POST", "PUT", "PATCH", "GET"}},
	{path: "path", label: "Path, with its query", as: asText},
	{path: "headers", label: "Headers", as: asPairs, hint: "Name: value, one a line; those of the signature are added"},
	{path: "body", label: "Body", as: asArea, hint: "Signed as it stands here; without one a body is made up from the source's rules"},
}

// trialPage shows a request that fits the rules of a source, to be edited and sent.
func trialPage(v *view) error {
	sample := &tried{}
	form := url.Values{"method": {http.MethodPost}}
	_, err := v.ask(request{method: http.MethodPost, path: v.of("sources", v.id, "test"), body: map[string]bool{"dry_run": true}}, sample)
	p, is := asProblem(err)
	switch {
	case is && p.Status == http.StatusUnprocessableEntity:
		p, err = nil, nil // none can be made up: somebody writes one
	case err != nil:
		return err
	}
	if sample.Request.Body != nil {
		form.Set("body", textOf(v, *sample.Request.Body))
		form.Set("headers", "Content-Type: application/json")
		if !json.Valid([]byte(*sample.Request.Body)) {
			form.Set("body", *sample.Request.Body)
			form.Set("headers", "Content-Type: application/x-www-form-urlencoded")
		}
	}
	form.Set("path", orText(sample.Request.Path, "/hooks/"+v.tenant+"/"+v.id))
	showTrial(v, form, nil, p)
	return err
}

func showTrial(v *view, form url.Values, found *tried, wrong *problemOf) {
	shown := trialShown{ID: v.id, URL: v.base + v.path, Back: v.at("sources", v.id, "requests"), Wrong: wrong, As: "Sent now it would be"}
	for _, m := range trialFields {
		shown.Fields = append(shown.Fields, field{member: m, Path: m.path, Value: form.Get(m.path), Wrong: wrong.At(m.path)})
	}
	if found != nil {
		shown.Found, shown.Signed = &found.explained, found.Request.Signed
		shown.Found.Variables = mappedOf(v, "sources", v.id, shown.Found.Variables)
		shown.Found.Checks = checksOf(v, shown.Found.Checks)
		if form.Get("do") == "send" {
			shown.As = "It was sent, and is"
		}
	}
	v.show("trial", "Test "+v.id, shown)
}

// tryOut sends the request, once for each form, or says what would become of it.
func tryOut(v *view) error {
	form := formOf(v.ctx)
	if form.Get("do") == "" {
		return act(testSource)(v) // as the source's own page asks for it, with a sample
	}
	headers, err := headersOf(form.Get("headers"))
	body := map[string]any{"method": form.Get("method"), "path": strings.TrimSpace(form.Get("path")), "headers": headers, "dry_run": form.Get("do") != "send"}
	if text := form.Get("body"); strings.TrimSpace(text) != "" {
		body["body"] = text
	}
	key := v.session.ID + " " + form.Get("key")
	if err == nil && form.Get("do") == "send" && isKey(form.Get("key")) && !v.c.done.begin(key) {
		v.say(said{Text: "This was done already: the form was sent twice."})
		v.redirect(v.at("sources", v.id, "requests"))
		return nil
	}
	found := &tried{}
	if err == nil {
		_, err = v.ask(request{method: http.MethodPost, path: v.of("sources", v.id, "test"), body: body}, found)
	}
	if p, is := asProblem(err); is && p.Status == http.StatusUnprocessableEntity {
		v.c.done.forget(key)
		v.status = p.Status
		showTrial(v, form, nil, p)
		return nil
	}
	if err != nil {
		v.c.done.forget(key)
		return err
	}
	showTrial(v, form, found, nil)
	return nil
}

// headersOf reads header fields, one a line; a name may be there twice.
func headersOf(text string) ([][2]string, error) {
	all := [][2]string{}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, is := strings.Cut(line, ":")
		if !is {
			return nil, wrongField("headers", "is not Name: value: "+cut(40, line))
		}
		all = append(all, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return all, nil
}

// sendShown is the page of a test of an endpoint.
type sendShown struct {
	ID, URL, Back string
	Type, Event   field
	Wrong         *problemOf
}

// sendPage shows a sample event, to be edited and sent to one endpoint.
func sendPage(v *view) error {
	form := url.Values{"event_type": {v.query.Get("event_type")}}
	if form.Get("event_type") == "" {
		var e endpoint
		if err := v.get(v.of("endpoints", v.id), nil, &e); err != nil {
			return err
		}
		for _, one := range e.EventTypes {
			if one != "*" {
				form.Set("event_type", one)
				break
			}
		}
	}
	return sampleEvent(v, form)
}

// sampleEvent shows the form with a sample of the type that it names.
func sampleEvent(v *view, form url.Values) error {
	asked := map[string]any{"dry_run": true}
	if word := strings.TrimSpace(form.Get("event_type")); word != "" {
		if word == "message" {
			word = "message/text"
		}
		asked["event_type"] = word
	}
	var sample struct {
		Event json.RawMessage `json:"event"`
	}
	_, err := v.ask(request{method: http.MethodPost, path: v.of("endpoints", v.id, "test"), body: asked}, &sample)
	if p, is := asProblem(err); is && p.Status == http.StatusUnprocessableEntity {
		v.status = p.Status
		showSend(v, form, p)
		return nil
	}
	if err != nil {
		return err
	}
	form.Set("event", pretty(sample.Event))
	showSend(v, form, nil)
	return nil
}

func showSend(v *view, form url.Values, wrong *problemOf) {
	v.show("send", "Test "+v.id, sendShown{
		ID: v.id, URL: v.base + v.path, Back: v.at("endpoints", v.id), Wrong: wrong,
		Type:  field{member: member{path: "event_type", label: "Event type", as: asText, words: eventTypes[1:], hint: "As message/text, status, or one of your own"}, Path: "event_type", Value: form.Get("event_type"), Wrong: wrong.At("event_type")},
		Event: field{member: member{path: "event", label: "Event", as: asJSON, hint: "As it would be published; it goes to this endpoint alone, whatever its filter says"}, Path: "event", Value: form.Get("event"), Wrong: wrong.At("event")},
	})
}

// send sends an event as somebody wrote it.
func send(v *view) error {
	form := formOf(v.ctx)
	switch form.Get("do") {
	case "":
		return act(testEndpoint)(v) // as the endpoint's own page asks for it, with a sample
	case "sample":
		return sampleEvent(v, form)
	}
	var made struct {
		Delivery string `json:"delivery_id"`
	}
	return perform(v, &deed{
		verb: "Test",
		do: func(v *view, form url.Values) (said, error) {
			event, err := inJSON("event", form.Get("event"))
			if err == nil && event == nil {
				err = wrongField("event", "is missing")
			}
			if err != nil {
				return said{}, err
			}
			_, err = v.ask(request{method: http.MethodPost, path: v.of("endpoints", v.id, "test"), body: map[string]json.RawMessage{"event": event}}, &made)
			return said{Text: "The event is on its way:", Name: made.Delivery, URL: v.at("deliveries", made.Delivery)}, err
		},
		form: func(v *view, form url.Values, wrong *problemOf) error {
			showSend(v, form, wrong)
			return nil
		},
		back: func(v *view) string { return v.at("endpoints", v.id) },
		to:   func(v *view) string { return v.at("endpoints", v.id) },
	}, form)
}
