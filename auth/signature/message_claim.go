package signature

import (
	"bytes"
	"time"
)

// mostComponents bounds what one signature covers.
const mostComponents = 24

// claim is what a label of Signature-Input says of its signature.
type claim struct {
	label      []byte
	text       []byte // all that it says, as received: it is signed itself
	components [mostComponents][]byte
	count      int
	unknown    bool // it has a component that is not known here
	created    []byte
	expires    []byte
	algorithm  []byte
}

// read takes a member off Signature-Input: label=("a" "b");created=1. Only the
// canonical form is read (RFC 8941, section 4.1), for it is what is signed.
func (c *claim) read(from *cursor) bool {
	var ok bool
	if c.label, ok = from.key(); !ok || !from.is('=') {
		return false
	}
	start := from.rest
	if !from.is('(') {
		return false
	}
	for first := true; !from.is(')'); first = false {
		if !first && !from.is(' ') || !c.component(from) {
			return false
		}
	}
	if !c.parameters(from) {
		return false
	}
	c.text = start[:len(start)-len(from.rest)]
	return true
}

// component takes a name off the list. One with parameters, as "x";sf, is not known
// here, nor is one that stands for anything but a header or a part of the request.
func (c *claim) component(from *cursor) bool {
	name, kind, ok := from.item()
	if !ok || kind != '"' || c.count == mostComponents || c.covers(string(name)) {
		return false
	}
	c.components[c.count] = name
	c.count++
	c.unknown = c.unknown || !isComponent(name)
	for from.is(';') {
		c.unknown = true
		if _, _, _, ok := from.parameter(); !ok {
			return false
		}
	}
	return true
}

// parameters takes what stands after the list. What is not known is signed too, and
// means nothing to us.
func (c *claim) parameters(from *cursor) bool {
	for from.is(';') {
		name, value, kind, ok := from.parameter()
		if !ok {
			return false
		}
		set, want := (*[]byte)(nil), byte(0)
		switch string(name) {
		case "created":
			set, want = &c.created, '0'
		case "expires":
			set, want = &c.expires, '0'
		case "alg":
			set, want = &c.algorithm, '"'
		default:
			continue
		}
		if kind != want || *set != nil {
			return false
		}
		*set = value
	}
	return true
}

func (c *claim) covers(name string) bool {
	for _, component := range c.components[:c.count] {
		if string(component) == name {
			return true
		}
	}
	return false
}

// fresh refuses a signature that is not of about now: without created it would be
// good for ever.
func (c *claim) fresh(r *Request, window time.Duration) error {
	const created, expires = messageInput + " created", messageInput + " expires"
	if c.created == nil {
		return refuse(MissingParameter, created)
	}
	at, ok := rfc9421.clock.read(c.created)
	if !ok {
		return refuse(Malformed, created)
	}
	if err := within(window, r, at, created); err != nil || c.expires == nil {
		return err
	}
	switch until, ok := rfc9421.clock.read(c.expires); {
	case !ok:
		return refuse(Malformed, expires)
	case r.Now.After(until):
		return refuse(Stale, expires)
	}
	return nil
}

// isComponent tells whether a name is a header's, in lower case, or one of derived.
func isComponent(name []byte) bool {
	if len(name) > 0 && name[0] == '@' {
		for _, known := range derived {
			if string(name) == known {
				return true
			}
		}
		return false
	}
	return isToken(string(name)) && !bytes.ContainsFunc(name, func(c rune) bool { return 'A' <= c && c <= 'Z' })
}
