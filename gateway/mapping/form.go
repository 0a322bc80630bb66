package mapping

import (
	"bytes"

	"hookgate/gateway"
	"hookgate/gateway/mapping/charset"
	"strings"
)

// maxFields is how many fields a form may have. Every field costs memory beside
// its bytes, and no provider comes near.
const maxFields = 1000

// charsetField names the charset of a form's fields in the form itself (HTML, "Attributes
// for form submission"; RFC 7578, 4.6).
const charsetField = "_charset_"

// form gathers fields in the order of their first appearance.
type form struct {
	body   []byte // that it is read from
	set    charset.Charset
	said   bool // somebody named it
	fields []field
	byName map[string]int
	count  int
	size   int // of the values
}

type field struct {
	name   string
	values [][]byte // as JSON
}

// parseFields reads a form of either kind.
func parseFields(essence, contentType, parameters string, body []byte) (Document, error) {
	f := form{body: body}
	var err error
	if f.said, f.set, err = saidCharset(contentType, parameters); err != nil {
		return Document{}, err
	}
	if strings.EqualFold(essence, multipartType) {
		return f.parseMultipart(contentType)
	}
	return f.parseURLEncoded()
}

// named hears which charset the form itself names: where its Content-Type names one, that
// counts.
func (f *form) named(label []byte) error {
	if f.said || len(trimSpace(label)) == 0 {
		return nil
	}
	set, known := charset.Of(string(label))
	if !known {
		return ErrCharset
	}
	f.set, f.said = set, true
	return nil
}

// fits says whether fields can be in the charset at all.
func (f *form) fits() error {
	if f.set.IsWide() {
		return ErrCharset
	}
	return nil
}

func (f *form) add(name string, value []byte) error {
	if f.count++; f.count > maxFields {
		return ErrTooManyFields
	}
	if f.byName == nil {
		f.byName = make(map[string]int)
	}
	i, known := f.byName[name]
	if !known {
		i = len(f.fields)
		f.byName[name] = i
		f.fields = append(f.fields, field{name: name})
	}
	f.fields[i].values = append(f.fields[i].values, value)
	f.size += len(name) + len(value)
	return nil
}

// document writes the fields as an object; a repeated field is an array.
func (f *form) document() Document {
	raw := append(make([]byte, 0, f.size+4*f.count+2), '{')
	for i, field := range f.fields {
		if i > 0 {
			raw = append(raw, ',')
		}
		raw = gateway.AppendString(raw, field.name)
		raw = append(raw, ':')
		if len(field.values) == 1 {
			raw = append(raw, field.values[0]...)
			continue
		}
		raw = append(raw, '[')
		raw = append(raw, bytes.Join(field.values, []byte{','})...)
		raw = append(raw, ']')
	}
	return Document{Body: Fields, Raw: append(raw, '}')}
}
