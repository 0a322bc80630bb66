package fields

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"hookgate/gateway"
)

// MaxDepth is how deep objects and lists may be nested (SPEC 14).
const MaxDepth = 128

// Parse reads one JSON value into a tree of map[string]any, []any, string,
// json.Number, bool and nil.
//
// What is no JSON, no UTF-8 or nested deeper than MaxDepth is a gateway.Error
// with CodeInvalidBody; members that are written twice are its faults, with
// CodeInvalidField.
func Parse(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, gateway.Errorf(gateway.CodeInvalidBody, "the body is not UTF-8 text")
	}
	if depth(text) > MaxDepth {
		return nil, gateway.Errorf(gateway.CodeInvalidBody, "the body is nested deeper than %d levels", MaxDepth)
	}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, syntaxError(text, err)
	}
	p := parser{dec: json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	tree, err := p.value("")
	if err != nil {
		return nil, syntaxError(text, err)
	}
	if err := gateway.Invalid(p.faults); err != nil {
		return nil, err
	}
	return tree, nil
}

func syntaxError(text []byte, err error) error {
	message := "the body is not valid JSON"
	if len(bytes.TrimSpace(text)) == 0 {
		message = "the body is empty: it must be JSON"
	} else if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := text[:min(max(syntax.Offset-1, 0), int64(len(text)))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		message = fmt.Sprintf("the body is not valid JSON, at line %d, column %d", line, column)
	}
	return &gateway.Error{Code: gateway.CodeInvalidBody, Message: message, Err: err}
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

// parser reads tokens of JSON that is known to be valid and not too deep.
type parser struct {
	dec    *json.Decoder
	faults []gateway.Fault
}

func (p *parser) value(path string) (any, error) {
	token, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return p.object(path)
	case json.Delim('['):
		return p.list(path)
	}
	return token, nil
}

func (p *parser) object(path string) (any, error) {
	members := map[string]any{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // a valid object has no other
		place := Member(path, name)
		value, err := p.value(place)
		if err != nil {
			return nil, err
		}
		if _, twice := members[name]; twice {
			p.faults = append(p.faults, gateway.Fault{Path: place, Message: "is written twice"})
		}
		members[name] = value
	}
	_, err := p.dec.Token()
	return members, err
}

func (p *parser) list(path string) (any, error) {
	elements := []any{}
	for p.dec.More() {
		value, err := p.value(Index(path, len(elements)))
		if err != nil {
			return nil, err
		}
		elements = append(elements, value)
	}
	_, err := p.dec.Token()
	return elements, err
}
