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
