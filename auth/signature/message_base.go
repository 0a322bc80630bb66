package signature

import (
	"bytes"
	"strings"
)

// derived lists the components that are no headers (RFC 9421, section 2.2).
var derived = []string{"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"}

// base makes the text that is signed (RFC 9421, section 2.5): a line for each
// component, and a last one for the claim itself. No value has a line end, so each
// text can be made of one request only.
type base struct {
	text    []byte
	request *Request
	target  target // of the request; empty until it is asked for
}

// otherField stands in errors for a header that the sender chose to cover.
const otherField = "a field of " + messageInput

// write makes the text of a claim. own are the names that errors may tell, and that
// cost nothing to ask for.
func (b *base) write(c *claim, own []string) (err error) {
	b.text = b.text[:0]
	for _, name := range c.components[:c.count] {
		b.add(`"`, string(name), `": `)
		if name[0] == '@' {
			err = b.derive(name)
		} else {
			err = b.field(name, own)
		}
		if err != nil {
			return err
		}
		b.add("\n")
	}
	b.add(`"@signature-params": `)
	b.text = append(b.text, c.text...)
	return nil
}

func (b *base) add(parts ...string) {
	for _, part := range parts {
		b.text = append(b.text, part...)
	}
}

// field adds the value of a header, which is there once (SPEC 14): of two, a later
// hop need not believe the one that was verified.
func (b *base) field(name []byte, own []string) error {
	known, shown := "", otherField
	for _, text := range own {
		if text == string(name) {
			known, shown = text, text
		}
	}
	if known == "" {
		known = string(name)
	}
	value, n := b.request.Header.Get(known)
	value = bytes.Trim(value, " \t")
	switch {
	case n > 1:
		return refuse(DuplicateHeader, shown)
	case len(value) == 0:
		return refuse(MissingHeader, shown)
	case !isLine(value):
		return refuse(Malformed, shown)
	}
	b.text = append(b.text, value...)
	return nil
}

// derive adds a part of the request that is no header.
func (b *base) derive(name []byte) error {
	start := len(b.text)
	if string(name) != "@method" && b.target.tail == "" {
		if b.target = targetOf(b.request.url()); b.target.tail == "" {
			return refuse(Malformed, string(name))
		}
	}
	path, query, _ := strings.Cut(b.target.tail, "?")
	switch t := &b.target; string(name) {
	case "@method":
		b.add(b.request.Method)
	case "@target-uri":
		b.add(t.scheme, "://", t.authority, t.tail)
	case "@authority":
		b.add(t.authority)
	case "@scheme":
		b.add(t.scheme)
	case "@request-target":
		b.add(t.tail)
	case "@path":
		b.add(path)
	case "@query":
		b.add("?", query)
	}
	if !isLine(b.text[start:]) {
		return refuse(Malformed, string(name))
	}
	return nil
}

// target is a URL in the parts that can be signed.
type target struct {
	scheme    string // in lower case
	authority string // in lower case, and without the scheme's own port (RFC 9421, section 2.2.3)
	tail      string // path and query as received; the path is never empty
}

// targetOf splits a URL. Its tail is empty when it is none.
func targetOf(url string) (t target) {
	scheme, rest, is := strings.Cut(url, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	if !is || end == 0 {
		return t
	}
	t.scheme, t.authority, t.tail = strings.ToLower(scheme), strings.ToLower(rest[:end]), rest[end:]
	switch t.scheme {
	case "https":
		t.authority = strings.TrimSuffix(t.authority, ":443")
	case "http":
		t.authority = strings.TrimSuffix(t.authority, ":80")
	}
	if !strings.HasPrefix(t.tail, "/") {
		t.tail = "/" + t.tail
	}
	return t
}

// isLine tells whether text is printable ASCII: what else a value may have, RFC 9421
// has no form for but in components that are not known here (section 2.1).
func isLine(text []byte) bool {
	for _, c := range text {
		if (c < ' ' || c > '~') && c != '\t' {
			return false
		}
	}
	return len(text) > 0
}
