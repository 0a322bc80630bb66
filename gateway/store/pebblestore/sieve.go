package pebblestore

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// A mark is looked up for nearly every callback and publish, the names of a conversation
// for every wait, and nearly always in vain. To learn that from Pebble is a seek in each
// memtable and the filter of a table in each level, for each bucket: an eighth of all that
// a signed callback costs. A sieve is a Bloom filter of all keys of a kind, in memory: what
// it lacks is not in the store.
//
// It knows nothing of a key that it cannot lack for sure: before all that a former process
// left was put into it (sift.go), in a bucket that is older than that, or in one that has
// had more keys than there is memory for. Who asks then asks Pebble, as for a key that it
// has.
type sieve struct {
	most  int64 // bytes, of all buckets
	whole atomic.Bool

	mu      sync.Mutex // of who makes, widens or drops buckets
	used    int64
	low     atomic.Uint32 // buckets below it are not known
	buckets atomic.Pointer[[]*sieveBucket]
}

// sieves are the sieves of a store.
type sieves struct {
	seed         maphash.Seed
	marks, names sieve
}

// The most memory of each, in bytes: 7 million marks, and 800,000 names.
const (
	mostMarksSieve = 8 << 20
	mostNamesSieve = 1 << 20
)

func newSieves() *sieves {
	return &sieves{seed: maphash.MakeSeed(), marks: sieve{most: mostMarksSieve}, names: sieve{most: mostNamesSieve}}
}

// sum is what stands for a key: whoever sends keys does not know the seed, so he cannot
// choose some that look alike.
func (s *sieves) sum(key []byte) uint64 { return maphash.Bytes(s.seed, key) }

// sieveBucket is a filter of the keys of one bucket. It grows by parts, each twice as large
// as the one before: the few of a quiet store cost next to nothing.
type sieveBucket struct {
	bucket uint32
	over   atomic.Bool // there was no memory for all of its keys: it has none
	parts  atomic.Pointer[[]*sievePart]
}

// sievePart is a Bloom filter in which all bits of a key lie in one line of the processor's
// cache.
type sievePart struct {
	lines []sieveLine
	room  atomic.Int64 // keys that it still takes
}

type sieveLine [8]uint64

const (
	bitsPerKey  = 10
	bitsOfKey   = 5 // that are set
	lineBytes   = 64
	lineBits    = 8 * lineBytes
	leastOfPart = 4 << 10 // bytes
	mostOfPart  = 1 << 20
)

func newSievePart(bytes int64) *sievePart {
	p := &sievePart{lines: make([]sieveLine, bytes/lineBytes)}
	p.room.Store(bytes * 8 / bitsPerKey)
	return p
}

// line gives the line of a key, and bits that choose those in it. The line is chosen by
// the upper half of the sum, the bits by the lower.
func (p *sievePart) line(sum uint64) (line *sieveLine, chosen uint64) {
	return &p.lines[(sum>>32)*uint64(len(p.lines))>>32], sum * 0x9e3779b97f4a7c15
}

func (p *sievePart) add(sum uint64) {
	line, chosen := p.line(sum)
	for range bitsOfKey {
		bit := chosen % lineBits
		atomic.OrUint64(&line[bit/64], 1<<(bit%64))
		chosen /= lineBits
	}
}

func (p *sievePart) has(sum uint64) bool {
	line, chosen := p.line(sum)
	for range bitsOfKey {
		bit := chosen % lineBits
		if atomic.LoadUint64(&line[bit/64])&(1<<(bit%64)) == 0 {
			return false
		}
		chosen /= lineBits
	}
	return true
}

// add puts a key in, before it is committed. taken is false where there is no memory for
// more of its bucket.
func (s *sieve) add(bucket uint32, sum uint64) (taken bool) {
	b := s.bucket(bucket)
	if b == nil {
		b = s.make(bucket)
	}
	for b != nil && !b.over.Load() {
		parts := *b.parts.Load()
		if len(parts) > 0 && parts[len(parts)-1].room.Add(-1) >= 0 {
			parts[len(parts)-1].add(sum)
			return true
		}
		s.grow(b, len(parts))
	}
	return false
}

// lacks says that a key is not in the store. Where it does not, nobody knows.
func (s *sieve) lacks(bucket uint32, sum uint64) bool {
	if !s.whole.Load() {
		return false
	}
	b := s.bucket(bucket)
	if b == nil {
		return bucket >= s.low.Load() // which rises before a bucket is dropped
	}
	for _, p := range *b.parts.Load() {
		if p.has(sum) {
			return false
		}
	}
	return !b.over.Load()
}

func (s *sieve) bucket(bucket uint32) *sieveBucket {
	all := s.buckets.Load()
	if all == nil {
		return nil
	}
	for _, b := range *all {
		if b.bucket == bucket {
			return b
		}
	}
	return nil
}

// make makes the filter of a bucket; nil where it is too old to be known.
func (s *sieve) make(bucket uint32) *sieveBucket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.bucket(bucket); b != nil || bucket < s.low.Load() {
		return b
	}
	b := &sieveBucket{bucket: bucket}
	b.parts.Store(&[]*sievePart{})
	s.widen(b)
	all := []*sieveBucket{b}
	if before := s.buckets.Load(); before != nil {
		all = append(all, *before...)
	}
	s.buckets.Store(&all)
	return b
}

// grow gives a bucket another part, unless somebody has since it had so many.
func (s *sieve) grow(b *sieveBucket, parts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(*b.parts.Load()) == parts && !b.over.Load() {
		s.widen(b)
	}
}

// widen is grow under the lock. A bucket for which there is no more memory gives back what
// it has: a filter of some of its keys is of no use.
func (s *sieve) widen(b *sieveBucket) {
	parts := *b.parts.Load()
	size := min(int64(leastOfPart)<<len(parts), mostOfPart)
	if s.used+size > s.most {
		b.over.Store(true)
		s.used -= sizeOfParts(parts)
		b.parts.Store(&[]*sievePart{})
		return
	}
	s.used += size
	more := append(slices.Clip(parts), newSievePart(size))
	b.parts.Store(&more)
}

func sizeOfParts(parts []*sievePart) (bytes int64) {
	for _, p := range parts {
		bytes += int64(len(p.lines)) * lineBytes
	}
	return bytes
}

// forget drops the buckets below one: nobody looks into them but who goes by a clock that
// was set back, and he asks Pebble.
func (s *sieve) forget(below uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if below <= s.low.Load() {
		return
	}
	s.low.Store(below)
	before := s.buckets.Load()
	if before == nil {
		return
	}
	var kept []*sieveBucket
	for _, b := range *before {
		if b.bucket >= below {
			kept = append(kept, b)
			continue
		}
		s.used -= sizeOfParts(*b.parts.Load())
	}
	s.buckets.Store(&kept)
}
