package signature

import (
	"fmt"
	"strings"
)

// template is what a scheme signs, in order: literal text and placeholders.
//
//	{body}         the received bytes; every template has it, once
//	{timestamp}    the text of the timestamp
//	{id}           the text of the id header, for schemes that sign one
//	{method}       GET, POST …
//	{url}          the public URL
//	{path}         its path with the query, since a query nobody signed could be changed
//	{header:Name}  the value of a header
//	{secret}       the secret, where a provider hashes it with the rest; no operator's
type template []part

type part struct {
	kind byte
	text []byte // of a literal
	name string // of a header
}

const (
	literal = iota
	partBody
	partTimestamp
	partID
	partMethod
	partURL
	partPath
	partHeader
	partSecret
	partSignature // of a format; no template has it
)

var placeholders = map[string]byte{
	"body": partBody, "timestamp": partTimestamp, "id": partID,
	"method": partMethod, "url": partURL, "path": partPath, "secret": partSecret,
}

// mostParts bounds a template, so that a request's parts have room on the stack.
const mostParts = 16

func parseTemplate(text string) (template, error) {
	var t template
	for rest := text; rest != ""; {
		before, after, open := strings.Cut(rest, "{")
		if before != "" {
			t = append(t, part{kind: literal, text: []byte(before)})
		}
		if !open {
			break
		}
		name, next, closed := strings.Cut(after, "}")
		if !closed {
			return nil, fmt.Errorf("has a { without its }")
		}
		p, err := placeholder(name)
		if err != nil {
			return nil, err
		}
		t, rest = append(t, p), next
	}
	switch {
	case t.count(partBody) != 1:
		return nil, fmt.Errorf("must have {body} once: what is not signed can be changed")
	case len(t) > mostParts:
		return nil, fmt.Errorf("has %d parts: use at most %d", len(t), mostParts)
	}
	return t, nil
}

func placeholder(name string) (part, error) {
	if header, is := strings.CutPrefix(name, "header:"); is {
		if !isToken(header) {
			return part{}, fmt.Errorf("has {%s}: no header can have this name", name)
		}
		return part{kind: partHeader, name: header}, nil
	}
	kind, known := placeholders[name]
	if !known {
		return part{}, unknownPlaceholder(name)
	}
	return part{kind: kind}, nil
}

func unknownPlaceholder(name string) error {
	return fmt.Errorf("has {%s}: known are {body}, {timestamp}, {id}, {method}, {url}, {path} and {header:Name}", name)
}

func (t template) count(kind byte) (n int) {
	for i := range t {
		if t[i].kind == kind {
			n++
		}
	}
	return n
}

// content is where the parts of a template come from. Of a message that is to be
// signed the request has a method and a URL alone, and its template asks for no
// header.
type content struct {
	body, timestamp, id []byte
	request             *Request
	asSigned            func(url string) string // nil: the URL as it was called
}

// url is what {url} stands for.
func (c *content) url() string {
	if c.asSigned == nil {
		return c.request.url()
	}
	return c.asSigned(c.request.url())
}

// fill puts the bytes of each part into parts, but for the secret: there is one of
// each key.
func (t template) fill(c *content, parts *[mostParts][]byte) (err error) {
	for i := range t {
		switch p := &t[i]; p.kind {
		case literal:
			parts[i] = p.text
		case partBody:
			parts[i] = c.body
		case partTimestamp:
			parts[i] = c.timestamp
		case partID:
			parts[i] = c.id
		case partMethod:
			parts[i] = []byte(c.request.Method)
		case partURL:
			parts[i] = []byte(c.url())
		case partPath:
			parts[i] = []byte(pathOf(c.request.url()))
		case partHeader:
			if parts[i], err = c.request.header(p.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts gives the bytes of each part of a message that is to be signed.
func (t template) parts(c *content) (parts [mostParts][]byte) {
	if err := t.fill(c, &parts); err != nil {
		panic("signature: a template for signing asks for a header") // CompileSigner refuses it
	}
	return parts
}

// pathOf cuts scheme and host off a URL.
func pathOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return rest[slash:]
	}
	return "/"
}
