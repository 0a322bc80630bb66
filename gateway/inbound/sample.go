package inbound

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
	"hookgate/gateway/requests"
)

// sampleOf makes up a body that the rules of a source read: a conversation key of its own
// where it is looked for first, what the first outcome wants, and a value for each
// variable. Paths that search or compute are left out: what then is missing, the checks
// say.
func sampleOf(s *gateway.Source, q *requests.Question) error {
	if s.Each != "" || s.Unwrap != "" || s.Body == "text" {
		return gateway.Invalid([]gateway.Fault{{Path: "body", Message: "is missing: one cannot be made up for a source with each, unwrap, or a body that is no JSON and no form"}})
	}
	key, root := "test-"+rand.Text()[:8], any(map[string]any{})
	set := func(path string, value any) {
		if steps := stepsOf(path); steps != nil {
			root = placed(root, steps, value)
		}
	}
	list := s.Variables
	if len(s.Match) > 0 {
		first := &s.Match[0]
		for i := range first.When {
			set(first.When[i].Path, wanted(&first.When[i]))
		}
		if first.Variables != nil {
			list = first.Variables
		}
	}
	for _, v := range list {
		if steps := stepsOf(v.Path); steps != nil && !has(root, steps) {
			root = placed(root, steps, sampleValues[v.Type])
		}
	}
	if steps := stepsOf(s.Dedupe.ID); steps != nil {
		root = placed(root, steps, "test-"+rand.Text())
	}
	switch first := s.ConversationKey.All()[0]; cmp.Or(first.In, mapping.InBody) {
	case mapping.InPath:
		path, query, has := strings.Cut(q.Path, "?")
		q.Path = strings.TrimSuffix(path, "/") + "/" + key
		if has {
			q.Path += "?" + query
		}
	case mapping.InQuery:
		addQuery(q, first.Path, key)
	case mapping.InHeader:
		q.Header = append(q.Header, [2]string{first.Path, key})
	default:
		set(cmp.Or(first.Path, "conversation_key"), key)
	}
	kind := "application/json"
	if s.Body == "form" {
		kind, q.Body = "application/x-www-form-urlencoded", asForm(root)
	} else {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		if err := e.Encode(root); err != nil {
			return err
		}
		q.Body = bytes.TrimRight(text.Bytes(), "\n")
	}
	if !hasField(q, "Content-Type") {
		q.Header = append(q.Header, [2]string{"Content-Type", kind})
	}
	return nil
}

// sampleValues are values of the types of variables.
var sampleValues = map[string]any{
	"": "sample", "text": "sample", "number": 1, "boolean": true, "date": "2026-01-31T12:00:00Z", "json": map[string]any{"sample": true},
}

// wanted is a value for which a condition holds, as far as one is easily told.
func wanted(c *gateway.Condition) any {
	switch {
	case c.Equals != nil:
		return json.RawMessage(*c.Equals)
	case c.In != nil && len(*c.In) > 0:
		return json.RawMessage((*c.In)[0])
	}
	return "sample"
}

// stepsOf takes a plain path of any of the three notations apart: names, and indexes as
// ints; nil for another.
func stepsOf(path string) (steps []any) {
	rest, jinja := strings.CutPrefix(path, "$.")
	switch {
	case path == "" || strings.HasPrefix(path, "header:") || strings.HasPrefix(path, "query:"):
		return nil
	case strings.HasPrefix(path, "/"):
		for part := range strings.SplitSeq(path[1:], "/") {
			if !isPlainName(part) {
				return nil
			}
			steps = append(steps, step(part))
		}
		return steps
	case !jinja:
		rest = path
	}
	for part := range strings.SplitSeq(rest, ".") {
		name, indexes, indexed := strings.Cut(part, "[")
		if !isPlainName(name) {
			return nil
		}
		steps = append(steps, step(name))
		if !indexed {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSuffix(indexes, "]"))
		if err != nil {
			return nil
		}
		steps = append(steps, n)
		if n < 0 || n > mostIndex {
			return nil
		}
	}
	return steps
}

// mostIndex bounds the lists of a sample.
const mostIndex = 20

func step(part string) any {
	if n, err := strconv.Atoi(part); err == nil && n >= 0 && n <= mostIndex {
		return n
	}
	return part
}

func isPlainName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
}

// placed gives a tree with a value at a place; what stands in its way is replaced.
func placed(tree any, steps []any, value any) any {
	if len(steps) == 0 {
		return value
	}
	if n, is := steps[0].(int); is {
		list, _ := tree.([]any)
		for len(list) <= n {
			list = append(list, nil)
		}
		list[n] = placed(list[n], steps[1:], value)
		return list
	}
	name, _ := steps[0].(string)
	object, is := tree.(map[string]any)
	if !is {
		object = map[string]any{}
	}
	object[name] = placed(object[name], steps[1:], value)
	return object
}

func has(tree any, steps []any) bool {
	for _, s := range steps {
		switch s := s.(type) {
		case int:
			list, _ := tree.([]any)
			if s >= len(list) {
				return false
			}
			tree = list[s]
		case string:
			object, _ := tree.(map[string]any)
			if tree = object[s]; tree == nil {
				return false
			}
		}
	}
	return tree != nil
}

// asForm writes the top of a tree as a form.
func asForm(tree any) []byte {
	values := url.Values{}
	object, _ := tree.(map[string]any)
	for name, value := range object {
		text, is := value.(string)
		if !is {
			written, err := json.Marshal(value)
			if err != nil {
				continue
			}
			text = strings.Trim(string(written), `"`)
		}
		values.Set(name, text)
	}
	return []byte(values.Encode())
}
