package pebblestore

import "hookgate/gateway"

// publications are what comes in with promises: publishes, fan-outs, and changes.
type publications struct {
	*engine
	*dropping
	waits   *waits
	fanouts *fanouts
}

// Accept makes a publication durable, all of it or nothing: one batch, one synced
// commit, whatever its size. gateway.CodeUnavailable: nothing was written. Any
// other error: the outcome is unknown.
func (s *publications) Accept(p *gateway.Publication) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admit(); err != nil {
		return err
	}
	b := s.newBatch(sizeOfPublication(p))
	defer b.free()
	s.putPublication(b, p)
	b.made = s.handy.Keep(b.made, p)
	err := s.commit(b, true)
	if s.handy.Said(b.made, err == nil); err != nil {
		return err
	}
	return s.dropLate(p.Deliveries)
}

func (s *publications) putPublication(b *batch, p *gateway.Publication) {
	for i := range p.Events {
		putEvent(b, &p.Events[i])
	}
	for i := range p.Deliveries {
		putNew(b, &p.Deliveries[i])
	}
	s.later.postEvents(b, p.Events)
	s.later.postDeliveries(b, p.Deliveries, p.Events)
	if p.Mark != nil {
		putMark(b, p.Mark, s.turns.next())
	}
	for i := range p.Marks {
		putMark(b, &p.Marks[i], s.turns.next())
	}
	for i := range p.Own {
		putOwn(b, &p.Own[i], p.Events[0].AcceptedAt)
	}
	for _, c := range p.Changes {
		s.putChange(b, c)
	}
	for i := range p.Traces {
		putTrace(b, &p.Traces[i])
	}
}

// newDelivery is about how many bytes of a batch a new delivery is.
const newDelivery = 768

// sizeOfPublication guesses how large a batch becomes, so that it grows at most once.
func sizeOfPublication(p *gateway.Publication) int {
	const record = 128 // a key and the small members of a record
	size := 64
	for i := range p.Events {
		size += 3*record + len(p.Events[i].Body)
		if r := p.Events[i].Relay; r != nil {
			size += len(r.Path) + len(r.Sealed)
		}
	}
	size += record * len(p.Marks)
	size += newDelivery * len(p.Deliveries)
	if p.Mark != nil {
		size += record + len(p.Mark.Answer)
	}
	size += record * len(p.Own)
	if len(p.Changes) > 0 {
		size += sizeOf(p.Changes)
	}
	for i := range p.Traces {
		size += record + len(p.Traces[i].Data)
	}
	return size
}

func putEvent(b *batch, v *gateway.Event) {
	if v.Lined && !linedByID(v) {
		putLinedApart(b, v)
		return
	}
	b.begin(kindEvent, v.Tenant)
	b.id(kindEvent, gateway.PrefixEvent, v.ID)
	b.enc.Event(v)
	b.put()
}

// putNew puts a delivery that is made with its events: it is due, and they show it.
func putNew(b *batch, d *gateway.Delivery) {
	putUnfinished(b, d, 0)
	if besideEvent(d) {
		return
	}
	for _, event := range d.EventIDs {
		b.index(kindIndex, d, event)
		b.put()
	}
}

// index starts the key by which an event finds a delivery.
func (b *batch) index(kind byte, d *gateway.Delivery, event string) {
	b.begin(kind, d.Tenant)
	b.id(kind, gateway.PrefixEvent, event)
	b.id(kind, gateway.PrefixDelivery, d.ID)
}
