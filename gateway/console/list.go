package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"hookgate/gateway/fields"
)

// listShown is a list with its filters.
type listShown struct {
	Filters []filter
	Chips   []chip
	Stay    []chip // words of the page that filters leave as they are
	Rows    any
	Empty   bool
	LeftOut int    // that come after those of the page, where the API says so
	All     string // address without filters
	First   string // address of the first page; "": it is this one
	Next    string // address of the next page; "": there is none
	Curl    string // the same by hand
	Make    string // by hand, what would be here; "": nothing more
	Sel     string
	Detail  *detail
	Wrong   *problemOf // of the filters
	Dead    bool       // it is the page of dead letters
	More    any        // what one page has besides
	New     string     // where one more is made; "": it may not be
	Kept    kept
}

// Asks says whether somebody may set a filter.
func (l listShown) Asks() bool {
	return slices.ContainsFunc(l.Filters, func(f filter) bool { return !f.Hidden })
}

// filter is one word of the query that a list can be asked for.
type filter struct {
	Name, Label, Value string
	Words              []string // to choose from; nil: it is written
	Hidden             bool     // it is chosen elsewhere on the page, and stays as it is
	Wrong              string
	Near, NearURL      string // what was most likely meant, and the page with it; "": nothing is near

	among string // the kind of things whose ids it takes: "endpoints"
}

// Odd says whether its value is none of the words, and has to be shown beside them.
func (f *filter) Odd() bool { return f.Value != "" && !slices.Contains(f.Words, f.Value) }

// Shown is a word to choose as the rows of the list show it, so that it is found again there.
func (f *filter) Shown(word string) string {
	switch {
	case f.Name == "outcome" && word == allRefused:
		return "all refused"
	case f.Name == "state" || f.Name == "outcome":
		return stateOf(word).Word
	}
	return word
}

// chip is a filter that is set, with the address without it.
type chip struct{ Label, Value, URL string }

// asksFor is what a list is asked for.
type asksFor struct {
	path    string // of the API
	filters []filter
	also    []string // words of the page's own query that are not for the list
	whole   bool     // it has no pages: the API takes neither limit nor cursor
}

// listOf asks for a page of a list. What is wrong with a filter is said at the filter, and
// the list is empty then.
func listOf[T any](v *view, q asksFor) (rows []T, shown listShown, err error) {
	asked, err := shown.ask(v, q, &rows)
	if !asked || err != nil {
		return nil, shown, err
	}
	if shown.Rows, shown.Empty = rows, len(rows) == 0; shown.Empty {
		shown.noSuch(v)
	}
	return rows, shown, nil
}

// ask does it for rows of any kind, to which rows points: made for each kind, it is 50 KB of the
// program. asked is false where a filter is wrong.
func (l *listShown) ask(v *view, q asksFor, rows any) (asked bool, err error) {
	*l = listShown{All: v.base + v.path, Filters: q.filters, Sel: v.query.Get("sel"), Curl: curl(v, http.MethodGet, q.path, nil)}
	names := l.set(v)
	for _, name := range q.also {
		if value := v.query.Get(name); value != "" {
			l.Stay = append(l.Stay, chip{Label: name, Value: value})
		}
	}
	query := askedIn(v, names...)
	few := 1 // the limit
	if q.whole {
		few = 0
		query.Del("limit")
		query.Del("cursor")
	}
	if len(query) > few {
		l.Curl = curl(v, http.MethodGet, q.path+"?"+query.Encode(), nil)
	}
	if l.Wrong = l.unknown(v, append(names, q.also...)); l.Wrong != nil {
		v.status, l.Empty = http.StatusUnprocessableEntity, true
		return false, nil
	}
	page := struct {
		Data    any     `json:"data"` // what it points to is decoded into
		Next    *string `json:"next_cursor"`
		LeftOut int     `json:"left_out"`
	}{Data: rows}
	err = v.get(q.path, query, &page)
	if p, is := asProblem(err); is && p.Status == http.StatusUnprocessableEntity {
		v.status, l.Wrong, l.Empty = p.Status, p, true
		l.wrong(v, p)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if page.Next != nil {
		l.Next = v.with("cursor", *page.Next, "sel", "", "value", "")
	}
	if v.query.Get("cursor") != "" {
		l.First = v.with("cursor", "", "sel", "", "value", "")
	}
	l.LeftOut = page.LeftOut
	return true, nil
}

// set reads which filters are set, and gives the names of all.
func (l *listShown) set(v *view) (names []string) {
	for i := range l.Filters {
		f := &l.Filters[i]
		f.Value = v.query.Get(f.Name)
		names = append(names, f.Name)
		if f.Value != "" && !f.Hidden {
			l.Chips = append(l.Chips, chip{f.Label, f.Shown(f.Value), v.with(f.Name, "", "cursor", "")})
		}
	}
	return names
}

// unknown finds a word of the address that is no filter: a list whose filter is misspelt
// must not show everything. It is said at the filter that is nearest.
func (l *listShown) unknown(v *view, known []string) *problemOf {
	known = append(known, "limit", "cursor", "sel", "value")
	for _, name := range slices.Sorted(maps.Keys(v.query)) {
		if slices.Contains(known, name) {
			continue
		}
		near, message := fields.Nearest(name, known), name+" is no filter of this list"
		if near != "" {
			message += ", did you mean " + near + "?"
		}
		for i := range l.Filters {
			if f := &l.Filters[i]; f.Name == near {
				f.Value, f.Wrong = v.query.Get(name), message
				f.Near, f.NearURL = near, v.with(name, "", near, f.Value, "cursor", "")
			}
		}
		return &problemOf{Status: http.StatusUnprocessableEntity, Title: "Invalid fields", Detail: message, Faults: []fault{{name, message}}}
	}
	return nil
}

// wrong says at the filters what the API finds wrong with them, with the nearest word.
func (l *listShown) wrong(v *view, p *problemOf) {
	for i := range l.Filters {
		f := &l.Filters[i]
		if f.Wrong = p.At(f.Name); f.Wrong == "" {
			continue
		}
		if f.Near = fields.Nearest(f.Value, f.Words); f.Near != "" {
			f.NearURL = v.with(f.Name, f.Near, "cursor", "")
		}
	}
}

// noSuch says, where a list is empty, that a filter names a thing that is not there: what is
// asked for may have been deleted, so that is no fault, but often it is a slip.
func (l *listShown) noSuch(v *view) {
	for i := range l.Filters {
		f := &l.Filters[i]
		if f.among == "" || f.Value == "" {
			continue
		}
		err := v.get(v.of(f.among, f.Value), nil, nil)
		if p, is := asProblem(err); !is || p.Status != http.StatusNotFound {
			continue
		}
		var list struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
		}
		f.Wrong = "there is no " + f.Value + " now"
		if v.get(v.of(f.among), url.Values{"limit": {"1000"}}, &list) != nil {
			continue
		}
		ids := make([]string, 0, len(list.Data))
		for _, one := range list.Data {
			ids = append(ids, one.ID)
		}
		if f.Near = fields.Nearest(f.Value, ids); f.Near != "" {
			f.Wrong += ", did you mean " + f.Near + "?"
			f.NearURL = v.with(f.Name, f.Near, "cursor", "")
		}
	}
}

// mostLooks bounds how many things of a list are looked at one by one for their figures: more
// than a screen of them nobody sees at once.
const mostLooks = 20

// lately gives the figures of the last hour of one part of the tenant: the i-th of a list.
func lately(v *view, part, id string, i int) *figures {
	if i >= mostLooks {
		return nil
	}
	f, _ := statsOf(v, v.of("stats"), time.Hour, url.Values{part: {id}}) // nil: there are none to be seen
	return f
}
