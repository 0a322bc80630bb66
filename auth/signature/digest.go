package signature

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"slices"
	"sync"
	"time"
)

// digest is a descriptor with its secrets, ready to verify and to sign.
type digest struct {
	*layout
	keys []*key
}

// layout is a digest without its secrets. One that is the family's own is shared: thousands of
// endpoints sign by the same, and each would keep half a kilobyte.
type layout struct {
	descriptor
	template template
	secretAt int // the part that is the secret; -1: none is
}

// layouts are those of families that nothing configures, by their names.
var layouts sync.Map

func newDigest(d descriptor, c *Config, f *faults) *digest {
	g := newFields(d, c, f)
	g.keys = g.descriptor.keys(c, f)
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
		return d.newKey(raw), err
	})
}

// familyDigest makes the digest of a family, which is known by its name.
func familyDigest(name string, c *Config, f *faults) *digest {
	d := family(name)
	if d.configure != nil || c.Tolerance != 0 {
		return newDigest(d, c, f)
	}
	shared, is := layouts.Load(name)
	if !is {
		shared, _ = layouts.LoadOrStore(name, newLayout(d, c, f)) // a family has no faults of its own
	}
	g := &digest{layout: shared.(*layout)} //nolint:forcetypeassert // nothing else is in it
	g.keys = g.descriptor.keys(c, f)
	return g
}

// newFields makes the digest without its keys.
func newFields(d descriptor, c *Config, f *faults) *digest {
	return &digest{layout: newLayout(d, c, f)}
}

func newLayout(d descriptor, c *Config, f *faults) *layout {
	var err error
	if d.configure != nil {
		d.configure(&d, c, f)
	}
	g := &layout{descriptor: d}
	if g.template, err = parseTemplate(d.signed); err != nil {
		f.add("signed", "%v", err)
	}
	g.secretAt = slices.IndexFunc(g.template, func(p part) bool { return p.kind == partSecret })
	if g.secretAt >= 0 && !d.plain {
		f.add("signed", "%v", unknownPlaceholder("secret"))
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
	value, second, err := g.read(r, &parts)
	if err != nil {
		return nil, err
	}
	for _, k := range g.keys {
		if g.matches(k, parts[:len(g.template)], value, second) {
			return k, nil
		}
	}
	return nil, refuse(Mismatch, g.header)
}

// read finds the signatures and the bytes that they sign, once every field was
// checked that can be without a key.
func (g *digest) read(r *Request, parts *[mostParts][]byte) (value, second []byte, err error) {
	if value, second, err = g.signatures(r); err != nil {
		return nil, nil, err
	}
	for i := range g.fixed {
		if err := g.fixed[i].check(r); err != nil {
			return nil, nil, err
		}
	}
	c := content{body: r.Body, request: r, asSigned: g.asSigned}
	if g.stamped() {
		if c.timestamp, err = g.timestampOf(r, value); err != nil {
			return nil, nil, err
		}
	}
	if g.id != "" {
		if c.id, err = g.idOf(r); err != nil {
			return nil, nil, err
		}
	}
	return value, second, g.template.fill(&c, parts)
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

// matches tells whether any signature of a request is the one that k gives. It looks
// at all of them.
func (g *digest) matches(k *key, parts [][]byte, value, second []byte) bool {
	mac := k.take()
	defer k.leave(mac)
	if g.secretAt >= 0 {
		parts[g.secretAt] = k.secret
	}
	want, found := mac.text(parts, g.encoding), 0
	if g.format != nil {
		for signature := range g.format.values(value, partSignature) {
			found |= g.equal(want, signature)
		}
		return found == 1
	}
	for item := range g.items(value) {
		if signature, is := bytes.CutPrefix(item, []byte(g.prefix)); is {
			found |= g.equal(want, signature)
		}
	}
	if second != nil {
		found |= g.equal(want, second)
	}
	return found == 1
}

// withoutPadding is base64 without its padding, where that is what belongs there.
func withoutPadding(text []byte) []byte {
	plain := bytes.TrimRight(text, "=")
	if len(text)-len(plain) == -len(plain)&3 {
		return plain
	}
	return text
}

// equal compares in constant time; only the length of a signature shows.
func (g *digest) equal(want, signature []byte) int {
	if g.padless {
		want, signature = bytes.TrimRight(want, "="), withoutPadding(signature)
	}
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
