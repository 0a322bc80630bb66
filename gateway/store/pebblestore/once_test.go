package pebblestore

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// queueKeys counts the keys that the tables have of the queue, and those of its tombstones.
func queueKeys(t *testing.T, s *Store) (n int) {
	t.Helper()
	count := func(*pebble.InternalKey, pebble.LazyValue, pebble.IteratorLevel) error { n++; return nil }
	for _, kind := range [...]byte{kindDue, kindUnfinished} {
		must(t, s.db.ScanInternal(t.Context(), block.CategoryUnknown, []byte{kind}, []byte{kind + 1}, count,
			func([]byte, []byte, pebble.SeqNum) error { return nil }, nil, nil, nil))
	}
	return n
}

// end settles a delivery as it was made, or as it was put off.
func end(t *testing.T, s *Store, d gateway.Delivery) {
	t.Helper()
	d.State, d.Attempts, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, d.Attempts+1, time.Time{}, d.CreatedAt
	must(t, s.Settle(&d, firstAttempt))
}

// What was settled before its memtable was flushed leaves nothing in the queue's tables;
// and what was flushed before, nothing once a compaction has seen it.
func TestSettledLeavesNothing(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	p := published(time.Now(), 100)
	must(t, s.Accept(p))
	for i := range p.Deliveries[:50] {
		end(t, s, p.Deliveries[i])
	}
	must(t, s.db.Flush())
	if n := queueKeys(t, s); n != 2*50 {
		t.Errorf("%d keys are in the queue's tables, where 50 deliveries wait", n)
	}
	for i := range p.Deliveries[50:] {
		end(t, s, p.Deliveries[50+i])
	}
	must(t, s.db.Flush())
	must(t, s.db.Compact(t.Context(), []byte{kindUnfinished}, []byte{kindDue + 1}, false))
	if n := queueKeys(t, s); n != 0 {
		t.Errorf("%d keys are in the queue's tables, where nothing waits", n)
	}
}

// A delivery that is moved in all ways, with its tables flushed and compacted at any moment,
// is where it was moved to, and does not come back.
func TestMovedComesBackNever(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	at := time.Now()
	for range 300 {
		p := published(at, 2)
		must(t, s.Accept(p))
		d := &p.Deliveries[0]
		waits := true
		for range 1 + random.IntN(6) {
			at = at.Add(time.Millisecond)
			d.NextAttemptAt, d.EndedAt = at, time.Time{}
			switch random.IntN(6) {
			case 0: // put off
				d.State = gateway.DeliveryPending
				must(t, s.Settle(d, nil))
			case 1:
				d.State = gateway.DeliveryRetrying
				must(t, s.Settle(d, nil))
			case 2:
				d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryDead, time.Time{}, at
				must(t, s.Settle(d, nil))
				waits = false
			case 3:
				d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryCancelled, time.Time{}, at
				if err := s.Cancel(d); !errors.Is(err, gateway.ErrNotFound) {
					must(t, err)
				}
				waits = false
			case 4:
				d.State = gateway.DeliveryPending
				must(t, s.Requeue(nil, d))
				waits = true
			case 5:
				end(t, s, *d)
				waits = false
			}
			tidy(t, s, random)
		}
		if _, _, err := s.Load("acme", d.ID); (err == nil) != waits {
			t.Fatalf("it waits is %v, and: %v", waits, err)
		}
		d.State = gateway.DeliveryPending
		must(t, s.Requeue(nil, d))
		if random.IntN(2) == 0 {
			into := p.Deliveries[1]
			into.EventIDs = []string{into.EventIDs[0], d.EventIDs[0]}
			must(t, s.Merge(&into, []gateway.Due{d.Due()}))
		} else {
			end(t, s, *d)
		}
		tidy(t, s, random)
		end(t, s, p.Deliveries[1])
		tidy(t, s, random)
		if due, err := s.Window(crm, gateway.Due{}, 10); err != nil || len(due) != 0 {
			t.Fatalf("there wait %v, %v", due, err)
		}
	}
	must(t, s.db.Flush())
	must(t, s.db.Compact(t.Context(), []byte{kindUnfinished}, []byte{kindDue + 1}, false))
	if n := queueKeys(t, s); n != 0 {
		t.Errorf("%d keys are in the queue's tables, where nothing waits", n)
	}
}

// tidy flushes now and then, and compacts.
func tidy(t *testing.T, s *Store, random *rand.Rand) {
	t.Helper()
	switch random.IntN(8) {
	case 0:
		must(t, s.db.Flush())
	case 1:
		must(t, s.db.Flush())
		must(t, s.db.Compact(t.Context(), []byte{kindUnfinished}, []byte{kindDue + 1}, false))
	}
}

// What an older version put twice into the queue does not come back when it is settled.
func TestPutTwiceByAnOlderVersion(t *testing.T) {
	fs := vfs.NewMem()
	s := mustOpen(t, Options{Dir: "data", FS: fs})
	p := published(time.Now(), 3)
	must(t, s.Accept(p))
	for range 2 { // as it was put off there
		must(t, s.db.Flush())
		b := s.newBatch(64)
		for i := range p.Deliveries {
			putUnfinished(b, &p.Deliveries[i], 0)
		}
		must(t, s.commit(b, true))
		b.free()
	}
	must(t, s.db.Delete(append([]byte{kindMeta}, metaOnce...), pebble.Sync))
	mustClose(t, s)
	writeFile(t, fs, "data/format", formatWords+"3\n")

	s = mustOpen(t, Options{Dir: "data", FS: fs})
	late := published(time.Now(), 3)
	must(t, s.Accept(late))
	for i := range p.Deliveries {
		end(t, s, p.Deliveries[i])
		end(t, s, late.Deliveries[i])
		must(t, s.db.Flush())
		must(t, s.db.Compact(t.Context(), []byte{kindUnfinished}, []byte{kindDue + 1}, false))
	}
	if due, err := s.Window(crm, gateway.Due{}, 10); err != nil || len(due) != 0 {
		t.Errorf("there wait %v, %v", due, err)
	}
	if n := queueKeys(t, s); n != 0 {
		t.Errorf("%d keys are in the queue's tables, where nothing waits", n)
	}
	once := s.once
	mustClose(t, s)
	if s = mustOpen(t, Options{Dir: "data", FS: fs}); s.once != once || once.Compare(lastULID) >= 0 {
		t.Errorf("the mark was %s, and is %s", once, s.once)
	}
}
