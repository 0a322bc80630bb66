package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// kindOf is a kind of things that are configured: how one is called, and what one looks like.
type kindOf struct {
	Path, Name, Sample string
	form               func() []section
}

var kinds = []kindOf{
	{"sources", "source", "{\n  \"verify\": { \"type\": \"token\", \"in\": \"header\", \"name\": \"X-Token\", \"secrets\": [\"a-secret-of-16-or-more\"] },\n  \"conversation_key\": { \"in\": \"body\", \"path\": \"conversation_key\" },\n  \"variables\": []\n}", sourceForm},
	{"endpoints", "endpoint", "{\n  \"url\": \"https://crm.example.com/hook\",\n  \"event_types\": [\"*\"]\n}", endpointForm},
	{"webhooks", "webhook", "{\n  \"method\": \"POST\",\n  \"url\": \"https://api.example.com/score\",\n  \"headers\": {},\n  \"body\": { \"chat\": \"{{ sessionId }}\" },\n  \"timeout\": \"5s\",\n  \"response\": { \"variables\": [ { \"name\": \"score\", \"path\": \"score\", \"type\": \"number\" } ] }\n}", webhookForm},
	{"", "tenant", "{\n  \"name\": \"Acme\"\n}", tenantForm},
}

// editShown is the page on which one thing is written: as a form, or as the JSON that the API
// takes.
type editShown struct {
	Kind     kindOf
	ID       string // "": it is new
	NewID    string // that somebody writes
	AsJSON   bool
	Form     url.Values
	Sections []shownSection
	Rest     field  // the members that have no field
	Text     string // the whole, as JSON
	ETag     string
	Locked   bool // the file has it
	Wrong    *problemOf
	Changed  []difference // by somebody else, meanwhile
	URL      string       // of the form
	Back     string
	MayEdit  bool
	MayDrop  bool
	Sample   *sampled   // nil: it maps nothing
	Explain  *explained // what the edited source would make of the request
	Run      *runShown  // what the edited webhook was answered
	IsNew    bool
	Place    string // where the file has it, FILE:LINE; "": nobody tells
	Trying   bool   // the file has it: what is edited can be tried, and not be saved
}

// readsOnly are members that a reading has and nobody writes.
var readsOnly = []string{
	"id", "managed_by", "created_at", "updated_at", "disabled", "verified", "verification_error", "paused", "disabled_reason", "queue_depth", "old_secrets_until", "secret_set_at", "error",
	"breaker.state", "breaker.open_until", "breaker.last_probe",
}

// kindAt gives the kind of the path's thing, and the path of the thing in the API.
func kindAt(v *view) (k kindOf, path string) {
	for _, k := range kinds {
		if k.Path != "" && strings.Contains(v.path, "/"+k.Path+"/") {
			return k, v.of(k.Path, v.id)
		}
	}
	return kinds[len(kinds)-1], v.of()
}

// begin gives the page of the path's thing, with nothing in it yet, and its path in the API.
func beginEdit(v *view) (shown *editShown, path string) {
	shown = &editShown{URL: v.base + v.path, MayEdit: true}
	for _, k := range kinds {
		if strings.HasSuffix(v.path, "/new/"+k.Path) || k.Path == "" && v.path == "/new/tenants" {
			shown.Kind, shown.IsNew = k, true
		}
	}
	switch {
	case !shown.IsNew:
		shown.Kind, path = kindAt(v)
		shown.ID, shown.Back = v.id, strings.TrimSuffix(shown.URL, "/edit")
		if shown.Kind.Path == "" {
			shown.ID = v.tenant
		}
	case shown.Kind.Path == "":
		path, shown.Back = "/tenants/", v.base
	default:
		path, shown.Back = v.of(shown.Kind.Path)+"/", v.at(shown.Kind.Path)
	}
	return shown, path
}

// CanTry says whether what is edited can be tried, without being saved.
func (s *editShown) CanTry() bool { return rulesAt[s.Kind.Path] != "" }

// Aside is what stands beside the fields, as names and values: it is kept while the whole is
// edited as JSON.
func (s *editShown) Aside() (all [][2]string) {
	for _, name := range []string{"request", "sample", "sample_type", "run_body"} {
		if text := s.Form.Get(name); text != "" {
			all = append(all, [2]string{name, text})
		}
	}
	return all
}

// load reads the thing into the form.
func (s *editShown) load(v *view, path string) error {
	if s.IsNew {
		return s.take(json.RawMessage(s.Kind.Sample))
	}
	var raw json.RawMessage
	a, err := v.ask(request{method: http.MethodGet, path: path}, &raw)
	if err != nil {
		return err
	}
	var known struct {
		ManagedBy string `json:"managed_by"`
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return err
	}
	s.ETag, s.Locked = a.ETag, known.ManagedBy == "file"
	s.Trying = s.Locked && v.query.Get("try") != ""
	if s.Locked {
		s.Place = placeInFile(v, path)
	}
	return s.take(json.RawMessage(writable(raw)))
}

// placeInFile says where the file has what is at a path of the API; "" to those who may not
// see the configuration.
func placeInFile(v *view, path string) string {
	var list struct {
		Data []setting `json:"data"`
	}
	key := strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", ".")
	if !v.may(http.MethodGet, "/config") || v.get("/config", url.Values{"key": {key}}, &list) != nil || len(list.Data) == 0 {
		return ""
	}
	return list.Data[0].From
}

// take has the form say what raw says.
func (s *editShown) take(raw json.RawMessage) (err error) {
	kept := s.Form
	if s.Form, err = filled(s.Kind.form(), raw); err != nil {
		return err
	}
	for name, values := range kept {
		if s.Form[name] == nil {
			s.Form[name] = values
		}
	}
	return nil
}

// draw shows the page.
func (s *editShown) draw(v *view, path string) error {
	raw, faults := built(s.Kind.form(), s.Form)
	if s.AsJSON {
		s.Rest.Wrong = ""
	} else if s.Wrong == nil && len(faults) > 0 {
		s.Wrong = invalidForm(faults)
		v.status = s.Wrong.Status
	}
	if !s.AsJSON {
		if s.Text = ""; len(faults) == 0 {
			s.Text = setOut(raw)
		}
		s.Sections, s.Rest.Wrong = shownOf(s.Kind.form(), s.Form, s.Wrong)
		s.Rest = field{member: member{path: "rest", label: "Other members, as JSON", as: asJSON, hint: "What the API takes and no field above has"}, Path: "rest", Value: s.Form.Get("rest"), Wrong: s.Rest.Wrong}
		s.Sample = s.sample(v, raw)
	}
	title := "A new " + s.Kind.Name
	if !s.IsNew {
		title = "Edit " + s.ID
		s.MayEdit = !s.Locked && v.may(http.MethodPut, path)
		s.MayDrop = !s.Locked && v.may(http.MethodDelete, path)
	}
	v.show("edit", title, s)
	return nil
}

// editPage shows what is written of a thing, to be written anew.
func editPage(v *view) error {
	shown, path := beginEdit(v)
	if err := shown.load(v, path); err != nil {
		return err
	}
	if shown.IsNew && !v.may(http.MethodPut, path+"x") {
		return &problemOf{Status: http.StatusForbidden}
	}
	if shown.IsNew && v.tenant != "" {
		if err := v.get(v.of(), nil, nil); err != nil { // an empty form asks for nothing
			return err
		}
	}
	if shown.AsJSON = v.query.Get("as") == "json"; shown.AsJSON {
		raw, _ := built(shown.Kind.form(), shown.Form)
		shown.Text = setOut(raw)
	}
	shown.begun(v)
	return shown.draw(v, path)
}

// writable gives what a reading has that can be written, in the order in which it was.
func writable(raw json.RawMessage) string {
	o, err := objectOf(raw)
	if err != nil {
		return setOut(raw)
	}
	for _, name := range readsOnly {
		o.drop(name)
	}
	*o = slices.DeleteFunc(*o, func(p pair) bool { return string(p.value) == "null" })
	text, err := o.MarshalJSON()
	if err != nil {
		return setOut(raw)
	}
	return setOut(text)
}

// saveEdit takes the form: it is saved, or looked at and written on.
func saveEdit(v *view) error {
	shown, path := beginEdit(v)
	form := formOf(v.ctx)
	shown.Form, shown.ETag, shown.NewID = form, form.Get("etag"), strings.TrimSpace(form.Get("id"))
	if shown.IsNew {
		path += url.PathEscape(shown.NewID)
	}
	if !form.Has("etag") && form.Get("do") == "begin" { // another page leads here, with a sample
		if err := shown.load(v, path); err != nil {
			return err
		}
		return shown.draw(v, path)
	}
	shown.Trying, shown.AsJSON = form.Has("try"), form.Has("json")
	shown.Locked = shown.Trying
	shown.Text = form.Get("json")
	do, of, _ := strings.Cut(form.Get("do"), ":")
	if do != "" && do != "save" {
		return shown.work(v, path, do, of)
	}
	var body json.RawMessage
	var err error
	if shown.AsJSON {
		body, err = inJSON("json", shown.Text)
	} else {
		var faults []fault
		if body, faults = built(shown.Kind.form(), form); len(faults) > 0 {
			err = invalidForm(faults)
		}
	}
	if err == nil {
		return shown.save(v, path, body)
	}
	return shown.refused(v, path, nil, err)
}

// save writes the thing, once for each form.
func (s *editShown) save(v *view, path string, body json.RawMessage) error {
	key := v.session.ID + " " + s.Form.Get("key")
	if isKey(s.Form.Get("key")) && !v.c.done.begin(key) {
		v.say(said{Text: "This was done already: the form was sent twice."})
		v.redirect(s.Back)
		return nil
	}
	var made struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	asked := request{method: http.MethodPut, path: path, body: body, ifMatch: s.ETag}
	if s.IsNew {
		asked.ifMatch, asked.ifNoneMatch = "", "*"
	}
	if _, err := v.ask(asked, &made); err != nil {
		v.c.done.forget(key)
		return s.refused(v, path, body, err)
	}
	to := v.base + path
	if made.Secret != "" {
		v.show("secret", "The new secret", rotated{made.ID, made.Secret, to})
		return nil
	}
	v.say(said{Text: "It was saved:", Name: made.ID, URL: to})
	v.redirect(to)
	return nil
}

// refused shows the form again, with all that was written in it and what is wrong where.
func (s *editShown) refused(v *view, path string, body json.RawMessage, err error) error {
	p, is := asProblem(err)
	if !is || p.Status == http.StatusNotFound {
		return err
	}
	if s.IsNew && p.Code == "changed_meanwhile" { // there is one that nobody wants to write over
		p = wrongField("id", "is taken: there is a "+s.Kind.Name+" of this id already; choose another, or edit that one")
	}
	v.status, s.Wrong = p.Status, p
	if p.Code == "changed_meanwhile" {
		var raw json.RawMessage
		if a, err := v.ask(request{method: http.MethodGet, path: path}, &raw); err == nil {
			s.Changed, s.ETag = differ(json.RawMessage(writable(raw)), body), a.ETag
		}
	}
	return s.draw(v, path)
}

// work does what a button of the form does that saves nothing.
func (s *editShown) work(v *view, path, do, of string) error {
	var err error
	switch do {
	case "json":
		raw, faults := built(s.Kind.form(), s.Form)
		if s.AsJSON = len(faults) == 0; s.AsJSON {
			s.Text = setOut(raw)
		}
	case "form":
		var raw json.RawMessage
		if raw, err = inJSON("json", s.Text); err == nil {
			s.Form.Del("json")
			s.AsJSON = false
			if err = s.take(raw); err != nil {
				s.AsJSON = true
				err = wrongField("json", err.Error())
			}
		}
	case "row":
		s.Form.Set("more."+of, strconv.Itoa(s.rows(of).blank(s.Form, of)+1))
	case "pick":
		s.pick(of)
	case "take":
		s.takeSample(v)
	case "explain":
		err = s.explain(v)
	case "run":
		err = s.run(v)
	}
	if err != nil {
		return s.refused(v, path, nil, err)
	}
	return s.draw(v, path)
}

// rows gives the list of a path.
func (s *editShown) rows(path string) *rowsOf {
	for _, one := range s.Kind.form() {
		if one.rows == nil {
			continue
		}
		if found := one.rows.within(one.rows.path, path); found != nil {
			return found
		}
	}
	return &rowsOf{path: path}
}

var deleteThing = deed{
	verb: "Delete",
	asks: func(v *view) (string, error) {
		k, _ := kindAt(v)
		if k.Path == "" {
			return "Delete the tenant " + v.tenant + ", with all its sources, endpoints, webhooks, waits, events and deliveries? This cannot be taken back.", nil
		}
		return "Delete this 1 " + k.Name + ", " + v.id + "? What is on its way for it ends.", nil
	},
	do: func(v *view, form url.Values) (said, error) {
		_, path := kindAt(v)
		_, err := v.ask(request{method: http.MethodDelete, path: path, ifMatch: form.Get("etag")}, nil)
		return said{Text: "It was deleted."}, err
	},
	to: func(v *view) string {
		if k, _ := kindAt(v); k.Path != "" {
			return v.at(k.Path)
		}
		return v.base
	},
}
