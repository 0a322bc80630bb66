package pebblestore

import (
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// lookup asks for some keys that are mostly not there, as every callback does. It
// is pooled, and takes none of the allocations and nearly none of the reads that
// DB.Get would: Get looks past the Bloom filters of the lowest level, where most of
// a small store lies, and makes a list of filters for each table that it opens.
type lookup struct {
	key     []byte
	it      *pebble.Iterator
	options pebble.IterOptions
	filters [1]pebble.BlockPropertyFilter // room for the one that Pebble appends
	err     error                         // of any find: the next would forget it
}

var lookups = sync.Pool{New: func() any { return &lookup{key: make([]byte, 0, 512)} }}

// begin starts a lookup among the keys of a kind and tenant.
func (s *engine) begin(kind byte, tenant string) (*lookup, error) {
	l := lookups.Get().(*lookup)
	l.key = appendPrefix(l.key[:0], kind, tenant)
	l.options = pebble.IterOptions{UseL6Filters: true, PointKeyFilters: l.filters[:0]}
	it, err := s.db.NewIter(&l.options)
	if err != nil {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	l.it = it
	return l, nil
}

// find gives the value under l.key, if there is one. It is valid until the next.
func (l *lookup) find() (value []byte, found bool) {
	if l.it.SeekPrefixGE(l.key) { // the whole key is the prefix
		return l.it.Value(), true
	}
	if err := l.it.Error(); err != nil && l.err == nil {
		l.err = err
	}
	return nil, false
}

// end ends the lookup, and tells what went wrong in it.
func (l *lookup) end(err *error) {
	if l.err != nil && *err == nil {
		*err = fmt.Errorf("reading the store: %w", l.err)
	}
	closeIter(l.it, err)
	l.it, l.err = nil, nil
	lookups.Put(l)
}
