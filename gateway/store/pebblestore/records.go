package pebblestore

import (
	"time"

	"hookgate/gateway"
)

func (e *encoder) wait(w *gateway.Wait) {
	e.version()
	e.text(string(w.State))
	e.time(w.EndedAt)
	e.text(w.Source)
	e.text(w.ConversationKey)
	e.texts(w.Aliases)
	e.text(string(w.Branch))
	e.text(w.Match)
	e.text(w.Reason)
	e.text(string(w.Mode))
	e.time(w.CreatedAt)
	e.time(w.ExpiresAt)
	e.raw(w.Variables)
	e.raw(w.Context)
	e.raw(w.OwnMatch)
	e.raw(w.OwnVariables)
	e.flag(w.Callback != nil)
	if w.Callback != nil {
		e.callback(w.Callback)
	}
}

func decodeWait(tenant string, id, value []byte) (*gateway.Wait, error) {
	return newDecoder(value).wait(tenant, id)
}

// decodeWaitWithoutBody leaves out the body of the callback, which is nearly all of
// a large record.
func decodeWaitWithoutBody(tenant string, id, value []byte) (*gateway.Wait, error) {
	return newSkimmer(value).wait(tenant, id)
}

func (d *decoder) wait(tenant string, id []byte) (*gateway.Wait, error) {
	w := &gateway.Wait{ID: formatID(gateway.PrefixWait, id), Tenant: tenant}
	w.State = gateway.WaitState(d.text())
	w.EndedAt = d.time()
	w.Source = d.text()
	w.ConversationKey = d.text()
	w.Aliases = d.texts()
	w.Branch = gateway.Branch(d.text())
	w.Match = d.text()
	w.Reason = d.text()
	w.Mode = gateway.Mode(d.text())
	w.CreatedAt = d.time()
	w.ExpiresAt = d.time()
	w.Variables = d.raw()
	w.Context = d.raw()
	w.OwnMatch = d.raw()
	w.OwnVariables = d.raw()
	if d.flag() {
		c := d.callback()
		w.Callback = &c
	}
	return w, d.done(kindWait)
}

// peekWait reads only what decides whether a wait is still open.
func peekWait(value []byte) (open bool, err error) {
	const waiting = string(gateway.StateWaiting)
	if len(value) < 2 || value[0] != recordVersion || int(value[1]) > len(value)-2 || value[1] >= 0x80 {
		return false, corrupt(kindWait)
	}
	return string(value[2:2+value[1]]) == waiting, nil
}

func (e *encoder) callback(c *gateway.TakenCallback) {
	e.text(c.ID)
	e.time(c.ReceivedAt)
	e.text(c.ContentType)
	e.raw(c.Body)
}

func (d *decoder) callback() (c gateway.TakenCallback) {
	c.ID = d.text()
	c.ReceivedAt = d.time()
	c.ContentType = d.text()
	c.Body = d.body()
	return c
}

func (e *encoder) ended(w *gateway.Wait) {
	e.version()
	e.text(w.ID)
	e.text(string(w.State))
	e.text(w.Reason)
	e.time(w.EndedAt)
}

func decodeEnded(value []byte) (gateway.Ended, error) {
	d := newDecoder(value)
	g := gateway.Ended{WaitID: d.text(), State: gateway.WaitState(d.text()), Reason: d.text(), EndedAt: d.time()}
	return g, d.done(kindEnded)
}

func (e *encoder) mark(m *gateway.Mark, turn uint64) {
	e.version()
	e.number(turn)
	e.time(m.Expires)
	e.text(m.CallbackID)
	e.text(m.WaitID)
	e.b = append(e.b, m.Sum[:]...)
	e.raw(m.Answer)
}

// decodeMark also gives the turn of the mark: of two with one key, in buckets of
// different days, the later one counts.
func decodeMark(tenant string, key gateway.MarkKey, value []byte) (m gateway.Mark, turn uint64, err error) {
	d := newDecoder(value)
	turn = d.number()
	m = gateway.Mark{
		Tenant: tenant, Key: key, Expires: d.time(), CallbackID: d.text(), WaitID: d.text(),
		Sum: d.markKey(), Answer: d.raw(),
	}
	return m, turn, d.done(kindMark)
}

// parked puts what recovery needs first, and the body and document after it.
func (e *encoder) parked(p *gateway.Parked) {
	e.version()
	e.text(p.Source)
	e.text(p.Key)
	e.time(p.Expires)
	e.number(uint64(len(p.Marks)))
	for _, mark := range p.Marks {
		e.b = append(e.b, mark[:]...)
	}
	e.number(uint64(p.Window))
	e.time(p.Callback.ReceivedAt)
	e.text(p.Callback.ContentType)
	e.b = append(e.b, p.Kind)
	e.raw(p.Callback.Body)
	e.number(uint64(len(p.Header)))
	for _, field := range p.Header {
		e.text(field.Name)
		e.text(field.Value)
	}
	e.text(p.Query)
}

// decodeParked leaves out body and document when light.
func decodeParked(tenant string, id, value []byte, light bool) (*gateway.Parked, error) {
	d := newDecoder(value)
	p := &gateway.Parked{Tenant: tenant, Source: d.text(), Key: d.text(), Expires: d.time()}
	p.Marks = d.marks()
	p.Window = time.Duration(d.number())
	p.Callback = gateway.TakenCallback{ID: formatID(gateway.PrefixCallback, id), ReceivedAt: d.time(), ContentType: d.text()}
	p.Kind = d.byte()
	if light {
		if d.bad {
			return nil, corrupt(kindParked)
		}
		return p, nil
	}
	p.Callback.Body = d.raw()
	if n := d.number(); n > 0 {
		if n > uint64(len(d.rest)) {
			return nil, corrupt(kindParked)
		}
		p.Header = make([]gateway.HeaderField, n)
		for i := range p.Header {
			p.Header[i] = gateway.HeaderField{Name: d.text(), Value: d.text()}
		}
	}
	p.Query = d.text()
	return p, d.done(kindParked)
}

func (d *decoder) markKey() (key gateway.MarkKey) {
	for i := range key {
		key[i] = d.byte()
	}
	return key
}

func (d *decoder) marks() []gateway.MarkKey {
	n := d.number()
	const size = uint64(len(gateway.MarkKey{}))
	if n > uint64(len(d.rest))/size {
		d.fail()
	}
	if n == 0 || d.bad {
		return nil
	}
	list := make([]gateway.MarkKey, n)
	for i := range list {
		copy(list[i][:], d.rest)
		d.rest = d.rest[size:]
	}
	return list
}

func (e *encoder) names(n *gateway.Names) {
	e.version()
	e.time(n.Used)
	e.texts(n.All)
}

func decodeNames(tenant string, value []byte) (gateway.Names, error) {
	d := newDecoder(value)
	n := gateway.Names{Tenant: tenant, Used: d.time(), All: d.texts()}
	return n, d.done(kindNames)
}

func (e *encoder) trace(t *gateway.Trace) {
	e.version()
	e.text(t.Kind)
	e.raw(t.Data)
}

func decodeTrace(tenant, key string, at time.Time, id string, value []byte) (gateway.Trace, error) {
	d := newDecoder(value)
	t := gateway.Trace{Tenant: tenant, Key: key, At: at, ID: id, Kind: d.text(), Data: d.raw()}
	return t, d.done(kindTrace)
}
