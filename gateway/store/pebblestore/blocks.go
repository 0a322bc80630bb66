package pebblestore

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway/store/record"
)

// A block is the posting of many: its key ends with the lowest of those that have the
// value, and its record has the others, rising. Blocks of one value and day do not
// overlap, for each is of what lies between two floors (later.go).

// blockMost is how many are in one block: a list reads it whole.
const blockMost = 512

// postBlocks posts what is ripe of a kind.
func postBlocks(s *engine, of *later) error {
	of.posting.Lock()
	defer of.posting.Unlock()
	list, floor := of.ripe()
	if len(list) == 0 {
		return nil
	}
	b := s.newBatch(64 * len(list))
	defer b.free()
	putBlocks(b, of.block, list, &of.memory)
	putFloor(b, of.block, floor)
	if err := s.commit(b, false); err != nil {
		return err // it stays in memory
	}
	of.keep(func(one *unposted) bool { return one.u.Compare(floor) >= 0 })
	return nil
}

// putBlocks puts them in the order of their keys: that costs Pebble a fraction.
func putBlocks(b *batch, kind byte, list []unposted, memory *grouping) {
	slices.SortFunc(list, olderFirst)
	memory.group(list)
	for _, group := range memory.inOrder() {
		ids := slices.Compact(memory.ids[group.end-group.n : group.end])
		for one := range slices.Chunk(ids, blockMost) {
			b.begin(kind, group.tenant)
			b.key = append(appendPosting(b.key, group.day, group.hash), one[0][:]...)
			for _, u := range one[1:] {
				b.enc.B = append(b.enc.B, u[:]...)
			}
			b.put()
		}
	}
}

// putFloor stores up to where all is posted.
func putFloor(b *batch, block byte, floor ulid.ULID) {
	b.key = floorKey(b.key[:0], block)
	b.enc.B = b.enc.B[:0]
	b.enc.Version()
	b.enc.B = append(b.enc.B, floor[:]...)
	b.put()
}

const metaFloor = "posted-"

func floorKey(dst []byte, block byte) []byte {
	return append(append(append(dst, kindMeta), metaFloor...), block)
}

// blocks is a stream of what the blocks of one value have.
type blocks struct {
	heads posted
	head  ulid.ULID // of the block that was read last
	rest  []byte
	now   ulid.ULID
	begun bool
}

func (s *blocks) at() ulid.ULID { return s.now }

func (s *blocks) sure() bool { return true }

func (s *blocks) value() (kind byte, value []byte) { return s.heads.value() }

func (s *blocks) seek(u ulid.ULID) bool {
	if s.begun && s.now.Compare(u) <= 0 {
		return true
	}
	if !s.begun || s.head.Compare(u) > 0 {
		if !s.heads.seek(u) {
			return false
		}
		s.begun, s.head, s.rest = true, s.heads.at(), s.heads.it.Value()
	}
	s.now = s.newest(u)
	return true
}

// newest finds the newest in the block at u or below.
func (s *blocks) newest(u ulid.ULID) ulid.ULID {
	low, high := 0, len(s.rest)/ulidAt
	for low < high {
		middle := (low + high) / 2
		if bytes.Compare(s.rest[middle*ulidAt:][:ulidAt], u[:]) > 0 {
			high = middle
		} else {
			low = middle + 1
		}
	}
	if low == 0 {
		return s.head
	}
	return record.AsULID(s.rest[(low-1)*ulidAt:])
}

// recent is a stream of what is not posted yet of one value.
type recent struct{ ids []ulid.ULID } // rising

func (r *recent) at() ulid.ULID { return r.ids[len(r.ids)-1] }

func (r *recent) sure() bool { return true }

func (r *recent) value() (kind byte, value []byte) { return 0, nil }

func (r *recent) seek(u ulid.ULID) bool {
	for len(r.ids) > 0 && r.at().Compare(u) > 0 {
		r.ids = r.ids[:len(r.ids)-1]
	}
	return len(r.ids) > 0
}

// recent gives what is in memory of a value.
func (l *list) recent(kind byte, hash uint64) *recent {
	r := &recent{}
	for _, part := range l.unposted[kind] {
		for i := range part {
			one := &part[i]
			if (one.values[0] == hash || one.values[1] == hash || one.values[2] == hash) && one.tenant == l.q.Tenant {
				r.ids = append(r.ids, one.u)
			}
		}
	}
	slices.SortFunc(r.ids, ulid.ULID.Compare)
	return r
}

// posted opens all postings of a kind, as one stream for each value.
func (l *list) posted(of *later, values asking) (streams []stream) {
	for _, hash := range values.hashes {
		single, many := l.shelfmarked(of.single, hash), l.shelfmarked(of.block, hash)
		streams = append(streams, &anyOf{of: []stream{single, &blocks{heads: *many}, l.recent(of.single, hash)}})
	}
	return streams
}

// shelfmarked opens the postings of a value of one kind of keys.
func (l *list) shelfmarked(kind byte, hash uint64) *posted {
	prefix := appendPrefix(nil, kind, l.q.Tenant)
	from := binary.BigEndian.AppendUint32(slices.Clone(prefix), uint32(bucketOfULID(l.low)))
	return &posted{cursor: cursor{list: l, from: from, to: pastPrefix(prefix)}, prefix: prefix, hash: hash}
}
