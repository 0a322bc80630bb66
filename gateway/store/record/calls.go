package record

import (
	"time"

	"hookgate/gateway"
)

// PendingCall appends a pending call.
func (e *Encoder) PendingCall(c *gateway.PendingCall) {
	e.versionOf(c.Span)
	e.Text(c.Webhook)
	e.Text(c.WaitID)
	e.Flag(c.Sent)
	e.Time(c.CreatedAt)
	e.Raw(c.Request)
	if c.Span != nil {
		e.span(c.Span)
	}
}

// DecodePendingCall reads a pending call; id is the ULID of its id.
func DecodePendingCall(tenant string, id, value []byte) (*gateway.PendingCall, error) {
	d := OpenRecord(value)
	version := d.Byte()
	if version != First && version != recordSpanned {
		d.Fail()
	}
	c := &gateway.PendingCall{
		ID: FormatID(gateway.PrefixCall, id), Tenant: tenant, Webhook: d.Text(), WaitID: d.Text(),
		Sent: d.Flag(), CreatedAt: d.Time(), Request: d.Raw(),
	}
	if version == recordSpanned {
		c.Span = d.span()
	}
	return c, d.Done("pending call")
}

// Call appends a call that is kept: what lists ask for first, and what it gave behind it.
func (e *Encoder) Call(c *gateway.Call) {
	e.Version()
	e.Text(c.Webhook)
	e.Text(c.ConversationKey)
	e.Text(string(c.Outcome))
	e.Text(c.Reason)
	e.Number(uint64(c.Status))
	e.Number(uint64(c.Duration))
	e.Number(uint64(c.Attempts))
	e.Text(c.WaitID)
	e.Time(c.CreatedAt)
	e.Time(c.EndedAt)
	for _, member := range [...]gateway.Raw{c.Variables, c.Responses, c.Attributes, c.Body, c.Context} {
		e.Raw(member)
	}
	e.Texts(c.LeftOut)
	e.Number(uint64(len(c.Errors)))
	for _, f := range c.Errors {
		e.Text(f.Path)
		e.Text(f.Message)
	}
	e.Flag(c.Sent != nil)
	if c.Sent == nil {
		return
	}
	e.Text(c.Sent.Method)
	e.Text(c.Sent.URL)
	e.Number(uint64(c.Sent.BodyBytes))
	e.Number(uint64(len(c.Sent.Header)))
	for _, field := range c.Sent.Header {
		e.Text(field[0])
		e.Text(field[1])
	}
}

// DecodeCall reads a call that is kept; id is the ULID of its id. light leaves out what it
// gave, and what was sent.
func DecodeCall(tenant string, id, value []byte, light bool) (*gateway.Call, error) {
	const what = "call"
	d := NewDecoder(value)
	c := &gateway.Call{
		ID: FormatID(gateway.PrefixCall, id), Tenant: tenant, Webhook: d.Text(), ConversationKey: d.Text(),
		Outcome: gateway.CallOutcome(d.Text()), Reason: d.Text(), Status: int(d.Number()),
		Duration: time.Duration(d.Number()), Attempts: int(d.Number()), WaitID: d.Text(), CreatedAt: d.Time(), EndedAt: d.Time(),
	}
	if light {
		if d.bad {
			return nil, Corrupt(what)
		}
		return c, nil
	}
	for _, member := range [...]*gateway.Raw{&c.Variables, &c.Responses, &c.Attributes, &c.Body, &c.Context} {
		*member = d.Raw()
	}
	c.LeftOut = d.Texts()
	for range d.many() {
		c.Errors = append(c.Errors, gateway.Fault{Path: d.Text(), Message: d.Text()})
	}
	if d.Flag() {
		c.Sent = &gateway.CallRequest{Method: d.Text(), URL: d.Text(), BodyBytes: int(d.Number())}
		for range d.many() {
			c.Sent.Header = append(c.Sent.Header, [2]string{d.Text(), d.Text()})
		}
	}
	return c, d.Done(what)
}

// many reads how many of something follow, each of a byte at least.
func (d *Decoder) many() uint64 {
	n := d.Number()
	if n > uint64(len(d.rest)) {
		d.Fail()
		return 0
	}
	return n
}
