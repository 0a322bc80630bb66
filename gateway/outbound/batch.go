package outbound

import (
	"time"

	"hookgate/gateway"
)

// A lane that batches sends what is due in one envelope: as soon as MaxEvents are
// due, or the oldest has waited MaxWait. One delivery then carries the events of
// all, and whatever becomes of the batch becomes of it: it is retried as it is,
// under the same id. So only deliveries that were never sent travel together;
// what was retried, or is sent again by hand, goes alone and does not wait. Where
// the lane keeps an order, a batch holds one conversation's events.

// isFirst says whether a delivery is due for the first time: at the moment of its
// making, which its id tells.
func isFirst(d gateway.Due) bool { return milliOf(d) == d.At.UnixMilli() }

// madeAt is when a delivery was made.
func madeAt(d gateway.Due) time.Time { return time.UnixMilli(milliOf(d)) }

// milliOf gives the milliseconds of an id; -1 for none. It is asked of many at each wake,
// so it reads the ten characters of the ULID's time by itself.
func milliOf(d gateway.Due) int64 {
	const from, to = len(gateway.PrefixDelivery), len(gateway.PrefixDelivery) + 10
	if len(d.ID) < to {
		return -1
	}
	ms := int64(0)
	for i := from; i < to; i++ {
		ms = ms<<5 | int64(crockford[d.ID[i]])
	}
	return ms
}

// crockford gives the value of each digit of a ULID.
var crockford = func() (values [256]byte) {
	for i, c := range []byte("0123456789ABCDEFGHJKMNPQRSTVWXYZ") {
		values[c] = byte(i)
	}
	return values
}()

// ripe gives the place of the delivery that may go first; -1 for none. What is lent is
// left out where somebody comes for the others (lapse.go).
func (n *lane) ripe(now time.Time) int {
	ready := n.window.ready(now)
	first, count := -1, 0
	for i, d := range n.window.due[:ready] {
		if d.Lent && n.target.Pull {
			continue
		}
		if !isFirst(d) {
			return i
		}
		if first < 0 {
			first = i
		}
		if count++; count >= n.target.MaxEvents || !n.window.due[first].At.Add(n.target.MaxWait).After(now) {
			return first
		}
	}
	return -1
}

// ripens is when the next batch may go.
func (n *lane) ripens(now time.Time) (at time.Time, ok bool) {
	if n.ripe(now) >= 0 {
		return now, true
	}
	for _, d := range n.window.due {
		switch {
		case d.Lent && n.target.Pull:
		case !ok:
			if at, ok = d.At, true; !at.After(now) {
				at = at.Add(n.target.MaxWait)
			}
		case d.At.After(now): // one more, or one that does not wait
			if d.At.Before(at) {
				at = d.At
			}
			return at, true
		}
	}
	return at, ok
}

// gather takes those that travel with a delivery.
func (n *lane) gather(lead gateway.Due, now time.Time) (with []gateway.Due) {
	if !n.target.batches() || !isFirst(lead) {
		return nil
	}
	ready := n.window.ready(now)
	kept := n.window.due[:0]
	for i, d := range n.window.due {
		_, flies := n.flying[d.ID]
		if i < ready && len(with) < n.target.MaxEvents-1 && !flies && isFirst(d) &&
			(n.order == nil || d.Conversation == lead.Conversation && d.Also == nil && lead.Also == nil) {
			with = append(with, d)
			continue
		}
		kept = append(kept, d)
	}
	clear(n.window.due[len(kept):])
	n.window.due = kept
	return with
}
