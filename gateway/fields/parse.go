package fields

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
)

// MaxDepth is how deep objects and lists may be nested (SPEC 14).
const MaxDepth = 128

// Parse reads one JSON value into a tree of *Object, []any, string, json.Number, bool
// and nil.
//
// What is no JSON, no UTF-8 or nested deeper than MaxDepth is a gateway.Error
// with CodeInvalidBody; members that are written twice are its faults, with
// CodeInvalidField. What is kept of the tree keeps no more of the text than a little.
func Parse(text []byte) (any, error) {
	if rule := Fault(text); rule != "" {
		return nil, gateway.Errorf(gateway.CodeInvalidBody, "the body %s", rule)
	}
	p := parser{own: len(text) > smallText}
	tree := p.value(nil, gjson.ParseBytes(text))
	if err := gateway.Invalid(p.faults); err != nil {
		return nil, err
	}
	return tree, nil
}

// Fault says what keeps a text from being read as JSON, and where, without a word of
// the text: "is not valid JSON, at line 1, column 7". It is "" where nothing does.
func Fault(text []byte) (rule string) {
	switch {
	case !utf8.Valid(text):
		return "is not UTF-8 text"
	case depth(text) > MaxDepth:
		return fmt.Sprintf("is nested deeper than %d levels", MaxDepth)
	case len(bytes.TrimSpace(text)) == 0:
		return "is empty: it must be JSON"
	}
	var whole json.RawMessage
	err := json.Unmarshal(text, &whole)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := text[:min(max(syntax.Offset-1, 0), int64(len(text)))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		return fmt.Sprintf("is not valid JSON, at line %d, column %d", line, column)
	}
	if err != nil {
		return "is not valid JSON"
	}
	return ""
}

// depth gives the deepest nesting of well-formed JSON; for other text any
// number will do.
func depth(text []byte) (deepest int) {
	level, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

// parser builds the tree of JSON that is known to be valid and not too deep.
// json.Decoder's tokens made two thirds of the memory of opening a wait.
type parser struct {
	own    bool // texts have memory of their own
	faults []gateway.Fault
}

// smallText is what a kept string may keep beside itself, in bytes. gjson gives parts of
// one copy of the text: a wait's key kept the whole body that opened it, which may be
// white space but for that.
const smallText = 1 << 10

func (p *parser) text(s string) string {
	if p.own {
		return strings.Clone(s)
	}
	return s
}

// string gives what a string says. gjson (v1.20.0) takes the \u behind half of a surrogate pair for
// the other half, whatever it is: "\ud83d\u0041" loses its A.
func (p *parser) string(v gjson.Result) string {
	if strings.Contains(v.Raw, `\ud`) || strings.Contains(v.Raw, `\uD`) {
		var s string
		if json.Unmarshal([]byte(v.Raw), &s) == nil {
			return s
		}
	}
	return p.text(v.Str)
}

// place is where a value stands; it becomes a path only for a fault.
type place struct {
	above *place
	name  string
	index int // in a list; -1 for a member
}

func (p *place) path() string {
	switch {
	case p == nil:
		return ""
	case p.index >= 0:
		return Index(p.above.path(), p.index)
	}
	return Member(p.above.path(), short(p.name))
}

// maxShown is how much of a name is shown in the place of a fault, in bytes: all that
// is below a long one has it in its place.
const maxShown = 64

func short(name string) string {
	if len(name) <= maxShown {
		return name
	}
	return strings.ToValidUTF8(name[:maxShown], "") + "…"
}

func (p *parser) value(at *place, v gjson.Result) any {
	switch v.Type {
	case gjson.JSON:
		if v.IsArray() {
			return p.list(at, v)
		}
		return p.object(at, v)
	case gjson.String:
		return p.string(v)
	case gjson.Number:
		return json.Number(p.text(v.Raw))
	case gjson.True, gjson.False:
		return v.Type == gjson.True
	}
	return nil
}

func (p *parser) object(at *place, v gjson.Result) any {
	members := &Object{}
	v.ForEach(func(key, value gjson.Result) bool {
		here := &place{above: at, name: p.string(key), index: -1}
		if members.find(here.name) >= 0 && len(p.faults) < gateway.MaxFaults {
			p.faults = append(p.faults, gateway.Fault{Path: here.path(), Message: "is written twice"})
		}
		members.Set(here.name, p.value(here, value))
		return true
	})
	return members
}

func (p *parser) list(at *place, v gjson.Result) any {
	elements := []any{}
	v.ForEach(func(_, value gjson.Result) bool {
		elements = append(elements, p.value(&place{above: at, index: len(elements)}, value))
		return true
	})
	return elements
}
