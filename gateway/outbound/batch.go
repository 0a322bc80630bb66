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
// making, which its id tells. It is asked of many at each wake, so it reads the
// ten characters of the ULID's time by itself.
func isFirst(d gateway.Due) bool {
	const from, to = len(gateway.PrefixDelivery), len(gateway.PrefixDelivery) + 10
	if len(d.ID) < to {
		return false
	}
	ms := int64(0)
	for i := from; i < to; i++ {
		ms = ms<<5 | int64(crockford[d.ID[i]])
	}
	return ms == d.At.UnixMilli()
}

// crockford gives the value of each digit of a ULID.
var crockford = func() (values [256]byte) {
	for i, c := range []byte("0123456789ABCDEFGHJKMNPQRSTVWXYZ") {
		values[c] = byte(i)
	}
	return values
}()

// ripe gives the place of the delivery that may go first; -1 for none.
func (n *lane) ripe(now time.Time) int {
	ready := n.window.ready(now)
	count := 0
	for i, d := range n.window.due[:ready] {
		if !isFirst(d) {
			return i
		}
		if i == 0 && !d.At.Add(n.target.MaxWait).After(now) {
			return 0
		}
		if count++; count >= n.target.MaxEvents {
			return 0
		}
	}
	return -1
}

// ripens is when the next batch may go.
func (n *lane) ripens(now time.Time) (at time.Time, ok bool) {
	if len(n.window.due) == 0 {
		return at, false
	}
	if n.ripe(now) >= 0 {
		return now, true
	}
	at = n.window.due[0].At
	if ready := n.window.ready(now); ready > 0 {
		at = at.Add(n.target.MaxWait)
		if ready < len(n.window.due) && n.window.due[ready].At.Before(at) {
			at = n.window.due[ready].At
		}
	}
	return at, true
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
