package pgstore

import "hookgate/gateway"

// publications are what comes in with promises: publishes, fan-outs, and changes.
type publications struct {
	*writers
	making *making
}

// Commit makes changes durable, all of them or none: one promise. What only says that
// something was refused promises nothing, and a crash of the database may lose it.
//
// gateway.CodeUnavailable: nothing was written. Any other error: the outcome is unknown.
func (s *publications) Commit(changes ...*gateway.Change) error {
	p := newPromise()
	p.durable = false
	for _, c := range changes {
		p.change(c)
		p.durable = p.durable || !c.Refused || !onlyTraces(c)
	}
	return s.write(p)
}

func onlyTraces(c *gateway.Change) bool {
	return c.Wait == nil && len(c.Marks) == 0 && c.Park == nil && c.Unpark == nil && c.Names == nil && c.Notice == nil &&
		c.Pending == nil && c.Settled == nil && len(c.Told) == 0
}

// change puts all that a change has.
func (p *promise) change(c *gateway.Change) {
	if c.Wait != nil {
		p.wait(c.Wait)
	}
	for i := range c.Marks {
		p.mark(&c.Marks[i])
	}
	if c.Park != nil {
		p.park(c.Park)
	}
	if c.Unpark != nil {
		p.looks = true // the callback is there, and so are its marks
		unpark(p, c.Unpark)
	}
	if c.Names != nil {
		p.names(c.Names)
	}
	for i := range c.Traces {
		p.trace(&c.Traces[i])
	}
	for i := range c.Callbacks {
		p.callback(&c.Callbacks[i])
	}
	if c.Call != nil {
		p.call(c.Call)
	}
	if c.Notice != nil {
		p.event(&c.Notice.Event)
		p.delivery(&c.Notice.Delivery, follows(&c.Notice.Delivery, &c.Notice.Event))
	}
	if c.Pending != nil {
		p.pending(c.Pending)
	}
	if c.Settled != nil {
		settledCall(p, c.Settled)
	}
	p.lines(auditBook, c.Told)
}
