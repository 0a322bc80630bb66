package pgstore

import (
	"encoding/binary"
	"slices"
	"sync"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// A publish of a few kilobytes may make a hundred thousand deliveries, and in one statement
// all others would wait for it. So the promise is a small one: the events, and who is to get
// which of them (gateway.Fanout). What it decided is written after, a few deliveries at a
// time, each time with how far it came. A crash of the database may lose the end of that: it
// is made again, the same, for whatever became of a delivery was written after it was made.

const (
	// fanoutStep is how many deliveries are made at once.
	fanoutStep = 128
	// finishStep is how many are made at once of what a former owner has left: who takes slots
	// over answers for none of them before, and each step waits for its turn among what others
	// write. Of a roll under load a step took 100 ms, of which 5 were its own.
	finishStep = 8 * fanoutStep
)

var (
	fanoutTable = newTable("fan-out", "fanouts", "tenant bytea, id bytea", "slot int2, done int8, value bytea")
	fanoutDone  = &verb{
		name: "go on with a fan-out", table: "fanouts", keys: 2, in: columns("tenant bytea, id bytea, done int8"),
		// It never goes back: another node may have come further, and what was made there has ended since.
		sql: "UPDATE {s}fanouts AS t SET done = GREATEST(t.done, i.done) FROM {in} WHERE t.tenant = i.tenant AND t.id = i.id",
	}
	// makeDelivery puts a delivery of a fan-out that is there: its tenant may be gone, or
	// another node may have made it, and come further.
	makeDelivery = &verb{
		name: "make a delivery", table: "deliveries", keys: 2, in: columns(unfinishedIn + ", fanout bytea, nth int8"),
		sql: "INSERT INTO {s}unfinished (" + unfinishedColumns + ") SELECT i.tenant, i.id, i.slot, i.endpoint, i.due, i.state, i.type, i.conversation, i.events, i.also, i.lent, i.value, i.follows " +
			"FROM {in} JOIN {s}fanouts AS f ON f.tenant = i.tenant AND f.id = i.fanout AND f.done <= i.nth ON CONFLICT DO NOTHING RETURNING " + toDue,
		then: putDelivery.then,
	}
)

// making is the fan-outs that this process has under way.
type making struct {
	*writers
	turn  sync.Mutex // a step: many of them take no more of the store than one
	mu    sync.Mutex
	under map[string]bool // by their first delivery
}

// FanOut is Accept of a publication whose deliveries are very many: all of it or
// nothing, in one promise, after which promised is called. Then it makes what was promised to its
// tenants before and is not made, and the deliveries, and calls made with each step, which is
// valid until that returns; false:
// the rest of that fan-out is not needed, for its tenant is being deleted. After an error the rest
// may be there, and is made by Finish, or by Lanes.
func (s *publications) FanOut(p *gateway.Publication, many []gateway.Fanout, promised func(), made func([]gateway.Delivery) (more bool)) error {
	defer s.making.begin(many)()
	to, late := newPromise(), &lates{}
	to.publication(p, late)
	for i := range many {
		to.fanout(&many[i])
	}
	if err := s.write(to); err != nil {
		return err
	}
	promised()
	if err := s.dropLate(late, p.Deliveries); err != nil {
		return err
	}
	if err := s.making.before(many, made); err != nil {
		return err
	}
	for i := range many {
		if err := s.making.makeAll(&many[i], 0, fanoutStep, made); err != nil {
			return err
		}
	}
	return nil
}

// Finish makes what was promised to a tenant with one of the events and was not made, by whomever,
// and calls made as FanOut does. What is under way in this process is left to who makes it.
func (s *publications) Finish(tenant string, events []string, made func([]gateway.Delivery) (more bool)) error {
	p := &params{}
	left, err := s.making.left("tenant = "+p.text(tenant), p)
	if err != nil {
		return err
	}
	return s.making.makeLeft(slices.DeleteFunc(left, func(one part) bool {
		return !slices.ContainsFunc(one.f.Events, func(e gateway.FanoutEvent) bool { return slices.Contains(events, e.ID) })
	}), fanoutStep, made)
}

// before makes what was promised to the same tenants earlier and was not made: of a publish whose
// outcome nobody knew, and which was published again. The first copy may be there, and a lane that
// keeps an order would get it after the second, when somebody makes it at last.
func (s *making) before(many []gateway.Fanout, made func([]gateway.Delivery) (more bool)) error {
	for i := range many {
		p := &params{}
		first, _ := gateway.ParseID(gateway.PrefixDelivery, many[i].First)
		left, err := s.left("tenant = "+p.text(many[i].Tenant)+" AND id < "+p.bytes(first[:]), p)
		if err == nil {
			err = s.makeLeft(left, fanoutStep, made)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *promise) fanout(f *gateway.Fanout) {
	p.of(f.Tenant)
	first := p.id("fan-out", gateway.PrefixDelivery, f.First)
	if low := binary.BigEndian.Uint64(first.b[8:]); low+uint64(f.Len()) < low {
		p.fail("fan-out", "more deliveries than there are ids")
	}
	for i := range f.Events {
		p.id("fan-out", gateway.PrefixEvent, f.Events[i].ID)
	}
	for i := range f.Listeners {
		events := f.Listeners[i].Events
		p.keys("fan-out", f.Listeners[i].Endpoint)
		if len(events) > 0 && int(slices.Max(events)) >= len(f.Events) {
			p.fail("fan-out", "an event that it has not")
			return
		}
	}
	var e record.Encoder
	e.Fanout(f)
	p.put(fanoutTable, text(f.Tenant), first, slotCell(f.Tenant), number(0), raw(e.B))
}

// makeAll makes the deliveries of one from the nth on, so many at once, and lets others go between.
func (s *making) makeAll(f *gateway.Fanout, after, most int, made func([]gateway.Delivery) (more bool)) error {
	reader := f.Read(after)
	step := make([]gateway.Delivery, 0, min(most, f.Len()-after))
	for more := true; more; {
		from := reader.Made()
		if step = reader.Next(step[:0], most); len(step) == 0 {
			return nil
		}
		late, err := s.makeStep(f, from, step)
		if err != nil {
			return err
		}
		step = slices.DeleteFunc(step, func(d gateway.Delivery) bool { return late.is(&d) })
		more = len(step) == 0 || made == nil || made(step)
	}
	return nil
}

// makeStep makes some deliveries, and notes how far it came.
func (s *making) makeStep(f *gateway.Fanout, from int, step []gateway.Delivery) (*lates, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	p, late := newPromise(), &lates{}
	p.of(f.Tenant)
	p.durable = false
	first := p.id("fan-out", gateway.PrefixDelivery, f.First)
	for i := range step {
		d := &step[i]
		p.do(makeDelivery, append(p.unfinished(d), first, number(int64(from+i)))...)
		p.carry(d) // an event with very many would have to be read whole for each
		late.ask(p, d)
	}
	if upTo := from + len(step); upTo == f.Len() {
		p.remove(fanoutTable, text(f.Tenant), first)
	} else {
		p.do(fanoutDone, text(f.Tenant), first, number(int64(upTo)))
	}
	if err := s.write(p); err != nil {
		return nil, err
	}
	return late, s.dropLate(late, step)
}

// part is a fan-out of which so many are made.
type part struct {
	f    gateway.Fanout
	done int
}

// finish makes what was promised to tenants of the slots and was not made, but for what this
// process has under way.
func (s *making) finish(slots gateway.SlotSet) error {
	p := &params{}
	left, err := s.left("slot = ANY("+p.slots(slots)+")", p)
	if err != nil {
		return err
	}
	return s.makeLeft(left, finishStep, nil)
}

// left gives what was promised and was not made, but for what this process has under way.
func (s *making) left(where string, p *params) (left []part, err error) {
	err = s.readFor(whole, "SELECT tenant, id, done, value FROM {s}fanouts WHERE "+where+" ORDER BY tenant, id", p, func(row [][]byte) (bool, error) {
		f, err := record.DecodeFanout(string(row[0]), row[1], row[3])
		if !s.isUnder(f.First) {
			left = append(left, part{f, int(min(longAt(row[2]), int64(f.Len())))})
		}
		return true, err
	})
	return left, err
}

func (s *making) makeLeft(left []part, most int, made func([]gateway.Delivery) (more bool)) error {
	for i := range left {
		one := &left[i]
		s.opts.Logger.Info("deliveries of a publish that was interrupted are made", "tenant", one.f.Tenant, "made_before", one.done, "deliveries", one.f.Len())
		if err := s.makeAll(&one.f, one.done, most, made); err != nil {
			return err
		}
	}
	return nil
}

func (s *making) isUnder(first string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.under[first]
}

func (s *making) begin(many []gateway.Fanout) (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under == nil {
		s.under = map[string]bool{}
	}
	for i := range many {
		s.under[many[i].First] = true
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i := range many {
			delete(s.under, many[i].First)
		}
	}
}
