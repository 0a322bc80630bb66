package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hookgate/gateway"
)

// Deliveries that are sent again go three steps: what is to be sent is asked for, a plan
// says how many that are and how long it takes, and who types their number has it done.

// replayShown is the page of the first two steps.
type replayShown struct {
	Endpoint string // "": all
	Back     string
	Form     url.Values
	Plan     *replayPlan
	Wrong    *problemOf
	States   []string
}

// replayPlan is what would be done.
type replayPlan struct {
	Count   int        `json:"count"`
	Oldest  *time.Time `json:"oldest"`
	Newest  *time.Time `json:"newest"`
	Seconds *float64   `json:"seconds_at_rate"`

	ByEndpoint map[string]int `json:"by_endpoint"`
}

// Takes says how long it takes.
func (p *replayPlan) Takes() string {
	if p.Seconds == nil {
		most := 0
		for _, n := range p.ByEndpoint {
			most = max(most, n)
		}
		return span(time.Duration(float64(most)/gateway.DefaultJobRate*float64(time.Second))) + " or more, at 100 a second where an endpoint has no rate of its own"
	}
	return span(time.Duration(*p.Seconds * float64(time.Second)))
}

func replayForm(v *view) error {
	if !v.may(http.MethodPost, v.of("deliveries", "replay")) {
		return errNotShown
	}
	if err := v.get(v.of(), nil, nil); err != nil { // the form itself asks for nothing
		return err
	}
	form := url.Values{"state": {"dead"}}
	for name := range v.query {
		form.Set(name, v.query.Get(name))
	}
	v.show("replay", "Replay", begunReplay(v, form))
	return nil
}

// begunReplay is of the endpoint of the path, or of all of the tenant.
func begunReplay(v *view, form url.Values) replayShown {
	back := v.at("dead-letters")
	if v.id != "" {
		back = v.at("endpoints", v.id)
	}
	return replayShown{Endpoint: v.id, Back: back, Form: form, States: deliveryStates}
}

// replayBody is what a form asks for, as the API takes it.
func replayBody(form url.Values, endpoint string) (body map[string]any, err error) {
	if body = map[string]any{}; endpoint != "" {
		body["endpoint"] = endpoint
	}
	for _, name := range []string{"state", "since", "until"} {
		if value := strings.TrimSpace(form.Get(name)); value != "" {
			body[name] = value
		}
	}
	if types := strings.FieldsFunc(form.Get("event_types"), func(r rune) bool { return r == ',' || r == ' ' }); len(types) > 0 {
		body["event_types"] = types
	}
	if rate := strings.TrimSpace(form.Get("rate")); rate != "" {
		perSecond, err := strconv.ParseFloat(rate, 64)
		if err != nil {
			return nil, wrongField("rate", "must be a number of deliveries a second")
		}
		body["rate"] = perSecond
	}
	return body, nil
}

// wrongField is what a form says that the API could not even be asked.
func wrongField(name, message string) *problemOf { return invalidForm([]fault{{name, message}}) }

// invalidForm is wrongField for several.
func invalidForm(faults []fault) *problemOf {
	return &problemOf{Status: http.StatusUnprocessableEntity, Title: "Invalid fields", Detail: "some fields are not valid", Faults: faults}
}

// replay shows the plan; with its number typed, it begins the job.
func replay(v *view) error {
	form := formOf(v.ctx)
	shown := begunReplay(v, form)
	shown.Plan = &replayPlan{}
	body, err := replayBody(form, v.id)
	if err == nil {
		body["dry_run"] = true
		_, err = v.ask(request{method: http.MethodPost, path: v.of("deliveries", "replay"), body: body}, shown.Plan)
	}
	if p, is := asProblem(err); is && p.Status == http.StatusUnprocessableEntity {
		v.status, shown.Wrong, shown.Plan = p.Status, p, nil
		v.show("replay", "Replay", shown)
		return nil
	}
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(form.Get("count"))
	if typed == "" || shown.Plan.Count == 0 {
		v.show("replay", "Replay", shown)
		return nil
	}
	if typed != strconv.Itoa(shown.Plan.Count) {
		shown.Wrong = wrongField("count", "is not "+strconv.Itoa(shown.Plan.Count)+", the number of deliveries: nothing was done")
		v.status = shown.Wrong.Status
		v.show("replay", "Replay", shown)
		return nil
	}
	var made struct {
		Job string `json:"job_id"`
	}
	return perform(v, &deed{
		verb: "Replay",
		do: func(v *view, _ url.Values) (said, error) {
			delete(body, "dry_run")
			_, err := v.ask(request{method: http.MethodPost, path: v.of("deliveries", "replay"), body: body}, &made)
			return said{Text: counted(shown.Plan.Count, "delivery is", "deliveries are") + " sent again:", Name: made.Job, URL: v.base + "/jobs/" + made.Job}, err
		},
		to: func(v *view) string {
			if made.Job == "" {
				return v.at("deliveries")
			}
			return v.base + "/jobs/" + made.Job
		},
	}, form)
}

// job is many deliveries that are sent again.
type job struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"`
	Tenant    string     `json:"tenant"`
	Endpoint  string     `json:"endpoint"`
	State     string     `json:"state"`
	Rate      float64    `json:"rate"`
	Total     int        `json:"total"`
	Done      int        `json:"done"`
	Failed    int        `json:"failed"`
	CreatedAt *time.Time `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at"`

	MayCancel bool   `json:"-"`
	Audit     string `json:"-"` // where it is told who began it; "": it may not be seen
	URL       string `json:"-"`
}

func jobsPage(v *view) error {
	rows, shown, err := listOf[job](v, asksFor{path: "/jobs", filters: []filter{{Name: "state", Label: "State", Words: []string{"running", "done", "cancelled"}}}})
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].URL = v.base + "/jobs/" + rows[i].ID
	}
	shown.Kept, shown.More = keptOf(v, keptJobs), v.may(http.MethodGet, "/audit")
	shown.Make = curl(v, http.MethodPost, "/tenants/acme/deliveries/replay", `{"state": "dead", "dry_run": true}`)
	v.show("jobs", "Jobs", shown)
	return nil
}

func jobPage(v *view) error {
	var j job
	if err := v.get("/jobs/"+url.PathEscape(v.id), nil, &j); err != nil {
		return err
	}
	j.URL = v.base + "/jobs/" + j.ID
	if v.may(http.MethodGet, "/audit") {
		object := "tenants/" + j.Tenant + "/deliveries"
		if j.Endpoint != "" {
			object = "tenants/" + j.Tenant + "/endpoints/" + j.Endpoint
		}
		j.Audit = v.base + "/audit?" + url.Values{"action": {"replay"}, "object": {object}}.Encode()
	}
	j.MayCancel = j.State == "running" && v.may(http.MethodPost, "/jobs/x/cancel")
	v.show("job", j.ID, j)
	return nil
}

var cancelJob = deed{
	verb: "Cancel",
	asks: func(v *view) (string, error) {
		var j job
		if err := v.get("/jobs/"+url.PathEscape(v.id), nil, &j); err != nil {
			return "", err
		}
		return "Cancel this job? The " + strconv.Itoa(j.Total-j.Done-j.Failed) + " deliveries that it has not come to stay as they are.", nil
	},
	do: func(v *view, _ url.Values) (said, error) {
		_, err := v.ask(request{method: http.MethodPost, path: "/jobs/" + url.PathEscape(v.id) + "/cancel"}, nil)
		return said{Text: "The job was cancelled:", Name: v.id, URL: v.base + "/jobs/" + v.id}, err
	},
}

// group is dead letters that have something in common.
type group struct {
	Count    int        `json:"count"`
	Endpoint *string    `json:"endpoint"`
	Error    *string    `json:"error"`
	Status   *int       `json:"status"`
	First    *time.Time `json:"first"`
	Last     *time.Time `json:"last"`
	Known    *known     `json:"known"`

	Mark string `json:"-"` // where it is marked as known; "": it may not be
}

// What says what its dead letters have in common but their endpoint; "": nothing.
func (g *group) What() string {
	all := []string{}
	if g.Error != nil {
		all = append(all, *g.Error)
	}
	if g.Status != nil && *g.Status > 0 {
		all = append(all, "status "+strconv.Itoa(*g.Status))
	}
	return strings.Join(all, ", ")
}

// groupsOf gives the dead letters by what they have in common; none where the API does not
// say.
func groupsOf(v *view) []group {
	var answer struct {
		Data []group `json:"data"`
	}
	if v.get(v.of("deliveries", "groups"), nil, &answer) != nil {
		return nil
	}
	all := answer.Data[:min(len(answer.Data), 20)]
	for i := range all {
		all[i].marks(v)
	}
	return all
}

// marks finds where the group is marked as known, or the mark taken away.
func (g *group) marks(v *view) {
	at := []string{"deliveries", "groups", "known"}
	switch {
	case g.Known != nil && v.may(http.MethodDelete, v.of(append(at, "x")...)):
		g.Known.Drop = v.at(append(at, g.Known.ID, "unmark")...)
	case g.Known == nil && g.Endpoint != nil && v.may(http.MethodPost, v.of(at...)):
		query := url.Values{"endpoint": {*g.Endpoint}, "error": {or(g.Error, "")}}
		if g.Status != nil {
			query.Set("status", strconv.Itoa(*g.Status))
		}
		g.Mark = v.at(at...) + "?" + query.Encode()
	}
}
