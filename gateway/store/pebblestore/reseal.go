package pebblestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"hookgate/gateway/store/record"
)

// sealedKinds are those of events, which may be relayed requests.
var sealedKinds = [...]byte{kindEvent, kindKeptEvent, kindDeadEvent}

// resealBatch is how many bytes are written at once.
const resealBatch = 1 << 20

// Reseal writes what is sealed of relayed requests anew: again gives the new form, which is
// as long as the old, or the old where nothing is to be done. What was written is durable
// when Reseal returns, and the old forms are on disk no more.
func (s *upkeep) Reseal(again func(tenant, event string, sealed []byte) ([]byte, error)) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	for _, kind := range sealedKinds {
		if err := s.resealKind(kind, again); err != nil {
			return fmt.Errorf("sealing relayed requests anew: %w", err)
		}
	}
	defer s.pace.await()()
	for _, kind := range append(sealedKinds[:], kindResource) {
		if err := s.db.Compact(context.Background(), []byte{kind}, []byte{kind + 1}, false); err != nil {
			return fmt.Errorf("removing what was sealed with the old key: %w", err)
		}
	}
	return s.refuse()
}

func (s *upkeep) resealKind(kind byte, again func(string, string, []byte) ([]byte, error)) (err error) {
	it, err := s.iter([]byte{kind}, []byte{kind + 1})
	if err != nil {
		return err
	}
	defer closeIter(it, &err)
	b := s.newBatch(resealBatch)
	defer func() { b.free() }()
	for more := it.First(); more; more = it.Next() {
		if err := resealOne(b, kind, it, again); err != nil {
			return err
		}
		if b.Len() < resealBatch {
			continue
		}
		if err := s.commit(b, true); err != nil {
			return err
		}
		b.free()
		b = s.newBatch(resealBatch)
	}
	return s.commit(b, true)
}

func resealOne(b *batch, kind byte, it *pebble.Iterator, again func(string, string, []byte) ([]byte, error)) error {
	key := it.Key()
	tenant, rest, ok := tenantOf(key)
	if !ok || len(rest) < ulidAt {
		return corrupt(kind)
	}
	v, err := record.DecodeEvent(tenant, rest[len(rest)-ulidAt:], it.Value())
	if err != nil || v.Relay == nil {
		return err
	}
	sealed, err := again(tenant, v.ID, v.Relay.Sealed)
	switch {
	case err != nil:
		return fmt.Errorf("%s of %s: %w", v.ID, tenant, err)
	case bytes.Equal(sealed, v.Relay.Sealed):
		return nil
	case len(sealed) != len(v.Relay.Sealed):
		return errors.New("what was sealed anew is not as long as it was")
	}
	v.Relay.Sealed = sealed
	b.key = append(b.key[:0], key...)
	b.enc.B = b.enc.B[:0]
	b.enc.Event(&v)
	b.put()
	return nil
}
