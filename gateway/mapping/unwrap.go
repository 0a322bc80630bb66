package mapping

import (
	"errors"

	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
)

// Unwrap finds the JSON text in a body that is the body meant (SPEC 15). nil unwraps
// nothing.
type Unwrap struct {
	set  *Set
	slot Slot
	id   Slot // of the provider's delivery id, which stands beside what is wrapped
	// A provider's own bodies are not all wrapped.
	optional bool // a body in which there is nothing is taken as it is
	forms    bool // and so is what is no form
	texts    bool // and so is one in which there is a text that is no JSON
}

// What can be wrong with a body that should have another in it. ErrNotWrapped is an
// invalid_body that came well-formed: 422, and not 400.
var (
	ErrNotWrapped = errors.New("the body has nothing at the place that unwrap names")
	ErrWrapped    = errors.New("what the body has at the place that unwrap names is no JSON text, or nested deeper than 128 levels")
)

// CompileUnwrap compiles the path of a configured one, and of the provider's delivery id
// ("": it has none in its bodies). Faults are placed at "unwrap".
func CompileUnwrap(path, id string, b Bounds) (*Unwrap, []gateway.Fault) {
	const at = "unwrap"
	c := newCompiler(b)
	u := &Unwrap{slot: c.path(at, path), id: NoSlot}
	if id != "" {
		u.id = c.path(at, id)
	}
	if c.faults != nil {
		return nil, c.faults
	}
	u.set = c.builder.Set()
	return u, nil
}

// UnwrapForms is the Unwrap of a provider that sends some of its bodies as a form with
// one JSON text.
func UnwrapForms(field, id string, b Bounds) *Unwrap {
	u := mustUnwrap(field, id, b)
	u.optional, u.forms = true, true
	return u
}

// UnwrapTexts is the Unwrap of a provider that carries any text in its bodies, which may
// be JSON.
func UnwrapTexts(field, id string, b Bounds) *Unwrap {
	u := mustUnwrap(field, id, b)
	u.optional, u.texts = true, true
	return u
}

func mustUnwrap(path, id string, b Bounds) *Unwrap {
	u, faults := CompileUnwrap(path, id, b)
	if faults != nil {
		panic(faults[0].String()) // it is written in this program
	}
	return u
}

// ID gives the provider's delivery id of the body that Open read with v: what is wrapped
// has none.
func (u *Unwrap) ID(v *Values) Value {
	if u == nil {
		return Value{}
	}
	return v.At(u.id)
}

// Open gives the body meant. Its memory is its own, or the document's. v is read with the
// document, and left for Set.ReadAfter: all that is done with one body is one bound of work.
func (u *Unwrap) Open(doc *Document, v *Values) (Document, error) {
	u.set.Read(doc, v)
	if u.forms && doc.Body != Fields {
		return *doc, nil
	}
	found := v.At(u.slot)
	if err := v.Err(); err != nil {
		return Document{}, err
	}
	if found.Kind == Array || found.Kind == Object {
		return doc.within(found.Raw), nil
	}
	text, _ := found.Text(nil)
	text = trimSpace(text)
	switch {
	case len(text) == 0 && u.optional:
		return *doc, nil
	case len(text) == 0:
		return Document{}, ErrNotWrapped
	}
	if text = withoutMark(text); rawjson.Valid(text) {
		return Document{Body: JSON, Raw: text, Request: doc.Request}, nil
	}
	if u.texts {
		return *doc, nil
	}
	return Document{}, ErrWrapped
}

// within is the part of a document that lies there as JSON already; all of it stays what
// it is.
func (d *Document) within(raw []byte) Document {
	if len(raw) == len(trimSpace(d.Raw)) {
		return *d
	}
	return Document{Body: JSON, Raw: raw, Request: d.Request}
}
