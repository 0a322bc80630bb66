package waiting

import (
	"time"

	"hookgate/gateway"
)

// park keeps a callback until its session waits, or its time is over.
func (k *taking) park() done {
	r, src := k.room, k.Source
	if src.EarlyTTL == 0 {
		return k.refuses(gateway.OutcomeNoWaitingSession)
	}
	if !r.parking.reserve(src.ID, src.EarlyMax) {
		k.taken.RetryAfter = 5 * time.Second
		return k.refuses(gateway.OutcomeRateLimited)
	}
	kept, ok := k.parked()
	if !ok {
		r.parking.unreserve(src.ID)
		return k.refuses(gateway.OutcomeTooLarge)
	}
	if k.space, ok = r.house.budget.parking(r, kept); !ok {
		r.parking.unreserve(src.ID)
		return k.fail(errNoParking)
	}
	k.remember("", src.EarlyTTL) // until a wait takes it, its mark ends with its parking
	k.trace(gateway.OutcomeParked, "")
	k.change.Park = kept
	return k.decided(gateway.OutcomeParked)
}

// stay lets a callback that is parked in the store be found here.
func stay(k *taking) {
	// Both end together, counted from the receipt: were the callback to outlive its
	// mark, a repeat of it could be taken too.
	until := monotonic(k.Taken.ReceivedAt.Add(k.Source.EarlyTTL), k.sessions.options.Now)
	p := newParked(k.room, k.change.Park, until)
	p.space = k.space
	k.room.parking.put(p)
	k.sessions.expirer.add(&p.expiry)
}

// parked is what the store keeps of a callback that came before its wait; false where
// there is too much of it.
func (c *Callback) parked() (p *gateway.Parked, ok bool) {
	p = &gateway.Parked{
		Tenant: c.Source.Tenant.ID, Source: c.Source.ID, Key: c.Key, Expires: c.Taken.ReceivedAt.Add(c.Source.EarlyTTL),
		Marks: []gateway.MarkKey{c.Mark}, Window: c.Source.Window, Callback: c.Taken, Aliases: c.Aliases,
	}
	p.Kind = uint8(c.Received.Document.Body)
	p.Header, p.Query = c.Received.Keep()
	if item := c.Received.Item; item != nil {
		around, at, ok := item.Around()
		p.Around, p.Item = around, at+1
		return p, ok
	}
	return p, true
}
