package pebblestore

import (
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// A delivery that is made with its event mostly has an id beside the event's
// (gateway.DeliveryBeside). So an event finds it by its own id, in whatever place it lies, and
// there is no entry of it in the index: that is one key less of four for each event that is
// accepted. Deliveries of format 4 have such entries, and so have batches, and those of an
// event that has very many.

// besideEvent tells whether the event of a delivery finds it so.
func besideEvent(d *gateway.Delivery) bool {
	return len(d.EventIDs) == 1 && isBeside(d.ID, d.EventIDs[0])
}

// isBeside tells whether the id of a delivery is beside that of an event.
func isBeside(delivery, event string) bool {
	at, is := gateway.ParseID(gateway.PrefixEvent, event)
	own, also := gateway.ParseID(gateway.PrefixDelivery, delivery)
	return is && also && gateway.IsBeside(at, own)
}

// span is the ids from low to high, both among them.
type span struct{ low, high ulid.ULID }

// spanBeside is the ids that the deliveries of an event may have.
func spanBeside(event ulid.ULID) span {
	s := span{low: next(event), high: event}
	binary.BigEndian.PutUint64(s.high[8:], binary.BigEndian.Uint64(event[8:])+gateway.DeliveriesBeside)
	if s.high.Compare(event) < 0 { // none of ours ends so
		return span{low: event, high: event}
	}
	return s
}

// appendBesides appends the deliveries that an event finds by its id.
func appendBesides(list []ulid.ULID, it *pebble.Iterator, tenant string, event ulid.ULID) (_ []ulid.ULID, err error) {
	of := spanBeside(event)
	for _, place := range [...]byte{kindDelivery, kindUnfinished, kindRetrying, kindCancelled} {
		prefix := appendPrefix(nil, place, tenant)
		if list, err = appendTails(list, it, append(slices.Clone(prefix), of.low[:]...), append(append(slices.Clone(prefix), of.high[:]...), 0)); err != nil {
			return nil, err
		}
	}
	return appendDeadBesides(list, it, tenant, of)
}

// appendDeadBesides appends those that died, in the buckets since they were made.
func appendDeadBesides(list []ulid.ULID, it *pebble.Iterator, tenant string, of span) ([]ulid.ULID, error) {
	prefix := appendPrefix(nil, kindDead, tenant)
	it.SetBounds(prefix, pastPrefix(prefix))
	in := func(bucket uint32) []byte {
		return append(binary.BigEndian.AppendUint32(slices.Clone(prefix), bucket), of.low[:]...)
	}
	for bucket := dayOf(timeOfULID(of.low[:])); it.SeekGE(in(bucket)); {
		found, ok := bucketIn(it.Key(), prefix)
		if !ok {
			return nil, corrupt(kindDead)
		}
		for more := true; more && found == bucket; more = it.Next() {
			u := record.AsULID(tailULID(it.Key()))
			if at, _ := bucketIn(it.Key(), prefix); at != bucket || u.Compare(of.high) > 0 {
				break
			}
			list = append(list, u)
		}
		bucket = max(found, bucket+1)
	}
	return list, readError(it)
}
