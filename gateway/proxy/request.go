package proxy

import (
	"bytes"
	"strconv"

	"hookgate/gateway/edge"
)

// appendRequest writes the request's head as the upstream gets it.
func (x *exchange) appendRequest(dst []byte, u *upstream) []byte {
	header := &x.ctx.Request.Header
	dst = append(dst, header.Method()...)
	dst = append(dst, ' ')
	dst = x.appendTarget(dst, u)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, u.dialer.Host()...)
	dst = append(dst, '\r', '\n')
	trusted := x.p.Trusts(edge.ClientIP(x.ctx))
	var t told
	x.chain = x.chain[:0]
	raw := header.RawHeaders()
	x.readConnection(raw)
	from := 0 // of the lines that are copied together
	eachLine(raw, func(start, end int, name, value []byte) {
		if !x.drops(&t, trusted, name, value) {
			return
		}
		dst = append(dst, raw[from:start]...)
		from = end
	})
	dst = append(dst, raw[from:lines(raw)]...)
	dst = x.appendForwarded(dst, t)
	dst = append(dst, x.route.set...)
	dst = x.appendFraming(dst)
	return append(dst, '\r', '\n')
}

// appendTarget writes the path as it was sent, below the upstream's own, and the
// query.
func (x *exchange) appendTarget(dst []byte, u *upstream) []byte {
	path, query := x.target()
	dst = append(dst, u.dialer.Base()...)
	if len(path) == 0 && u.dialer.Base() == "" {
		dst = append(dst, '/')
	}
	return append(append(dst, path...), query...)
}

// target gives the path as it was sent, without what strip_prefix takes, and the
// query with its question mark.
func (x *exchange) target() (path, query []byte) {
	path = edge.Path(x.ctx)
	query = x.ctx.Request.Header.RequestURI()[len(path):]
	if x.route.Spec.StripPrefix {
		path = stripped(path, x.route.strips)
	}
	return path, query
}

// appendFraming says how the body ends; the client's own words for it are gone.
func (x *exchange) appendFraming(dst []byte) []byte {
	if x.protocol != nil {
		dst = append(dst, "Connection: Upgrade\r\nUpgrade: "...)
		dst = append(dst, x.protocol...)
		return append(dst, '\r', '\n')
	}
	length := int64(len(x.body))
	switch {
	case x.uploads() && x.ctx.Request.Header.ContentLength() < 0:
		return append(dst, "Transfer-Encoding: chunked\r\n"...)
	case x.uploads():
		length = int64(x.ctx.Request.Header.ContentLength())
	case length == 0 && !takesBody(x.ctx.Method()):
		return dst
	}
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, length, 10)
	return append(dst, '\r', '\n')
}

// takesBody says whether a request of this method without a body must say so.
func takesBody(method []byte) bool {
	switch string(method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// readConnection reads what Connection and Upgrade ask for.
func (x *exchange) readConnection(raw []byte) {
	x.named, x.protocol = x.named[:0], nil
	asked := false
	eachLine(raw, func(_, _ int, name, value []byte) {
		switch {
		case is(name, "connection"):
			eachToken(value, func(option []byte) {
				switch {
				case is(option, "upgrade"):
					asked = true
				case !is(option, "close") && !is(option, "keep-alive"):
					x.named = append(x.named, option)
				}
			})
		case is(name, "upgrade"):
			x.protocol = trim(value)
		}
	})
	if !asked || !x.mayUpgrade() {
		x.protocol = nil
	}
}

// drops says whether a field is not passed on: it belongs to the connection, is
// ours to write, or is what only a trusted proxy may say.
func (x *exchange) drops(t *told, trusted bool, name, value []byte) bool {
	if c := folded[name[0]]; connectionInitials[c] && isConnectionField(name) {
		return true
	} else if c == 'x' || c == 'f' {
		switch {
		case is(name, "x-forwarded-for"), is(name, "x-forwarded-proto"), is(name, "x-forwarded-host"):
			if trusted {
				x.hear(t, name, value)
			}
			return true
		case !trusted && (begins(name, "x-forwarded-") || is(name, "x-real-ip") || is(name, "forwarded")):
			return true
		}
	}
	if x.route.drops.has(name) {
		return true
	}
	for _, named := range x.named {
		if bytes.EqualFold(named, name) {
			return true
		}
	}
	return false
}

// connectionFields speak of one connection or of one message's form (RFC 9110
// 7.6.1), or, as Host, are ours to write.
var connectionFields = names{
	"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length",
	"proxy-authenticate", "proxy-authorization", "host", "expect", "http2-settings",
}

// connectionInitials are their first letters: most fields need no closer look.
var connectionInitials = func() (t [256]bool) {
	for _, name := range connectionFields {
		t[name[0]] = true
	}
	return t
}()

func isConnectionField(name []byte) bool { return connectionFields.has(name) }

// eachLine calls do for each field of a block of lines that were judged: where its
// line begins and ends, its name, and its value untrimmed.
func eachLine(block []byte, do func(start, end int, name, value []byte)) {
	for start := 0; start < len(block); {
		length := bytes.IndexByte(block[start:], '\n') + 1
		line := block[start : start+length]
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			return // the blank line
		}
		do(start, start+length, line[:colon], line[colon+1:length-len("\r\n")])
		start += length
	}
}

// lines gives the length of a block without its blank line.
func lines(block []byte) int {
	if bytes.HasSuffix(block, []byte("\r\n\r\n")) {
		return len(block) - 2
	}
	return len(block)
}
