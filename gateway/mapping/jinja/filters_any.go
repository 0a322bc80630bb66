package jinja

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"hookgate/gateway/mapping/rawjson"
)

func defaulted(_ *run, v Value, given []Value) (Value, error) {
	if v.kind == Undefined || v.kind == None || given[1].isTrue() && !v.truth() {
		return given[0].or(empty), nil
	}
	return v, nil
}

func toText(r *run, v Value, _ []Value) (Value, error) {
	if v.kind == String {
		return v, nil
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	return r.made(s)
}

func markSafe(r *run, v Value, _ []Value) (Value, error) {
	v, err := toText(r, v, nil)
	if err != nil {
		return undefined, err
	}
	return safe(v.text()), nil
}

// attribute is attr(): as a point does.
func attribute(r *run, v Value, given []Value) (Value, error) {
	if given[0].kind != String {
		return undefined, errArguments
	}
	return r.inside(v, given[0])
}

func toJSON(r *run, v Value, given []Value) (Value, error) {
	switch v.kind {
	case List, Dict:
		if err := r.printable(v, 0); err != nil {
			return undefined, err
		}
	case Object:
		return undefined, errOperand
	}
	raw := v.appendJSON(nil)
	if !given[0].isNone() {
		width, err := given[0].number(0)
		if err != nil || width < 0 || width > 64 {
			return undefined, errArguments
		}
		raw = indented(raw, width)
	}
	made, err := r.made(string(raw))
	made.flag = r.escape == EscapeNone || r.escape == EscapeJSON // what it leaves is no HTML, and no part of a URL
	return made, err
}

var errNoJSON = errors.New("the text is no JSON, or nested deeper than 128 levels")

// readJSON is fromjson, which Jinja2 has not: what a text says as JSON. What is missing, or
// is no text, stays what it is; a text that is no JSON fails.
func readJSON(r *run, v Value, _ []Value) (Value, error) {
	if v.kind != String {
		return v, nil
	}
	said := strings.Trim(strings.TrimPrefix(v.text(), "\ufeff"), " \t\r\n")
	if _, err := r.made(said); err != nil { // it is looked through, and may be decoded
		return undefined, err
	}
	if !rawjson.Valid(rawjson.Bytes(said)) {
		return undefined, errNoJSON
	}
	return fromJSON(said), nil
}

// indented is JSON over several lines.
func indented(raw []byte, width int) []byte {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", strings.Repeat(" ", width)) != nil {
		return raw // a number that JSON does not know
	}
	return b.Bytes()
}
