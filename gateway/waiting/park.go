package waiting

import (
	"time"

	"hookgate/gateway"
)

// park keeps a callback until its session waits, or its time is over.
func (k *taking) park() done {
	s, r, src := k.sessions, k.room, k.Source
	if src.EarlyTTL == 0 {
		return k.refuses(gateway.OutcomeNoWaitingSession)
	}
	if !r.parking.reserve(src.ID, src.EarlyMax) {
		k.taken.RetryAfter = 5 * time.Second
		return k.refuses(gateway.OutcomeRateLimited)
	}
	// Both end together, counted from the receipt: were the callback to outlive its
	// mark, a repeat of it could be taken too.
	until := monotonic(k.Taken.ReceivedAt.Add(src.EarlyTTL), s.options.Now)
	k.remember("", src.EarlyTTL) // until a wait takes it, its mark ends with its parking
	k.trace(gateway.OutcomeParked, "")
	k.change.Park = k.parked()
	if err := k.commit(); err != nil {
		r.parking.unreserve(src.ID)
		return k.fail(err)
	}
	p := newParked(r, k.change.Park, until)
	r.parking.put(p)
	s.expirer.add(&p.expiry)
	return k.ends(gateway.OutcomeParked)
}

// parked is what the store keeps of a callback that came before its wait.
func (c *Callback) parked() *gateway.Parked {
	p := &gateway.Parked{
		Tenant: c.Source.Tenant.ID, Source: c.Source.ID, Key: c.Key, Expires: c.Taken.ReceivedAt.Add(c.Source.EarlyTTL),
		Marks: []gateway.MarkKey{c.Mark}, Window: c.Source.Window, Callback: c.Taken, Aliases: c.Aliases,
	}
	p.Kind = uint8(c.Received.Document.Body)
	p.Header, p.Query = c.Received.Keep()
	return p
}
