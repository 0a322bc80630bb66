package edge

import (
	"bytes"
	"errors"
	"net/netip"
	"sync/atomic"

	"hookgate/gateway"
	"hookgate/gateway/shares"
	"hookgate/gateway/wire"
)

// incoming follows the request that comes in on a connection, and says how much of
// what is read may be handed on: up to its end, or to a fault.
//
// Bytes of an unfinished head are handed on at once, for fasthttp does nothing before
// the blank line; a copy stays here until the head can be judged.
type incoming struct {
	limits  *Limits
	address netip.Addr    // of the client
	holder  shares.Holder // of what the request uses that is nobody else's
	account account       // of the memory for its body

	head    *buffer // handed on of an unfinished head, from its first byte
	inBody  bool    // part of the body is not yet handed on
	closes  bool    // the client asked for Connection: close
	expects bool    // 100 Continue is still to be said

	chunked bool
	framing wire.Chunks
	left    int64 // of a body of known length, not yet handed on
	most    int64 // bytes that the body may have
	spoken  int64 // bytes of a body that is not a stream, whose memory was taken
	pace    pace
	body    *buffer // what ReadBody filled

	id requestID // of the request that was judged last

	interrupted atomic.Bool // nothing more is to be read of the body
}

// over reports whether the next byte is of another request.
func (r *incoming) over() bool { return !r.inBody && r.head == nil }

// follow moves along b and returns how much of it may be handed on.
func (r *incoming) follow(b []byte) (n int, fault *gateway.Error) {
	if !r.inBody {
		if n, fault = r.followHead(b); fault != nil || !r.inBody {
			return n, fault
		}
	}
	used, fault := r.followBody(b[n:])
	return n + used, fault
}

// followHead judges the head when it is whole. Of a faulty one it lets the first
// byte pass, for fasthttp answers only who has sent something; blank lines are
// nothing to it, so who starts with one is closed without a word.
func (r *incoming) followHead(b []byte) (int, *gateway.Error) {
	if r.head != nil {
		return r.followSplit(b, 0)
	}
	if !wire.Token.Has(b[0]) && b[0] != '\r' {
		return 1, errNotHTTP // such as a TLS handshake: no blank line need be awaited
	}
	if end := wire.HeadEnd(b); end > 0 { // nearly always: the head came in one piece
		if fault := r.judge(b[:end]); fault != nil {
			return 1, fault
		}
		return end, nil
	}
	r.head = newBuffer()
	return r.followSplit(b, 1)
}

// followSplit puts b behind what came of the head before. Of a faulty head it lets
// pass first bytes: 1 where none was handed on, and else 0, for that one might be
// the head's last.
func (r *incoming) followSplit(b []byte, first int) (int, *gateway.Error) {
	before := len(r.head.b)
	r.head.b = append(r.head.b, b...)
	from := max(0, before-wire.BlankLine+1)
	end := wire.HeadEnd(r.head.b[from:])
	if end == 0 {
		if loneLF(r.head.b, before) { // its blank line may never come
			return first, errLoneLF
		}
		if fault := overlong(r.head.b); fault != nil {
			return first, fault
		}
		return len(b), nil
	}
	end += from
	if fault := r.judge(r.head.b[:end]); fault != nil {
		return first, fault
	}
	release(&r.head)
	return end - before, nil
}

// loneLF reports whether b has, at from or behind it, an LF that no CR precedes.
func loneLF(b []byte, from int) bool {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return false
		}
		if from += i; from == 0 || b[from-1] != '\r' {
			return true
		}
		from++
	}
}

// overlong finds the bound that a head has passed already which is not whole.
func overlong(b []byte) *gateway.Error {
	b = bytes.TrimPrefix(b, crlf)
	line, fields, whole := wire.CutLine(b)
	if !whole {
		line = b
	}
	method, _, hasMethod := bytes.Cut(line, space)
	switch {
	case len(line) <= maxTarget+maxStart && len(fields) <= maxFieldBytes+len(crlf):
		return nil
	case !hasMethod || len(method) > maxStart:
		return errStartLine
	case len(line) > maxTarget+maxStart:
		return errLongTarget
	}
	return errLargeHead
}

var space = []byte(" ")

// judge passes a whole head and prepares for its body.
func (r *incoming) judge(b []byte) *gateway.Error {
	h, fault := checkHead(b)
	if fault != nil {
		return fault
	}
	if r.limits.Inside || h.requestID != nil && r.limits.trusts(r.address) {
		r.id.take(h.requestID)
	} else {
		r.id.make()
	}
	if h.separates != nil && !r.limits.isKey(h.path) {
		return h.separates
	}
	r.closes, r.pace = h.closes, pace{}
	r.expects = false
	r.interrupted.Store(false)
	r.inBody = h.length != 0
	if !r.inBody {
		return nil
	}
	r.most = r.limits.Body(h.method, h.host, h.path)
	r.left = h.length
	if h.length > r.most {
		return r.limits.tooLarge(h)
	}
	if fault = r.bill(b, &h); fault != nil {
		return fault
	}
	r.spoken, r.expects = 0, h.expects && !h.http10
	r.chunked = h.length == chunked
	if r.chunked {
		r.framing = wire.Chunks{}
		return nil
	}
	return r.expect(h.length)
}

// followBody never hands on the end of a body that it finds at fault: fasthttp would
// take the request for whole, and not read again.
func (r *incoming) followBody(b []byte) (n int, fault *gateway.Error) {
	if r.chunked {
		return r.followChunks(b)
	}
	n = int(min(r.left, int64(len(b))))
	r.left -= int64(n)
	r.inBody = r.left > 0
	r.pace.got += int64(n)
	return n, nil
}

// followChunks judges the size of each chunk before its data passes.
func (r *incoming) followChunks(b []byte) (n int, fault *gateway.Error) {
	for n < len(b) && !r.framing.Over() {
		framing, data, err := r.framing.Next(b[n:])
		if err != nil {
			return 0, chunkFault(err)
		}
		if fault := r.announced(r.framing.Total()); fault != nil {
			return 0, fault
		}
		n += framing + data
		r.pace.got += int64(data)
	}
	r.inBody = !r.framing.Over()
	return n, nil
}

func chunkFault(err error) *gateway.Error {
	if errors.Is(err, wire.ErrTrailers) {
		return errTrailer
	}
	return errChunk
}

// announced judges the size of a body of which so much is known to come.
func (r *incoming) announced(total int64) *gateway.Error {
	if total > r.most {
		return errBodyTooLarge
	}
	return r.expect(total + int64(len("\r\n"))) // fasthttp reads a chunk with its line end
}
