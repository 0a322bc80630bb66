package console

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// at names a field of a row as the API names the member: variables[2].path.
func (r *rowsOf) at(row int, path string) string {
	return r.path + "[" + strconv.Itoa(row) + "]." + path
}

// count is how many rows the form has, without blank ones at its end.
func (r *rowsOf) count(form url.Values) int {
	n := 0
	for name := range form {
		if row, is := r.rowOf(name); is && form.Get(name) != "" {
			n = max(n, row+1)
		}
	}
	return n
}

// rowOf tells of which row a field is.
func (r *rowsOf) rowOf(name string) (row int, is bool) {
	rest, is := strings.CutPrefix(name, r.path+"[")
	if !is {
		return 0, false
	}
	digits, _, is := strings.Cut(rest, "].")
	row, err := strconv.Atoi(digits)
	return row, is && err == nil && row >= 0 && row < r.most
}

// blank is how many blank rows stand behind those that are filled.
func (r *rowsOf) blank(form url.Values) int {
	more, _ := strconv.Atoi(form.Get("more." + r.path))
	return min(max(1, more), r.most)
}

// fill writes a list as rows; false: a row cannot show one of its items.
func (r *rowsOf) fill(form url.Values, raw json.RawMessage) bool {
	if len(raw) == 0 {
		return false
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) > r.most {
		return false
	}
	rows := url.Values{}
	for i, item := range items {
		o, err := objectOf(item)
		if err != nil {
			return false
		}
		for _, m := range r.members {
			if text, is := m.show(o.at(m.path)); is {
				rows.Set(r.at(i, m.path), text)
				o.drop(m.path)
			}
		}
		if len(*o) > 0 {
			return false
		}
	}
	for name, values := range rows {
		form[name] = values
	}
	return true
}

// build gives the list that the rows say; nil: they say nothing. Rows in which nothing
// stands are taken out of the form.
func (r *rowsOf) build(form url.Values) (raw json.RawMessage, faults []fault) {
	var kept [][]string
	for row := range r.count(form) {
		texts, some := make([]string, len(r.members)), false
		for i, m := range r.members {
			texts[i] = form.Get(r.at(row, m.path))
			some = some || strings.TrimSpace(texts[i]) != "" && m.as != asChoice && m.as != asYes
			form.Del(r.at(row, m.path))
		}
		if some {
			kept = append(kept, texts)
		}
	}
	items := make([]json.RawMessage, 0, len(kept))
	for row, texts := range kept {
		o := object{}
		for i, m := range r.members {
			at := r.at(row, m.path)
			form.Set(at, texts[i])
			value, wrong := m.written(texts[i])
			switch {
			case wrong != "":
				faults = append(faults, fault{at, wrong})
			case value != nil:
				o.put(m.path, value)
			}
		}
		text, err := o.MarshalJSON()
		if err != nil {
			return nil, append(faults, fault{r.path, err.Error()})
		}
		items = append(items, text)
	}
	if len(items) == 0 || len(faults) > 0 {
		return nil, faults
	}
	raw, err := json.Marshal(items)
	if err != nil {
		return nil, []fault{{r.path, err.Error()}}
	}
	return raw, nil
}

// add gives the form one more row; false: it has as many as there may be.
func (r *rowsOf) add(form url.Values, values map[string]string) bool {
	row := r.count(form)
	if row >= r.most {
		return false
	}
	for name, value := range values {
		if slices.ContainsFunc(r.members, func(m member) bool { return m.path == name }) {
			form.Set(r.at(row, name), value)
		}
	}
	return true
}
