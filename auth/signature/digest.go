package signature

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"iter"
)

// digest is a descriptor with its secrets, ready to verify and to sign.
type digest struct {
	descriptor
	template template
	keys     []*key
}

func newDigest(d descriptor, c *Config, f *faults) *digest {
	g := newFields(d, c, f)
	g.keys = secrets(c.Secrets, f, func(secret string) (*key, error) {
		raw, err := []byte(secret), error(nil)
		if d.key != nil {
			raw, err = d.key(secret)
		}
		if err == nil && len(raw) == 0 {
			err = errors.New("is empty")
		}
		return newKey(d.algorithm, raw), err
	})
	return g
}

// newFields makes the digest without its keys.
func newFields(d descriptor, c *Config, f *faults) *digest {
	var err error
	g := &digest{descriptor: d}
	if g.template, err = parseTemplate(d.signed); err != nil {
		f.add("signed", "%v", err)
	}
	switch {
	case c.Tolerance < 0:
		f.add("tolerance", "is %s: set more than 0s", c.Tolerance)
	case c.Tolerance > 0:
		g.window = c.Tolerance
	}
	return g
}

func (g *digest) verify(r *Request) error {
	var parts [mostParts][]byte
	value, err := g.read(r, &parts)
	if err != nil {
		return err
	}
	for _, k := range g.keys {
		if g.matches(k, parts[:len(g.template)], value) {
			return nil
		}
	}
	return refuse(Mismatch, g.header)
}

// read finds the value of the signature header and the bytes that it signs, once
// every field was checked that can be without a key.
func (g *digest) read(r *Request, parts *[mostParts][]byte) (value []byte, err error) {
	if value, err = r.header(g.header); err != nil {
		return nil, err
	}
	if err := g.form(value); err != nil {
		return nil, err
	}
	c := content{body: r.Body, request: r}
	if g.stamped() {
		if c.timestamp, err = g.timestampOf(r, value); err != nil {
			return nil, err
		}
	}
	if g.id != "" {
		if c.id, err = idOf(r, g.id); err != nil {
			return nil, err
		}
	}
	return value, g.template.fill(&c, parts)
}

// form refuses a value that cannot hold a signature known here.
func (g *digest) form(value []byte) error {
	for item := range g.items(value) {
		if bytes.HasPrefix(item, []byte(g.prefix)) {
			return nil
		}
	}
	if g.list == 0 {
		return refuse(Malformed, g.header)
	}
	return refuse(Version, g.header)
}

// items yields what a value lists, or the whole value when it is no list.
func (g *digest) items(value []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for g.list != 0 {
			end := bytes.IndexByte(value, g.list)
			if end < 0 {
				break
			}
			if !yield(value[:end]) {
				return
			}
			value = value[end+1:]
		}
		yield(value)
	}
}

// idOf returns the id that is signed. One with a full stop is refused, for the
// full stop ends it in what is signed: "a.1" with the timestamp "2" would be
// signed like "a" with the timestamp "1" and a body that begins with "2."
// (Standard Webhooks, "Signature scheme").
func idOf(r *Request, header string) ([]byte, error) {
	id, err := r.header(header)
	if err == nil && bytes.IndexByte(id, '.') >= 0 {
		err = refuse(Malformed, header)
	}
	return id, err
}

// matches tells whether any signature in value is the one that k gives. It looks
// at all of them.
func (g *digest) matches(k *key, parts [][]byte, value []byte) bool {
	mac := k.take()
	defer k.leave(mac)
	want, found := mac.text(parts, g.encoding), 0
	for item := range g.items(value) {
		if signature, is := bytes.CutPrefix(item, []byte(g.prefix)); is {
			found |= g.equal(want, signature)
		}
	}
	return found == 1
}

// equal compares in constant time; only the length of a signature shows.
func (g *digest) equal(want, signature []byte) int {
	if !g.upperHex || len(signature) != len(want) {
		return subtle.ConstantTimeCompare(want, signature)
	}
	var lower [len(keyed{}.out)]byte
	n := copy(lower[:], signature)
	for i, c := range lower[:n] {
		if 'A' <= c && c <= 'F' {
			lower[i] = c | 0x20
		}
	}
	return subtle.ConstantTimeCompare(want, lower[:n])
}
