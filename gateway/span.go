package gateway

import (
	"encoding/hex"
	"strings"
)

// SpanContext is a place in a trace, as W3C Trace Context writes it in traceparent and
// tracestate: the span of whoever published an event, opened a wait or asked for a call. It
// goes with what is sent of that (SPEC-operations O4). It never changes.
type SpanContext struct {
	Trace [16]byte // never zero
	Span  [8]byte  // never zero
	Flags byte     // bit 0: whoever began the trace records it
	State string   // tracestate; "" for none
	// Link is another place that led to the same: the request of a stranger, who may not
	// say in which trace it stands, or the callback by which a wait of another trace
	// ended. nil: there is none. It has no Link itself.
	Link *SpanContext
}

// The fields of W3C Trace Context.
const (
	HeaderTraceparent = "traceparent"
	HeaderTracestate  = "tracestate"
)

// Lengths of Trace Context.
const (
	traceparentSize = 55  // bytes of version 00
	maxTracestate   = 512 // bytes; who brings more loses all of it, for of half nobody knows whose it was
	maxTraceMembers = 32
)

// ParseSpanContext reads traceparent and tracestate (W3C Trace Context, level 2, 3.2 and
// 3.3). nil: parent is not valid, and then nothing is known of either.
func ParseSpanContext(parent, state []byte) *SpanContext {
	if len(parent) < traceparentSize || parent[2] != '-' || parent[35] != '-' || parent[52] != '-' {
		return nil
	}
	var version, flags [1]byte
	var c SpanContext
	for _, part := range [...]struct{ to, from []byte }{
		{version[:], parent[:2]}, {c.Trace[:], parent[3:35]}, {c.Span[:], parent[36:52]}, {flags[:], parent[53:55]},
	} {
		if !decodeLowerHex(part.to, part.from) {
			return nil
		}
	}
	switch {
	case c.Trace == [16]byte{} || c.Span == [8]byte{} || version[0] == 0xff:
		return nil
	case version[0] == 0 && len(parent) > traceparentSize, len(parent) > traceparentSize && parent[traceparentSize] != '-':
		return nil
	}
	c.Flags = flags[0] & 3 // of later versions no more is known
	if isTracestate(state) {
		c.State = string(state)
	}
	return &c
}

// decodeLowerHex reads hexadecimal digits, of which capital ones are none here.
func decodeLowerHex(to, from []byte) bool {
	for _, c := range from {
		if c >= 'A' && c <= 'F' {
			return false
		}
	}
	_, err := hex.Decode(to, from)
	return err == nil
}

// isTracestate says whether a list can be passed on: its members are printable, and of the
// form key=value. What they mean is their owners' business.
func isTracestate(state []byte) bool {
	if len(state) == 0 || len(state) > maxTracestate {
		return false
	}
	for _, c := range state {
		if c != '\t' && (c < ' ' || c > '~') {
			return false
		}
	}
	members := 0
	for member := range strings.SplitSeq(string(state), ",") {
		member = strings.Trim(member, " \t")
		if member == "" {
			continue
		}
		key, value, found := strings.Cut(member, "=")
		if members++; !found || key == "" || value == "" || strings.ContainsAny(key, " \t") || members > maxTraceMembers {
			return false
		}
	}
	return members > 0
}

// Traceparent writes the place as the field of that name has it.
func (c *SpanContext) Traceparent() string {
	b := make([]byte, 0, traceparentSize)
	b = hex.AppendEncode(append(b, "00-"...), c.Trace[:])
	b = hex.AppendEncode(append(b, '-'), c.Span[:])
	return string(hex.AppendEncode(append(b, '-'), []byte{c.Flags}))
}

// Fields calls add with each field that tells the place to whoever is sent something.
func (c *SpanContext) Fields(add func(name, value string)) {
	if c == nil {
		return
	}
	add(HeaderTraceparent, c.Traceparent())
	if c.State != "" {
		add(HeaderTracestate, c.State)
	}
}

// Linked is the place with another that led to the same.
func (c *SpanContext) Linked(other *SpanContext) *SpanContext {
	switch {
	case other == nil:
		return c
	case c == nil:
		return other
	}
	with, link := *c, *other
	link.Link = nil
	with.Link = &link
	return &with
}
