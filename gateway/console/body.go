package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"hookgate/gateway/markup"
)

// In every body that is JSON each value can be chosen: that says by which path it is found,
// and leads to a variable made of it. A chosen value stands in the address: value=body:/a/0.

// valueAt is a value in a body, with its path in the three notations.
type valueAt struct {
	Plain    string // data.items[0].id
	JSONPath string // $.data.items[0].id
	Pointer  string // /data/items/0/id
	Text     string // what stands there, as JSON
	Name     string // what a variable of it could be called
}

// shownBody is a body whose values can be chosen.
type shownBody struct {
	Name   string
	HTML   markup.HTML // "": it is shown as Text, and nothing can be chosen
	Text   string
	Chosen *valueAt
	Make   string // where a variable is made of the chosen one; "": nowhere
}

// mostValues bounds the values that can be chosen in one body, and mostDeep how deep it nests.
const (
	mostValues = 1000
	mostDeep   = 64
)

// bodyShown makes the values of a body choosable; name tells it from others of the page. kind
// and id say whose variables are mapped from it; "": nobody's. request is the kept request
// whose body it is, if it is one's.
func bodyShown(v *view, name string, raw json.RawMessage, kind, id, request string) shownBody {
	shown := shownBody{Name: name}
	if len(raw) == 0 || string(raw) == "null" || indented(raw) > mostShown || !json.Valid(raw) {
		shown.Text = pretty(raw)
		return shown
	}
	chosen, is := strings.CutPrefix(v.query.Get("value"), name+":")
	w := walking{d: json.NewDecoder(bytes.NewReader(raw)), link: func(at *valueAt) string {
		return v.with("value", name+":"+at.Pointer) + "#value-" + name
	}, seen: func(at *valueAt) {
		if is && at.Pointer == chosen {
			shown.Chosen = at
		}
	}}
	w.d.UseNumber()
	if !w.value(nil) {
		shown.Text = pretty(raw)
		return shown
	}
	shown.HTML = markup.HTML(w.out.String()) //nolint:gosec // all that others wrote is escaped by walking
	if shown.Chosen != nil && kind != "" && v.session.Portal == nil && v.may(http.MethodPut, v.of(kind, id)) {
		query := url.Values{"path": {shown.Chosen.Plain}, "name": {shown.Chosen.Name}, "try": {"1"}}
		if request != "" {
			query.Set("request", request)
		}
		shown.Make = v.at(kind, id, "edit") + "?" + query.Encode() + "#rows-" + rulesAt[kind]
	}
	return shown
}

// rulesAt is where a thing has its variables.
var rulesAt = map[string]string{"sources": "variables", "webhooks": "response.variables"}

// valuesOf lists the values of a body, in their order.
func valuesOf(raw json.RawMessage) (all []valueAt) {
	if !json.Valid(raw) || indented(raw) > mostShown {
		return nil
	}
	w := walking{d: json.NewDecoder(bytes.NewReader(raw)), seen: func(at *valueAt) { all = append(all, *at) }}
	w.d.UseNumber()
	if !w.value(nil) {
		return nil
	}
	return all
}

// walking goes through a body and writes it in lines.
type walking struct {
	d    *json.Decoder
	out  strings.Builder
	link func(*valueAt) string // nil: nothing can be chosen
	seen func(*valueAt)
	n    int
}

// step is a member, or an item where its name is a number.
type step struct {
	name string
	item bool
}

// value writes one value; false: it nests too deep.
func (w *walking) value(at []step) bool {
	t, err := w.d.Token()
	if err != nil || len(at) > mostDeep {
		return false
	}
	open, is := t.(json.Delim)
	if !is {
		text, err := written(t)
		if err != nil {
			return false
		}
		w.leaf(at, string(text))
		return true
	}
	w.out.WriteByte(byte(open))
	i := 0
	for ; w.d.More(); i++ {
		if i > 0 {
			w.out.WriteByte(',')
		}
		w.line(len(at) + 1)
		s := step{strconv.Itoa(i), true}
		if open == '{' {
			name, err := w.d.Token()
			if err != nil {
				return false
			}
			s.name, _ = name.(string)
			s.item = false
			quoted, err := written(s.name)
			if err != nil {
				return false
			}
			w.out.WriteString(markup.Escape(string(quoted)) + ": ")
		}
		if !w.value(append(at[:len(at):len(at)], s)) {
			return false
		}
	}
	if _, err := w.d.Token(); err != nil {
		return false
	}
	if i > 0 {
		w.line(len(at))
	}
	w.out.WriteByte(byte(open) + 2)
	return true
}

func (w *walking) line(deep int) { w.out.WriteString("\n" + strings.Repeat("  ", deep)) }

// leaf writes a value that holds no others.
func (w *walking) leaf(at []step, text string) {
	shown := markup.Escape(text)
	if len(at) == 0 || w.n >= mostValues {
		w.out.WriteString(shown)
		return
	}
	w.n++
	found := pathTo(at)
	found.Text = text
	if w.seen != nil {
		w.seen(&found)
	}
	if w.link == nil {
		return
	}
	w.out.WriteString(`<a class="value" href="` + markup.Escape(w.link(&found)) + `">` + shown + `</a>`)
}

// pathTo writes a path in our three notations (SPEC 6).
func pathTo(at []step) (found valueAt) {
	var plain, query, pointer strings.Builder
	query.WriteByte('$')
	for i, s := range at {
		pointer.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(s.name))
		switch {
		case s.item:
			plain.WriteString("[" + s.name + "]")
			query.WriteString("[" + s.name + "]")
		case bare(s.name):
			if i > 0 {
				plain.WriteByte('.')
			}
			plain.WriteString(s.name)
			query.WriteString("." + s.name)
		default:
			quoted, _ := written(s.name) // a text is JSON
			plain.WriteString("[" + string(quoted) + "]")
			query.WriteString("[" + string(quoted) + "]")
		}
	}
	return valueAt{Plain: plain.String(), JSONPath: query.String(), Pointer: pointer.String(), Name: nameOf(at)}
}

// bare says whether a name needs no quotes in a path of any notation.
func bare(name string) bool {
	return name != "" && (name[0] < '0' || name[0] > '9') && !strings.ContainsFunc(name, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
}

// nameOf gives a name that a variable may have.
func nameOf(at []step) string {
	for i := len(at) - 1; i >= 0; i-- {
		if at[i].item {
			continue
		}
		name := strings.Map(func(c rune) rune {
			if c == '_' || c == '-' || c == '.' || unicode.IsLetter(c) || unicode.IsDigit(c) {
				return c
			}
			return '_'
		}, cut(40, at[i].name))
		if name = strings.Trim(name, "_-."); name != "" {
			return name
		}
	}
	return "value"
}
