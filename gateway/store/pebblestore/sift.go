package pebblestore

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"hookgate/gateway"
)

// What a former process left is put into the sieves beside the work of this one, a part
// after the other, with a rest between them: until it is all there, who looks something up
// asks Pebble.

const (
	siftPart = 4096 // keys
	siftRest = 5 * time.Millisecond
)

// sift fills the sieves. What cannot be read is told by who asks for it, too.
func (s *upkeep) sift() {
	now := s.opts.Now()
	for _, of := range []struct {
		sieve *sieve
		kind  byte
		first uint32
	}{
		{&s.sieves.marks, kindMark, dayOf(now)},
		{&s.sieves.names, kindNames, periodOf(now.Add(-gateway.AliasKept))},
	} {
		of.sieve.forget(of.first)
		for from, more := []byte{of.kind}, true; more; {
			var err error
			if from, err = s.siftPart(of.sieve, of.kind, from, of.first); err != nil {
				s.opts.Logger.Warn("what was taken before could not be read whole: repeats cost more to find", "error", err)
				return
			}
			if more = from != nil; more && !s.rest(siftRest) {
				return
			}
		}
		of.sieve.whole.Store(true)
	}
}

// siftPart puts in the keys of a kind from one on, and gives where to go on; nil: nowhere.
func (s *upkeep) siftPart(into *sieve, kind byte, from []byte, first uint32) (next []byte, err error) {
	it, err := s.iter(from, []byte{kind + 1})
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	n := 0
	for more := it.First(); more; n++ {
		key := it.Key()
		at := bytes.IndexByte(key, 0) + 1
		if at == 0 || len(key) < at+4 {
			return nil, corrupt(kind)
		}
		if n == siftPart {
			return bytes.Clone(key), nil
		}
		switch bucket := binary.BigEndian.Uint32(key[at:]); {
		case bucket < first:
			more = it.SeekGE(leap(key[:at], first))
		case !into.add(bucket, s.sieves.sum(key)) && bucket < math.MaxUint32:
			more = it.SeekGE(leap(key[:at], bucket+1))
		default:
			more = it.Next()
		}
	}
	return nil, it.Error()
}

// leap gives where a bucket begins of a tenant.
func leap(prefix []byte, bucket uint32) []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(prefix), bucket)
}

// rest waits a while; false when the store is closed.
func (s *upkeep) rest(long time.Duration) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.done:
		return false
	}
}
