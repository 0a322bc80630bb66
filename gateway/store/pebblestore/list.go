package pebblestore

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// rowsAtOnce is how many rows a list looks at where its query says nothing: some
// milliseconds.
const rowsAtOnce = 4096

// list is what a query asks for, as streams over one snapshot: else what moves from one
// place to another meanwhile would show twice or not.
type list struct {
	q         store.Query
	prefix    string // of its ids
	snapshot  *pebble.Snapshot
	iterators []*pebble.Iterator
	spare     []*pebble.Iterator // of those, what nobody needs any more
	failed    error              // why one could not be opened
	low       ulid.ULID          // nothing below is asked for
	high      ulid.ULID          // nor above
	empty     bool               // there can be nothing
	later     *laters
	unposted  map[byte][][]unposted
	look      look
	gaps      *gaps
	puts      uint64    // of gaps, before the snapshot
	old       ulid.ULID // up to where gaps may be noted
}

// lastYear is the last of which a list knows: an id has room for no more.
const lastYear = 9999

// newList begins a list; close it.
func newList(s *engine, q store.Query, idPrefix string) *list {
	unposted := s.later.views() // before the snapshot: what is posted meanwhile is in one of them
	puts, old := s.gaps.begin(s.opts.Now())
	l := &list{gaps: &s.gaps, puts: puts, old: old, q: q, prefix: idPrefix, later: s.later, unposted: unposted, snapshot: s.snapshot(), high: lastULID, look: look{left: q.Rows}}
	if l.look.left <= 0 {
		l.look.left = rowsAtOnce
	}
	l.empty = !keyable(q.Tenant) || !q.Until.IsZero() && q.Until.Unix() < 0 || q.Since.Year() > lastYear
	if q.Since.Unix() > 0 {
		l.low = floorULID(q.Since)
	}
	if !q.Until.IsZero() && q.Until.Year() <= lastYear {
		// The last millisecond may hold some that are younger than Until, and some that are older.
		l.high = below(floorULID(q.Until.Add(time.Millisecond)))
	}
	if q.Before != "" {
		u, ok := gateway.ParseID(idPrefix, q.Before)
		l.empty = l.empty || !ok
		if own := below(u); own.Compare(l.high) < 0 {
			l.high = own
		}
	}
	return l
}

// below is the ULID before one; of the first that one itself.
func below(u ulid.ULID) ulid.ULID {
	high, low := binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
	if low == 0 {
		if high == 0 {
			return u
		}
		high--
	}
	binary.BigEndian.PutUint64(u[:8], high)
	binary.BigEndian.PutUint64(u[8:], low-1)
	return u
}

func (l *list) close(err *error) {
	for _, it := range l.iterators {
		closeIter(it, err)
	}
	closeSnapshot(l.snapshot, err)
}

func (l *list) iter(from, to []byte) (*pebble.Iterator, error) {
	it, err := iterOf(l.snapshot, from, to)
	if err == nil {
		l.iterators = append(l.iterators, it)
	}
	return it, err
}

// cursor is an iterator over some keys that a stream has while it needs it: from when it is
// first asked until nothing is left. Most postings of a question are not there, and to open
// an iterator costs more than to go somewhere with one.
type cursor struct {
	list     *list // nil: the iterator is the stream's own
	from, to []byte
	it       *pebble.Iterator
}

// open says whether there is an iterator.
func (c *cursor) open() bool {
	if c.it != nil {
		return true
	}
	l := c.list
	if n := len(l.spare); n > 0 {
		c.it, l.spare = l.spare[n-1], l.spare[:n-1]
		c.it.SetBounds(c.from, c.to)
		return true
	}
	it, err := l.iter(c.from, c.to)
	if err != nil {
		l.failed = err
		return false
	}
	c.it = it
	return true
}

// done gives the iterator to whoever needs one next; but for one that was cut short, which
// would forget it: close tells.
func (c *cursor) done() {
	if c.list == nil || c.it == nil {
		return
	}
	if c.it.Error() == nil {
		c.list.spare = append(c.list.spare, c.it)
	}
	c.it = nil
}

// shelf gives the stream of what begins with a prefix.
func (l *list) shelf(prefix []byte) stream {
	from := append(slices.Clone(prefix), l.low[:]...)
	to := append(append(slices.Clone(prefix), l.high[:]...), 0)
	return &shelf{cursor: cursor{list: l, from: from, to: to}, prefix: prefix}
}

// places opens the places of some kinds as one stream.
func (l *list) places(kinds ...byte) (stream, error) {
	all := &places{}
	for _, kind := range kinds {
		switch kind {
		case kindUnfinished, kindRetrying, kindWait:
			one, err := l.passage(kind)
			if err != nil {
				return nil, err
			}
			all.leave = append(all.leave, one)
		default:
			all.stay.of = append(all.stay.of, l.shelf(appendPrefix(nil, kind, l.q.Tenant)))
		}
	}
	return all, nil
}

// run visits what a stream has, until visit wants no more. It gives where to go on when
// it looked at as many rows as it may.
func (l *list) run(s stream, visit func(kind byte, u ulid.ULID, value []byte) (more bool, err error)) (next string, err error) {
	for u := l.high; !l.empty && s.seek(u); {
		at := s.at()
		if at.Compare(l.low) < 0 {
			break
		}
		if !s.sure() {
			return record.FormatID(l.prefix, above(at)), nil
		}
		kind, value := s.value()
		if more, err := visit(kind, at, value); err != nil || !more {
			return "", err
		}
		if u = below(at); u == at {
			break
		}
		if !l.look.another() { // after one at least, lest a list never comes further
			return record.FormatID(l.prefix, at[:]), nil
		}
	}
	return "", l.failed
}

// above is the ULID after one.
func above(u ulid.ULID) []byte {
	high, low := binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
	if low++; low == 0 {
		high++
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, high), low)
}

// counted is a visit that ends the list when as many were visited as are wanted.
func counted[T any](most int, visit func(T) (more bool)) func(T) (more bool) {
	found := 0
	return func(one T) bool {
		found++
		return visit(one) && found != most
	}
}

// show runs a list, and waits until what it showed is durable.
func (s *engine) show(q store.Query, idPrefix string, run func(*list) (next string, err error)) (next string, err error) {
	if err := s.using.Enter(); err != nil {
		return "", err
	}
	defer s.using.Leave()
	if next, err = s.look(q, idPrefix, run); err != nil {
		return "", err
	}
	return next, s.overtake()
}

func (s *engine) look(q store.Query, idPrefix string, run func(*list) (next string, err error)) (next string, err error) {
	l := newList(s, q, idPrefix)
	defer l.close(&err)
	return run(l)
}
