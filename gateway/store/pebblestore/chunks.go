package pebblestore

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// Logs and manifests of Pebble are blocks of 32 KiB, each of chunks that never cross
// into the next; a record is one chunk or several (record/record.go of Pebble). A
// chunk is CRC (4 bytes), length (2), type (1), then in logs the log's number (4),
// then in newer logs how far it was synced (8), then the payload.
const (
	chunkBlock     = 32 << 10
	legacyHeader   = 7
	recycledHeader = legacyHeader + 4
	syncedHeader   = recycledHeader + 8
	batchHeader    = 12 // the least that a record of a log holds
)

// place says which part of its record a chunk is.
type place byte

const (
	whole place = iota
	first
	middle
	last
)

// chunkState says what stands at a place in a block.
type chunkState int

const (
	chunkWhole   chunkState = iota
	chunkPadding            // zeroes to the end of the block
	chunkEnd                // the trailer that ends a log which was closed
	chunkForeign            // what a log that is used again held before
	chunkZero               // nothing was written here
	chunkBad                // anything else
)

// chunk is one whole chunk.
type chunk struct {
	place   place
	payload []byte
	size    int    // with its header
	synced  uint64 // how far the log was on disk when this was written
}

// chunkForm is how chunks look in one file.
type chunkForm struct {
	log    bool // else it is a manifest
	number uint32
}

// header gives the size of the header for a type of chunk, 0 for a type that does
// not belong in the file.
func (f chunkForm) header(kind byte) int {
	switch {
	case !f.log && kind >= 1 && kind <= 4:
		return legacyHeader
	case f.log && kind >= 5 && kind <= 8:
		return recycledHeader
	case f.log && kind >= 9 && kind <= 12:
		return syncedHeader
	}
	return 0
}

// ours says whether a chunk of this file begins at b, be it whole or not.
func (f chunkForm) ours(b []byte) bool {
	if len(b) < legacyHeader {
		return false
	}
	header := f.header(b[6])
	return header > 0 && (!f.log || len(b) >= recycledHeader && binary.LittleEndian.Uint32(b[7:]) == f.number)
}

// parse looks at b, which goes on to the end of its block.
func (f chunkForm) parse(b []byte) (c chunk, state chunkState) {
	if len(b) < legacyHeader {
		return c, chunkPadding
	}
	sum, length, kind := binary.LittleEndian.Uint32(b), int(binary.LittleEndian.Uint16(b[4:])), b[6]
	header := f.header(kind)
	switch {
	case sum == 0 && length == 0 && kind == 0:
		if len(b) < syncedHeader && zeroes(b) {
			return c, chunkPadding
		}
		return c, chunkZero
	case header == 0 || header > len(b):
		return c, chunkBad
	case f.log && binary.LittleEndian.Uint32(b[7:]) != f.number:
		if sum == 0 && length == 0 && kind == 5 && binary.LittleEndian.Uint32(b[7:]) == f.number+1 {
			return c, chunkEnd
		}
		return c, chunkForeign
	case header+length > len(b):
		return c, chunkBad
	}
	if sum != chunkSum(b[6:header+length]) {
		return c, chunkBad
	}
	c = chunk{place: place((kind - 1) % 4), payload: b[header : header+length], size: header + length}
	if header == syncedHeader {
		c.synced = binary.LittleEndian.Uint64(b[11:])
	}
	return c, chunkWhole
}

// chunkSum is the masked CRC-32C of LevelDB, which Pebble kept.
func chunkSum(b []byte) uint32 {
	sum := crc32.Checksum(b, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

func zeroes(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// reading is what a file of records turned out to hold.
type reading struct {
	end     int64      // of the last whole record before the first that is not
	through int64      // of the last whole chunk before the first that is not: of a record that follows end, perhaps
	stopped chunkState // why it went no further; chunkPadding: there is no more
	clean   bool       // the file ends there, or says that it does
	cut     int64      // bytes behind end that are of this file, as far as can be told
	later   int64      // of them, bytes in whole chunks
	synced  uint64     // how far the file was on disk, by the word of chunks behind end
	endless bool       // so many zeroes follow that it was read no further
}

// mostZeroes is how far a log or a manifest may go on with nothing but zeroes: some tens of
// MiB are reserved for one. A file with a hole of a terabyte takes no room on a disk, and an
// hour to read.
const mostZeroes = 1 << 30

// lost says whether the damage is certain: what is missing had been on disk. A loss of
// power may leave less of what had no fsync yet, and not in order.
//
// An fsync of a log may end in the middle of a record: Pebble writes each block of it as
// it is full, and another commit may ask for the fsync before the record's next chunk is
// written. So what counts is how far the chunks are whole. Behind them may be known what
// is no chunk, the trailer or padding; not where a record goes on, for it fills its block.
func (r *reading) lost(known uint64) bool {
	least := int64(leastRecord)
	if r.through > r.end {
		least = 1
	}
	return int64(max(known, r.synced))-r.through >= least
}

// lostEdit is lost of a manifest: each edit has its own fsync before the next is written,
// and nothing else is in it.
func (r *reading) lostEdit(known uint64) bool { return int64(max(known, r.synced)) > r.end }

// readRecords gives each whole record up to the first that is not, then looks at what
// follows. salvage, when it is not nil, gets the whole records that follow. Records
// are only valid during the call.
func readRecords(r io.Reader, form chunkForm, visit, salvage func(record []byte) error) (reading, error) {
	s := chunkScan{form: form, visit: visit}
	buf := make([]byte, chunkBlock)
	data := int64(0) // where the last block ends that has any
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if err := s.block(buf[:n], salvage); err != nil {
				return s.reading, err
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			s.finish()
			return s.reading, nil
		default:
			return s.reading, err
		}
		if s.at += int64(n); !zeroes(buf) {
			data = s.at
		} else if s.at-data > mostZeroes {
			s.endless = true
			s.finish()
			return s.reading, nil
		}
	}
}

// chunkScan is where readRecords is.
type chunkScan struct {
	reading
	form   chunkForm
	visit  func([]byte) error
	at     int64 // of the block
	size   int64 // of what was read
	record []byte
	inside bool  // in a record of several chunks
	broken bool  // something was not whole
	tail   int64 // the end of the last thing that is of this file
}

func (s *chunkScan) block(b []byte, salvage func([]byte) error) error {
	s.size += int64(len(b))
	for off := 0; off < len(b); {
		c, state := s.form.parse(b[off:])
		switch {
		case state == chunkPadding:
			return nil
		case state == chunkWhole && s.fits(c.place):
			off += c.size
			if err := s.take(c, s.at+int64(off)); err != nil {
				return err
			}
		case !s.broken:
			s.stop(state, b[off:], s.at+int64(off), salvage)
		case state == chunkWhole: // of a record whose beginning is gone
			off += c.size
			s.inside = false
			s.heed(c, s.at+int64(off))
		default:
			s.inside = false
			off++ // what follows the damage may begin anywhere
			for off < len(b) && !s.form.ours(b[off:]) {
				off++
			}
		}
	}
	return nil
}

// fits says whether a chunk may follow the one before.
func (s *chunkScan) fits(p place) bool { return s.inside == (p == middle || p == last) }

func (s *chunkScan) take(c chunk, end int64) error {
	if s.broken {
		s.heed(c, end)
	}
	if !s.inside {
		s.record = s.record[:0]
	}
	s.record = append(s.record, c.payload...)
	if !s.broken {
		s.through = end
	}
	if s.inside = c.place == first || c.place == middle; s.inside {
		return nil
	}
	if !s.broken {
		s.end = end
	}
	if s.visit == nil {
		return nil
	}
	return s.visit(s.record)
}

// heed takes account of a whole chunk behind the damage.
func (s *chunkScan) heed(c chunk, end int64) {
	s.later += int64(c.size)
	s.synced = max(s.synced, c.synced)
	s.tail = max(s.tail, end)
}

// stop is at the first thing that is not whole. From here on everything counts as
// what follows the damage.
func (s *chunkScan) stop(state chunkState, b []byte, at int64, salvage func([]byte) error) {
	s.stopped, s.clean = state, state == chunkEnd && !s.inside
	s.broken, s.visit = true, salvage
	switch {
	case s.form.ours(b):
		s.tail = at + int64(min(s.form.header(b[6])+int(binary.LittleEndian.Uint16(b[4:])), len(b)))
	case s.inside:
		s.tail = at
	}
	s.inside = false
}

func (s *chunkScan) finish() {
	if !s.broken {
		s.stopped, s.clean = chunkPadding, !s.inside
		if s.inside {
			s.tail = s.size
		}
	}
	s.cut = max(0, s.tail-s.end)
}
