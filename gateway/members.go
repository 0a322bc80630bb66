package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Members is a JSON object whose names are not ours. Its members stand, are shown and
// go out in the order in which they were written (SPEC 15).
type Members[V any] []Member[V]

// Member is one of them.
type Member[V any] struct {
	Name  string
	Value V
}

// Get gives a member's value; false where there is none of that name.
func (m Members[V]) Get(name string) (value V, found bool) {
	for i := range m {
		if m[i].Name == name {
			return m[i].Value, true
		}
	}
	return value, false
}

// Append adds a member, and gives a pointer to its value, a *V, good until the next.
func (m *Members[V]) Append(name string) any {
	*m = append(*m, Member[V]{Name: name})
	return &(*m)[len(*m)-1].Value
}

// MarshalJSON writes an object; nil is null.
func (m Members[V]) MarshalJSON() ([]byte, error) {
	if m == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	values := json.NewEncoder(&b)
	values.SetEscapeHTML(false) // whoever embeds it may
	for i := range m {
		b.WriteByte("{,"[min(i, 1)])
		b.Write(append(AppendString(nil, m[i].Name), ':'))
		if err := values.Encode(m[i].Value); err != nil {
			return nil, err
		}
	}
	if len(m) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

var errMembers = errors.New("not an object")

// UnmarshalJSON reads an object; null is nil. A name that is there twice is there
// twice: who reads what others wrote looks first (package fields).
func (m *Members[V]) UnmarshalJSON(b []byte) error {
	*m = nil
	d := json.NewDecoder(bytes.NewReader(b))
	switch open, err := d.Token(); {
	case err != nil:
		return err
	case open == nil:
		return nil
	case open != json.Delim('{'):
		return errMembers
	}
	*m = Members[V]{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if err := d.Decode(m.Append(name.(string))); err != nil {
			return err
		}
	}
	return nil
}
