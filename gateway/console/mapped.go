package console

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// variable is one that rules map, as far as it tells where its value came from.
type variable struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// rules are those of a source, or of a webhook, by which variables were mapped.
type rules struct {
	Variables []variable `json:"variables"`
	Match     []struct {
		Variables []variable `json:"variables"`
	} `json:"match"`
	Response struct {
		Variables []variable `json:"variables"`
	} `json:"response"`
}

// mappedOf shows mapped variables, as far as the session may see them. kind and id say whose
// rules mapped them: what console.redact hides in the body is hidden under the name of a
// variable, too. A variable that the rules do not have, or no longer, came from nobody knows
// where: its value is hidden.
func mappedOf(v *view, kind, id string, raw json.RawMessage) json.RawMessage {
	if bodiless(v) || v.c.redact.none() || len(raw) == 0 || string(raw) == "null" {
		return bodyOf(v, raw)
	}
	var from rules
	if id != "" {
		// A portal need not show the rules to have them heeded; where they cannot be read, all is hidden.
		_, _ = answered(v, request{method: http.MethodGet, path: v.of(kind, id)}, &from)
	}
	return mappedBy(v, &from, raw)
}

// mappedBy is mappedOf by rules that are known.
func mappedBy(v *view, from *rules, raw json.RawMessage) json.RawMessage {
	if bodiless(v) || v.c.redact.none() || len(raw) == 0 || string(raw) == "null" {
		return bodyOf(v, raw)
	}
	all := slices.Concat(from.Variables, from.Response.Variables)
	for _, m := range from.Match {
		all = append(all, m.Variables...)
	}
	return v.c.redact.mapped(all, raw)
}

// howMapped tells how each variable comes to its value in a body, by the rules that a source or
// webhook has today: found, default or missing. match is the outcome that was decided; "":
// none. It is nothing where the rules, or the body, may not be seen.
func howMapped(v *view, kind, id, match string, body json.RawMessage) (all []mapped) {
	if id == "" || len(body) == 0 || bodiless(v) {
		return nil
	}
	var raw struct {
		Variables json.RawMessage `json:"variables"`
		Match     []struct {
			Name      string          `json:"name"`
			Variables json.RawMessage `json:"variables"`
		} `json:"match"`
		Response struct {
			Variables json.RawMessage `json:"variables"`
		} `json:"response"`
	}
	if v.get(v.of(kind, id), nil, &raw) != nil {
		return nil
	}
	variables := raw.Variables
	if kind == "webhooks" {
		variables = raw.Response.Variables
	}
	for _, m := range raw.Match {
		if m.Name == match && match != "" && len(m.Variables) > 0 {
			variables = m.Variables
		}
	}
	if len(variables) == 0 || string(variables) == "[]" {
		return nil
	}
	var answer struct {
		Variables []mapped `json:"variables"`
	}
	asked := map[string]json.RawMessage{"variables": variables, "body": body}
	if _, err := v.ask(request{method: http.MethodPost, path: "/map", body: asked}, &answer); err != nil {
		return nil
	}
	for i := range answer.Variables {
		one := &answer.Variables[i]
		one.Value = variableOf(v, variable{one.Name, one.Path}, one.Value)
		if withheld(v) != "" && one.Problem != nil {
			one.Problem = nil // it may tell of a value
		}
	}
	return answer.Variables
}

// variableOf is mappedOf for one of which the rule is known.
func variableOf(v *view, from variable, value json.RawMessage) json.RawMessage {
	if bodiless(v) || v.c.redact.none() || len(value) == 0 {
		return bodyOf(v, value)
	}
	all := map[string]json.RawMessage{from.Name: value}
	text, err := json.Marshal(all)
	if err != nil || json.Unmarshal(v.c.redact.mapped([]variable{from}, text), &all) != nil {
		return json.RawMessage(hidden)
	}
	return all[from.Name]
}

// mapped is JSON for an object of variables.
func (r *redactor) mapped(from []variable, raw json.RawMessage) json.RawMessage {
	var values map[string]json.RawMessage
	if r.none() || json.Unmarshal(raw, &values) != nil {
		return r.JSON(raw)
	}
	known := map[string]bool{}
	with := redactor{anywhere: r.anywhere, places: slices.Clip(r.places)}
	for _, one := range from {
		known[one.Name] = true
		with.places = append(with.places, r.within(one, values[one.Name])...)
	}
	for name := range values {
		if !known[name] {
			with.places = append(with.places, []string{name})
		}
	}
	return with.JSON(raw)
}

// within gives the places to hide in a variable, its name first.
func (r *redactor) within(one variable, value json.RawMessage) (places [][]string) {
	whole := [][]string{{one.Name}}
	holds, inner := nests(string(value)), ""
	if json.Unmarshal(value, &inner) == nil && nests(inner) {
		return whole // JSON as text: nothing within it can be found
	}
	if strings.ContainsAny(one.Path, `{}()*?\~:,|<>=!`) || strings.Contains(one.Path, "..") || strings.Contains(one.Path, "[-") {
		// What it finds is not known from its text: a word of a place in it says enough, and
		// so does a value that has places of its own.
		if holds || r.speaks(one.Path) {
			return whole
		}
		return nil
	}
	path := stepsOf(one.Path)
	if slices.ContainsFunc(path, func(step string) bool { return r.anywhere[step] }) {
		return whole
	}
	for _, place := range r.places {
		both := min(len(place), len(path))
		switch {
		case !fits(place[:both], path[:both]):
		case len(place) <= len(path) || !holds:
			return whole
		default:
			places = append(places, append([]string{one.Name}, place[both:]...))
		}
	}
	return places
}

// nests says whether JSON is an object or an array.
func nests(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
}

// speaks says whether a word of the path is one of a place that is hidden.
func (r *redactor) speaks(path string) bool {
	for _, word := range strings.FieldsFunc(path, func(c rune) bool { return c != '_' && c != '-' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		if r.anywhere[word] || slices.ContainsFunc(r.places, func(place []string) bool { return slices.Contains(place, word) }) {
			return true
		}
	}
	return strings.Contains(path, `\`) || strings.Contains(path, "~") // a name that is spelled another way
}

// targetOf shows the target of a request, or its URL: of the query no more than of its body.
func targetOf(v *view, target string) string {
	path, query, has := strings.Cut(target, "?")
	if !has || !bodiless(v) && v.c.redact.none() {
		return target
	}
	out := []byte(path + "?")
	for len(query) > 0 {
		end := strings.IndexAny(query, "&;")
		if end < 0 {
			end = len(query)
		}
		name, _, valued := strings.Cut(query[:end], "=")
		switch {
		case bodiless(v) && !valued && name != "":
			out = append(out, "***"...) // it is all value
		case valued && (bodiless(v) || v.c.redact.names(name)):
			out = append(out, name+"=***"...)
		default:
			out = append(out, query[:end]...)
		}
		if end < len(query) {
			out = append(out, query[end])
			end++
		}
		query = query[end:]
	}
	return string(out)
}

// judged are the steps whose words tell of values: those that look into the body.
var judged = []string{"body", "each", "key", "match", "variables"}

// checksOf shows how steps went, and hides what they tell of values where any are hidden.
func checksOf(v *view, checks []check) []check {
	words := withheld(v)
	if words == "" {
		return checks
	}
	for i := range checks {
		if c := &checks[i]; c.Detail != "" && slices.Contains(judged, c.Step) {
			c.Detail = words
		}
	}
	return checks
}

// seen hides in a request what the session may not see. The reason that it tells is the
// detail of its last step.
func (r *publicRequest) seen(v *view) {
	r.Path = targetOf(v, r.Path)
	words := withheld(v)
	if n := len(r.Checks); r.Reason != nil && words != "" && (n == 0 || slices.Contains(judged, r.Checks[n-1].Step)) {
		r.Reason = &words
	}
	r.Checks = checksOf(v, r.Checks)
}
