package console

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// rowsOf is a list whose items are rows of fields, and of lists of their own. Where it stands
// in a form is told to it as at: match, or match[2].when of one within a row.
type rowsOf struct {
	path       string // below the thing, or below the row that it stands in
	label      string // of one
	members    []member
	lists      []*rowsOf // in each row
	conditions bool      // its items are conditions (formconditions.go)
	most       int
	fresh      int // blank rows behind those that are filled, where nobody asks for more
}

// rowAt begins the names of a row's fields, as the API names its members: variables[2].path.
func rowAt(at string, row int) string { return at + "[" + strconv.Itoa(row) + "]." }

// count is how many rows the form has, without blank ones at its end.
func (r *rowsOf) count(form url.Values, at string) int {
	n := 0
	for name := range form {
		if row, _, is := r.rowOf(at, name); is && form.Get(name) != "" {
			n = max(n, row+1)
		}
	}
	return n
}

// rowOf tells of which row a field is, and its name below the row.
func (r *rowsOf) rowOf(at, name string) (row int, below string, is bool) {
	rest, is := strings.CutPrefix(name, at+"[")
	if !is {
		return 0, "", false
	}
	digits, below, is := strings.Cut(rest, "].")
	row, err := strconv.Atoi(digits)
	return row, below, is && err == nil && row >= 0 && row < r.most
}

// within gives the list that stands at a path: the list itself, or one in a row of it; nil:
// none does.
func (r *rowsOf) within(at, path string) *rowsOf {
	if at == path {
		return r
	}
	row, _, is := r.rowOf(at, path)
	if !is {
		return nil
	}
	for _, in := range r.lists {
		if found := in.within(rowAt(at, row)+in.path, path); found != nil {
			return found
		}
	}
	return nil
}

// blank is how many blank rows stand behind those that are filled.
func (r *rowsOf) blank(form url.Values, at string) int {
	more, _ := strconv.Atoi(form.Get("more." + at))
	return min(max(r.fresh, more), r.most)
}

// fill writes a list as rows; false: a row cannot show one of its items.
func (r *rowsOf) fill(form url.Values, at string, raw json.RawMessage) bool {
	if len(raw) == 0 {
		return false
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) > r.most {
		return false
	}
	rows := url.Values{}
	for i, item := range items {
		if !r.fillRow(rows, rowAt(at, i), item) {
			return false
		}
	}
	for name, values := range rows {
		form[name] = values
	}
	return true
}

func (r *rowsOf) fillRow(rows url.Values, base string, item json.RawMessage) bool {
	if r.conditions {
		return fillCondition(rows, base, item)
	}
	o, err := objectOf(item)
	if err != nil {
		return false
	}
	for _, m := range r.members {
		if text, is := m.show(o.at(m.path)); is {
			rows.Set(base+m.path, text)
			o.drop(m.path)
		}
	}
	for _, in := range r.lists {
		if in.fill(rows, base+in.path, o.at(in.path)) {
			o.drop(in.path)
		}
	}
	return len(*o) == 0
}

// build gives the list that the rows say; nil: they say nothing. Rows in which nothing
// stands are taken out of the form.
func (r *rowsOf) build(form url.Values, at string) (raw json.RawMessage, faults []fault) {
	var kept []url.Values
	for row := range r.count(form, at) {
		if texts, some := r.takeOut(form, rowAt(at, row)); some {
			kept = append(kept, texts)
		}
	}
	items := make([]json.RawMessage, 0, len(kept))
	for row, texts := range kept {
		base := rowAt(at, row)
		for name, values := range texts {
			form[base+name] = values
		}
		item, more := r.item(form, base)
		items, faults = append(items, item), append(faults, more...)
	}
	if len(items) == 0 || len(faults) > 0 {
		return nil, faults
	}
	raw, err := json.Marshal(items)
	if err != nil {
		return nil, []fault{{at, err.Error()}}
	}
	return raw, nil
}

// takeOut takes the fields of a row out of the form, by their names below it, and says
// whether something was written in them. What was only chosen says nothing alone.
func (r *rowsOf) takeOut(form url.Values, base string) (texts url.Values, some bool) {
	texts = url.Values{}
	for name, values := range form {
		below, is := strings.CutPrefix(name, base)
		if !is {
			continue
		}
		texts[below] = values
		some = some || strings.TrimSpace(form.Get(name)) != "" && r.says(below)
		delete(form, name)
	}
	return texts, some
}

// says tells whether a field of a row is one that people write in.
func (r *rowsOf) says(below string) bool {
	for _, m := range r.members {
		if m.path == below {
			return m.as != asChoice && m.as != asYes
		}
	}
	for _, in := range r.lists {
		if _, rest, is := in.rowOf(in.path, below); is {
			return in.says(rest)
		}
	}
	return false
}

// item gives what one row says.
func (r *rowsOf) item(form url.Values, base string) (raw json.RawMessage, faults []fault) {
	if r.conditions {
		return conditionOf(form, base)
	}
	o := object{}
	for _, m := range r.members {
		value, wrong := m.written(form.Get(base + m.path))
		switch {
		case wrong != "":
			faults = append(faults, fault{base + m.path, wrong})
		case value != nil:
			o.put(m.path, value)
		}
	}
	for _, in := range r.lists {
		value, more := in.build(form, base+in.path)
		if faults = append(faults, more...); value != nil {
			o.put(in.path, value)
		}
	}
	raw, err := o.MarshalJSON()
	if err != nil {
		return nil, append(faults, fault{base, err.Error()})
	}
	return raw, faults
}

// names tells of each field of the filled rows, and where else in the API's words what is
// wrong with it may stand.
func (r *rowsOf) names(form url.Values, at string, add func(path, field string)) {
	for row := range r.count(form, at) {
		base := rowAt(at, row)
		for _, m := range r.members {
			add(base+m.path, base+m.path)
		}
		if r.conditions {
			for _, name := range conditionMembers {
				add(base+name, base+"value")
			}
		}
		for _, in := range r.lists {
			in.names(form, base+in.path, add)
		}
	}
}

// shownRows is a list with what a form says in it.
type shownRows struct {
	At    string // its path
	More  int    // blank rows that somebody asked for; 0: none
	Label string // of one row
	Rows  []shownRow
}

type shownRow struct {
	Fields []field
	Lists  []shownRows
}

// shown gives the rows, with the blank ones, and each fault at its field.
func (r *rowsOf) shown(form url.Values, at string, wrong map[string]string) shownRows {
	all := shownRows{At: at, Label: r.label}
	if n := r.blank(form, at); n > r.fresh {
		all.More = n
	}
	for row := range min(r.count(form, at)+r.blank(form, at), r.most) {
		base, one := rowAt(at, row), shownRow{}
		for _, m := range r.members {
			one.Fields = append(one.Fields, field{member: m, Path: base + m.path, Value: form.Get(base + m.path), Wrong: wrong[base+m.path]})
		}
		for _, in := range r.lists {
			one.Lists = append(one.Lists, in.shown(form, base+in.path, wrong))
		}
		all.Rows = append(all.Rows, one)
	}
	return all
}

// add gives the form one more row; false: it has as many as there may be.
func (r *rowsOf) add(form url.Values, at string, values map[string]string) bool {
	row := r.count(form, at)
	if row >= r.most {
		return false
	}
	for name, value := range values {
		if slices.ContainsFunc(r.members, func(m member) bool { return m.path == name }) {
			form.Set(rowAt(at, row)+name, value)
		}
	}
	return true
}
