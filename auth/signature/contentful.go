package signature

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"
)

// contentful signs method, path, the headers that it lists, and the body
// (contentful.com/developers/docs/webhooks/request-verification). Its window is half a
// minute; we look at both sides of it.
var contentful = descriptor{
	name:       "contentful",
	header:     "X-Contentful-Signature",
	timestamp:  "X-Contentful-Timestamp",
	clock:      milliseconds,
	algorithm:  sha256.New,
	encoding:   hexLower,
	window:     30 * time.Second,
	key:        contentfulKey,
	deliveryID: "header:X-Contentful-Idempotency-Key",
}

const (
	contentfulList   = "X-Contentful-Signed-Headers"
	mostListedFields = 100
)

var contentfulScheme = scheme{
	name:  contentful.name,
	reads: []string{"secrets", "tolerance"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{
			proof:      &wholeRequest{keys: contentful.keys(c, f), window: contentful.tolerance(c, f)},
			deliveryID: contentful.deliveryID,
		}
	},
}

func contentfulKey(secret string) ([]byte, error) {
	if len(secret) != 64 {
		return nil, errors.New("must be the signing secret, which has 64 characters")
	}
	return []byte(secret), nil
}

// wholeRequest proves by a text that is made of the whole request.
type wholeRequest struct {
	keys   []*key
	window time.Duration
}

func (p *wholeRequest) verify(r *Request) error {
	signature, err := r.header(contentful.header)
	if err != nil {
		return err
	}
	at, err := r.header(contentful.timestamp)
	if err != nil {
		return err
	}
	moment, ok := contentful.clock.read(at)
	if !ok {
		return refuse(Malformed, contentful.timestamp)
	}
	if err := within(p.window, r, moment, contentful.timestamp); err != nil {
		return err
	}
	head, err := contentfulHead(r)
	if err != nil {
		return err
	}
	for _, k := range p.keys {
		if k.gives(signature, contentful.encoding, head, r.Body) {
			return nil
		}
	}
	return refuse(Mismatch, contentful.header)
}

// contentfulHead gives what is signed before the body.
func contentfulHead(r *Request) ([]byte, error) {
	fields, err := contentfulFields(r)
	if err != nil {
		return nil, err
	}
	path, query, asks := strings.Cut(pathOf(r.url()), "?")
	if strings.Contains(query, "?") { // the sender leaves out what follows it
		return nil, refuse(Malformed, "URL")
	}
	if asks && query != "" {
		path += "?" + encodeComponent(query)
	}
	return []byte(r.Method + "\n" + encodeURI(path) + "\n" + fields + "\n"), nil
}

// contentfulFields gives the listed headers. The list and the time must be in it, or
// anyone could change them.
func contentfulFields(r *Request) (string, error) {
	list, err := r.header(contentfulList)
	if err != nil {
		return "", err
	}
	names := strings.Split(string(list), ",")
	slices.Sort(names)
	whole := len(names) <= mostListedFields && len(slices.Compact(slices.Clone(names))) == len(names)
	for _, name := range []string{contentfulList, contentful.timestamp} {
		whole = whole && slices.Contains(names, strings.ToLower(name))
	}
	if !whole {
		return "", refuse(Malformed, contentfulList)
	}
	var all strings.Builder
	for i, name := range names {
		if !isToken(name) || strings.ToLower(name) != name {
			return "", refuse(Malformed, contentfulList)
		}
		value, err := r.header(name)
		if err != nil {
			return "", err
		}
		if value = bytes.TrimSpace(value); movesBorder(value, names) {
			return "", refuse(Malformed, name)
		}
		if i > 0 {
			all.WriteByte(';')
		}
		all.WriteString(name + ":" + string(value))
	}
	return all.String(), nil
}

// movesBorder tells whether a value has what could be the beginning of another listed
// header.
func movesBorder(value []byte, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return bytes.Contains(value, []byte(";"+name+":")) })
}

// encodeComponent and encodeURI write as ECMAScript's functions do.
func encodeComponent(text string) string { return percentEncoded(text, "-_.!~*'()") }

func encodeURI(text string) string { return percentEncoded(text, "-_.!~*'();/?:@&=+$,#") }

func percentEncoded(text, more string) string {
	if isPlain(text, more) {
		return text
	}
	var out strings.Builder
	for i := range len(text) {
		if isPlain(text[i:i+1], more) {
			out.WriteByte(text[i])
		} else {
			const digits = "0123456789ABCDEF"
			out.Write([]byte{'%', digits[text[i]>>4], digits[text[i]&15]})
		}
	}
	return out.String()
}
