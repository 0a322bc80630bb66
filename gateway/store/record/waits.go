package record

import (
	"time"

	"hookgate/gateway"
)

// recordSpanned is the version of a wait, and of a pending call, with its place in a trace
// at the end.
const recordSpanned = 2

// versionOf begins a record that has a place in a trace, or has none.
func (e *Encoder) versionOf(c *gateway.SpanContext) {
	if c == nil {
		e.Version()
	} else {
		e.B = append(e.B, recordSpanned)
	}
}

// Wait appends a wait.
func (e *Encoder) Wait(w *gateway.Wait) {
	e.versionOf(w.Span)
	e.Text(string(w.State))
	e.Time(w.EndedAt)
	e.Text(w.Source)
	e.Text(w.ConversationKey)
	e.Texts(w.Aliases)
	e.Text(string(w.Branch))
	e.Text(w.Match)
	e.Text(w.Reason)
	e.Text(string(w.Mode))
	e.Time(w.CreatedAt)
	e.Time(w.ExpiresAt)
	e.Raw(w.Variables)
	e.Raw(w.Context)
	e.Raw(w.OwnMatch)
	e.Raw(w.OwnVariables)
	e.Flag(w.Callback != nil)
	if w.Callback != nil {
		e.callback(w.Callback)
	}
	if w.Span != nil {
		e.span(w.Span)
	}
}

// DecodeWait reads a wait; id is the ULID of its id.
func DecodeWait(tenant string, id, value []byte) (*gateway.Wait, error) {
	return OpenRecord(value).wait(tenant, id)
}

// DecodeWaitWithoutBody leaves out the body of the callback, which is nearly all of
// a large record.
func DecodeWaitWithoutBody(tenant string, id, value []byte) (*gateway.Wait, error) {
	return openSkimmer(value).wait(tenant, id)
}

func (d *Decoder) wait(tenant string, id []byte) (*gateway.Wait, error) {
	version := d.Byte()
	if version != First && version != recordSpanned {
		d.Fail()
	}
	w := &gateway.Wait{ID: FormatID(gateway.PrefixWait, id), Tenant: tenant}
	w.State = gateway.WaitState(d.Text())
	w.EndedAt = d.Time()
	w.Source = d.Text()
	w.ConversationKey = d.Text()
	w.Aliases = d.Texts()
	w.Branch = gateway.Branch(d.Text())
	w.Match = d.Text()
	w.Reason = d.Text()
	w.Mode = gateway.Mode(d.Text())
	w.CreatedAt = d.Time()
	w.ExpiresAt = d.Time()
	w.Variables = d.Raw()
	w.Context = d.Raw()
	w.OwnMatch = d.Raw()
	w.OwnVariables = d.Raw()
	if d.Flag() {
		c := d.callback()
		w.Callback = &c
	}
	if version == recordSpanned {
		w.Span = d.span()
	}
	return w, d.Done("wait")
}

// PeekWait reads only what decides whether a wait is still open.
func PeekWait(value []byte) (open bool, err error) {
	const waiting = string(gateway.StateWaiting)
	if len(value) < 2 || value[0] != First && value[0] != recordSpanned || int(value[1]) > len(value)-2 || value[1] >= 0x80 {
		return false, Corrupt("wait")
	}
	return string(value[2:2+value[1]]) == waiting, nil
}

func (e *Encoder) callback(c *gateway.TakenCallback) {
	e.Text(c.ID)
	e.Time(c.ReceivedAt)
	e.Text(c.ContentType)
	e.Raw(c.Body)
}

func (d *Decoder) callback() (c gateway.TakenCallback) {
	c.ID = d.Text()
	c.ReceivedAt = d.Time()
	c.ContentType = d.Text()
	c.Body = d.body()
	return c
}

// Ended appends how a wait ended.
func (e *Encoder) Ended(w *gateway.Wait) {
	e.Version()
	e.Text(w.ID)
	e.Text(string(w.State))
	e.Text(w.Reason)
	e.Time(w.EndedAt)
}

// DecodeEnded reads how a wait ended.
func DecodeEnded(value []byte) (gateway.Ended, error) {
	d := NewDecoder(value)
	g := gateway.Ended{WaitID: d.Text(), State: gateway.WaitState(d.Text()), Reason: d.Text(), EndedAt: d.Time()}
	return g, d.Done("end of a wait")
}

// Mark appends a mark.
func (e *Encoder) Mark(m *gateway.Mark, turn uint64) {
	e.Version()
	e.Number(turn)
	e.Time(m.Expires)
	e.Text(m.CallbackID)
	e.Text(m.WaitID)
	e.B = append(e.B, m.Sum[:]...)
	e.Raw(m.Answer)
}

// DecodeMark also gives the turn of the mark: of two with one key, in buckets of
// different days, the later one counts.
func DecodeMark(tenant string, key gateway.MarkKey, value []byte) (m gateway.Mark, turn uint64, err error) {
	d := NewDecoder(value)
	turn = d.Number()
	m = gateway.Mark{
		Tenant: tenant, Key: key, Expires: d.Time(), CallbackID: d.Text(), WaitID: d.Text(),
		Sum: d.markKey(), Answer: d.Raw(),
	}
	return m, turn, d.Done("mark")
}

// recordNaming is the version of a parked callback that tells other names of its
// conversation: these, and then what any other has.
const recordNaming = 2

// Parked appends a parked callback: what recovery needs first, and the body and document
// after it.
func (e *Encoder) Parked(p *gateway.Parked) {
	if p.Aliases == nil {
		e.Version()
	} else {
		e.B = append(e.B, recordNaming)
		e.Texts(p.Aliases)
	}
	e.Text(p.Source)
	e.Text(p.Key)
	e.Time(p.Expires)
	e.Number(uint64(len(p.Marks)))
	for _, mark := range p.Marks {
		e.B = append(e.B, mark[:]...)
	}
	e.Number(uint64(p.Window))
	e.Time(p.Callback.ReceivedAt)
	e.Text(p.Callback.ContentType)
	e.B = append(e.B, p.Kind)
	e.Raw(p.Callback.Body)
	e.Number(uint64(len(p.Header)))
	for _, field := range p.Header {
		e.Text(field.Name)
		e.Text(field.Value)
	}
	e.Text(p.Query)
	if p.Item > 0 { // records of callbacks that came alone are as they were before there were others
		e.Number(uint64(p.Item))
		e.Raw(p.Around)
	}
}

// DecodeParked leaves out body and document when light.
func DecodeParked(tenant string, id, value []byte, light bool) (*gateway.Parked, error) {
	d := OpenRecord(value)
	p := &gateway.Parked{Tenant: tenant}
	switch d.Byte() {
	case First:
	case recordNaming:
		p.Aliases = d.Texts()
	default:
		d.Fail()
	}
	p.Source, p.Key, p.Expires = d.Text(), d.Text(), d.Time()
	p.Marks = d.marks()
	p.Window = time.Duration(d.Number())
	p.Callback = gateway.TakenCallback{ID: FormatID(gateway.PrefixCallback, id), ReceivedAt: d.Time(), ContentType: d.Text()}
	p.Kind = d.Byte()
	if light {
		if d.bad {
			return nil, Corrupt("parked callback")
		}
		return p, nil
	}
	p.Callback.Body = d.Raw()
	if n := d.Number(); n > 0 {
		if n > uint64(len(d.rest)) {
			return nil, Corrupt("parked callback")
		}
		p.Header = make([]gateway.HeaderField, n)
		for i := range p.Header {
			p.Header[i] = gateway.HeaderField{Name: d.Text(), Value: d.Text()}
		}
	}
	p.Query = d.Text()
	if len(d.rest) > 0 {
		p.Item, p.Around = int(d.Number()), d.Raw()
		if p.Item < 1 || p.Item > len(p.Around)+1 {
			return nil, Corrupt("parked callback")
		}
	}
	return p, d.Done("parked callback")
}

func (d *Decoder) markKey() (key gateway.MarkKey) {
	for i := range key {
		key[i] = d.Byte()
	}
	return key
}

func (d *Decoder) marks() []gateway.MarkKey {
	n := d.Number()
	const size = uint64(len(gateway.MarkKey{}))
	if n > uint64(len(d.rest))/size {
		d.Fail()
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

// Names appends names.
func (e *Encoder) Names(n *gateway.Names) {
	e.Version()
	e.Time(n.Used)
	e.Texts(n.All)
}

// DecodeNames reads names.
func DecodeNames(tenant string, value []byte) (gateway.Names, error) {
	d := NewDecoder(value)
	n := gateway.Names{Tenant: tenant, Used: d.Time(), All: d.Texts()}
	return n, d.Done("names")
}

// Trace appends a trace.
func (e *Encoder) Trace(t *gateway.Trace) {
	e.Version()
	e.Text(t.Kind)
	e.Raw(t.Data)
}

// DecodeTrace reads a trace.
func DecodeTrace(tenant, key string, at time.Time, id string, value []byte) (gateway.Trace, error) {
	d := NewDecoder(value)
	t := gateway.Trace{Tenant: tenant, Key: key, At: at, ID: id, Kind: d.Text(), Data: d.Raw()}
	return t, d.Done("trace")
}
