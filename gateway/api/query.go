package api

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/fields"
	"hookgate/gateway/store"
)

// asksFor refuses a request with a query parameter that its operation does not know:
// a filter that is misspelt would list everything (SPEC 15). So would one that is there
// twice be left out of account once.
func (c *call) asksFor(known []string) error {
	if len(edge.Query(c.ctx)) == 0 {
		return nil
	}
	q, seen := c.query(), map[string]bool{}
	for key := range q.args.All() {
		name := string(key)
		switch {
		case seen[name]:
			q.fault(name, "is there twice")
		case !slices.Contains(known, name):
			q.fault(name, unknownParameter(name, known))
		}
		seen[name] = true
		if len(q.faults) == gateway.MaxFaults {
			break
		}
	}
	return q.err()
}

func unknownParameter(name string, known []string) string {
	hint := fields.Meant(name, known)
	switch {
	case len(known) == 0:
		hint = ": this operation takes none"
	case hint == "":
		hint = ": there are " + strings.Join(known, ", ")
	}
	return "is not a known parameter" + hint
}

// query reads what a request asks for behind its path, and collects what is wrong with
// it, so that all is told at once.
type query struct {
	args   *fasthttp.Args
	faults []gateway.Fault
	lost   bool // the cursor is none that a list gave out
}

func (c *call) query() *query { return &query{args: c.ctx.QueryArgs()} }

// err is all that is wrong; nil where nothing is.
func (q *query) err() error {
	if len(q.faults) == 0 && q.lost {
		return gateway.Errorf(gateway.CodeInvalidCursor, "cursor is none that a list gave out")
	}
	return gateway.Invalid(q.faults)
}

// asked is one page of a list of a tenant's, as its request asks for it.
type asked struct {
	store.Query
	extent extent
}

// asks reads the page of a list that a request asks for. Its ids have the prefix;
// filter sets what the things listed can be asked for.
func (c *call) asks(prefix string, filter func(*query, *store.Query) error) (a asked, err error) {
	q := c.query()
	p := q.page(isIDOf(prefix))
	a.extent = q.include()
	// One more than the page has tells whether there is another.
	a.Query = store.Query{Tenant: c.params.tenant, Before: p.after, Limit: p.limit + 1, Bodies: a.extent == full}
	if err := filter(q, &a.Query); err != nil {
		return a, err
	}
	return a, q.err()
}

// askedPage reads the page of a list that a request asks for where nothing else can be
// asked for. isID tells what a cursor of this list can hold.
func (c *call) askedPage(isID func(string) bool) (page, error) {
	q := c.query()
	p := q.page(isID)
	return p, q.err()
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
		q.fault(name, rule+fields.Meant(word, words))
	}
	return word
}

// one reads a text of a form; "" where none is set.
func (q *query) one(name string, is func(string) bool, rule string) string {
	text := q.text(name)
	if text != "" && !is(text) {
		q.fault(name, rule)
	}
	return text
}

const momentRule = "must be a moment as RFC 3339 writes it: date, T, time of day, and Z or an offset, as in 2026-01-31T12:00:00Z; or a date, or Unix seconds"

// moment gives a time, the zero Time where none is set.
func (q *query) moment(name string) time.Time {
	text := q.text(name)
	if text == "" {
		return time.Time{}
	}
	t, ok := gateway.ParseDate(text)
	// The plus of an offset that was not encoded comes as a space.
	if i := strings.LastIndexByte(text, ' '); !ok && i > len("2026-01-31T12:00") {
		t, ok = gateway.ParseDate(text[:i] + "+" + text[i+1:])
	}
	if !ok {
		q.fault(name, momentRule)
	}
	return gateway.Said(t)
}

// page reads limit and cursor. isID tells what a cursor of this list can hold.
func (q *query) page(isID func(string) bool) page {
	p := page{defaultLimit, q.cursor(isID)}
	if q.text("limit") != "" {
		p.limit = q.number("limit", 1, maxLimit)
	}
	return p
}

// cursor reads the place behind which a page begins; "" for the start.
func (q *query) cursor(isID func(string) bool) (after string) {
	cursor := q.text("cursor")
	if cursor == "" {
		return ""
	}
	id, err := base64.RawURLEncoding.DecodeString(cursor)
	q.lost = err != nil || !isID(string(id))
	return string(id)
}

// number reads a whole number; least stands for none.
func (q *query) number(name string, least, most int) int {
	if !q.args.Has(name) {
		return least
	}
	n, err := strconv.Atoi(q.text(name))
	if err != nil || n < least || n > most {
		q.fault(name, fmt.Sprintf("must be a whole number from %d to %d", least, most))
	}
	return n
}

// include reads what the query wants in a list beside what is always there.
func (q *query) include() extent {
	if !q.args.Has("include") {
		return plain
	}
	for word := range strings.SplitSeq(q.text("include"), ",") {
		if word != "bodies" {
			q.fault("include", "must be bodies: there is nothing else to include")
			break
		}
	}
	return full
}
