package console

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
)

// A condition is a row of three fields: where it looks, what must hold, and the value with
// which it compares. One that three fields cannot say, as one that stands for others, is
// shown as its JSON in the field of the value.

// The words of what must hold.
const (
	testEquals  = "equals"
	testNot     = "is not"
	testIn      = "one of"
	testNotIn   = "none of"
	testExists  = "exists"
	testMissing = "is missing"
	testRegex   = "matches"
	testJSON    = "as JSON"
)

// conditionMembers are the members of a condition that have no field of their own name.
var conditionMembers = []string{"equals", "in", "exists", "regex", "not", "any"}

// conditionsAt is a list of conditions.
func conditionsAt(path string, most int) *rowsOf {
	return &rowsOf{path: path, label: "condition", conditions: true, most: most, fresh: 1, members: []member{
		{path: "path", label: "Look at", as: asText},
		{path: "test", label: "It", as: asChoice, words: []string{testEquals, testNot, testIn, testNotIn, testExists, testMissing, testRegex, testJSON}},
		{path: "value", label: "Value", as: asText},
	}}
}

// fillCondition shows a condition in the fields of a row; false: none can.
func fillCondition(rows url.Values, base string, raw json.RawMessage) bool {
	path, test, value, plain := conditionShown(raw)
	if !plain {
		var out bytes.Buffer
		if json.Compact(&out, raw) != nil || out.Len() > mostShown {
			return false
		}
		path, test, value = "", testJSON, out.String()
	}
	rows.Set(base+"path", path)
	rows.Set(base+"test", test)
	rows.Set(base+"value", value)
	return true
}

// conditionShown gives what the fields say of a condition; false: they cannot say it.
func conditionShown(raw json.RawMessage) (path, test, value string, plain bool) {
	var c struct {
		Path   string          `json:"path"`
		Equals json.RawMessage `json:"equals"`
		In     json.RawMessage `json:"in"`
		Exists *bool           `json:"exists"`
		Regex  *string         `json:"regex"`
		Not    json.RawMessage `json:"not"`
	}
	o, err := objectOf(raw)
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return "", "", "", false
	}
	if c.Not != nil {
		path, test, value, plain = conditionShown(c.Not)
		opposite := map[string]string{testEquals: testNot, testIn: testNotIn}[test]
		return path, opposite, value, plain && opposite != "" && len(*o) == 1
	}
	switch {
	case len(*o) != 2 || !oneLine(c.Path): // a path, and one that looks
	case c.Equals != nil:
		return c.Path, testEquals, valueShown(c.Equals), true
	case c.In != nil:
		value, plain = valuesShown(c.In)
		return c.Path, testIn, value, plain
	case c.Exists != nil && *c.Exists:
		return c.Path, testExists, "", true
	case c.Exists != nil:
		return c.Path, testMissing, "", true
	case c.Regex != nil:
		return c.Path, testRegex, *c.Regex, oneLine(*c.Regex)
	}
	return "", "", "", false
}

// oneLine says whether a field of one line keeps a text as it is.
func oneLine(text string) bool {
	return text != "" && text == strings.TrimSpace(text) && !strings.ContainsAny(text, "\r\n")
}

// valueShown writes a value as a field has it: a text without its quotes, unless it would
// then be read as something else.
func valueShown(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil && oneLine(text) && !json.Valid([]byte(text)) {
		return text
	}
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return string(raw)
	}
	return out.String()
}

// valuesShown writes a list: its values with commas between them, or else as JSON.
func valuesShown(raw json.RawMessage) (text string, is bool) {
	var all []json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return "", false
	}
	shown := make([]string, len(all))
	for i, one := range all {
		shown[i] = valueShown(one)
		is = is || strings.ContainsAny(shown[i], `,[{"`)
	}
	if text = strings.Join(shown, ", "); is || text == "" {
		text = valueShown(raw)
	}
	return text, true
}

// conditionOf gives the condition that the fields of a row say.
func conditionOf(form url.Values, base string) (raw json.RawMessage, faults []fault) {
	get := func(name string) string { return strings.TrimSpace(form.Get(base + name)) }
	path, test, value := get("path"), get("test"), get("value")
	if test == "" && value != "" {
		test = testEquals
	}
	c := map[string]json.RawMessage{}
	switch test {
	case testJSON:
		if path != "" {
			return nil, []fault{{base + "path", "stands in the JSON: leave this empty"}}
		}
		if _, err := objectOf(json.RawMessage(value)); err != nil || !json.Valid([]byte(value)) {
			return nil, []fault{{base + "value", "is no JSON object"}}
		}
		return json.RawMessage(value), nil
	case "":
		return nil, []fault{{base + "test", "choose what must hold"}}
	case testExists, testMissing:
		if value != "" {
			return nil, []fault{{base + "value", "stands for nothing with " + test}}
		}
		c["exists"], _ = json.Marshal(test == testExists)
	case testIn, testNotIn:
		c["in"] = valuesWritten(value)
	case testRegex:
		c["regex"], _ = json.Marshal(value)
	default:
		c["equals"] = valueWritten(value)
	}
	if path != "" {
		c["path"], _ = json.Marshal(path)
	}
	if test == testNot || test == testNotIn {
		inner, _ := json.Marshal(c)
		c = map[string]json.RawMessage{"not": inner}
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, []fault{{base + "value", err.Error()}}
	}
	return raw, nil
}

// valueWritten reads what stands in the field of a value: JSON, or else a text.
func valueWritten(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	raw, _ := written(text)
	return raw
}

func valuesWritten(text string) json.RawMessage {
	if strings.HasPrefix(text, "[") && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	all := []json.RawMessage{}
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, valueWritten(one))
		}
	}
	raw, _ := json.Marshal(all)
	return raw
}
