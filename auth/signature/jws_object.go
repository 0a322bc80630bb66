package signature

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// object is a JSON object as a token has it: its members in order, of which no two
// have one name. encoding/json believes the last of two, and takes "EXP" for "exp";
// another reader of the same token might not.
type object []member

type member struct{ name, value []byte }

// mostTokenMembers bounds the work that an unverified token can make: each name is compared
// with those before it.
const mostTokenMembers = 128

// readObject appends the members of the JSON object that text is, and nothing else.
func readObject(to object, text []byte) (object, bool) {
	rest := skipSpace(text)
	if len(rest) == 0 || rest[0] != '{' || !utf8.Valid(rest) || !gjson.ValidBytes(rest) {
		return to, false
	}
	for rest = skipSpace(rest[1:]); rest[0] != '}'; {
		var m member
		m.name, rest = cutValue(rest)
		rest = skipSpace(rest)[1:] // the colon
		m.value, rest = cutValue(skipSpace(rest))
		if rest = skipSpace(rest); rest[0] == ',' {
			rest = skipSpace(rest[1:])
		}
		m.name, _ = unquote(m.name)
		if len(to) == mostTokenMembers || to.has(m.name) {
			return to, false
		}
		to = append(to, m)
	}
	return to, true
}

func skipSpace(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\n' || text[0] == '\r' || text[0] == '\t') {
		text = text[1:]
	}
	return text
}

// cutValue cuts the value off that valid JSON begins with.
func cutValue(text []byte) (value, rest []byte) {
	end := 0
	switch text[0] {
	case '"':
		end = endOfText(text)
	case '{', '[':
		for deep := 0; end == 0 || deep > 0; end++ {
			switch text[end] {
			case '"':
				end += endOfText(text[end:]) - 1
			case '{', '[':
				deep++
			case '}', ']':
				deep--
			}
		}
	default:
		end = bytes.IndexAny(text, ",}] \t\r\n")
	}
	return text[:end], text[end:]
}

// endOfText finds the end of the quoted text that valid JSON begins with.
func endOfText(text []byte) int {
	end := 1
	for ; text[end] != '"'; end++ {
		if text[end] == '\\' {
			end++
		}
	}
	return end + 1
}

// unquote reads a value that is a text.
func unquote(value []byte) (text []byte, is bool) {
	if len(value) == 0 || value[0] != '"' {
		return nil, false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], true
	}
	var s string
	err := json.Unmarshal(value, &s)
	return []byte(s), err == nil
}

// value gives a member's value as it stands, nil where there is none.
func (o object) value(name string) []byte {
	for i := range o {
		if string(o[i].name) == name {
			return o[i].value
		}
	}
	return nil
}

func (o object) has(name []byte) bool {
	for i := range o {
		if bytes.Equal(o[i].name, name) {
			return true
		}
	}
	return false
}

// text gives a member that is a text, and not an empty one.
func (o object) text(name string) (text []byte, is bool) {
	text, is = unquote(o.value(name))
	return text, is && len(text) > 0
}
