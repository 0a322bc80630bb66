package docs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// node is a mapping of the description, in the order in which it was written.
type node yaml.MapSlice

func (n node) get(name string) any {
	for _, item := range n {
		if fmt.Sprint(item.Key) == name {
			return item.Value
		}
	}
	return nil
}

func (n node) node(name string) node {
	m, _ := n.get(name).(yaml.MapSlice)
	return node(m)
}

func (n node) text(name string) string {
	s, _ := n.get(name).(string)
	return strings.TrimSpace(s)
}

func (n node) is(name string) bool {
	b, _ := n.get(name).(bool)
	return b
}

func (n node) list(name string) []any {
	l, _ := n.get(name).([]any)
	return l
}

// page is what the template shows.
type page struct {
	Version, Intro, Style string
	Tags                  []*tag
	Schemas               []schema
}

// tag is the operations that belong together.
type tag struct {
	Name, Description string
	Operations        []operation
}

type operation struct {
	ID, Method, Path, Summary, Description string
	Sent                                   bool // hookgate sends it
	Parameters                             []parameter
	Body                                   []content
	Responses                              []response
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Type                  *shape
}

type content struct {
	Kind    string
	Type    *shape
	Example string
}

type response struct {
	Status, Description string
	Headers             []parameter
	Content             []content
}

type schema struct {
	Name string
	Type *shape
}

// description is openapi.yaml while a page is made of it.
type description struct{ root node }

// describe reads a description in OpenAPI 3.1.
func describe(text []byte) (*page, error) {
	var root yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text, &root, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("the description: %w", err)
	}
	d := description{node(root)}
	p := &page{Intro: d.root.node("info").text("description")}
	tags := map[string]*tag{}
	for _, one := range d.root.list("tags") {
		n, _ := one.(yaml.MapSlice)
		t := &tag{Name: node(n).text("name"), Description: node(n).text("description")}
		tags[t.Name] = t
		p.Tags = append(p.Tags, t)
	}
	for _, of := range []string{"paths", "webhooks"} {
		for _, item := range d.root.node(of) {
			if err := d.path(tags, item, of == "webhooks"); err != nil {
				return nil, err
			}
		}
	}
	for _, item := range d.root.node("components").node("schemas") {
		m, _ := item.Value.(yaml.MapSlice)
		p.Schemas = append(p.Schemas, schema{fmt.Sprint(item.Key), d.shape(node(m))})
	}
	slices.SortFunc(p.Schemas, func(a, b schema) int { return strings.Compare(a.Name, b.Name) })
	return p, nil
}

var methods = []string{"get", "put", "post", "delete", "head", "options", "patch"}

// path adds the operations of a path, or of a webhook, to their tags.
func (d description) path(tags map[string]*tag, item yaml.MapItem, sent bool) error {
	m, _ := item.Value.(yaml.MapSlice)
	all := d.follow(node(m))
	for _, method := range methods {
		n := all.node(method)
		if n == nil {
			continue
		}
		o := operation{
			ID: n.text("operationId"), Method: strings.ToUpper(method), Path: fmt.Sprint(item.Key), Sent: sent,
			Summary: n.text("summary"), Description: n.text("description"),
			Parameters: append(d.parameters(all.list("parameters")), d.parameters(n.list("parameters"))...),
			Body:       d.contents(d.follow(n.node("requestBody")).node("content")), Responses: d.responses(n.node("responses")),
		}
		for _, name := range n.list("tags") {
			t := tags[fmt.Sprint(name)]
			if t == nil {
				return fmt.Errorf("the description: %s has the tag %v, which is not listed", o.ID, name)
			}
			t.Operations = append(t.Operations, o)
		}
	}
	return nil
}

// follow gives what a mapping stands for, if it is a reference to a component.
func (d description) follow(n node) node {
	ref := n.text("$ref")
	if ref == "" {
		return n
	}
	to := d.root
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		to = to.node(part)
	}
	return to
}

func (d description) parameters(list []any) (all []parameter) {
	for _, one := range list {
		m, _ := one.(yaml.MapSlice)
		n := d.follow(node(m))
		all = append(all, parameter{n.text("name"), n.text("in"), n.text("description"), n.is("required"), d.shape(n.node("schema"))})
	}
	return all
}

func (d description) contents(n node) (all []content) {
	for _, item := range n {
		m, _ := item.Value.(yaml.MapSlice)
		c := content{Kind: fmt.Sprint(item.Key), Type: d.shape(node(m).node("schema"))}
		c.Example = d.example(node(m))
		all = append(all, c)
	}
	return all
}

// example gives the first example of a content, or else of its schema, as it is sent.
func (d description) example(media node) string {
	value := media.get("example")
	for _, item := range media.node("examples") {
		m, _ := item.Value.(yaml.MapSlice)
		value = d.follow(node(m)).get("value")
		break
	}
	if value == nil {
		of := d.follow(media.node("schema"))
		if value = of.get("example"); value == nil {
			if l := of.list("examples"); len(l) > 0 {
				value = l[0]
			}
		}
	}
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	text, err := json.MarshalIndent(plain(value), "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}

func (d description) responses(n node) (all []response) {
	for _, item := range n {
		m, _ := item.Value.(yaml.MapSlice)
		of := d.follow(node(m))
		r := response{Status: fmt.Sprint(item.Key), Description: of.text("description"), Content: d.contents(of.node("content"))}
		for _, h := range of.node("headers") {
			m, _ := h.Value.(yaml.MapSlice)
			n := d.follow(node(m))
			r.Headers = append(r.Headers, parameter{fmt.Sprint(h.Key), "header", n.text("description"), n.is("required"), d.shape(n.node("schema"))})
		}
		all = append(all, r)
	}
	return all
}

// object is a mapping that is written as JSON in its order.
type object yaml.MapSlice

// MarshalJSON writes the members in the order in which they stand in the description.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, item := range o {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(fmt.Sprint(item.Key))
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(plain(item.Value))
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}

// plain gives a value of YAML as encoding/json writes it.
func plain(value any) any {
	switch value := value.(type) {
	case yaml.MapSlice:
		return object(value)
	case []any:
		all := make([]any, len(value))
		for i, one := range value {
			all[i] = plain(one)
		}
		return all
	}
	return value
}
