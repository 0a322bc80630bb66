package gateway

import (
	"encoding/json"
	"errors"
)

// Signed is what a signature covers: one template (hmac), or the components of a message
// (rfc9421), in one text or as a list. It is shown as it was written.
type Signed struct {
	Text string
	List []string // nil: it was written as text
}

var errSigned = errors.New("not what is signed: write a text, or a list of texts")

// MarshalJSON writes the form that was read.
func (s Signed) MarshalJSON() ([]byte, error) {
	if s.List != nil {
		return json.Marshal(s.List)
	}
	return json.Marshal(s.Text)
}

// UnmarshalJSON reads a text, or a list of texts.
func (s *Signed) UnmarshalJSON(b []byte) error {
	var read Signed
	if json.Unmarshal(b, &read.Text) != nil && json.Unmarshal(b, &read.List) != nil {
		return errSigned
	}
	*s = read
	return nil
}
