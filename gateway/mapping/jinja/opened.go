package jinja

import (
	"unsafe"

	"hookgate/gateway/mapping/rawjson"
)

// opened is the object of the document that was looked into last: whoever asks for one
// of its members soon asks for another.
type opened struct {
	source  string
	members []rawjson.Member
}

// mostOpened is how many members are kept.
const mostOpened = 32

// find gives a member, of those with one name the last; nil where there is none.
func (o *opened) find(name string) []byte {
	for i := len(o.members) - 1; i >= 0; i-- {
		if m := &o.members[i]; string(m.Name) == name {
			return m.Value
		}
	}
	return nil
}

// open reads the members of an object; false where there are too many to be kept, or
// names have escapes.
func (o *opened) open(source string) bool {
	o.source, o.members = source, o.members[:0]
	raw := rawjson.Bytes(source)
	for i := 1; ; {
		m, next, ok := rawjson.NextMember(raw, i)
		switch {
		case !ok:
			return true
		case len(o.members) == mostOpened, m.Escaped: // to compare one takes as long as it is
			o.forget()
			return false
		}
		o.members = append(o.members, m)
		i = next
	}
}

func (o *opened) forget() {
	clear(o.members)
	o.source, o.members = "", o.members[:0]
}

// is says whether this very object is open, in the same place of the document.
func (o *opened) is(source string) bool {
	return len(o.source) == len(source) && unsafe.StringData(o.source) == unsafe.StringData(source)
}

// lastNamed finds a member of an object that is not kept open.
func lastNamed(raw []byte, name string) (last []byte) {
	for i := 1; ; {
		m, next, ok := rawjson.NextMember(raw, i)
		if !ok {
			return last
		}
		if i = next; string(m.Name) == name && !m.Escaped || m.Escaped && rawjson.Unescaped(m.Name) == name {
			last = m.Value
		}
	}
}
