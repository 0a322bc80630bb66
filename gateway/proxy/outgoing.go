package proxy

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/wire"
)

// outgoing is a request as the upstream gets it.
type outgoing struct {
	p     *Proxy
	ctx   *fasthttp.RequestCtx
	route *route

	whole  bool // body is all of the request's body
	body   []byte
	stream edge.Stream // of a body that is not in memory

	named    [][]byte              // fields that Connection names
	protocol []byte                // that the client asks to upgrade to; nil: none
	told     told                  // by proxies in front
	place    *gateway.SpanContext  // in a trace, of this request; nil: what came goes on, where it is believed
	kept     []gateway.HeaderField // of a relay
}

// end lets go of all that belongs to the request.
func (q *outgoing) end() {
	clear(q.named)
	clear(q.kept)
	*q = outgoing{p: q.p, named: q.named[:0], told: told{chain: q.told.chain[:0]}, kept: q.kept[:0]}
}

// append writes the request's head, and behind it a small body: they go out in one
// write.
func (q *outgoing) append(dst []byte, u *upstream) []byte {
	header := &q.ctx.Request.Header
	dst = append(append(dst, header.Method()...), ' ')
	dst = append(q.appendTarget(dst, u), " HTTP/1.1\r\n"...)
	if q.route.KeepsHost {
		dst = wire.AppendField(dst, "Host", header.Host())
	} else {
		dst = wire.AppendField(dst, "Host", u.dialer.Host())
	}
	raw := header.RawHeaders()
	q.read(raw)
	from := 0 // of the lines that are copied together
	trusted := q.trusted()
	for f := wire.EachField(raw); f.Next(); {
		if q.drops(trusted, f.Name, f.Value) || is(f.Name, "x-request-id") {
			dst = append(dst, raw[from:f.Start]...)
			from = f.End
		}
	}
	dst = append(dst, raw[from:lines(raw)]...)
	dst = q.appendForwarded(dst)
	if q.route.forwarded.requestID {
		dst = wire.AppendField(dst, edge.HeaderRequestID, edge.RequestID(q.ctx))
	}
	if q.place != nil {
		q.place.Fields(func(name, value string) {
			if !q.route.drops.has([]byte(name)) {
				dst = wire.AppendField(dst, name, value)
			}
		})
	}
	dst = append(dst, q.route.set...)
	dst = append(q.appendFraming(dst), '\r', '\n')
	if len(q.body) <= smallBody {
		dst = append(dst, q.body...)
	}
	return dst
}

// lines gives the length of a block without its blank line.
func lines(block []byte) int {
	if bytes.HasSuffix(block, []byte("\r\n\r\n")) {
		return len(block) - len("\r\n")
	}
	return len(block)
}

// appendTarget writes the path as it was sent, below the upstream's own, and the
// query.
func (q *outgoing) appendTarget(dst []byte, u *upstream) []byte {
	path, query := q.target()
	dst = append(dst, u.dialer.Base()...)
	if len(path) == 0 && u.dialer.Base() == "" {
		dst = append(dst, '/')
	}
	return append(append(dst, path...), query...)
}

// target gives the path as it was sent, without what strip_prefix takes, and the
// query with its question mark.
func (q *outgoing) target() (path, query []byte) {
	path = edge.Path(q.ctx)
	query = q.ctx.Request.Header.RequestURI()[len(path):]
	if q.route.Spec.StripPrefix {
		path = stripped(path, q.route.strips)
	}
	return path, query
}

// appendFraming says how the body ends; the client's own words for it are gone.
func (q *outgoing) appendFraming(dst []byte) []byte {
	if q.protocol != nil {
		return wire.AppendField(append(dst, "Connection: Upgrade\r\n"...), "Upgrade", q.protocol)
	}
	length := int64(len(q.body))
	switch {
	case q.uploads() && q.ctx.Request.Header.ContentLength() < 0:
		return append(dst, "Transfer-Encoding: chunked\r\n"...)
	case q.uploads():
		length = int64(q.ctx.Request.Header.ContentLength())
	case length == 0 && !wire.TakesBody(q.ctx.Method()):
		return dst
	}
	return wire.AppendLength(dst, length)
}

// uploads says whether the body is passed on while it arrives.
func (q *outgoing) uploads() bool { return !q.whole && q.ctx.RequestBodyStream() != nil }

// repeatable says whether the request may be sent a second time.
func (q *outgoing) repeatable() bool {
	if q.uploads() {
		return false
	}
	switch string(q.ctx.Method()) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return true
	}
	return false
}

// read reads what Connection and Upgrade ask for.
func (q *outgoing) read(raw []byte) {
	q.named, q.protocol = q.named[:0], nil
	asked := false
	for f := wire.EachField(raw); f.Next(); {
		switch {
		case is(f.Name, "connection"):
			asked = q.readConnection(f.Value) || asked
		case is(f.Name, "upgrade"):
			q.protocol = wire.Trim(f.Value)
		}
	}
	if !asked || !q.mayUpgrade() {
		q.protocol = nil
	}
}

// readConnection keeps the fields that a Connection field names, and says whether it
// asks for another protocol.
func (q *outgoing) readConnection(value []byte) (asked bool) {
	for len(value) > 0 {
		var option []byte
		switch option, value = wire.CutItem(value); {
		case is(option, "upgrade"):
			asked = true
		case len(option) > 0 && !is(option, "close") && !is(option, "keep-alive"):
			q.named = append(q.named, option)
		}
	}
	return asked
}

// drops says whether a field is not passed on: it belongs to the connection, is
// ours to write, or is what only a trusted proxy may say.
func (q *outgoing) drops(trusted bool, name, value []byte) bool {
	if c := folded[name[0]]; connectionInitials[c] && isConnectionField(name) {
		return true
	} else if (c == 'x' || c == 'f') && q.dropsForwarded(trusted, name, value) {
		return true
	} else if c == 't' && (!trusted || q.place != nil) && isTraceField(name) { // a stranger begins no trace of ours: the upstream does, or we
		return true
	}
	if q.route.drops.has(name) {
		return true
	}
	for _, named := range q.named {
		if bytes.EqualFold(named, name) {
			return true
		}
	}
	return false
}

// isTraceField says whether a field tells a place in a trace.
func isTraceField(name []byte) bool {
	return is(name, gateway.HeaderTraceparent) || is(name, gateway.HeaderTracestate)
}

// connectionFields are not passed on, either way.
var connectionFields = append(names{"http2-settings"}, wire.ConnectionFields[:]...)

// connectionInitials are their first letters: most fields need no closer look.
var connectionInitials = func() (t [256]bool) {
	for _, name := range connectionFields {
		t[name[0]] = true
	}
	return t
}()

func isConnectionField(name []byte) bool { return connectionFields.has(name) }
