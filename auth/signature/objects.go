package signature

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"unicode/utf8"
)

// members gives the values of these members of a JSON object, each of which it has
// exactly once.
func members(object []byte, names ...string) (values [][]byte, ok bool) {
	values, ok = someMembers(object, names...)
	return values, ok && !slices.ContainsFunc(values, func(v []byte) bool { return v == nil })
}

// someMembers gives the values of these members of a JSON object, none of which it has
// twice: what was signed would be one of them, and what is believed the other. One that
// is not there is nil.
func someMembers(object []byte, names ...string) (values [][]byte, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	values = make([][]byte, len(names))
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return nil, false
		}
		text, _ := name.(string)
		if i := slices.Index(names, text); i >= 0 {
			if values[i] != nil {
				return nil, false
			}
			values[i] = value
		}
	}
	if _, err := decoder.Token(); err != nil { // the closing brace
		return nil, false
	}
	_, err := decoder.Token()
	return values, err == io.EOF
}

// texts gives the texts of these members, "" for one that is null or not there; false
// where one is no text, or twice there. Bytes that are no UTF-8 would all read as the same text.
func texts(object []byte, names ...string) (all []string, ok bool) {
	values, ok := someMembers(object, names...)
	if !ok || !utf8.Valid(object) {
		return nil, false
	}
	all = make([]string, len(values))
	for i, value := range values {
		if value != nil && json.Unmarshal(value, &all[i]) != nil {
			return nil, false
		}
	}
	return all, true
}

// elements gives the elements of a JSON array, of which it has at most so many.
func elements(array []byte, most int) (all []json.RawMessage, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(array))
	if open, err := decoder.Token(); err != nil || open != json.Delim('[') {
		return nil, false
	}
	for decoder.More() {
		var one json.RawMessage
		if len(all) == most || decoder.Decode(&one) != nil {
			return nil, false
		}
		all = append(all, one)
	}
	_, err := decoder.Token() // the closing bracket
	return all, err == nil
}
