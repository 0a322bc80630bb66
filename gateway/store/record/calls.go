package record

import "hookgate/gateway"

// PendingCall appends a pending call.
func (e *Encoder) PendingCall(c *gateway.PendingCall) {
	e.Version()
	e.Text(c.Webhook)
	e.Text(c.WaitID)
	e.Flag(c.Sent)
	e.Time(c.CreatedAt)
	e.Raw(c.Request)
}

// DecodePendingCall reads a pending call; id is the ULID of its id.
func DecodePendingCall(tenant string, id, value []byte) (*gateway.PendingCall, error) {
	d := NewDecoder(value)
	c := &gateway.PendingCall{
		ID: FormatID(gateway.PrefixCall, id), Tenant: tenant, Webhook: d.Text(), WaitID: d.Text(),
		Sent: d.Flag(), CreatedAt: d.Time(), Request: d.Raw(),
	}
	return c, d.Done("pending call")
}
