package api

import (
	"github.com/tidwall/gjson"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/store"
)

// Changes is what the API needs to show what changed by itself.
type Changes interface {
	// Changes visits the lines that q.Tenant is shown ("": all), newest first, until visit
	// wants no more. After q.Rows it stops, and next is where to go on.
	Changes(q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error)
}

// changed is what changed by itself (SPEC-console C5).
type changed struct{ lines Changes }

var changeKinds = []string{"breaker", "endpoint", "reload", "certificate", "disk"}

// list lists changes, newest first.
func (h *changed) list(c *call) (answer, error) {
	q := c.query()
	p := q.page(isIDOf(gateway.PrefixChange))
	kind := q.oneOf("kind", changeKinds, "must be breaker, endpoint, reload, certificate or disk")
	of := q.one("tenant", gateway.IsName, "must be the id of a tenant")
	ask := store.Query{Since: q.moment("since"), Until: q.moment("until"), Before: p.after}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if ask.Tenant = of; c.by.Scope == auth.Tenant {
		own := c.snapshot.Tenant(c.by.Tenant)
		if own == nil || of != "" && !c.snapshot.Reaches(c.by, of) {
			return answer{}, errNoTenant
		}
		// What happened to a tenant of the same id that was deleted before is not this one's.
		ask.Tenant, ask.Since = own.ID, later(ask.Since, own.Meta.CreatedAt.Time)
	}
	l, err := c.list(p, plain)
	if err != nil {
		return answer{}, err
	}
	err = each(&ask, c.turn, func(line gateway.AuditLine) bool {
		if kind != "" && gjson.GetBytes(line.Value, "kind").Str != kind || of != "" && gjson.GetBytes(line.Value, "tenant").Str != of {
			return true
		}
		return l.add(line.ID, func(t *text, _ extent) {
			t.append(len(line.Value), func(dst []byte) []byte { return append(dst, line.Value...) })
		})
	}, h.lines.Changes)
	if err != nil {
		return answer{}, err
	}
	return l.answer()
}
