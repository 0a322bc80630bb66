package console

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// difference is a place at which two things are not the same.
type difference struct {
	Path     string
	One, Two string // "": it is not there
}

// mostDifferences bounds what is told of two things.
const mostDifferences = 200

// differ tells where two JSON values differ, in the order of the first.
func differ(one, two json.RawMessage) (all []difference) {
	in := func(raw json.RawMessage) (map[string]string, []string) {
		values, order := map[string]string{}, []string{}
		for _, at := range valuesOf(raw) {
			values[at.Plain] = at.Text
			order = append(order, at.Plain)
		}
		return values, order
	}
	first, order := in(one)
	second, more := in(two)
	for _, path := range more {
		if _, is := first[path]; !is {
			order = append(order, path)
		}
	}
	for _, path := range order {
		if first[path] != second[path] {
			all = append(all, difference{path, first[path], second[path]})
		}
	}
	return slices.Clip(all[:min(len(all), mostDifferences)])
}

// compared is two of a kind, side by side.
type compared struct {
	One, Two string // what they are called
	Rows     []difference
	Same     int // facts that are the same
	OneBody  string
	TwoBody  string
}

// facts are what is told of one of two, in its order.
type facts []struct{ path, value string }

func (f *facts) add(path, value string) {
	*f = append(*f, struct{ path, value string }{path, value})
}

// headers adds header fields; those of one name are one.
func (f *facts) headers(of string, all [][2]string) {
	at := map[string]int{}
	for _, h := range all {
		name := of + http.CanonicalHeaderKey(h[0])
		if i, is := at[name]; is {
			(*f)[i].value += ", " + h[1]
			continue
		}
		at[name] = len(*f)
		f.add(name, h[1])
	}
}

// body adds what is in a body: each of its values, or the whole of what is no JSON.
func (f *facts) body(text string) {
	all := valuesOf(json.RawMessage(text))
	if len(all) == 0 && text != "" {
		f.add("body", cut(200, text))
	}
	for _, at := range all {
		f.add("body "+at.Plain, at.Text)
	}
}

// compare puts two side by side.
func compare(one, two facts) (rows []difference, same int) {
	in := map[string]int{}
	for i, f := range two {
		in[f.path] = i
	}
	for _, f := range one {
		other := ""
		if i, is := in[f.path]; is {
			other = two[i].value
			delete(in, f.path)
		}
		if f.value == other {
			same++
			continue
		}
		rows = append(rows, difference{f.path, f.value, other})
	}
	for _, f := range two {
		if _, is := in[f.path]; is {
			rows = append(rows, difference{f.path, "", f.value})
		}
	}
	return rows[:min(len(rows), mostDifferences)], same
}

// facts are what is told of a request.
func (r *publicRequest) facts() (f facts) {
	f.add("outcome", stateOf(r.Outcome).Word)
	f.add("status", strconv.Itoa(r.Status))
	f.add("why", or(r.Reason, ""))
	f.add("from", or(r.Client, ""))
	f.add("request", r.Method+" "+r.Path)
	f.add("conversation", or(r.Key, ""))
	for _, c := range r.Checks {
		f.add("check "+c.Step, c.Word()+" "+c.Detail)
	}
	f.headers("", r.Headers)
	f.body(r.Text)
	return f
}

// besides puts another request of the same source beside one, as the address asks; nil: none
// is asked for, or it is kept no longer.
func (r *publicRequest) besides(v *view, source string) *compared {
	id := v.query.Get("with")
	if id == "" {
		return nil
	}
	other, err := requestOf(v, id)
	if err != nil || other.source(v.tenant) != source {
		return &compared{One: r.ID, Two: id}
	}
	shown := &compared{One: r.ID, Two: id, OneBody: r.Text, TwoBody: other.Text}
	shown.Rows, shown.Same = compare(r.facts(), other.facts())
	return shown
}

// facts are what is told of an attempt.
func (a *attempt) facts(v *view) (f facts) {
	f.add("how", a.Word())
	if a.Status != nil {
		f.add("status", strconv.Itoa(*a.Status))
	}
	f.add("error", or(a.Error, ""))
	f.add("detail", or(a.Detail, ""))
	f.add("dialled", or(a.Address, ""))
	f.add("took", took(a.DurationMS))
	f.headers("sent ", inOrder(a.RequestHeaders))
	f.headers("answered ", inOrder(a.ResponseHeaders))
	f.body(textOf(v, a.ResponseBody))
	return f
}

func inOrder(all map[string]string) (list [][2]string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, [2]string{name, all[name]})
	}
	return list
}

// besides puts two attempts side by side, as the address asks for them by their numbers; nil:
// it does not.
func (d *deliveryShown) besides(v *view) *compared {
	one, two := d.attempt(v.query.Get("one")), d.attempt(v.query.Get("two"))
	if one == nil || two == nil {
		return nil
	}
	shown := &compared{One: "Attempt " + strconv.Itoa(one.Number), Two: "Attempt " + strconv.Itoa(two.Number), OneBody: textOf(v, one.ResponseBody), TwoBody: textOf(v, two.ResponseBody)}
	shown.Rows, shown.Same = compare(one.facts(v), two.facts(v))
	return shown
}

func (d *deliveryShown) attempt(number string) *attempt {
	for i := range d.Attempts {
		if strconv.Itoa(d.Attempts[i].Number) == number {
			return &d.Attempts[i]
		}
	}
	return nil
}
