package pebblestore

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway/store/record"
)

// stream gives ULIDs, falling: what a list looks at.
type stream interface {
	// seek goes to the newest at u or below; false when there is none. u falls from
	// call to call.
	seek(u ulid.ULID) bool
	// at is where it stands.
	at() ulid.ULID
	// sure is false where it gave up: nothing is above where it stands.
	sure() bool
	// value is the record there, and the kind of its place.
	value() (kind byte, value []byte)
}

// shelf is a stream of all keys that are a prefix and a ULID: a place of records, or
// the postings of one value in one day.
type shelf struct {
	cursor
	prefix []byte
	key    []byte
	now    ulid.ULID
	begun  bool
	ended  bool
}

func (s *shelf) at() ulid.ULID { return s.now }

func (s *shelf) sure() bool { return true }

func (s *shelf) value() (kind byte, value []byte) { return s.prefix[0], s.it.Value() }

func (s *shelf) seek(u ulid.ULID) bool {
	if s.ended {
		return false
	}
	if s.begun && s.now.Compare(u) <= 0 {
		return true
	}
	if s.begun && s.is(s.it.Prev()) && s.now.Compare(u) <= 0 { // a list goes by small steps
		return true
	}
	s.begun = true
	s.key = append(append(append(s.key[:0], s.prefix...), u[:]...), 0)
	return !s.ended && s.is(s.open() && s.it.SeekLT(s.key))
}

// is takes note of where the iterator stands.
func (s *shelf) is(valid bool) bool {
	if !valid {
		s.ended = true
		s.done()
		return false
	}
	s.now = record.AsULID(tailULID(s.it.Key()))
	return true
}

// posted is a stream of all that has postings of one value, in any day.
type posted struct {
	cursor // over all postings of a kind and tenant
	prefix []byte
	hash   uint64
	key    []byte
	now    ulid.ULID
	begun  bool
	ended  bool
}

func (p *posted) at() ulid.ULID { return p.now }

func (p *posted) sure() bool { return true }

func (p *posted) value() (kind byte, value []byte) { return p.prefix[0], nil }

func (p *posted) seek(u ulid.ULID) bool {
	if p.ended {
		return false
	}
	if p.begun && p.now.Compare(u) <= 0 {
		return true
	}
	if p.begun && p.it.Prev() && p.is(bucketOfULID(p.now)) && p.now.Compare(u) <= 0 {
		return true
	}
	p.begun = true
	return p.leap(u)
}

// leap seeks day by day, past those on which nothing was posted.
func (p *posted) leap(u ulid.ULID) bool {
	for day := bucketOfULID(u); p.open(); u = lastULID {
		p.key = appendPosting(append(p.key[:0], p.prefix...), day, p.hash)
		p.key = append(append(p.key, u[:]...), 0)
		if !p.it.SeekLT(p.key) {
			break
		}
		if p.is(day) {
			return true
		}
		last, ok := bucketIn(p.it.Key(), p.prefix)
		if !ok || day == 0 {
			break
		}
		day = min(bucket(last), day-1)
	}
	p.ended = true
	p.done()
	return false
}

// is says whether the iterator stands on the value's postings of a day.
func (p *posted) is(day bucket) bool {
	rest := p.it.Key()[len(p.prefix):]
	if len(rest) != postingSize || bucket(binary.BigEndian.Uint32(rest)) != day || binary.BigEndian.Uint64(rest[4:]) != p.hash {
		return false
	}
	p.now = record.AsULID(rest[4+8:])
	return true
}

// postingSize is how many bytes of a posting's key follow its prefix.
const postingSize = 4 + 8 + ulidAt

// lastULID is above all that a time can have.
var lastULID = ulid.ULID(bytes.Repeat([]byte{0xff}, ulidAt))

// anyOf is a stream of all that one of several has.
type anyOf struct {
	of  []stream
	top stream
}

func (a *anyOf) at() ulid.ULID { return a.top.at() }

func (a *anyOf) sure() bool { return a.top.sure() }

func (a *anyOf) value() (kind byte, value []byte) { return a.top.value() }

func (a *anyOf) seek(u ulid.ULID) bool {
	a.top = nil
	a.of = slices.DeleteFunc(a.of, func(s stream) bool {
		if !s.seek(u) {
			return true
		}
		if a.top == nil || s.at().Compare(a.top.at()) > 0 {
			a.top = s
		}
		return false
	})
	return a.top != nil
}

// look is how many rows a list may look at.
type look struct{ left int }

// another takes one; false when there are none left.
func (l *look) another() bool {
	l.left--
	return l.left > 0
}
