package console

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// A thing that is configured is edited as a form: a field for each member that people set,
// named by its path as the API names it, so that what the API says of a member stands at its
// field. Members without a field stand below as JSON (rest): no member is out of reach, and
// none is lost by a form that does not know it.

// input is how a member is written.
type input string

const (
	asText   input = "text"
	asNumber input = "number"
	asChoice input = "choice"
	asYes    input = "yes"   // yes, no, or left out
	asLines  input = "lines" // texts, one a line
	asPairs  input = "pairs" // Name: value, one a line
	asArea   input = "area"  // a text of several lines
	asJSON   input = "json"
)

// member is one member of a thing, as a field.
type member struct {
	path  string // below the thing: verify.type
	label string
	as    input
	hint  string
	words []string // of a choice; of a text: those that are proposed
	empty string   // of lines: the word for a list that is empty, where that is not as good as none
}

// section is members that belong together. A folded one is opened by who looks for it, and where something in it is wrong.
type section struct {
	title, hint string
	folded      bool
	members     []member
	rows        *rowsOf // or it is a list of things
}

// field is a member in a form, with what somebody wrote.
type field struct {
	member
	Path  string
	Value string
	Wrong string
}

// Label, As, Hint and Words are for templates.
func (f field) Label() string   { return f.label }
func (f field) As() string      { return string(f.as) }
func (f field) Hint() string    { return f.hint }
func (f field) Words() []string { return f.words }

// Wide says whether the field takes a whole line: what is written in it is long.
func (f field) Wide() bool { return f.path == "url" || strings.HasSuffix(f.path, ".url") }

// Rows is how tall the field is.
func (f field) Rows() int {
	return max(2, min(14, 1+strings.Count(f.Value, "\n")))
}

// shownSection is a section with what a form says in it.
type shownSection struct {
	Title, Hint string
	Folded      bool // it may be folded
	Open        bool // it is not: something in it is wrong
	Set         int  // fields that say something
	Fields      []field
	List        *shownRows // or it is a list of things
}

// filled gives what fields say of a thing. What none can show stays in rest.
func filled(all []section, raw json.RawMessage) (url.Values, error) {
	o, err := objectOf(raw)
	if err != nil {
		return nil, err
	}
	form := url.Values{}
	for i := range all {
		for _, m := range all[i].members {
			if text, is := m.show(o.at(m.path)); is {
				form.Set(m.path, text)
				o.drop(m.path)
			}
		}
		if r := all[i].rows; r != nil && r.fill(form, r.path, o.at(r.path)) {
			o.drop(r.path)
		}
	}
	if len(*o) > 0 {
		rest, err := o.MarshalJSON()
		if err != nil {
			return nil, err
		}
		form.Set("rest", setOut(rest))
	}
	return form, nil
}

// show writes a value as its field has it; false: the field cannot.
func (m *member) show(raw json.RawMessage) (text string, is bool) {
	switch string(raw) {
	case "":
		return "", false
	case "null":
		return "", true
	case "[]":
		if m.empty != "" {
			return m.empty, true
		}
		return "", true
	case `""`:
		return "", m.as != asArea // an empty body is not none
	}
	switch m.as {
	case asJSON:
		return pretty(raw), len(raw) <= mostShown
	case asLines:
		var all []string
		if json.Unmarshal(raw, &all) != nil {
			return "", false
		}
		text = strings.Join(all, "\n")
		return text, strings.Count(text, "\n") == max(0, len(all)-1) && !strings.Contains(text, "\r")
	case asPairs:
		return pairsOf(raw)
	case asNumber, asYes:
		text = strings.Trim(string(raw), `"`)
		return text, raw[0] != '{' && raw[0] != '['
	}
	if json.Unmarshal(raw, &text) == nil {
		return text, m.as == asArea || !strings.ContainsAny(text, "\r\n")
	}
	var n json.Number
	err := json.Unmarshal(raw, &n)
	return n.String(), err == nil
}

// pairsOf writes an object of texts, a line each.
func pairsOf(raw json.RawMessage) (text string, is bool) {
	o, err := objectOf(raw)
	if err != nil {
		return "", false
	}
	lines := make([]string, len(*o))
	for i, p := range *o {
		var value string
		if p.inner != nil || json.Unmarshal(p.value, &value) != nil || strings.ContainsAny(p.name+value, "\r\n") || strings.Contains(p.name, ":") || strings.TrimSpace(value) != value {
			return "", false
		}
		lines[i] = p.name + ": " + value
	}
	return strings.Join(lines, "\n"), true
}

// written gives what a field says as JSON; nil: it says nothing.
func (m *member) written(text string) (raw json.RawMessage, wrong string) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if m.as != asArea {
		text = strings.TrimSpace(text)
	}
	if text == "" {
		return nil, ""
	}
	switch m.as {
	case asJSON:
		if !json.Valid([]byte(text)) {
			_, err := inJSON("", text)
			p, _ := asProblem(err)
			return nil, p.Faults[0].Message
		}
		return json.RawMessage(text), ""
	case asNumber, asYes:
		if json.Valid([]byte(text)) {
			return json.RawMessage(text), ""
		}
	case asLines:
		all := []string{}
		if m.empty != "" && text == m.empty {
			text = ""
		}
		for line := range strings.SplitSeq(text, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				all = append(all, line)
			}
		}
		raw, err := json.Marshal(all)
		return raw, wordOf(err)
	case asPairs:
		return pairsWritten(text)
	}
	raw, err := written(text)
	return raw, wordOf(err)
}

func wordOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// pairsWritten is pairsOf, back.
func pairsWritten(text string) (raw json.RawMessage, wrong string) {
	var o object
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, is := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !is || name == "" {
			return nil, "line " + strconv.Itoa(n) + " is not Name: value"
		}
		text, err := written(strings.TrimSpace(value))
		if err != nil {
			return nil, err.Error()
		}
		if o.find(name) >= 0 {
			return nil, "line " + strconv.Itoa(n) + ": " + name + " is there twice"
		}
		o = append(o, pair{name: name, value: text})
	}
	raw, err := o.MarshalJSON()
	return raw, wordOf(err)
}

// built gives the thing that a form says, and what is wrong where it says none. Rows in
// which nothing stands are left out, of the form too, so that the API's numbers are those of
// the rows.
func built(all []section, form url.Values) (json.RawMessage, []fault) {
	var faults []fault
	o := &object{}
	if text := strings.TrimSpace(form.Get("rest")); text != "" {
		rest, err := objectOf(json.RawMessage(text))
		if err != nil || !json.Valid([]byte(text)) {
			return nil, []fault{{"rest", "is no JSON object"}}
		}
		o = rest
	}
	put := func(path string, raw json.RawMessage, wrong string) {
		switch {
		case wrong != "":
			faults = append(faults, fault{path, wrong})
		case raw != nil && !o.put(path, raw):
			faults = append(faults, fault{path, "stands among the other members, too: write it in one place"})
		}
	}
	for i := range all {
		for _, m := range all[i].members {
			raw, wrong := m.written(form.Get(m.path))
			put(m.path, raw, wrong)
		}
		if r := all[i].rows; r != nil {
			raw, more := r.build(form, r.path)
			faults = append(faults, more...)
			put(r.path, raw, "")
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	raw, err := o.MarshalJSON()
	if err != nil {
		return nil, []fault{{"rest", err.Error()}}
	}
	return raw, nil
}

// shownOf gives the sections with what a form says, and each fault at its field; the faults
// that have none are rest's.
func shownOf(all []section, form url.Values, wrong *problemOf) (shown []shownSection, rest string) {
	at := placed(all, form, wrong)
	for i := range all {
		s := shownSection{Title: all[i].title, Hint: all[i].hint, Folded: all[i].folded}
		for _, m := range all[i].members {
			f := field{member: m, Path: m.path, Value: form.Get(m.path), Wrong: at[m.path]}
			s.Open = s.Open || f.Wrong != ""
			if f.Value != "" {
				s.Set++
			}
			s.Fields = append(s.Fields, f)
		}
		if r := all[i].rows; r != nil {
			list := r.shown(form, r.path, at)
			s.List, s.Set = &list, s.Set+r.count(form, r.path)
			for name := range at {
				s.Open = s.Open || below(name, r.path)
			}
		}
		shown = append(shown, s)
	}
	return shown, at["rest"]
}

// placed gives each fault to the field that it is about: that of its path, the one above it,
// or the first below it.
func placed(all []section, form url.Values, wrong *problemOf) map[string]string {
	at := map[string]string{}
	if wrong == nil {
		return at
	}
	var fields []string
	shownAt := map[string]string{} // by path: the field at which a fault stands
	add := func(path, field string) {
		fields = append(fields, path)
		shownAt[path] = field
	}
	for i := range all {
		for _, m := range all[i].members {
			add(m.path, m.path)
		}
		if r := all[i].rows; r != nil {
			r.names(form, r.path, add)
		}
	}
	for _, f := range wrong.Faults {
		if f.Path == "id" || f.Path == "run_body" {
			continue // the page has these itself
		}
		place := "rest"
		for _, name := range fields {
			if f.Path == name || below(f.Path, name) {
				place = shownAt[name] // the last one is no worse: no field is below another
			}
		}
		if place == "rest" && f.Path != "" {
			for i := len(fields) - 1; i >= 0; i-- {
				if below(fields[i], f.Path) {
					place = shownAt[fields[i]]
				}
			}
		}
		if at[place] != "" {
			at[place] += "; "
		}
		if place == "rest" && f.Path != "rest" {
			at[place] += f.Path + " "
		}
		at[place] += f.Message
	}
	return at
}

// below says whether a path leads into what another leads to.
func below(path, above string) bool {
	rest, is := strings.CutPrefix(path, above)
	return is && rest != "" && (rest[0] == '.' || rest[0] == '[')
}
