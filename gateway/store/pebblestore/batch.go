package pebblestore

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/handy"
	"hookgate/gateway/store/record"
)

// batch is one commit in the making. It is pooled, with the memory in which keys
// and values are built.
type batch struct {
	*pebble.Batch
	key    []byte
	enc    record.Encoder
	err    error      // the first fault of what was put
	later  []unposted // of what was put: what lists ask for (later.go)
	placed placed     // of what waits (gaps.go)
	sieves *sieves
	handy  *handy.Hand
	made   []*handy.One // of what was put: what is at hand when it is durable
	once   ulid.ULID    // the keys of deliveries from it on are put once (once.go)
	owing  owing        // whose it is (extent.go)
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// maxPooled is the most memory that goes back to the pool with a batch.
const maxPooled = 64 << 10

// retained is the most that Pebble keeps of a batch for the next one: of its own accord it
// keeps a megabyte, and the batches of what is posted (blocks.go) would soon have made each
// that a callback takes as large.
var retained = pebble.WithMaxRetainedSizeBytes(128 << 10)

// newBatch makes a batch for about size bytes of values.
func (s *engine) newBatch(size int) *batch {
	b := batches.Get().(*batch)
	b.Batch, b.sieves, b.once, b.handy = s.db.NewBatchWithSize(size, retained), s.sieves, s.once, s.handy
	return b
}

// free gives the batch back; nothing of it may be used any more.
func (b *batch) free() {
	_ = b.Close() // fails only for a batch that was closed
	b.Batch, b.sieves, b.err, b.placed = nil, nil, nil, placed{}
	clear(b.later)
	clear(b.made)
	clear(b.owing)
	b.later, b.made, b.owing = b.later[:0], b.made[:0], b.owing[:0]
	if cap(b.enc.B)+cap(b.key)+64*cap(b.later)+8*cap(b.made)+24*cap(b.owing) <= maxPooled {
		batches.Put(b)
	}
}

// moves takes a delivery that is moved from what is at hand.
func (b *batch) moves(d *gateway.Delivery) {
	key, _ := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	b.handy.Drop(key)
}

// begin starts a key; the caller appends to b.key.
func (b *batch) begin(kind byte, tenant string) {
	if tenant == "" || !keyable(tenant) {
		b.fail(kind)
	}
	b.key = appendPrefix(b.key[:0], kind, tenant)
	b.enc.B = b.enc.B[:0]
	b.owing.begin(tenant)
}

// put puts what was built in b.key and b.enc.
func (b *batch) put() {
	if err := b.Set(b.key, b.enc.B, nil); err != nil && b.err == nil {
		b.err = err
	}
	b.owing.put(len(b.key) + len(b.enc.B))
}

func (b *batch) remove() {
	if err := b.Delete(b.key, nil); err != nil && b.err == nil {
		b.err = err
	}
}

func (b *batch) removeRange(from, to []byte) {
	if err := b.DeleteRange(from, to, nil); err != nil && b.err == nil {
		b.err = err
	}
}

// fail remembers that something cannot be part of a key.
func (b *batch) fail(kind byte) {
	if b.err == nil {
		b.err = fmt.Errorf("a %s has an id or name that no key can hold", kindWords[kind])
	}
}

// id appends the ULID of an id to the key.
func (b *batch) id(kind byte, prefix, id string) {
	u, ok := gateway.ParseID(prefix, id)
	if !ok {
		b.fail(kind)
	}
	b.key = append(b.key, u[:]...)
}

// commit applies the batch. What is not synced is on disk with the next that is, or
// within a second (lag.go).
func (s *engine) commit(b *batch, synced bool) error {
	if b.err != nil {
		return &gateway.Error{Code: gateway.CodeInternal, Message: "not storable", Err: b.err}
	}
	if b.Empty() {
		return nil
	}
	if err := s.refuse(); err != nil {
		return err
	}
	s.space.pending.Add(uint64(b.Len()))
	if !s.written.Load() {
		s.written.Store(true)
	}
	began, before := time.Now(), s.firmness.begin()
	err := s.apply(b.Batch, synced)
	s.firmness.end(before, synced && err == nil && s.failure.Load() == nil)
	if s.gaps.put(&b.placed); err != nil {
		return err
	}
	// The guard hides a failing disk from Pebble, and fails the store before it
	// does. So this look is what keeps a lost write from being acknowledged.
	if err := s.unknown(); err != nil {
		return err
	}
	b.owing.tell(s.opts.OnWrite)
	if !synced {
		s.unsynced.Add(1)
		return nil
	}
	if s.opts.OnCommit != nil {
		s.opts.OnCommit(time.Since(began))
	}
	return nil
}

// apply is below every commit in the stack: Fatalf unwinds to it.
func (s *engine) apply(b *pebble.Batch, synced bool) (err error) {
	defer s.recoverFatal(&err)
	if synced {
		return b.Commit(pebble.Sync)
	}
	return b.Commit(pebble.NoSync)
}

// overtake waits until all that a read may have seen is durable: Pebble shows a
// commit to readers before its fsync is over. What is sent or listed because of
// it must not be ahead of what a crash leaves.
func (s *engine) overtake() error {
	if s.failure.Load() != nil {
		return nil // nothing new becomes visible any more
	}
	before := s.firmness.ended.Load()
	if s.firmness.all() {
		return s.unknown()
	}
	b := s.db.NewBatch()
	defer func() { _ = b.Close() }() // fails only for a batch that was closed
	if err := b.LogData([]byte{0}, nil); err != nil {
		return fmt.Errorf("waiting for what is on its way to disk: %w", err)
	}
	if err := s.apply(b, true); err != nil {
		return err
	}
	if err := s.unknown(); err != nil {
		return err
	}
	s.firmness.synced(before)
	return nil
}

// firm waits until all that a read may have seen is durable. A store that failed cannot
// tell what of it is: a commit that lost its fsync is shown by Pebble all the same. So
// whoever reads anew what to go on with is told of the failure, and given nothing.
func (s *engine) firm() error {
	if err := s.refuse(); err != nil {
		return err
	}
	return s.overtake()
}

// get gives what read makes of a value; found is false when it is not there. The
// value is only valid during read.
func (s *engine) get(key []byte, read func(value []byte) error) (found bool, err error) {
	return getFrom(s.db, key, read)
}

// getFrom is get from the store or a snapshot of it.
func getFrom(r pebble.Reader, key []byte, read func(value []byte) error) (found bool, err error) {
	value, closer, err := r.Get(key)
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading the store: %w", err)
	}
	return true, errors.Join(read(value), closer.Close())
}

// snapshot shows the store as it is now to several reads: what moves from one place
// to another meanwhile is in exactly one of them. The caller closes it.
func (s *engine) snapshot() *pebble.Snapshot { return s.db.NewSnapshot() }

func closeSnapshot(r *pebble.Snapshot, err *error) {
	if failed := r.Close(); failed != nil && *err == nil {
		*err = fmt.Errorf("reading the store: %w", failed)
	}
}
