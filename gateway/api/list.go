package api

import "net/http"

// extent is how much of each of its things a list shows.
type extent int

const (
	// bare is without anything that is large: for one thing that is over the bound of
	// a list by itself.
	bare extent = iota
	// plain is without the bodies of answers and callbacks.
	plain
	// full is with them: ?include=bodies.
	full
)

// list is a list while it is written, item by item. It ends early where the next item
// would take it over its bound (SPEC 16), and its cursor goes on right there.
type list struct {
	text
	page
	extent extent
	items  int
	more   bool // there is one that is not in it
	work   int  // memory that is taken for the one item that is being read
	listed func(int64)
}

// tail is room for how a list ends.
const tail = len(`],"next_cursor":""}`) + 128

// list begins a list. Reading takes memory too: with bodies as much as half a list,
// for that is what one item may have.
func (c *call) list(p page, e extent) (*list, error) {
	l := &list{page: p, extent: e, listed: c.listed, work: c.listAnswer / 8}
	if e == full {
		l.work = c.listAnswer / 2
	}
	l.text = text{most: c.listAnswer, tail: tail, growth: 8, memory: c.memory()}
	if err := l.memory.take(l.work); err != nil {
		return nil, err
	}
	l.raw(`{"data":[`)
	return l, nil
}

// add adds the item that write writes, and says whether the list takes more. An item
// that no list has room for is written bare, in a list of its own: who pages comes
// past it, and reads it by itself.
func (l *list) add(id string, write func(*text, extent)) (more bool) {
	if l.items == l.limit {
		l.more = true
		return false
	}
	mark := len(l.b)
	if l.items > 0 {
		l.raw(",")
	}
	write(&l.text, l.extent)
	if l.err == errOver {
		l.b, l.err, l.more = l.b[:mark], nil, l.items > 0
		if l.more {
			return false
		}
		l.most, l.growth = l.most+maxBare, 2
		write(&l.text, bare)
		l.most += len(l.b) - maxBare
	}
	l.items, l.after = l.items+1, id
	return l.err == nil
}

// maxBare is how much further a list goes for an item that is over its bound even
// when it is bare, in bytes.
const maxBare = 64 << 20

// answer ends the list.
func (l *list) answer() (answer, error) {
	if !l.more {
		return l.close(`],"next_cursor":null}`)
	}
	return l.close(`],"next_cursor":"` + cursorOf(l.after) + `"}`)
}

func (l *list) close(end string) (answer, error) {
	l.memory.give(l.work)
	l.tail = 0
	l.raw(end)
	if l.listed != nil {
		l.listed(int64(len(l.b)))
	}
	return l.text.answer(http.StatusOK)
}
