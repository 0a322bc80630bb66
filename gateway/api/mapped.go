package api

import (
	"encoding/json"
	"errors"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// mapper tries variables out on a body that is given.
type mapper struct{ bounds mapping.Bounds }

// mappedView is how one variable came to its value.
type mappedView struct {
	Name    string      `json:"name"`
	Path    string      `json:"path"`
	Type    *string     `json:"type"`
	State   string      `json:"state"`
	Found   gateway.Raw `json:"found"`
	Value   gateway.Raw `json:"value"`
	Problem *string     `json:"problem"`
}

// try maps the variables of a request's body from another body in it (SPEC-console C5).
func (h *mapper) try(c *call) (answer, error) {
	tree, raw, err := c.body()
	if err != nil {
		return answer{}, err
	}
	var b struct {
		Variables   []gateway.Variable `json:"variables"`
		Body        gateway.Raw        `json:"body"`
		ContentType string             `json:"content_type"`
	}
	var v mapping.Values
	v.Owner(ownerOf(c))
	defer v.Release()
	if v.Hold(ownerOf(c), len(raw)) != nil {
		return answer{}, errManyMapped
	}
	f := &faults{fields.Decode(tree, &b)}
	doc := h.document(raw, b.ContentType, f)
	program, more := mapping.Compile(nil, b.Variables, h.bounds)
	if f.list = append(f.list, more...); len(f.list) > 0 {
		return answer{}, gateway.Invalid(f.list)
	}
	program.Set.Read(&doc, &v)
	all := program.Rules.Explain(&v, mapping.Verdict{Branch: gateway.Success})
	if errors.Is(v.Err(), mapping.ErrBusy) {
		return answer{}, errManyMapped
	}
	shown := make([]mappedView, len(all))
	for i, e := range all {
		shown[i] = mappedView{
			Name: e.Name, Path: e.Path, Type: orNull(e.Type), State: e.State, Found: e.Found, Value: e.Value, Problem: orNull(e.Problem),
		}
	}
	return show(200, struct {
		Variables []mappedView `json:"variables"`
	}{shown})
}

var errManyMapped = gateway.Unavailable("too much is mapped at once", time.Second)

// document reads the body that is given: any JSON value, or with a content_type the text
// of a body of that type.
func (h *mapper) document(raw []byte, kind string, f *faults) mapping.Document {
	body := written(raw, "body")
	switch {
	case body == nil:
		f.add("body", "is missing")
		return mapping.Document{}
	case kind == "":
		doc, err := mapping.Parse(jsonType, body)
		if err != nil {
			f.add("body", err.Error())
		}
		return doc
	}
	var text string
	if err := json.Unmarshal(body, &text); err != nil {
		f.add("body", "must be a text where content_type is given: the body as it is sent")
		return mapping.Document{}
	}
	doc, err := mapping.Parse(kind, []byte(text))
	if err != nil {
		f.add("body", err.Error())
	}
	return doc
}
