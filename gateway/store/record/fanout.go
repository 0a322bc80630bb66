package record

import "hookgate/gateway"

// Fanout appends a fan-out.
func (e *Encoder) Fanout(f *gateway.Fanout) {
	e.Version()
	e.Time(f.At)
	e.Number(uint64(len(f.Events)))
	for i := range f.Events {
		e.Text(f.Events[i].ID)
		e.Text(f.Events[i].Type)
		e.Text(f.Events[i].ConversationKey)
	}
	e.Number(uint64(len(f.Listeners)))
	for i := range f.Listeners {
		e.Text(f.Listeners[i].Endpoint)
		e.Number(uint64(len(f.Listeners[i].Events)))
		for _, event := range f.Listeners[i].Events {
			e.Number(uint64(event))
		}
	}
}

// DecodeFanout reads a fan-out; id is the ULID of its first delivery.
func DecodeFanout(tenant string, id, value []byte) (gateway.Fanout, error) {
	d := NewDecoder(value)
	f := gateway.Fanout{Tenant: tenant, First: FormatID(gateway.PrefixDelivery, id), At: d.Time()}
	for n := d.Number(); n > 0 && !d.bad; n-- {
		f.Events = append(f.Events, gateway.FanoutEvent{ID: d.Text(), Type: d.Text(), ConversationKey: d.Text()})
	}
	for n := d.Number(); n > 0 && !d.bad; n-- {
		l := gateway.Listener{Endpoint: d.Text()}
		for events := d.Number(); events > 0 && !d.bad; events-- {
			event := d.Number()
			if event >= uint64(len(f.Events)) {
				d.Fail()
			}
			l.Events = append(l.Events, uint16(event))
		}
		f.Listeners = append(f.Listeners, l)
	}
	return f, d.Done("fan-out of a publish")
}
