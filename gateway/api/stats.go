package api

import (
	"net/http"
	"time"

	"hookgate/auth"
	"hookgate/gateway/stats"
)

// Statistics are the figures of what happened.
type Statistics interface {
	Points(stats.Query) ([]stats.Point, error)
	// Overviews shows what tenants have, in their order, until visit wants no more.
	Overviews(tenants []string, span stats.Span, visit func(tenant string, o *stats.Overview) (more bool)) error
}

// statistics show them.
type statistics struct{ of Statistics }

// ofTenant shows the figures of the path's tenant, or of one part of it (O4).
func (h *statistics) ofTenant(c *call) (answer, error) {
	q := c.query()
	asked := stats.Query{Tenant: c.params.tenant}
	q.span(&asked)
	var missing error
	for _, part := range []struct {
		name  string
		kind  stats.PartKind
		has   func(id string) bool
		fault error
	}{
		{"endpoint", stats.Endpoint, func(id string) bool { return hasLane(c, id) }, errNoEndpoint},
		{"source", stats.Source, func(id string) bool { return c.tenant.Source(id) != nil }, errNoSource},
		{"webhook", stats.Webhook, func(id string) bool { return c.tenant.Webhook(id) != nil }, errNoWebhook},
	} {
		if !q.args.Has(part.name) {
			continue
		}
		id := q.text(part.name)
		switch {
		case asked.Part.Kind != 0:
			q.fault(part.name, "cannot be asked for beside another part: ask for one endpoint, source or webhook")
		case !part.has(id):
			missing = part.fault
		}
		asked.Part = stats.Part{Kind: part.kind, ID: id}
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if missing != nil {
		return answer{}, missing
	}
	return h.show(c, &asked)
}

// ofAll shows the figures of all tenants that the caller may see.
func (h *statistics) ofAll(c *call) (answer, error) {
	q := c.query()
	var asked stats.Query
	q.span(&asked)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if c.by.Scope == auth.Tenant {
		asked.Tenant, asked.Tree = c.by.Tenant, true
	}
	return h.show(c, &asked)
}

func (h *statistics) show(c *call, q *stats.Query) (answer, error) {
	points, err := h.of.Points(*q)
	if err != nil {
		return answer{}, err
	}
	t := c.wholeItem()
	t.raw(`{"step":"` + stepWords[q.Step] + `","data":[`)
	for i := range points {
		if i > 0 {
			t.raw(",")
		}
		t.append(stats.SizeJSON, points[i].AppendJSON)
	}
	t.raw("]}")
	return t.answer(http.StatusOK)
}

var stepWords = map[time.Duration]string{stats.Minute: "1m", stats.Hour: "1h", stats.Day: "1d"}

const stepRule = "must be 1m, 1h or 1d"

// defaultSpan is how far back figures go where nothing is said.
const defaultSpan = time.Hour

// span reads since, until and step: the last hour, and what the span has figures by.
func (q *query) span(into *stats.Query) {
	into.Until, into.Since = q.moment("until"), q.moment("since")
	if into.Until.IsZero() {
		into.Until = time.Now().Add(time.Minute)
	}
	if into.Since.IsZero() {
		into.Since = into.Until.Add(-defaultSpan)
	}
	switch span := into.Until.Sub(into.Since); {
	case span <= 24*time.Hour+time.Minute:
		into.Step = stats.Minute
	case span <= 30*24*time.Hour+time.Minute:
		into.Step = stats.Hour
	default:
		into.Step = stats.Day
	}
	if !q.args.Has("step") {
		return
	}
	for step, word := range stepWords {
		if q.text("step") == word {
			into.Step = step
			return
		}
	}
	q.fault("step", stepRule)
}
