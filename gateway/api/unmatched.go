package api

import (
	"strings"

	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/fields"
	"hookgate/gateway/requests"
)

// strangerView is a request that found nothing, as it is shown.
type strangerView struct {
	requestView
	Nearest *nearest `json:"nearest"` // nil: nothing is like it
}

// nearest is a source that may have been meant.
type nearest struct {
	Tenant string `json:"tenant"`
	Source string `json:"source"`
}

// unmatched lists the newest requests that found no tenant, source or path.
func (h *kept) unmatched(c *call) (answer, error) {
	q := c.query()
	if q.text("unmatched") != "true" {
		q.fault("unmatched", "must be true: requests that found their source are listed below it")
	}
	p := q.page(isIDOf(requests.Prefix))
	if err := q.err(); err != nil {
		return answer{}, err
	}
	look := lookout{snapshot: c.snapshot, left: mostCompared}
	return h.write(c, p, h.requests.Unmatched, func(r *requests.Kept) any {
		v := strangerView{requestView: h.view(r, false, requests.Hints{})}
		why, near := look.why(r)
		if v.Reason == nil {
			v.Reason = &why
		}
		v.Nearest = near
		return v
	})
}

// mostCompared bounds how many names one answer compares.
const mostCompared = 200_000

// lookout looks for what a request may have meant.
type lookout struct {
	snapshot *directory.Snapshot
	left     int      // names that may still be compared
	tenants  []string // nil: nobody has asked
}

// why says what a request did not find, as things now stand.
func (l *lookout) why(r *requests.Kept) (why string, near *nearest) {
	path, _, _ := strings.Cut(r.Path, "?")
	rest, hook := strings.CutPrefix(path, "/hooks/")
	if !hook {
		return "no route takes this path, host and method", nil
	}
	tenant, rest, _ := strings.Cut(rest, "/")
	source, _, _ := strings.Cut(rest, "/")
	tenant, source = string(edge.Unescape([]byte(tenant))), string(edge.Unescape([]byte(source)))
	t := l.snapshot.Tenant(tenant)
	switch {
	case t == nil:
		t = l.tenant(tenant)
		if t == nil {
			return "there is no tenant " + tenant, nil
		}
		return "there is no tenant " + tenant, l.source(t, source)
	case t.Disabled:
		return "the tenant " + tenant + " is switched off", l.source(t, source)
	}
	s := t.Source(source)
	switch {
	case s == nil:
		return "the tenant " + tenant + " has no source " + source, l.source(t, source)
	case !s.Enabled:
		return "the source " + source + " is switched off, or does not compile any more", &nearest{t.ID, s.ID}
	}
	return "the source " + source + " is there now", &nearest{t.ID, s.ID}
}

// tenant gives the tenant whose name is nearest.
func (l *lookout) tenant(name string) *directory.Tenant {
	var names []string
	if l.tenants == nil {
		for t := range l.snapshot.Tenants() {
			l.tenants = append(l.tenants, t.ID)
		}
	}
	for _, id := range l.tenants {
		if difference := len(id) - len(name); difference < -2 || difference > 2 {
			continue
		}
		if l.left--; l.left < 0 {
			break
		}
		names = append(names, id)
	}
	if near := fields.Nearest(name, names); near != "" {
		return l.snapshot.Tenant(near)
	}
	return nil
}

// source gives the source of a tenant whose name is nearest.
func (l *lookout) source(t *directory.Tenant, name string) *nearest {
	var names []string
	for _, s := range t.Sources() {
		if l.left--; l.left < 0 {
			break
		}
		names = append(names, s.ID)
	}
	if near := fields.Nearest(name, names); near != "" {
		return &nearest{t.ID, near}
	}
	return nil
}
