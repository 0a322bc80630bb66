package docs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// shape is a schema as it is shown: a word for what it is, and what is in it.
type shape struct {
	Text        string // "string", "array of string", "one of"
	Ref         string // the name of the schema that it is; its Text is empty
	Description string
	Facts       []string // what else holds: its words, bounds, pattern
	Members     []member
	Items       *shape   // of an array, or the values of a map, where they are more than a word
	Parts       []*shape // of one of, any of, all of
}

type member struct {
	Name               string
	Required, ReadOnly bool
	Type               *shape
}

// shape reads a schema; of references the name alone.
func (d description) shape(n node) *shape {
	if n == nil {
		return nil
	}
	if ref := n.text("$ref"); ref != "" {
		return &shape{Ref: ref[strings.LastIndexByte(ref, '/')+1:], Description: n.text("description")}
	}
	s := &shape{Description: n.text("description"), Facts: facts(n), Text: strings.Join(words(n.get("type")), " or ")}
	for _, of := range []struct{ name, says string }{{"allOf", "all of"}, {"anyOf", "one of"}, {"oneOf", "one of"}} {
		for _, one := range n.list(of.name) {
			m, _ := one.(yaml.MapSlice)
			s.Parts = append(s.Parts, d.shape(node(m)))
			s.Text = of.says
		}
	}
	if len(s.Parts) == 1 { // a reference with words of its own
		only := *s.Parts[0]
		if s.Description != "" {
			only.Description = s.Description
		}
		only.Facts = append(only.Facts, s.Facts...)
		return &only
	}
	if items := n.node("items"); items != nil {
		s.Text, s.Items = "list of", d.shape(items)
	}
	if values := n.node("additionalProperties"); values != nil {
		s.Text, s.Items = "by name", d.shape(values)
	}
	required := n.list("required")
	for _, item := range n.node("properties") {
		m, _ := item.Value.(yaml.MapSlice)
		name := fmt.Sprint(item.Key)
		s.Members = append(s.Members, member{name, slices.Contains(required, any(name)), node(m).is("readOnly"), d.shape(node(m))})
	}
	if s.Text == "" {
		s.Text = "anything"
		if s.Members != nil {
			s.Text = "object"
		}
	}
	return s
}

// words gives a text, or each text of a list.
func words(value any) (all []string) {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		for _, one := range value {
			if one == nil {
				one = "null"
			}
			all = append(all, fmt.Sprint(one))
		}
	}
	return all
}

// facts lists what a schema says of its values beside their type.
func facts(n node) (all []string) {
	if w := words(n.get("enum")); w != nil {
		all = append(all, strings.Join(w, ", "))
	}
	for _, of := range []struct{ name, says string }{
		{"const", "is %v"}, {"minimum", "at least %v"}, {"maximum", "at most %v"}, {"exclusiveMinimum", "more than %v"},
		{"minLength", "at least %v long"}, {"maxLength", "at most %v long"}, {"minItems", "at least %v items"}, {"maxItems", "at most %v items"},
		{"maxProperties", "at most %v members"}, {"pattern", "fits %v"}, {"format", "%v"}, {"default", "default %v"},
	} {
		if value := n.get(of.name); value != nil {
			all = append(all, fmt.Sprintf(of.says, value))
		}
	}
	return all
}
