package pebblestore

import (
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"hookgate/gateway"
)

// maxEmbedded is the largest answer of a last attempt that is kept in the record of
// its delivery. Most deliveries have one attempt with a short answer: so they are
// one key, and lists do not read past large answers.
const maxEmbedded = 1 << 10

func embeddable(a *gateway.Attempt) bool { return a != nil && len(a.ResponseBody) <= maxEmbedded }

// attempt puts an attempt beside the delivery.
func (b *batch) attempt(kind byte, d *gateway.Delivery, a *gateway.Attempt) {
	if a == nil {
		return
	}
	b.begin(kind, d.Tenant)
	b.id(kind, gateway.PrefixDelivery, d.ID)
	b.key = appendAttemptNumber(b.key, a.Number)
	b.enc.attempt(a)
	b.put()
}

func appendAttemptNumber(dst []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(n))
}

// attemptsOf gives the attempts of a delivery, in order, from wherever they are.
func attemptsOf(r pebble.Reader, d *gateway.Delivery, kinds ...byte) (list []gateway.Attempt, err error) {
	for _, kind := range kinds {
		prefix := appendPrefix(nil, kind, d.Tenant)
		if kind == kindDeadAttempt {
			prefix = appendDay(prefix, d.EndedAt)
		}
		u, ok := parseID(gateway.PrefixDelivery, d.ID)
		if !ok {
			return nil, gateway.ErrNotFound
		}
		prefix = append(prefix, u[:]...)
		if list, err = appendAttempts(r, list, prefix); err != nil {
			return nil, err
		}
	}
	return inOrder(list), nil
}

// inOrder sorts attempts. One that the janitor moved, or that came back with its
// dead letter, may have been in two places.
func inOrder(list []gateway.Attempt) []gateway.Attempt {
	slices.SortStableFunc(list, func(a, b gateway.Attempt) int { return a.Number - b.Number })
	return slices.CompactFunc(list, func(a, b gateway.Attempt) bool { return a.Number == b.Number })
}

func appendAttempts(r pebble.Reader, list []gateway.Attempt, prefix []byte) (_ []gateway.Attempt, err error) {
	it, err := iterOf(r, prefix, appendAttemptNumber(slices.Clone(prefix), -1))
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	for more := it.First(); more; more = it.Next() {
		number := it.Key()[len(prefix):]
		if len(number) != 4 {
			return nil, corrupt(kindAttempt)
		}
		a, err := decodeAttempt(int(binary.BigEndian.Uint32(number)), it.Value())
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}
