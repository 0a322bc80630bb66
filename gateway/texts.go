package gateway

import (
	"encoding/json"
	"errors"
)

// Texts is a list of texts; one alone may be written without its brackets.
type Texts []string

// UnmarshalJSON reads either form.
func (t *Texts) UnmarshalJSON(b []byte) error {
	var one string
	if len(b) > 0 && b[0] == '"' && json.Unmarshal(b, &one) == nil {
		*t = Texts{one}
		return nil
	}
	var all []string
	if json.Unmarshal(b, &all) != nil {
		return errors.New("no text, and no list of texts")
	}
	*t = all
	return nil
}

// Status is a status of HTTP, a class of them or a word for how an attempt ended, as
// it was written: 400, "400", "4xx", "tls".
type Status struct {
	Text   string
	number bool // it was written without quotes
}

// UnmarshalJSON reads a number or a text.
func (s *Status) UnmarshalJSON(b []byte) error {
	text, err := scalar(b)
	if err != nil || string(b) == "null" {
		return errors.New(`must be a status such as 400, or a text such as "4xx"`)
	}
	*s = Status{text, b[0] != '"'}
	return nil
}

// MarshalJSON writes what was read.
func (s Status) MarshalJSON() ([]byte, error) {
	if s.number {
		return []byte(s.Text), nil
	}
	return AppendString(nil, s.Text), nil
}
