package pebblestore

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
)

// manifest is what a manifest of Pebble's says that there must be.
type manifest struct {
	reading
	unflushed uint64            // logs below it are not needed any more
	tables    map[uint64]uint64 // the files that there must be, and their sizes
	virtual   map[uint64]bool   // tables that are part of such a file
	strange   error             // an edit that this version does not understand: the rest may be wrong
}

// The tags of an edit (internal/manifest/version_edit.go of Pebble). We write no range
// keys and separate no values, so their tags are not among them.
const (
	editComparer   = 1
	editLog        = 2
	editNextFile   = 3
	editLastSeq    = 4
	editPointer    = 5
	editDeleted    = 6
	editPrevLog    = 9
	editNewFile2   = 100
	editNewFile4   = 103
	editBacking    = 105
	editNoBacking  = 106
	fieldEnd       = 1
	fieldNotToSkip = 1 << 6
	fieldVirtual   = 66
)

func readManifest(r io.Reader) (m *manifest, err error) {
	m = &manifest{tables: map[uint64]uint64{}, virtual: map[uint64]bool{}}
	m.reading, err = readRecords(r, chunkForm{}, m.edit, nil)
	return m, err
}

// edit applies one edit. Its sum was right: what it does not understand is no damage.
func (m *manifest) edit(record []byte) error {
	d := editReader{b: record}
	added, virtual := map[uint64]uint64{}, map[uint64]bool{}
	for len(d.b) > 0 && d.err == nil {
		switch tag := d.number(); tag {
		case editComparer:
			d.bytes()
		case editLog:
			m.unflushed = max(m.unflushed, d.number())
		case editNextFile, editLastSeq, editPrevLog:
			d.number()
		case editPointer:
			d.number()
			d.bytes()
		case editDeleted: // comes before what is added: a table may move from level to level
			d.number() // its level
			number := d.number()
			if !m.virtual[number] {
				delete(m.tables, number)
			}
			delete(m.virtual, number)
		case editNewFile2, editNewFile4:
			d.number() // its level
			number, size := d.number(), d.number()
			d.bounds()
			if tag == editNewFile4 && d.fields() {
				virtual[number] = true
			} else {
				added[number] = size
			}
		case editBacking:
			number := d.number()
			added[number] = d.number()
		case editNoBacking:
			delete(m.tables, d.number())
		default:
			d.fail("an edit has the tag %d, which this version does not know", tag)
		}
	}
	maps.Copy(m.tables, added)
	maps.Copy(m.virtual, virtual)
	if m.strange == nil {
		m.strange = d.err
	}
	return nil
}

// editReader reads an edit.
type editReader struct {
	b   []byte
	err error
}

func (d *editReader) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
	d.b = nil
}

func (d *editReader) number() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.fail("an edit ends in the middle of a number")
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *editReader) bytes() {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.fail("an edit ends in the middle of a key")
		return
	}
	d.b = d.b[n:]
}

// bounds skips the keys and sequence numbers of a new table.
func (d *editReader) bounds() {
	d.bytes()
	d.bytes()
	d.number()
	d.number()
}

// fields skips the fields of a new table, and says whether it is virtual.
func (d *editReader) fields() (virtual bool) {
	for d.err == nil {
		switch field := d.number(); {
		case field == fieldEnd:
			return virtual
		case field == fieldVirtual:
			virtual = true
			d.number()
		case field&fieldNotToSkip != 0:
			d.fail("a table has the field %d, which this version does not know", field)
		default:
			d.bytes()
		}
	}
	return virtual
}
