package pebblestore

import (
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// maxEmbedded is the largest answer of a last attempt that is kept in the record of
// its delivery. Most deliveries have one attempt with a short answer: so they are
// one key, and lists do not read past large answers.
const maxEmbedded = 1 << 10

func embeddable(a *gateway.Attempt) bool {
	said := 0
	if a != nil {
		said = a.Said()
	}
	return a != nil && len(a.ResponseBody) <= maxEmbedded && said <= 2*maxEmbedded
}

// attempt puts an attempt beside the delivery.
func (b *batch) attempt(kind byte, d *gateway.Delivery, a *gateway.Attempt) {
	if a == nil {
		return
	}
	b.begin(kind, d.Tenant)
	b.id(kind, gateway.PrefixDelivery, d.ID)
	b.key = appendAttemptNumber(b.key, a.Number)
	b.enc.Attempt(a)
	b.put()
	b.forget(d, a.Number-mostAttempts.Most)
}

// forget removes an attempt that nobody is shown any more, as so many came after it: else who
// is tried for ever would fill the disk. It is where it was put, or where the janitor moved it.
func (b *batch) forget(d *gateway.Delivery, number int) {
	for _, kind := range [...]byte{kindAttempt, kindKeptAttempt} {
		if number < 1 {
			return
		}
		b.begin(kind, d.Tenant)
		b.id(kind, gateway.PrefixDelivery, d.ID)
		b.key = appendAttemptNumber(b.key, number)
		b.remove()
	}
}

func appendAttemptNumber(dst []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(n))
}

// mostAttempts is how much of a delivery's attempts is read, or buried with it, at once.
// A tenant chooses how often its deliveries are tried: all of a million attempts, of 16
// KiB each, would be more than there is (SPEC 16).
var mostAttempts = gateway.AttemptBounds{Most: 1000, Bodies: 8 << 20}

// attempts gives the attempts of a delivery that was found, in order, from wherever
// they are.
func (f *finding) attempts(r pebble.Reader, most gateway.AttemptBounds) ([]gateway.Attempt, error) {
	if f.place == kindDead {
		return attemptsOf(r, f.d, nil, most, kindDeadAttempt)
	}
	return attemptsOf(r, f.d, f.last, most, kindAttempt, kindKeptAttempt)
}

// attemptsOf reads attempts of the kinds, whose newest come first; last, which may be
// nil, is newer than all of them, or one of them.
func attemptsOf(r pebble.Reader, d *gateway.Delivery, last *gateway.Attempt, most gateway.AttemptBounds, kinds ...byte) (list []gateway.Attempt, err error) {
	u, ok := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	if !ok {
		return nil, gateway.ErrNotFound
	}
	if last != nil {
		if most.Bodies < last.Said() {
			last.Unsay()
		}
		most.Bodies -= last.Said()
		list = append(list, *last)
	}
	for _, kind := range kinds {
		prefix := appendPrefix(nil, kind, d.Tenant)
		if kind == kindDeadAttempt {
			prefix = appendDay(prefix, d.EndedAt)
		}
		if list, err = appendAttempts(r, list, append(prefix, u[:]...), &most); err != nil {
			return nil, err
		}
	}
	list = inOrder(list)
	return list[max(0, len(list)-most.Most):], nil
}

// inOrder sorts attempts. One that the janitor moved, or that came back with its
// dead letter, may have been in two places.
func inOrder(list []gateway.Attempt) []gateway.Attempt {
	gateway.SortStable(list, func(a, b gateway.Attempt) int { return a.Number - b.Number })
	return slices.CompactFunc(list, func(a, b gateway.Attempt) bool { return a.Number == b.Number })
}

// appendAttempts appends those of one place, the newest first, and takes the bodies
// that it reads off the bounds.
func appendAttempts(r pebble.Reader, list []gateway.Attempt, prefix []byte, most *gateway.AttemptBounds) (_ []gateway.Attempt, err error) {
	it, err := iterOf(r, prefix, appendAttemptNumber(slices.Clone(prefix), -1))
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	left := most.Most
	for more := it.Last(); more && left > 0; more = it.Prev() {
		number := it.Key()[len(prefix):]
		if len(number) != 4 {
			return nil, corrupt(kindAttempt)
		}
		// The record is what was said and a few words beside.
		a, err := record.DecodeAttempt(int(binary.BigEndian.Uint32(number)), it.Value(), len(it.Value()) <= most.Bodies)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
		most.Bodies -= a.Said()
		left--
	}
	return list, nil
}
