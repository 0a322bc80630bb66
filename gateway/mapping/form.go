package mapping

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strconv"

	"hookgate/gateway"
)

// maxFields is how many fields a form may have. Every field costs memory beside
// its bytes, and no provider comes near.
const maxFields = 1000

// form gathers fields in the order of their first appearance.
type form struct {
	fields []field
	byName map[string]int
	count  int
}

type field struct {
	name   string
	values [][]byte // as JSON
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
	return nil
}

// document writes the fields as an object; a repeated field is an array.
func (f *form) document(size int) Document {
	raw := append(make([]byte, 0, size+size/4), '{')
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

// parseForm reads application/x-www-form-urlencoded as browsers' parsers do (URL
// Standard, 5.1): a stray % stands for itself, so no body is invalid.
func parseForm(body []byte) (Document, error) {
	var f form
	for pair := range bytes.SplitSeq(body, []byte{'&'}) {
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte{'='})
		if err := f.add(string(percentDecoded(name)), appendJSONText(nil, percentDecoded(value))); err != nil {
			return Document{}, err
		}
	}
	return f.document(len(body)), nil
}

func percentDecoded(b []byte) []byte {
	if bytes.IndexByte(b, '%') < 0 && bytes.IndexByte(b, '+') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '+':
			out = append(out, ' ')
		case '%':
			high, low := hexAt(b, i+1), hexAt(b, i+2)
			if high < 0 || low < 0 {
				out = append(out, c)
				continue
			}
			out = append(out, byte(high<<4|low))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

func hexAt(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch c := b[i]; {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// parseMultipart reads multipart/form-data (RFC 7578). Without a boundary there
// is nothing to take apart, and the body is raw text.
func parseMultipart(contentType string, body []byte) (Document, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return Document{Body: RawText, Raw: body}, nil
	}
	var f form
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f.document(len(body)), nil
		}
		if err != nil {
			return Document{}, ErrInvalidForm
		}
		value, err := partJSON(part)
		if err != nil {
			return Document{}, ErrInvalidForm
		}
		if err := f.add(part.FormName(), value); err != nil {
			return Document{}, err
		}
	}
}

// partJSON gives a field's text, or what is known of a file: its bytes are not
// for the flow.
func partJSON(part *multipart.Part) ([]byte, error) {
	name := part.FileName()
	if name == "" {
		text, err := io.ReadAll(part)
		return appendJSONText(nil, text), err
	}
	size, err := io.Copy(io.Discard, part)
	out := gateway.AppendString([]byte(`{"filename":`), name)
	out = append(out, `,"content_type":`...)
	if kind := part.Header.Get("Content-Type"); kind != "" {
		out = gateway.AppendString(out, kind)
	} else {
		out = append(out, "null"...)
	}
	out = append(out, `,"size":`...)
	return append(strconv.AppendInt(out, size, 10), '}'), err
}
