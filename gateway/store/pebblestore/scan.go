package pebblestore

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// iter opens an iterator over [from, to).
func (s *engine) iter(from, to []byte) (*pebble.Iterator, error) { return iterOf(s.db, from, to) }

// iterOf is iter over the store or a snapshot of it.
func iterOf(r pebble.Reader, from, to []byte) (*pebble.Iterator, error) {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	return it, nil
}

// readError tells what cut a scan short, of an iterator that goes on elsewhere.
func readError(it *pebble.Iterator) error {
	if err := it.Error(); err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	return nil
}

// closeIter ends a scan, and tells what cut it short.
func closeIter(it *pebble.Iterator, err *error) {
	if failed := it.Close(); failed != nil && *err == nil {
		*err = fmt.Errorf("reading the store: %w", failed)
	}
}
