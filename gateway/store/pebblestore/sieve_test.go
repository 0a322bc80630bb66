package pebblestore

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// keySums gives the sums of some keys, each another.
func keySums(from, n int) []uint64 {
	of := newSieves()
	sums := make([]uint64, n)
	for i := range sums {
		sums[i] = of.sum(binary.BigEndian.AppendUint64(nil, uint64(from+i)))
	}
	return sums
}

func wholeSieve(most int64) *sieve {
	s := &sieve{most: most}
	s.whole.Store(true)
	return s
}

// TestSieveHas: a sieve lacks nothing that was put into it, whoever puts more in beside it,
// and nearly all else.
func TestSieveHas(t *testing.T) {
	s := wholeSieve(8 << 20)
	const n, buckets = 20_000, 3
	sums := keySums(0, n)
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := part; i < n; i += 4 {
				if bucket := uint32(i % buckets); !s.add(bucket, sums[i]) || s.lacks(bucket, sums[i]) {
					t.Errorf("key %d is lacking when it was put in", i)
					return
				}
			}
		})
	}
	wg.Wait()
	wrong := 0
	for i, sum := range sums {
		if s.lacks(uint32(i%buckets), sum) {
			t.Fatalf("key %d is lacking", i)
		}
		if !s.lacks(uint32((i+1)%buckets), sum) {
			wrong++
		}
	}
	if wrong > n/20 {
		t.Errorf("%d of %d keys that are not there are not lacking", wrong, n)
	}
	if !s.lacks(buckets, sums[0]) {
		t.Error("a bucket without a key has one")
	}
}

// TestSieveOver: what there is no memory for is not known, and costs none.
func TestSieveOver(t *testing.T) {
	s := wholeSieve(3 * leastOfPart)
	small, large := uint32(7), uint32(8)
	sums := keySums(0, 10_000)
	if !s.add(small, sums[0]) {
		t.Fatal("the first key is not taken")
	}
	taken := 0
	for _, sum := range sums {
		if s.add(large, sum) {
			taken++
		}
		if s.lacks(large, sum) {
			t.Fatal("a key is lacking that was put in")
		}
	}
	if taken == 0 || taken == len(sums) {
		t.Errorf("%d of %d keys were taken", taken, len(sums))
	}
	if s.used != leastOfPart {
		t.Errorf("%d bytes are used, not those of the small bucket alone", s.used)
	}
	if s.lacks(large, keySums(10_000, 1)[0]) {
		t.Error("a bucket with more keys than memory claims to lack one")
	}
	if s.lacks(small, sums[0]) || !s.lacks(small, sums[1]) {
		t.Error("the small bucket does not know its keys any more")
	}
}

// TestSieveForgets: of a bucket that was forgotten nothing is known, also where somebody
// puts a key into it again.
func TestSieveForgets(t *testing.T) {
	s := wholeSieve(1 << 20)
	sums := keySums(0, 2)
	s.add(7, sums[0])
	s.add(8, sums[0])
	s.forget(8)
	s.forget(5) // a clock that was set back
	if s.add(7, sums[0]) || s.lacks(7, sums[0]) || s.lacks(7, sums[1]) {
		t.Error("something is known of a bucket that was forgotten")
	}
	if s.lacks(8, sums[0]) || !s.lacks(8, sums[1]) {
		t.Error("the other bucket does not know its keys any more")
	}
	if s.used != leastOfPart {
		t.Errorf("%d bytes are used, not those of one bucket", s.used)
	}
}

// TestSift: a store that was opened again finds what a former process took, before its
// sieves are whole and after, and then lacks what nobody took.
func TestSift(t *testing.T) {
	for _, most := range []int64{mostMarksSieve, leastOfPart - lineBytes} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { sift(t, most) })
		})
	}
}

func sift(t *testing.T, most int64) {
	fs := vfs.NewMem()
	s := mustOpen(t, Options{Dir: "data", FS: fs})
	const n = 3*siftPart + 5
	at := time.Now()
	for from := 0; from < n; from += 500 {
		var changes []*gateway.Change
		for i := from; i < min(from+500, n); i++ {
			tenant := fmt.Sprint("t", i%3)
			changes = append(changes, &gateway.Change{
				Marks: []gateway.Mark{{Tenant: tenant, Key: markOf(i), CallbackID: "c", Expires: at.Add(time.Duration(i%5) * day)}},
				Names: &gateway.Names{Tenant: tenant, All: []string{fmt.Sprint("key-", i)}, Used: at},
			})
		}
		if err := s.Commit(changes...); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)

	s = mustOpen(t, Options{Dir: "data", FS: fs})
	s.sieves.marks.mu.Lock()
	s.sieves.marks.most = most
	s.sieves.marks.mu.Unlock()
	look := func(when string) {
		for range 500 {
			i := rand.IntN(n)
			tenant := fmt.Sprint("t", i%3)
			if _, found, err := s.Mark(tenant, markOf(i), 7*day); err != nil || found != (i%5 > 0) {
				t.Fatalf("%s: mark %d is found: %v, %v", when, i, found, err)
			}
			if names, found, err := s.Names(tenant, fmt.Sprint("key-", i)); !found || err != nil || len(names.All) != 1 {
				t.Fatalf("%s: names %d are found: %v, %v", when, i, found, err)
			}
			if _, found, err := s.Mark(tenant, markOf(n+i), 7*day); found || err != nil {
				t.Fatalf("%s: a mark is found that nobody made: %v", when, err)
			}
		}
	}
	look("before")
	time.Sleep(time.Second)
	if !s.sieves.marks.whole.Load() || !s.sieves.names.whole.Load() {
		t.Fatal("the sieves are not whole")
	}
	look("after")
	key := appendDay(appendPrefix(nil, kindMark, "t1"), at.Add(day))
	other := markOf(n)
	lacking := s.sieves.marks.lacks(dayOf(at.Add(day)), s.sieves.sum(append(key, other[:]...)))
	if roomy := most == mostMarksSieve; lacking != roomy {
		t.Errorf("the sieve lacks what nobody took: %v, with %d bytes", lacking, most)
	}
}

func markOf(i int) gateway.MarkKey {
	return gateway.NewMarkKey(gateway.MarkDelivery, fmt.Append(nil, "mark-", i))
}
