package pebblestore

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// lookup asks for some keys that are mostly not there, as every callback does. It
// is pooled, and takes none of the allocations and nearly none of the reads that
// DB.Get would: Get looks past the Bloom filters of the lowest level, where most of
// a small store lies, and makes a list of filters for each table that it opens.
//
// What a sieve lacks it does not ask Pebble for at all (sieve.go).
type lookup struct {
	s       *engine
	key     []byte
	it      *pebble.Iterator // nil: nothing was asked of Pebble yet
	options pebble.IterOptions
	filters [1]pebble.BlockPropertyFilter // room for the one that Pebble appends
	err     error                         // of any find: the next would forget it
}

var lookups = sync.Pool{New: func() any { return &lookup{key: make([]byte, 0, 512)} }}

// begin starts a lookup among the keys of a kind and tenant.
func (s *engine) begin(kind byte, tenant string) *lookup {
	l := lookups.Get().(*lookup) //nolint:forcetypeassert // the pool holds nothing else
	l.s, l.key = s, appendPrefix(l.key[:0], kind, tenant)
	return l
}

// in puts a bucket into the key, and says whether the key may be there.
func (l *lookup) in(bucket uint32, at int, of *sieve) bool {
	binary.BigEndian.PutUint32(l.key[at:], bucket)
	return !of.lacks(bucket, l.s.sieves.sum(l.key))
}

// open asks Pebble for an iterator.
func (l *lookup) open() bool {
	l.options = pebble.IterOptions{UseL6Filters: true, PointKeyFilters: l.filters[:0]}
	it, err := l.s.db.NewIter(&l.options)
	if err != nil {
		l.err = err
		return false
	}
	l.it = it
	return true
}

// find gives the value under l.key, if there is one. It is valid until the next.
func (l *lookup) find() (value []byte, found bool) {
	if l.it == nil && !l.open() {
		return nil, false
	}
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
	if l.it != nil {
		closeIter(l.it, err)
	}
	l.s, l.it, l.err = nil, nil, nil
	lookups.Put(l)
}
