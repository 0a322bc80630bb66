package mapping

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strconv"
	"strings"

	"hookgate/gateway"
)

// part is one part of a multipart form, as it came.
type part struct {
	name, filename, kind string
	text                 []byte // of a field
	size                 int64  // of a file
}

// parseMultipart reads multipart/form-data (RFC 7578). Without a boundary there
// is nothing to take apart, and the body is raw text.
func (f *form) parseMultipart(contentType string) (Document, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return parseText("", "", "", f.body)
	}
	parts, err := readParts(f.body, params["boundary"])
	if err != nil {
		return Document{}, err
	}
	if len(parts) == 0 && !bytes.Contains(f.body, []byte("--"+params["boundary"])) && Likeness(f.body) != JSON {
		return Document{}, ErrInvalidForm // what looks like JSON is told so where it has no key
	}
	for _, p := range parts {
		if p.name == charsetField {
			if err := f.named(p.text); err != nil {
				return Document{}, err
			}
		}
	}
	if err := f.fits(); err != nil {
		return Document{}, err
	}
	for _, p := range parts {
		if err := f.part(&p); err != nil {
			return Document{}, err
		}
	}
	return f.document(), nil
}

func readParts(body []byte, boundary string) (parts []part, err error) {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		next, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, ErrInvalidForm
		}
		if len(parts) == maxFields {
			return nil, ErrTooManyFields
		}
		p := part{name: next.FormName(), filename: next.FileName(), kind: next.Header.Get("Content-Type")}
		if p.filename == "" {
			p.text, err = io.ReadAll(next)
		} else {
			p.size, err = io.Copy(io.Discard, next)
		}
		if err != nil {
			return nil, ErrInvalidForm
		}
		parts = append(parts, p)
	}
}

// part adds a field, in its own charset where it names one (RFC 7578, 4.4), or what is
// known of a file: its bytes are not for the flow.
func (f *form) part(p *part) error {
	name, err := f.within([]byte(p.name), "")
	if err != nil {
		return err
	}
	if p.filename == "" {
		text, err := f.within(p.text, p.kind)
		if err != nil {
			return err
		}
		return f.add(string(name), appendJSONText(nil, text))
	}
	filename, err := f.within([]byte(p.filename), "")
	if err != nil {
		return err
	}
	return f.add(string(name), p.file(filename))
}

// within decodes a text that stands in the body, in the charset that kind names, or else
// that of the form.
func (f *form) within(text []byte, kind string) ([]byte, error) {
	set, said := f.set, f.said
	_, parameters, _ := strings.Cut(kind, ";")
	named, own, err := saidCharset(kind, parameters)
	switch {
	case err != nil:
		return nil, err
	case named:
		set, said = own, true
	}
	decoded, bad := set.Decode(text)
	if bad >= 0 {
		return nil, textError(set, f.body, bytes.Index(f.body, text)+bad, said)
	}
	return decoded, nil
}

// file is what a flow knows of a file.
func (p *part) file(name []byte) []byte {
	out := appendJSONText([]byte(`{"filename":`), name)
	out = append(out, `,"content_type":`...)
	if p.kind != "" {
		out = gateway.AppendString(out, p.kind)
	} else {
		out = append(out, "null"...)
	}
	out = append(out, `,"size":`...)
	return append(strconv.AppendInt(out, p.size, 10), '}')
}
