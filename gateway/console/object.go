package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// object is a JSON object that keeps the order of its members: so that what a form writes
// reads as what the API showed.
type object []pair

type pair struct {
	name  string
	value json.RawMessage // of a member that is no object
	inner *object         // of one that is
}

var errNoObject = errors.New("is no JSON object")

// objectOf reads one; nested ones are of the same kind.
func objectOf(raw json.RawMessage) (*object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNoObject
	}
	o := &object{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		p := pair{}
		p.name, _ = t.(string)
		if err := d.Decode(&p.value); err != nil {
			return nil, err
		}
		if inner, err := objectOf(p.value); err == nil {
			p.value, p.inner = nil, inner
		}
		*o = append(*o, p)
	}
	return o, nil
}

func (o *object) find(name string) int {
	return slices.IndexFunc(*o, func(p pair) bool { return p.name == name })
}

// at gives the value at a path of names; nil: there is none.
func (o *object) at(path string) json.RawMessage {
	name, rest, nested := strings.Cut(path, ".")
	i := o.find(name)
	switch {
	case i < 0:
		return nil
	case nested && (*o)[i].inner != nil:
		return (*o)[i].inner.at(rest)
	case nested:
		return nil
	}
	return (*o)[i].raw()
}

// drop takes a member away, and the objects that are empty without it.
func (o *object) drop(path string) {
	name, rest, nested := strings.Cut(path, ".")
	i := o.find(name)
	if i < 0 {
		return
	}
	if inner := (*o)[i].inner; nested && inner != nil {
		if inner.drop(rest); len(*inner) > 0 {
			return
		}
	}
	*o = slices.Delete(*o, i, i+1)
}

// put sets a member that is not there yet; false where it is, or where what is above it is
// no object.
func (o *object) put(path string, value json.RawMessage) bool {
	name, rest, nested := strings.Cut(path, ".")
	i := o.find(name)
	switch {
	case i < 0 && !nested:
		*o = append(*o, pair{name: name, value: value})
		return true
	case i < 0:
		*o = append(*o, pair{name: name, inner: &object{}})
		i = len(*o) - 1
	case !nested || (*o)[i].inner == nil:
		return false
	}
	return (*o)[i].inner.put(rest, value)
}

func (p pair) raw() json.RawMessage {
	if p.inner == nil {
		return p.value
	}
	text, _ := p.inner.MarshalJSON() // it was JSON when it was read
	return text
}

// MarshalJSON writes it in its order.
func (o *object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, p := range *o {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := written(p.name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), p.raw()...)
	}
	return append(out, '}'), nil
}
