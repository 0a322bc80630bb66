package pebblestore

import (
	"bytes"
	"cmp"
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

// shelfmark is what the things of a block have in common.
type shelfmark struct {
	tenant string
	day    bucket
	hash   uint64
}

// postBlocks posts what is ripe of a kind.
func (s *engine) postBlocks(of *later) error {
	of.posting.Lock()
	defer of.posting.Unlock()
	list, floor := of.ripe()
	if len(list) == 0 {
		return nil
	}
	b := s.newBatch(64 * len(list))
	defer b.free()
	putBlocks(b, of.block, list)
	putFloor(b, of.block, floor)
	if err := s.commit(b, false); err != nil {
		return err // it stays in memory
	}
	of.keep(func(one *unposted) bool { return one.u.Compare(floor) >= 0 })
	return nil
}

// putBlocks puts them in the order of their keys: that costs Pebble a fraction.
func putBlocks(b *batch, kind byte, list []unposted) {
	slices.SortFunc(list, olderFirst)
	for _, group := range grouped(list) {
		for one := range slices.Chunk(slices.Compact(group.ids), blockMost) {
			b.begin(kind, group.tenant)
			b.key = append(appendPosting(b.key, group.day, group.hash), one[0][:]...)
			for _, u := range one[1:] {
				b.enc.B = append(b.enc.B, u[:]...)
			}
			b.put()
		}
	}
}

// group is what becomes blocks of one value.
type group struct {
	shelfmark
	ids  []ulid.ULID
	next int // another of the same sum, -1: there is none
}

// grouped gives the groups of a list, in the order of their keys; the ids of each are in
// the order of the list.
func grouped(list []unposted) (groups []group) {
	sums := make(map[uint64]int, len(list))
	var of shelfmark
	var sum uint64
	for i := range list {
		if day := bucketOfULID(list[i].u); i == 0 || list[i].tenant != of.tenant || day != of.day {
			of.tenant, of.day = list[i].tenant, day
			sum = valueHash(0, of.tenant, "") + uint64(day)
		}
		for _, of.hash = range list[i].values {
			if of.hash == 0 {
				continue
			}
			last, found := sums[sum^of.hash]
			if !found {
				last = -1
			}
			at := last
			for at >= 0 && groups[at].shelfmark != of {
				at = groups[at].next
			}
			if at < 0 {
				at = len(groups)
				groups = append(groups, group{shelfmark: of, next: last})
				sums[sum^of.hash] = at
			}
			groups[at].ids = append(groups[at].ids, list[i].u)
		}
	}
	slices.SortFunc(groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.day, b.day), cmp.Compare(a.hash, b.hash))
	})
	return groups
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
func (l *list) posted(of *later, values asking) (streams []stream, err error) {
	for _, hash := range values.hashes {
		single, err := l.shelfmarked(of.single, hash)
		if err != nil {
			return nil, err
		}
		many, err := l.shelfmarked(of.block, hash)
		if err != nil {
			return nil, err
		}
		streams = append(streams, &anyOf{of: []stream{single, &blocks{heads: *many}, l.recent(of.single, hash)}})
	}
	return streams, nil
}

// shelfmarked opens the postings of a value of one kind of keys.
func (l *list) shelfmarked(kind byte, hash uint64) (*posted, error) {
	prefix := appendPrefix(nil, kind, l.q.Tenant)
	from := binary.BigEndian.AppendUint32(slices.Clone(prefix), uint32(bucketOfULID(l.low)))
	it, err := l.iter(from, pastPrefix(prefix))
	return &posted{it: it, prefix: prefix, hash: hash}, err
}
