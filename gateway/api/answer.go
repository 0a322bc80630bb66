package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// answer is what a handler says when it went well.
type answer struct {
	status      int
	contentType string
	body        []byte // nil: none
	sent        func() // is told when the memory of the body is free; nil: it was not counted
	later       bool   // it is given when there is one: see holder.hold
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
