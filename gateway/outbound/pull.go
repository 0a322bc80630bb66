package outbound

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"hookgate/gateway"
)

// Pulling is what is done by those who come for deliveries themselves (SPEC-operations O3):
// they take what is due, and say what became of it. In between it is lent to them, which
// the store knows, and memory does not: it is a delivery that is due again when its lease
// runs out, and then that was an attempt (lapse.go).
type Pulling struct{ lender *carrier }

// loans are what the lanes have lent, and those who wait to be lent something. The
// schedule's lock guards them.
type loans struct{ *schedule }

// Given is a delivery as who pulls is shown it: what a push would have carried.
type Given struct {
	ID      string
	Lease   string // by which he says what became of it
	Attempt int    // from 1
	Header  [][2]string
	Body    []byte
}

// Pull lends what is due, at most so many deliveries, each of which is shown before, until
// show wants no more: that one is not lent. It gives their leases, none where nothing is
// due. They are durable when it returns; after an error nothing is lent, or, where nobody
// knows, it runs out.
func (p *Pulling) Pull(key gateway.LaneKey, most int, lease time.Duration, show func(*Given) (more bool)) (leases []string, err error) {
	s := &p.lender.schedule.loans
	n, err := s.enter(key)
	if err != nil {
		return nil, err
	}
	defer s.exit(n)
	var taken []*attempt
	defer func() {
		for _, a := range taken {
			s.land(a)
		}
	}()
	for more := true; more && len(taken) < most; {
		a, err := s.lend(n)
		if err != nil {
			return nil, err
		}
		if a == nil {
			break
		}
		shown := false
		if shown, more = p.lender.show(a, show); shown {
			taken = append(taken, a)
		} else {
			s.land(a)
		}
	}
	if len(taken) == 0 {
		return nil, nil
	}
	return p.lender.lend(taken, lease)
}

// enter gives the lane of an endpoint from which somebody pulls. It stays until exit.
func (s *loans) enter(key gateway.LaneKey) (*lane, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.reading.primed(key)
	if err == nil {
		n.hands++
	}
	return n, err
}

func (s *loans) exit(n *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.hands--
	s.ended.Broadcast()
	s.place(n, s.now())
	s.hire()
}

// lend takes the next delivery of a lane that somebody may have; nil for none. It reads the
// store where memory has little left.
func (s *loans) lend(n *lane) (*attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.stopped || s.away {
			return nil, errStopping
		}
		if a := s.lendNow(n, s.now()); a != nil {
			return a, nil
		}
		if n.window.reading {
			s.ended.Wait()
			continue
		}
		if n.parked || s.held || n.gone || n.leaving || !n.window.low() {
			return nil, nil
		}
		had := n.window.cursor
		if err := s.reading.fillWindow(n); err != nil {
			return nil, err
		}
		if n.window.more && n.window.cursor == had {
			return nil, nil // it has moved meanwhile: who asks again finds it
		}
	}
}

func (s *loans) lendNow(n *lane, now time.Time) *attempt {
	target := s.open(n)
	if target == nil || !target.Pull || s.held || n.bound() || n.rest.After(now) || n.pace.at(target.Rate, now).After(now) {
		return nil
	}
	due, ok := n.next(now)
	if !ok {
		return nil
	}
	a := n.leaves(due, now)
	a.lane, a.lends = n, true
	return a
}

// show prepares an attempt for who pulls, and shows it to him. What is not shown goes back
// to its lane; more says whether he takes another.
func (c *carrier) show(a *attempt, show func(*Given) bool) (shown, more bool) {
	a.back = a.carried
	defer c.lighten(a)
	defer c.caught(a)
	more = true
	for _, step := range way[:4] { // up to prepare
		if !step(c, a) {
			return false, more
		}
	}
	if a.again = ptr(a.delivery.Due()); a.delivery.Lent != nil {
		return false, more // it stood here no more: its lease has run out
	}
	number := a.delivery.Attempts + 1
	more = show(&Given{
		ID: a.delivery.ID, Lease: leaseOf(a.delivery.ID, number), Attempt: number, Header: a.request.Header, Body: a.request.Body,
	})
	if !more {
		return false, false
	}
	a.request.Body, a.events = nil, nil // there may be a thousand
	return true, true
}

// lend makes the leases of what was shown durable.
func (c *carrier) lend(taken []*attempt, lease time.Duration) (leases []string, err error) {
	until, began := c.schedule.now().Add(lease).Round(0), time.Now()
	for _, a := range taken {
		is := false
		if is, err = c.lendOne(a, until); err != nil {
			break
		}
		if is {
			leases = append(leases, leaseOf(a.delivery.ID, a.delivery.Attempts+1))
		}
	}
	if err == nil {
		err = c.options.Firm(began)
	}
	if err == nil {
		return leases, nil
	}
	for _, a := range taken {
		if a.again != nil && a.again.Lent && c.backlog.Settle(a.delivery, nil) == nil {
			a.again = ptr(a.delivery.Due())
		}
	}
	return nil, err
}

// lendOne writes one lease; false where the delivery was cancelled meanwhile.
func (c *carrier) lendOne(a *attempt, until time.Time) (bool, error) {
	if !c.schedule.write(a) {
		a.again = nil
		return false, nil
	}
	defer c.schedule.written(a)
	d := *a.delivery
	d.Lent = &gateway.Attempt{Number: d.Attempts + 1, At: a.at.Round(0), RequestHeaders: a.shownHeader()}
	d.NextAttemptAt = until
	c.schedule.holds.keepLent(a.lane, a.target, &d)
	if err := c.backlog.Settle(&d, nil); err != nil {
		return false, err
	}
	a.again = ptr(d.Due())
	return true, nil
}

// A lease names its delivery and the attempt that it is for: of each there is one.
const leasePrefix = "lease_"

func leaseOf(delivery string, attempt int) string {
	return leasePrefix + strings.TrimPrefix(delivery, gateway.PrefixDelivery) + "_" + strconv.Itoa(attempt)
}

func readLease(lease string) (delivery string, attempt int, ok bool) {
	id, number, _ := strings.Cut(strings.TrimPrefix(lease, leasePrefix), "_")
	delivery = gateway.PrefixDelivery + id
	attempt, err := strconv.Atoi(number)
	return delivery, attempt, err == nil && gateway.IsID(gateway.PrefixDelivery, delivery) && leaseOf(delivery, attempt) == lease
}

// Say takes what somebody says became of what he pulled, by its leases, and tells which
// were still good and which are gone. It is durable when it returns; after an error he may
// say it again, and what was written is gone then.
func (p *Pulling) Say(key gateway.LaneKey, leases []string, said Said) (good, gone []string, err error) {
	return p.each(key, leases, func(a *attempt) (bool, error) {
		own := said
		a.said, a.answer = &own, own.answer()
		if !p.lender.settle(a) {
			return false, own.failed
		}
		return true, nil
	})
}

// Extend has leases run out so much from now. It is durable when it returns.
func (p *Pulling) Extend(key gateway.LaneKey, leases []string, by time.Duration) (good, gone []string, err error) {
	until := p.lender.schedule.now().Add(by).Round(0)
	return p.each(key, leases, func(a *attempt) (bool, error) {
		d := *a.delivery
		d.NextAttemptAt = until
		p.lender.schedule.holds.keepLent(a.lane, a.target, &d)
		return p.rewrite(a, &d)
	})
}

// GiveBack undoes leases that nobody was told of: it was no attempt.
func (p *Pulling) GiveBack(key gateway.LaneKey, leases []string) error {
	now := p.lender.schedule.now().Round(0)
	_, _, err := p.each(key, leases, func(a *attempt) (bool, error) {
		d := *a.delivery
		d.Lent, d.NextAttemptAt = nil, now
		return p.rewrite(a, &d)
	})
	return err
}

// rewrite writes how a delivery that is lent stands; false where it was cancelled.
func (p *Pulling) rewrite(a *attempt, d *gateway.Delivery) (bool, error) {
	s := p.lender.schedule
	if !s.write(a) {
		return false, nil
	}
	defer s.written(a)
	if err := p.lender.backlog.Settle(d, nil); err != nil {
		return false, err
	}
	a.again = ptr(d.Due())
	return true, nil
}

// each does something to what is lent, by its leases.
func (p *Pulling) each(key gateway.LaneKey, leases []string, do func(*attempt) (bool, error)) (good, gone []string, err error) {
	s := &p.lender.schedule.loans
	n, err := s.enter(key)
	if err != nil {
		return nil, nil, err
	}
	defer s.exit(n)
	defer p.lender.statuses.flush(n)
	began := time.Now()
	for _, lease := range leases {
		is, err := p.one(n, lease, do)
		switch {
		case err != nil:
			return nil, nil, err
		case is:
			good = append(good, lease)
		default:
			gone = append(gone, lease)
		}
	}
	if len(good) > 0 {
		err = p.lender.options.Firm(began)
	}
	return good, gone, err
}

// one does something to what is lent by one lease; false where that is gone.
func (p *Pulling) one(n *lane, lease string, do func(*attempt) (bool, error)) (is bool, err error) {
	id, number, ok := readLease(lease)
	if !ok {
		return false, nil
	}
	s := &p.lender.schedule.loans
	a := s.reclaim(n, id)
	if a.target == nil {
		return false, nil // its endpoint is being deleted
	}
	defer func() { s.unclaim(a, is, err) }()
	d, err := p.lender.archive.Unfinished(n.key.Tenant, id) // its events can be large, and are not looked at
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case d.Endpoint != n.key.Endpoint || len(d.EventIDs) == 0:
		return false, nil
	}
	a.due, a.delivery, a.events = d.Due(), d, []gateway.Event{{ID: d.EventIDs[0], Tenant: d.Tenant}}
	if d.Lent == nil || d.Lent.Number != number || !d.NextAttemptAt.After(s.now()) {
		return false, nil
	}
	a.at = d.Lent.At
	return do(a)
}

// reclaim keeps a delivery from whoever else would do something to it.
func (s *loans) reclaim(n *lane, id string) *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds.takeOver(n)
	for _, flies := n.flying[id]; flies; _, flies = n.flying[id] {
		s.ended.Wait()
	}
	a := &attempt{lane: n, due: gateway.Due{ID: id}, target: s.options.Targets(n.key.Tenant, n.key.Endpoint)}
	if a.target != nil {
		n.flying[id] = a
	}
	return a
}

// unclaim puts it where it now belongs.
func (s *loans) unclaim(a *attempt, is bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := a.lane
	delete(n.flying, a.due.ID)
	switch {
	case is:
		n.window.drop(a.due)
		if a.again != nil {
			n.window.add(*a.again, false)
		} else {
			n.depth--
		}
		n.restFor(a, s.now())
	case err != nil:
		n.window.rewind(gateway.Due{}) // where it stands is not known, and it may have been passed over meanwhile
	case a.delivery != nil && !a.cancelled:
		n.window.add(a.due, false) // as before, or it has just run out
	}
	s.ended.Broadcast()
}
