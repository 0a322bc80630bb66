package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/fields"
)

// answer is what a handler says when it went well.
type answer struct {
	status      int
	contentType string
	body        []byte // nil: none
	sent        func() // is told when the memory of the body is free; nil: it was not counted
	later       bool   // it is given when there is one: see call.hold
}

const jsonType = "application/json"

// wrote gives 201 for what was created, else 200.
func wrote(created bool) int {
	if created {
		return http.StatusCreated
	}
	return http.StatusOK
}

// show answers with v as JSON.
func show(status int, v any) (answer, error) {
	text, err := encode(v)
	if err != nil {
		return answer{}, err
	}
	return answer{status: status, contentType: jsonType, body: text}, nil
}

// encode gives v as JSON. HTML is not escaped: the answer is none.
func encode(v any) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("writing an answer: %w", err)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

var nothing = answer{status: http.StatusNoContent}

// body reads the request's JSON into a tree. Its Content-Type is not looked at:
// there is nothing else that it could be.
func (c *call) body() (tree any, raw []byte, err error) { return c.bodyUpTo(maxBody) }

// maxResource is the most that one resource may be written in, in bytes: while it is
// checked other writers wait, and it is kept in memory.
const maxResource = 2 << 20

// resource reads a part of the configuration.
func (c *call) resource() (tree any, err error) {
	tree, _, err = c.bodyUpTo(maxResource)
	return tree, err
}

func (c *call) bodyUpTo(most int64) (tree any, raw []byte, err error) {
	raw, err = edge.ReadBody(c.ctx, most)
	if err != nil {
		return nil, nil, err
	}
	if err = edge.Charge(c.ctx, treeMemory(raw)); err != nil {
		return nil, nil, err
	}
	tree, err = fields.Parse(raw)
	return tree, raw, err
}

// treeMemory is about what a tree of this text takes, in bytes: each value has a place
// in a list or a map, however short its text is. That of a small text is not counted.
func treeMemory(text []byte) int64 {
	if len(text) <= smallText {
		return 0
	}
	const place = 64
	n := len(text)
	for _, mark := range []byte{',', ':', '[', '{'} {
		n += place * bytes.Count(text, []byte{mark})
	}
	return int64(n)
}

const smallText = 4 << 10

func invalid(path, format string, args ...any) error {
	return gateway.Invalid([]gateway.Fault{{Path: path, Message: fmt.Sprintf(format, args...)}})
}
