package api

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// Bounds of groups: how many deliveries one question looks at, and how many groups it shows.
// Who wants the rest goes on from the cursor.
const (
	mostGrouped = 50_000
	mostGroups  = 1000
)

// groupedBy is what deliveries can be grouped by.
var groupedBy = []string{"endpoint", "error", "status"}

const groupedRule = "must be some of endpoint, error, status, with commas between them"

// groupKey is what the deliveries of a group have in common.
type groupKey struct {
	endpoint string
	error    string
	status   int
}

// group is deliveries that have something in common.
type group struct {
	groupKey
	count       int
	first, last time.Time
}

// groups counts deliveries by what they have in common: dead letters, unless a state is
// asked for (SPEC-console C5).
func (h *deliveries) groups(c *call) (answer, error) {
	q := c.query()
	by := q.grouping()
	ask := store.Query{Tenant: c.params.tenant, State: q.oneOf("state", deliveryStates, stateRule), Before: q.cursor(isIDOf(gateway.PrefixDelivery))}
	ask.Endpoint = q.one("endpoint", isLane, "must be the id of an endpoint, _platform, or _route_ and the id of a route")
	ask.Since, ask.Until = q.moment("since"), q.moment("until")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	ask.State = cmp.Or(ask.State, string(gateway.DeliveryDead))
	found := map[groupKey]*group{}
	looked, next := 0, ""
	err := eachDelivery(h.stored, &ask, gateway.AttemptBounds{Most: 1}, c.turn, func(d *gateway.Delivery, attempts []gateway.Attempt) bool {
		key := keyOf(by, d, attempts)
		of := found[key]
		if of == nil && len(found) == mostGroups || looked == mostGrouped {
			return false
		}
		if of == nil {
			of = &group{groupKey: key}
			found[key] = of
		}
		looked, next = looked+1, d.ID
		of.take(d, attempts)
		return true
	})
	if err != nil {
		return answer{}, err
	}
	if looked < mostGrouped && len(found) < mostGroups {
		next = ""
	}
	return showGroups(c, by, found, looked, next, h.marksOf(c, by))
}

// grouping reads what deliveries are grouped by: all of it where nothing is said.
func (q *query) grouping() (by []string) {
	if !q.args.Has("by") {
		return groupedBy
	}
	for word := range strings.SplitSeq(q.text("by"), ",") {
		if !slices.Contains(groupedBy, word) || slices.Contains(by, word) {
			q.fault("by", groupedRule)
			return groupedBy
		}
		by = append(by, word)
	}
	return by
}

// keyOf gives the group of a delivery: by its last attempt, where that counts.
func keyOf(by []string, d *gateway.Delivery, attempts []gateway.Attempt) (key groupKey) {
	for _, word := range by {
		switch {
		case word == "endpoint":
			key.endpoint = d.Endpoint
		case len(attempts) == 0:
		case word == "error":
			key.error = attempts[len(attempts)-1].Error
		default:
			key.status = attempts[len(attempts)-1].Status
		}
	}
	return key
}

// take counts a delivery. It was seen last when it ended, or was tried.
func (g *group) take(d *gateway.Delivery, attempts []gateway.Attempt) {
	at := d.CreatedAt
	if len(attempts) > 0 {
		at = attempts[len(attempts)-1].At
	}
	if d.State.Ended() && !d.EndedAt.IsZero() {
		at = d.EndedAt
	}
	if g.count++; g.count == 1 || at.Before(g.first) {
		g.first = at
	}
	if at.After(g.last) {
		g.last = at
	}
}

// showGroups answers with the groups, the largest first.
func showGroups(c *call, by []string, found map[groupKey]*group, looked int, next string, marks map[groupKey]*gateway.Known) (answer, error) {
	all := make([]*group, 0, len(found))
	for _, g := range found {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.endpoint, b.endpoint), cmp.Compare(a.error, b.error), cmp.Compare(a.status, b.status))
	})
	t := c.wholeItem()
	t.raw(`{"data":[`)
	for i, g := range all {
		if i > 0 {
			t.raw(",")
		}
		t.append(256+6*(len(g.endpoint)+len(g.error)), func(dst []byte) []byte { return g.appendJSON(dst, by) })
		if marks != nil {
			t.raw(`,"known":`)
			t.view(markOf(marks[g.groupKey]), nil)
		}
		t.raw("}")
	}
	t.raw(`],"looked":` + strconv.Itoa(looked))
	if next == "" {
		t.raw(`,"next_cursor":null}`)
	} else {
		t.raw(`,"next_cursor":"` + cursorOf(next) + `"}`)
	}
	return t.answer(http.StatusOK)
}

// appendJSON appends a group, its object still open.
func (g *group) appendJSON(dst []byte, by []string) []byte {
	dst = strconv.AppendInt(append(dst, `{"count":`...), int64(g.count), 10)
	for _, word := range by {
		switch word {
		case "endpoint":
			dst = gateway.AppendMember(dst, word, g.endpoint)
		case "error":
			dst = gateway.AppendOptional(dst, word, g.error)
		default:
			if dst = append(dst, `,"status":`...); g.status == 0 {
				dst = append(dst, "null"...)
			} else {
				dst = strconv.AppendInt(dst, int64(g.status), 10)
			}
		}
	}
	dst = gateway.Time{Time: g.first}.AppendJSON(append(dst, `,"first":`...))
	return gateway.Time{Time: g.last}.AppendJSON(append(dst, `,"last":`...))
}

// marksOf gives the marks of failures that are known, by their groups; nil where it is not
// grouped by all that a mark names.
func (h *deliveries) marksOf(c *call, by []string) map[groupKey]*gateway.Known {
	if len(by) != len(groupedBy) {
		return nil
	}
	marks := map[groupKey]*gateway.Known{}
	list := h.known.Of(c.params.tenant)
	for i := range list {
		k := &list[i]
		marks[groupKey{k.Endpoint, k.Error, k.Status}] = k
	}
	return marks
}

func markOf(k *gateway.Known) *knownView {
	if k == nil {
		return nil
	}
	v := viewKnown(k)
	return &v
}
