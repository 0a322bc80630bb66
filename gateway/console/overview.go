package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"hookgate/gateway/fields"
)

// tenantRow is one tenant in the overview.
type tenantRow struct {
	ID        string   `json:"tenant"`
	Name      string   `json:"name"`
	Callbacks float64  `json:"callbacks_per_minute"`
	Events    float64  `json:"events_per_minute"`
	Success   *float64 `json:"success_share"`
	Waits     int      `json:"waits_open"`
	Backlog   int      `json:"backlog"`
	Oldest    *float64 `json:"backlog_oldest_seconds"`
	Breakers  int      `json:"breakers_open"`
	Dead      int      `json:"dead_letters"`
	Series    *struct {
		Callbacks []float64  `json:"callbacks"`
		Events    []float64  `json:"events"`
		Success   []*float64 `json:"success_share"`
		Waits     []float64  `json:"waits_open"`
		Backlog   []float64  `json:"backlog"`
		Breakers  []float64  `json:"breakers_open"`
		Dead      []float64  `json:"dead_letters"`
	} `json:"series"`

	URL string `json:"-"`
}

// Shares are the parts that went well, of 100; where nothing happened what was before holds.
func (t *tenantRow) Shares() (all []float64) {
	last := 100.0
	for _, share := range t.Series.Success {
		if share != nil {
			last = 100 * *share
		}
		all = append(all, last)
	}
	return all
}

// change is what changed by itself.
type change struct {
	ID     string     `json:"id"`
	At     *time.Time `json:"at"`
	Kind   string     `json:"kind"`
	State  string     `json:"state"`
	Tenant *string    `json:"tenant"`
	Object string     `json:"object"`
	Detail *string    `json:"detail"`
	Until  *time.Time `json:"until"`

	Again bool       `json:"-"` // it opened without having closed
	Times int        `json:"-"` // how often more it changed, as far as is looked at
	First *time.Time `json:"-"` // when the first of those was
}

// changeWords say what a change of each kind is about.
var changeWords = map[string]string{"breaker": "the breaker of", "endpoint": "endpoint", "reload": "a reload of", "certificate": "the certificate of", "disk": "the disk under"}

// What says what changed.
func (c *change) What() string { return cmp.Or(changeWords[c.Kind], c.Kind) }

// Word is how it stands since.
func (c *change) Word() string {
	if c.Again {
		return "reopened"
	}
	return c.State
}

// Ahead says what is to come, before its moment; "": nothing is.
func (c *change) Ahead(now time.Time) string {
	switch {
	case c.Until == nil || !c.Until.After(now):
		return ""
	case c.Kind == "breaker":
		return "it lets a probe through"
	}
	return "it ends"
}

// again tells breakers that opened anew from those that opened at first: a probe that fails
// opens a breaker that has not closed. The newest come first.
func again(all []change) {
	for i := range all {
		before := slices.IndexFunc(all[i+1:], func(c change) bool { return c.Kind == all[i].Kind && c.Object == all[i].Object })
		all[i].Again = all[i].State == "opened" && before >= 0 && all[i+1+before].State == "opened"
	}
}

const (
	changesLooked = 100 // changes that are read, so that one thing that flaps hides no other
	changesShown  = 20
)

// folded gives each thing that changed once, as it stands now, with how often it did. Loads of the
// file are happenings, and do not stand: one that went well says nothing of one that was refused.
func folded(all []change) (few []change) {
	type thing struct{ kind, object, state string }
	at := map[thing]int{}
	for _, c := range all { // the newest come first
		it := thing{kind: c.Kind, object: c.Object}
		if c.Kind == "reload" {
			it.state = c.State
		}
		if i, known := at[it]; known {
			few[i].Times++
			few[i].First = c.At
			continue
		}
		at[it] = len(few)
		few = append(few, c)
	}
	return few[:min(len(few), changesShown)]
}

// overviewShown is what the page of the tenants has beside their list.
type overviewShown struct {
	Span    spanChosen
	Steps   *firstSteps // nil: they were gone
	Changes []change
	Info    *struct {
		Version string  `json:"version"`
		Uptime  float64 `json:"uptime_seconds"`
		Held    *string `json:"held"`
		Store   *struct {
			Bytes float64 `json:"bytes"`
			Fault *string `json:"fault"`
		} `json:"store"`
	}
}

// Up is for how long the gateway has been running.
func (o *overviewShown) Up() string { return span(time.Duration(o.Info.Uptime) * time.Second) }

// overviewPage shows the tenants that the session may see, the worst first.
func overviewPage(v *view) error { return showOverview(v, nil) }

// showOverview shows them, after a step of the first that went wrong with what is wrong.
func showOverview(v *view, tried *triedStep) error {
	if p := v.session.Portal; p != nil {
		v.redirect(v.base + "/tenants/" + v.session.Tenant + "/" + p.Pages[0])
		return nil
	}
	rows, shown, err := listOf[tenantRow](v, asksFor{path: "/overview", filters: []filter{{Name: "tenant", Label: "Tenant"}, {Name: "span", Label: "Span", Words: spans, Hidden: true}}})
	if err != nil {
		if p, is := asProblem(err); !is || p.Status != http.StatusNotFound || v.query.Get("tenant") == "" {
			return err
		}
		shown.noTenant(v)
	}
	addressed(v, rows)
	more := &overviewShown{Span: spanOf(v)}
	if more.Steps, err = firstStepsOf(v, rows, &shown, tried); err != nil {
		return err
	}
	var list struct {
		Data []change `json:"data"`
	}
	if v.get("/changes", url.Values{"limit": {strconv.Itoa(changesLooked)}}, &list) == nil {
		again(list.Data)
		more.Changes = folded(list.Data)
	}
	if v.get("/info", nil, &more.Info) != nil {
		more.Info = nil
	}
	if v.may(http.MethodPut, "/tenants/x") {
		shown.New = v.base + "/new/tenants"
	}
	shown.More, shown.Kept = more, keptOf(v, keptChanges)
	v.show("overview", "Overview", shown)
	return nil
}

// noTenant says that the filter names a tenant that is not there.
func (l *listShown) noTenant(v *view) {
	f := &l.Filters[0]
	l.Empty, v.status, f.Wrong = true, http.StatusNotFound, "there is no tenant "+f.Value
	if f.Near = fields.Nearest(f.Value, tenantsOf(v)); f.Near != "" {
		f.Wrong += ", did you mean " + f.Near + "?"
		f.NearURL = v.with(f.Name, f.Near)
	}
}

// hasNone says whether the tenant has none of a kind of things.
func hasNone(v *view, kind string) bool {
	var list struct {
		Data []struct{} `json:"data"`
	}
	return v.get(v.of(kind), url.Values{"limit": {"1"}}, &list) == nil && len(list.Data) == 0
}

// addressed gives tenants their pages.
func addressed(v *view, rows []tenantRow) {
	for i := range rows {
		rows[i].URL = v.base + "/tenants/" + url.PathEscape(rows[i].ID)
	}
}

// tenantShown is the page of one tenant.
type tenantShown struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Figures *figures
	Row     *tenantRow
	Down    []*endpoint // endpoints that stand badly
	Bare    bool        // it has neither source nor endpoint nor webhook
	Make    string
	URL     string
	MayEdit bool
}

// tenantHomePage shows one tenant: how it stands, and where to go.
func tenantHomePage(v *view) error {
	t := tenantShown{}
	if err := v.get(v.of(), nil, &t); err != nil {
		return err
	}
	t.Figures, _ = statsOf(v, v.of("stats"), time.Hour, nil)
	var over struct {
		Data []tenantRow `json:"data"`
	}
	if v.session.Portal == nil && v.get("/overview", url.Values{"tenant": {v.tenant}}, &over) == nil && len(over.Data) == 1 {
		t.Row = &over.Data[0]
	}
	var list struct {
		Data []endpoint `json:"data"`
	}
	if v.get(v.of("endpoints"), nil, &list) == nil {
		for i := range list.Data {
			if word := list.Data[i].Word(); word != "enabled" && word != "paused" {
				t.Down = append(t.Down, &list.Data[i])
			}
		}
	}
	t.Bare = v.session.Portal == nil && len(list.Data) == 0 && hasNone(v, "sources") && hasNone(v, "webhooks")
	t.Make = curl(v, http.MethodPut, v.of("sources", "payments"), `{"verify": {"type": "token", "in": "header", "name": "X-Token", "secrets": ["a-secret-of-16-or-more"]}}`)
	t.URL, t.MayEdit = v.at(), v.session.Portal == nil && v.may(http.MethodPut, v.of())
	v.show("tenant", t.ID, t)
	return nil
}
