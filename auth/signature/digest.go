package signature

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"iter"
	"time"
)

// digest is a descriptor with its secrets, ready to verify and to sign.
type digest struct {
	descriptor
	template template
	keys     []*key
}

func newDigest(d descriptor, c *Config, f *faults) *digest {
	g := newFields(d, c, f)
	g.keys = d.keys(c, f)
	return g
}

// keys makes the keys of a configuration's secrets.
func (d *descriptor) keys(c *Config, f *faults) []*key {
	return secrets(c.Secrets, f, func(secret string) (*key, error) {
		raw, err := []byte(secret), error(nil)
		if d.key != nil {
			raw, err = d.key(secret)
		}
		if err == nil && len(raw) == 0 {
			err = errors.New("is empty")
		}
		return newKey(d.mac(raw)), err
	})
}

// newFields makes the digest without its keys.
func newFields(d descriptor, c *Config, f *faults) *digest {
	var err error
	g := &digest{descriptor: d}
	if g.template, err = parseTemplate(d.signed); err != nil {
		f.add("signed", "%v", err)
	}
	g.window = d.tolerance(c, f)
	return g
}

// tolerance is the configured window, or the scheme's own.
func (d *descriptor) tolerance(c *Config, f *faults) time.Duration {
	if c.Tolerance < 0 {
		f.add("tolerance", "is %s: set more than 0s", c.Tolerance)
	}
	if c.Tolerance > 0 {
		return c.Tolerance
	}
	return d.window
}

func (g *digest) verify(r *Request) error {
	_, err := g.matching(r)
	return err
}

// matching finds the key that the request is signed with.
func (g *digest) matching(r *Request) (*key, error) {
	var parts [mostParts][]byte
	value, err := g.read(r, &parts)
	if err != nil {
		return nil, err
	}
	for _, k := range g.keys {
		if g.matches(k, parts[:len(g.template)], value) {
			return k, nil
		}
	}
	return nil, refuse(Mismatch, g.header)
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
	c := content{body: r.Body, request: r, asSigned: g.asSigned}
	if g.stamped() {
		if c.timestamp, err = g.timestampOf(r, value); err != nil {
			return nil, err
		}
	}
	if g.id != "" {
		if c.id, err = g.idOf(r); err != nil {
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

// idOf returns the id that is signed. One that has what ends an id in what is
// signed is refused: in standard "a.1" with the timestamp "2" would be signed like
// "a" with the timestamp "1" and a body that begins with "2." (Standard Webhooks,
// "Signature scheme").
func (g *digest) idOf(r *Request) ([]byte, error) {
	id, err := r.header(g.id)
	if err == nil && bytes.ContainsAny(id, g.barred) {
		err = refuse(Malformed, g.id)
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
