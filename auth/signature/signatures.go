package signature

import (
	"bytes"
	"iter"
)

// signatures reads the headers that have a signature: second is nil where there is
// none. With either, one of them is enough, and value is nil where it is the second.
func (g *digest) signatures(r *Request) (value, second []byte, err error) {
	if g.also != "" {
		var n int
		switch second, n = r.Header.Get(g.also); {
		case n > 1:
			return nil, nil, refuse(DuplicateHeader, g.also)
		case len(second) == 0:
			second = nil
		}
	}
	value, err = r.header(g.header)
	if n := 0; err != nil && g.either && second != nil {
		if _, n = r.Header.Get(g.header); n == 0 {
			return nil, second, nil
		}
	}
	if err == nil {
		err = g.form(value)
	}
	return value, second, err
}

// form refuses a value that cannot hold a signature known here.
func (g *digest) form(value []byte) error {
	if g.format != nil {
		if !g.format.signed(value) {
			return refuse(Malformed, g.header)
		}
		return nil
	}
	known, all, last := 0, 0, false
	for item := range g.items(value) {
		if last = bytes.HasPrefix(item, []byte(g.prefix)); last {
			known++
		}
		all++
	}
	switch {
	case known == 0 && g.list != 0:
		return refuse(Version, g.header)
	case known == 0, known > 1 && g.shape != anyItems, g.shape == timeFirst && (all != 2 || !last):
		return refuse(Malformed, g.header)
	}
	return nil
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
			if value = value[end+1:]; g.blanks {
				value = bytes.TrimLeft(value, " ")
			}
		}
		yield(value)
	}
}

// check refuses a request that has another value, or none.
func (x *fixed) check(r *Request) error {
	value, err := r.header(x.name)
	if err == nil && string(value) != x.value {
		err = refuse(x.reason, x.name)
	}
	return err
}
