package record

import "hookgate/gateway"

// span appends a place in a trace, and the one that it is linked with. It stands at the end
// of a record, whose version tells that it is there.
func (e *Encoder) span(c *gateway.SpanContext) {
	e.B = append(append(append(e.B, c.Trace[:]...), c.Span[:]...), c.Flags)
	e.Text(c.State)
	e.Flag(c.Link != nil)
	if c.Link != nil {
		e.span(c.Link)
	}
}

// span reads what span appended.
func (d *Decoder) span() *gateway.SpanContext {
	c := d.place()
	if d.Flag() {
		link := d.place()
		if d.Flag() { // one more would be as many as somebody wrote
			d.Fail()
		}
		c.Link = &link
	}
	return &c
}

func (d *Decoder) place() (c gateway.SpanContext) {
	copy(c.Trace[:], d.some(uint64(len(c.Trace))))
	copy(c.Span[:], d.some(uint64(len(c.Span))))
	c.Flags, c.State = d.Byte(), d.Text()
	return c
}
