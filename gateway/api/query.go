package api

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// query reads what a request asks for behind its path, and collects the faults of
// filters.
type query struct {
	args   *fasthttp.Args
	faults []gateway.Fault
}

func (c *call) query() *query { return &query{args: c.ctx.QueryArgs()} }

// asked is one page of a list of a tenant's, as its request asks for it.
type asked struct {
	store.Query
	extent extent
}

// asks reads the page of a list that a request asks for. Its ids have the prefix;
// filter sets what the things listed can be asked for, and its faults are all told at
// once.
func (c *call) asks(prefix string, filter func(*query, *store.Query) error) (a asked, err error) {
	q := c.query()
	p, err := q.page(isIDOf(prefix))
	if err != nil {
		return a, err
	}
	if a.extent, err = q.include(); err != nil {
		return a, err
	}
	// One more than the page has tells whether there is another.
	a.Query = store.Query{Tenant: c.params.tenant, Before: p.after, Limit: p.limit + 1, Bodies: a.extent == full}
	if err := filter(q, &a.Query); err != nil {
		return a, err
	}
	return a, gateway.Invalid(q.faults)
}

// page gives the page that is asked for.
func (a *asked) page() page { return page{a.Limit - 1, a.Before} }

func (q *query) text(name string) string { return string(q.args.Peek(name)) }

func (q *query) fault(name, message string) {
	q.faults = append(q.faults, gateway.Fault{Path: name, Message: message})
}

// oneOf reads a word of a closed list; "" where none is set.
func (q *query) oneOf(name string, words []string, rule string) string {
	word := q.text(name)
	if word != "" && !slices.Contains(words, word) {
		q.fault(name, rule)
	}
	return word
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

// page reads limit and cursor. isID tells what a cursor of this list can hold.
func (q *query) page(isID func(string) bool) (p page, err error) {
	if p.limit, err = q.limit(); err != nil {
		return p, err
	}
	p.after, err = q.cursor(isID)
	return p, err
}

// cursor reads the place behind which a page begins; "" for the start.
func (q *query) cursor(isID func(string) bool) (after string, err error) {
	if cursor := q.args.Peek("cursor"); len(cursor) > 0 {
		id, err := base64.RawURLEncoding.DecodeString(string(cursor))
		if err != nil || !isID(string(id)) {
			return "", gateway.Errorf(gateway.CodeInvalidCursor, "cursor is none that a list gave out")
		}
		after = string(id)
	}
	return after, nil
}

func (q *query) limit() (int, error) {
	text := q.args.Peek("limit")
	if len(text) == 0 {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > maxLimit {
		return 0, invalid("limit", "must be a whole number from 1 to %d", maxLimit)
	}
	return n, nil
}

// number reads a whole number of the query; least stands for none.
func (q *query) number(name string, least, most int) (int, error) {
	text := q.args.Peek(name)
	if text == nil {
		return least, nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < least || n > most {
		return 0, invalid(name, "must be a whole number from %d to %d", least, most)
	}
	return n, nil
}

// include reads what the query wants in a list beside what is always there.
func (q *query) include() (extent, error) {
	words := q.args.Peek("include")
	if words == nil {
		return plain, nil
	}
	for word := range bytes.SplitSeq(words, []byte(",")) {
		if string(word) != "bodies" {
			return plain, invalid("include", "must be bodies: there is nothing else to include")
		}
	}
	return full, nil
}
