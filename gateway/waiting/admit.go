package waiting

import "hookgate/gateway"

// admit refuses a second wait for a conversation, waits beyond a limit, and those for which
// the disk has no room.
func (o *opening) admit() done {
	s := o.sessions
	for {
		e, err := s.names.session(o.room, o.at)
		if e == nil && err == nil {
			break
		}
		if err == nil {
			e, err = s.inTime(o.room, e)
		}
		if err != nil {
			return o.fail(err)
		}
		if e != nil {
			return o.fail(&gateway.Error{
				Code: gateway.CodeWaitExists, Message: "the conversation already waits on this source",
				Extra: []gateway.ExtraMember{{Name: "wait_id", Value: e.wait.ID}},
			})
		}
	}
	if err := s.options.Room(o.Source.Tenant.ID); err != nil {
		return o.fail(err)
	}
	place, err := s.budget.take(o.room, sizeOfOpen(len(o.Context)+len(o.Match)+len(o.Variables), o.Key, o.names))
	if o.place = place; err == nil {
		err = s.budget.limited(o.Source.Tenant)
	}
	return o.fail(err)
}
