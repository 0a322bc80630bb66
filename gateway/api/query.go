package api

import (
	"errors"
	"time"

	"hookgate/gateway"
)

// query reads the filters of a list, and collects their faults.
type query struct {
	call   *call
	faults []gateway.Fault
}

func (c *call) query() *query { return &query{call: c} }

func (q *query) text(name string) string { return string(q.call.ctx.QueryArgs().Peek(name)) }

func (q *query) fault(name, message string) {
	q.faults = append(q.faults, gateway.Fault{Path: name, Message: message})
}

// moment gives a time, the zero Time where none is set.
func (q *query) moment(name string) time.Time {
	text := q.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		q.fault(name, "must be a time of RFC 3339, as 2026-01-31T12:00:00Z")
	}
	return t
}

// until lets a page of what is newest first begin below a moment: what was made
// later is not even read.
func (p *page) until(prefix string, at time.Time) {
	if at.IsZero() || at.Year() > 9999 || at.Unix() < 0 {
		return
	}
	// Ids have milliseconds: the whole one in which the moment lies stays in, and
	// the filter decides.
	if floor := gateway.IDFloor(prefix, at.Add(time.Millisecond)); p.after == "" || floor < p.after {
		p.after = floor
	}
}

func isGone(err error) bool { return errors.Is(err, gateway.ErrNotFound) }
