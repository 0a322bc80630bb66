package console

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// redactor hides values, never names, in what the console shows (console.redact). A place
// is written as paths are: card.number, items[*].iban, /card/number. A single name hides
// what it names wherever it stands.
type redactor struct {
	anywhere map[string]bool
	places   [][]string // "*" is any member or item
}

func newRedactor(places []string) redactor {
	r := redactor{anywhere: map[string]bool{}}
	for _, place := range places {
		steps := stepsOf(place)
		switch len(steps) {
		case 0:
		case 1:
			r.anywhere[steps[0]] = true
		default:
			r.places = append(r.places, steps)
		}
	}
	return r
}

// stepsOf gives the steps of a path, however it is written.
func stepsOf(path string) (steps []string) {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	for _, step := range strings.FieldsFunc(strings.NewReplacer("[", ".", "]", "", "/", ".").Replace(path), func(c rune) bool { return c == '.' }) {
		steps = append(steps, strings.Trim(step, `'"`))
	}
	return steps
}

// none says whether nothing is to be hidden.
func (r *redactor) none() bool { return len(r.anywhere)+len(r.places) == 0 }

// names says whether a word of a query, or of a form, is to be hidden: pan, card[number].
func (r *redactor) names(word string) bool {
	plain, err := url.QueryUnescape(word)
	if err != nil {
		return true
	}
	steps := stepsOf(plain)
	return r.anywhere[plain] || r.anywhere["query:"+plain] || len(steps) > 0 && r.hides(steps)
}

// hidden stands in the place of a value that is not shown.
const hidden = `"***"`

// JSON hides what is to be hidden in a text of JSON; of what is none it hides all, where
// anything is to be hidden.
func (r *redactor) JSON(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || r.none() {
		return raw
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var out bytes.Buffer
	if err := r.value(d, &out, nil); err != nil {
		return json.RawMessage(hidden)
	}
	return out.Bytes()
}

// value copies one value, whose place is at.
func (r *redactor) value(d *json.Decoder, out *bytes.Buffer, at []string) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	hide := len(at) > 0 && r.hides(at)
	open, is := t.(json.Delim)
	if !is {
		text, err := written(t)
		if hide {
			text = []byte(hidden)
		}
		out.Write(text)
		return err
	}
	var inner bytes.Buffer
	inner.WriteByte(byte(open))
	for i := 0; d.More(); i++ {
		if i > 0 {
			inner.WriteByte(',')
		}
		name := strconv.Itoa(i)
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return err
			}
			name, _ = t.(string)
			text, err := written(name)
			if err != nil {
				return err
			}
			inner.Write(append(text, ':'))
		}
		if err := r.value(d, &inner, append(at[:len(at):len(at)], name)); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	inner.WriteByte(byte(open) + 2) // } and ] follow their openers by two in ASCII
	if hide {
		out.WriteString(hidden)
		return nil
	}
	out.Write(inner.Bytes())
	return nil
}

// written gives a scalar or a name as JSON, its letters as they are.
func written(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

func (r *redactor) hides(at []string) bool {
	if r.anywhere[at[len(at)-1]] {
		return true
	}
	return slices.ContainsFunc(r.places, func(place []string) bool { return fits(place, at) })
}

// fits says whether a place is that of at.
func fits(place, at []string) bool {
	return slices.EqualFunc(place, at, func(step, is string) bool { return step == "*" || step == is })
}

const (
	noBodies = "hidden: this portal shows no bodies"
	noValues = "hidden: console.redact hides values, and it may tell of one"
)

// bodiless says whether the session is that of a portal which shows no bodies.
func bodiless(v *view) bool { return v.session.Portal != nil && !v.session.Portal.Bodies }

// withheld says why words that tell of values are not shown; "": they are.
func withheld(v *view) string {
	switch {
	case bodiless(v):
		return noBodies
	case !v.c.redact.none():
		return noValues
	}
	return ""
}

// bodyOf shows a body, as far as the session may see it.
func bodyOf(v *view, raw json.RawMessage) json.RawMessage {
	if bodiless(v) && len(raw) > 0 {
		return json.RawMessage(`"` + noBodies + `"`)
	}
	return v.c.redact.JSON(raw)
}

// textOf is body for one that may be no JSON.
func textOf(v *view, body string) string {
	if body == "" {
		return ""
	}
	if json.Valid([]byte(body)) {
		return pretty(bodyOf(v, json.RawMessage(body)))
	}
	if bodiless(v) {
		return noBodies
	}
	if !v.c.redact.none() {
		return "hidden: it is no JSON, and console.redact hides parts of bodies"
	}
	return cutText(body)
}
