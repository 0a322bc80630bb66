package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"hookgate/gateway/fields"
)

// Bounds of one line. Who writes a megabyte of templates must not have it kept twice more
// for each time that it is written.
const (
	maxChanges = 100
	maxText    = 256     // bytes of one value that are kept; a longer one ends in its length
	maxLine    = 8 << 10 // bytes of paths and values
)

// Value is a thing as its changes are looked for: by paths, such as verify.secrets[0].
// Marks stand in the places of secrets.
type Value map[string]any

// ValueOf gives the value of what v says as JSON; nil is nothing. In the places that are
// among secrets stands what secrets says. Numbers stay as they are written.
func ValueOf(v any, secrets map[string]string) Value {
	text, err := json.Marshal(v)
	if err != nil {
		panic("audit: what was read cannot be written: " + err.Error())
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		panic("audit: what was written cannot be read: " + err.Error())
	}
	to := Value{}
	to.add("", tree, secrets)
	return to
}

func (v Value) add(path string, tree any, secrets map[string]string) {
	switch tree := tree.(type) {
	case nil:
	case map[string]any:
		for name, member := range tree {
			v.add(fields.Member(path, name), member, secrets)
		}
	case []any:
		for i, element := range tree {
			v.add(fields.Index(path, i), element, secrets)
		}
	default:
		if mark, secret := secrets[path]; secret {
			tree = mark
		}
		if tree != "" { // an empty text is as good as none
			v[path] = tree
		}
	}
}

// Under gives the value with all of its paths below a place.
func (v Value) Under(place string, into Value) {
	for path, one := range v {
		if path != "" && path[0] != '[' {
			path = "." + path
		}
		into[place+path] = one
	}
}

// Changes lists in what after is another than before, by path; left is how many are not
// among them, for a line is bounded.
func Changes(before, after Value) (list []Change, left int) {
	paths := slices.Collect(maps.Keys(before))
	for path := range after {
		if _, both := before[path]; !both {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	size := 0
	for _, path := range paths {
		was, is := before[path], after[path]
		if was == is {
			continue
		}
		c := Change{short(path).(string), short(was), short(is)}
		size += len(c.Path) + length(c.Before) + length(c.After)
		if len(list) == maxChanges || size > maxLine {
			left++
			continue
		}
		list = append(list, c)
	}
	return list, left
}

// short cuts a text that is long: its length tells of what was cut.
func short(v any) any {
	text, is := v.(string)
	if !is || len(text) <= maxText {
		return v
	}
	cut := maxText
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "… (" + strconv.Itoa(len(text)) + " bytes)"
}

// length is about how many bytes a value has as JSON.
func length(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case json.Number:
		return len(v)
	}
	return 5
}
