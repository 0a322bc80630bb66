package pebblestore

import (
	"hookgate/gateway"
)

// Commit makes changes durable, all of them or none: one batch, one synced commit,
// which shares its fsync with all that run beside it. What only says that something
// was refused promises nothing and is not synced.
//
// gateway.CodeUnavailable: nothing was written. Any other error: the outcome is
// unknown.
func (s *publications) Commit(changes ...*gateway.Change) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admit(); err != nil {
		return err
	}
	b := s.newBatch(sizeOf(changes))
	defer b.free()
	synced := false
	for _, c := range changes {
		s.putChange(b, c)
		synced = synced || !c.Refused || !onlyTraces(c)
	}
	return s.commit(b, synced)
}

// admit refuses a write before anything of it happened.
func (s *engine) admit() error {
	if err := s.refuse(); err != nil {
		return err
	}
	if err := s.space.admit(); err != nil {
		return err
	}
	return s.backlog.admit()
}

func onlyTraces(c *gateway.Change) bool {
	return c.Wait == nil && len(c.Marks) == 0 && c.Park == nil && c.Unpark == nil && c.Names == nil && c.Notice == nil &&
		c.Pending == nil && c.Settled == nil && len(c.Told) == 0
}

func (s *publications) putChange(b *batch, c *gateway.Change) {
	if c.Wait != nil {
		s.waits.putWait(b, c.Wait)
	}
	for i := range c.Marks {
		putMark(b, &c.Marks[i], s.turns.next())
	}
	if c.Park != nil {
		putParked(b, c.Park)
	}
	if c.Unpark != nil {
		b.begin(kindParked, c.Unpark.Tenant)
		b.id(kindParked, gateway.PrefixCallback, c.Unpark.Callback.ID)
		b.remove()
	}
	if c.Names != nil {
		putNames(b, c.Names)
	}
	for i := range c.Traces {
		putTrace(b, &c.Traces[i])
	}
	if len(c.Callbacks) > 0 {
		s.putCallbacks(b, c.Callbacks)
	}
	if c.Call != nil {
		s.putCall(b, c.Call)
	}
	if c.Notice != nil {
		putEvent(b, &c.Notice.Event)
		putNew(b, &c.Notice.Delivery)
		s.later.postNotice(b, c.Notice)
	}
	if c.Pending != nil {
		putPending(b, c.Pending)
	}
	if c.Settled != nil {
		removePending(b, c.Settled)
	}
	b.lines(c.Told)
}

// sizeOf guesses how large a batch becomes, so that it grows at most once.
func sizeOf(changes []*gateway.Change) int {
	const record = 256 // a key and the small members of a record
	size := 64
	for _, c := range changes {
		if w := c.Wait; w != nil {
			size += 3*record + len(w.Variables) + len(w.Context) + len(w.OwnMatch) + len(w.OwnVariables)
			if w.Callback != nil {
				size += len(w.Callback.Body)
			}
		}
		size += record * len(c.Marks)
		if c.Park != nil {
			size += 4*record + len(c.Park.Callback.Body) + len(c.Park.Around)
		}
		if c.Names != nil {
			size += record * len(c.Names.All)
		}
		for i := range c.Traces {
			size += record + len(c.Traces[i].Data)
		}
		size += record * len(c.Callbacks)
		if c.Call != nil {
			size += record + c.Call.Size()
		}
		if c.Notice != nil {
			size += 6*record + len(c.Notice.Event.Body)
		}
		if c.Pending != nil {
			size += record + len(c.Pending.Request)
		}
	}
	return size
}
