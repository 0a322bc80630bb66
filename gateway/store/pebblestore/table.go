package pebblestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// table reads what can be read of one table of Pebble's, in the order of its keys.
type table struct {
	reader    *sstable.Reader // nil: nothing can be read
	it        sstable.Iterator
	lost      func()
	deletions []deletion

	entry   tableEntry
	started bool
	behind  []tableEntry // what was found behind the damage, rising
	broken  bool
}

type tableEntry struct {
	key, value []byte
	seq        uint64
	set        bool // else the key is deleted
}

// openReader opens a table; close it with its reader.
func openReader(fs vfs.FS, name string, o *pebble.Options) (*sstable.Reader, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r, err := sstable.NewReader(context.Background(), readable, o.MakeReaderOptions())
	if err != nil {
		return nil, errors.Join(err, readable.Close())
	}
	return r, nil
}

// validateTable reads a table whole and compares all of its sums.
func validateTable(fs vfs.FS, name string, o *pebble.Options) error {
	r, err := openReader(fs, name, o)
	if err != nil {
		return err
	}
	return errors.Join(r.ValidateBlockChecksums(), r.Close())
}

// openTable opens a table of which something may be unreadable, or all.
func (b *builder) openTable(name string) *table {
	t := &table{lost: func() {
		if !slices.Contains(b.unreadable, name) {
			b.unreadable = append(b.unreadable, name)
		}
	}}
	var err error
	if t.reader, err = openReader(b.fs, b.path(name), b.s.plainOptions()); err == nil {
		t.it, err = t.reader.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	}
	if err == nil {
		err = t.readDeletions()
	}
	if err != nil {
		t.lost()
		b.s.opts.Logger.Error("a table cannot be read whole", "file", name, "error", err)
	}
	return t
}

func (t *table) readDeletions() error {
	it, err := t.reader.NewRawRangeDelIter(context.Background(), sstable.NoFragmentTransforms, sstable.NoReadEnv)
	if err != nil || it == nil {
		return err
	}
	defer it.Close()
	span, err := it.First()
	for ; span != nil && err == nil; span, err = it.Next() {
		for _, k := range span.Keys {
			t.deletions = append(t.deletions, deletion{bytes.Clone(span.Start), bytes.Clone(span.End), uint64(k.SeqNum())})
		}
	}
	return err
}

// next goes to the next entry that can be read; false when there is none.
func (t *table) next() bool {
	if t.it == nil {
		return false
	}
	if t.broken {
		return t.nextBehind()
	}
	kv := t.it.First
	if t.started {
		kv = t.it.Next
	}
	t.started = true
	if at := kv(); at != nil {
		value, _, err := at.Value(nil)
		if err == nil {
			t.entry = tableEntry{append(t.entry.key[:0], at.K.UserKey...), append(t.entry.value[:0], value...), uint64(at.SeqNum()), sets(at.Kind())}
			return true
		}
	} else if t.it.Error() == nil {
		return false
	}
	t.lost()
	t.fromBehind()
	return t.nextBehind()
}

// fromBehind reads the table from its end back to the damage. What lies between two
// damaged places is lost.
func (t *table) fromBehind() {
	t.broken = true
	reached := bytes.Clone(t.entry.key)
	for at := t.it.Last(); at != nil && (reached == nil || bytes.Compare(at.K.UserKey, reached) > 0); at = t.it.Prev() {
		value, _, err := at.Value(nil)
		if err != nil {
			break
		}
		t.behind = append(t.behind, tableEntry{bytes.Clone(at.K.UserKey), bytes.Clone(value), uint64(at.SeqNum()), sets(at.Kind())})
	}
	slices.Reverse(t.behind)
}

func (t *table) nextBehind() bool {
	if len(t.behind) == 0 {
		return false
	}
	t.entry, t.behind = t.behind[0], t.behind[1:]
	return true
}

func sets(kind pebble.InternalKeyKind) bool {
	return kind == pebble.InternalKeyKindSet || kind == pebble.InternalKeyKindSetWithDelete
}

func (t *table) close() {
	if t.it != nil {
		_ = t.it.Close() // what could not be read was told
	}
	if t.reader != nil {
		_ = t.reader.Close()
	}
}

// tablesWhole reads all tables whole. It is for who accepts the loss: a start does
// not read gigabytes.
func (i *inspection) tablesWhole(o *pebble.Options) {
	for _, name := range i.names {
		kind, number := fileOf(name)
		if kind != tableFile || i.manifestRead == nil || i.manifestRead.tables[number] == 0 {
			continue
		}
		if err := validateTable(i.fs, i.path(name), o); err != nil {
			i.found(name, "%s", fmt.Sprintf("is damaged: %v", err))
		}
	}
}
