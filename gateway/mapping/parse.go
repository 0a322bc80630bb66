package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"

	"hookgate/gateway/mapping/charset"
	"hookgate/gateway/mapping/rawjson"
)

// Form is how a body is read: by its Content-Type, or as a source says (SPEC 15).
type Form uint8

// The forms of bodies.
const (
	ByType Form = iota
	AsJSON
	AsForm
	AsText
)

// FormOf gives the form of a word; false for a word that is none. "" and auto are ByType.
func FormOf(word string) (f Form, known bool) {
	switch word {
	case "", "auto":
		return ByType, true
	case "json":
		return AsJSON, true
	case "form":
		return AsForm, true
	case "text":
		return AsText, true
	}
	return ByType, false
}

// What can be wrong with a body; each is an invalid_body, but for ErrCharset.
var (
	ErrInvalidJSON   = errors.New("the body is not JSON, or nested deeper than 128 levels")
	ErrInvalidForm   = errors.New("the body is not the multipart form that its content type says")
	ErrTooManyFields = errors.New("the form has more than 1000 fields")
	// ErrCharset is of a body that says a charset which nobody knows, or which it
	// cannot be in: an unsupported_media_type.
	ErrCharset = errors.New("the charset of the body is not known, or is none of a form's: see the WHATWG Encoding Standard")
	// ErrText is of a body with bytes that are none of its charset; what is told of it
	// names the first.
	ErrText = errors.New("the body has bytes that are none of its charset")
)

// Parse understands a body by its Content-Type (SPEC 5, 14 and 15). The document shares
// the body's memory, where it need not be decoded; its Request is the caller's to set.
// No bytes, or white space alone, is no body, whatever its type says.
func Parse(contentType string, body []byte) (Document, error) { return ByType.Parse(contentType, body) }

// Parse is Parse for a body of a form.
func (f Form) Parse(contentType string, body []byte) (Document, error) {
	if len(trimSpace(body)) == 0 {
		return Document{}, nil
	}
	essence, parameters, _ := strings.Cut(contentType, ";")
	essence = strings.TrimSpace(essence)
	if f == ByType {
		f = formOf(essence, body)
	}
	switch f {
	case AsJSON:
		return parseJSON(body)
	case AsForm:
		return parseFields(essence, contentType, parameters, body)
	}
	return parseText(essence, contentType, parameters, body)
}

// formOf gives the form that a media type names.
func formOf(essence string, body []byte) Form {
	switch {
	case isJSON(essence), essence == "" && rawjson.Valid(withoutMark(body)):
		return AsJSON
	case strings.EqualFold(essence, formType), strings.EqualFold(essence, multipartType):
		return AsForm
	}
	return AsText
}

const (
	formType      = "application/x-www-form-urlencoded"
	multipartType = "multipart/form-data"
)

func isJSON(essence string) bool {
	const plus = "+json"
	if len(essence) > len(plus) && strings.EqualFold(essence[len(essence)-len(plus):], plus) {
		return true
	}
	for _, known := range [...]string{"application/json", "text/json", "application/x-json"} {
		if strings.EqualFold(essence, known) {
			return true
		}
	}
	return false
}

// parseJSON takes no notice of a charset: JSON is UTF-8 (RFC 8259, 8.1).
func parseJSON(body []byte) (Document, error) {
	body = withoutMark(body)
	if !rawjson.Valid(body) {
		return Document{}, ErrInvalidJSON
	}
	return Document{Body: JSON, Raw: body}, nil
}

// parseText decodes text. What is of no type of texts and no UTF-8 may be anything, a
// picture or another coding: it is kept as it is.
func parseText(essence, contentType, parameters string, body []byte) (Document, error) {
	said, set, err := saidCharset(contentType, parameters)
	if err == nil && !said && isXML(essence) {
		said, set, err = xmlCharset(body)
	}
	if err != nil {
		return Document{}, err
	}
	text, bad := set.Decode(body)
	switch {
	case bad < 0:
		return Document{Body: RawText, Raw: text}, nil
	case !said && !isText(essence):
		return Document{Body: RawText, Raw: body}, nil
	}
	return Document{}, textError(set, body, bad, said)
}

func isText(essence string) bool {
	return essence == "" || len(essence) >= len("text/") && strings.EqualFold(essence[:len("text/")], "text/") || isXML(essence) ||
		strings.EqualFold(essence, formType) || strings.EqualFold(essence, multipartType)
}

func isXML(essence string) bool {
	lower := strings.ToLower(essence)
	return lower == "text/xml" || lower == "application/xml" || strings.HasSuffix(lower, "+xml")
}

// xmlCharset finds the charset that an XML declaration names (XML 1.0, 4.3.3), which
// counts where the Content-Type names none (RFC 7303, 3.2).
func xmlCharset(body []byte) (said bool, set charset.Charset, err error) {
	declaration, _, found := bytes.Cut(body[:min(len(body), maxDeclaration)], []byte("?>"))
	if !found || !bytes.HasPrefix(declaration, []byte("<?xml")) {
		return false, charset.UTF8, nil
	}
	_, rest, _ := bytes.Cut(declaration, []byte("encoding"))
	rest = bytes.TrimLeft(rest, " \t\r\n=")
	if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
		return false, charset.UTF8, nil
	}
	label, _, _ := bytes.Cut(rest[1:], rest[:1])
	set, known := charset.Of(string(label))
	if !known {
		return true, set, ErrCharset
	}
	if set.IsWide() { // it was read as single bytes, so it is none of two
		set = charset.UTF8
	}
	return true, set, nil
}

// maxDeclaration is where an XML declaration has ended, in bytes.
const maxDeclaration = 256

// saidCharset gives the charset that a Content-Type names; UTF-8 where it names none.
func saidCharset(contentType, parameters string) (said bool, set charset.Charset, err error) {
	if len(parameters) == 0 || !strings.Contains(strings.ToLower(parameters), "charset") {
		return false, charset.UTF8, nil
	}
	_, values, err := mime.ParseMediaType(contentType)
	label, said := values["charset"]
	if err != nil || !said || label == "" {
		return false, charset.UTF8, nil // no parameter that can be read
	}
	set, known := charset.Of(label)
	if !known {
		return true, set, ErrCharset
	}
	return true, set, nil
}

// textError names the first byte of a body that is none of its charset.
func textError(set charset.Charset, body []byte, at int, said bool) error {
	switch {
	case at < 0 || at >= len(body):
		return fmt.Errorf("%w, %s", ErrText, set)
	case said:
		return fmt.Errorf("%w, %s: the first is at byte %d, counted from 0", ErrText, set, at)
	}
	return fmt.Errorf("%w, utf-8: the first is at byte %d, counted from 0; name the charset in the Content-Type", ErrText, at)
}

// withoutMark drops a byte order mark, which a parser may ignore (RFC 8259, 8.1)
// and some .NET senders write.
func withoutMark(body []byte) []byte {
	if len(body) >= 3 && string(body[:3]) == "\ufeff" {
		return body[3:]
	}
	return body
}

func trimSpace(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }

// Likeness says what a body looks like, whatever its type says: JSON, where it is an
// object or a list; Fields, where it is what a form alone is; else NoBody.
func Likeness(body []byte) BodyKind {
	body = trimSpace(withoutMark(body))
	if len(body) == 0 {
		return NoBody
	}
	if isContainer(body) {
		return JSON
	}
	if body[0] == '%' || body[len(body)-1] == '=' { // what clients make of JSON as the data of a form
		if written := bytes.TrimSuffix(percentDecoded(body), []byte("=")); isContainer(trimSpace(written)) {
			return JSON
		}
	}
	if looksLikeForm(body) {
		return Fields
	}
	return NoBody
}

func isContainer(body []byte) bool {
	return len(body) > 0 && (body[0] == '{' || body[0] == '[') && rawjson.Valid(body)
}

// looksLikeForm says whether all bytes are such as forms are written in, and the first
// field has a name and a value.
func looksLikeForm(body []byte) bool {
	if i := bytes.IndexByte(body, '='); i <= 0 {
		return false
	}
	return !bytes.ContainsFunc(body, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("*-._+%&=[]~!()'", r)
	})
}
