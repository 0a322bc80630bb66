package pgstore

import "hookgate/gateway"

// Accept makes a publication durable, all of it or nothing. gateway.CodeUnavailable: nothing
// was written. Any other error: the outcome is unknown.
func (s *publications) Accept(p *gateway.Publication) error {
	to, late := newPromise(), &lates{}
	to.publication(p, late)
	made := s.hand.Keep(nil, p)
	err := s.write(to)
	if s.hand.Said(made, err == nil); err != nil {
		return err
	}
	return s.dropLate(late, p.Deliveries)
}

// publication puts all that a publish makes durable.
func (p *promise) publication(pub *gateway.Publication, late *lates) {
	p.begun = pub.Begun
	for i := range pub.Events {
		p.event(&pub.Events[i])
	}
	lead := leaders{events: pub.Events}
	for i := range pub.Deliveries {
		p.delivery(&pub.Deliveries[i], lead.lead(&pub.Deliveries[i]))
		late.ask(p, &pub.Deliveries[i])
	}
	if pub.Mark != nil {
		p.mark(pub.Mark)
	}
	for i := range pub.Marks {
		p.mark(&pub.Marks[i])
	}
	for i := range pub.Own {
		p.own(&pub.Own[i], pub.Events[0].AcceptedAt)
	}
	for _, c := range pub.Changes {
		p.change(c)
	}
	for i := range pub.Traces {
		p.trace(&pub.Traces[i])
	}
}
