package edge

import (
	"bytes"
	"net/netip"

	"hookgate/gateway"
	"hookgate/gateway/shares"
	"hookgate/gateway/wire"
)

// bill finds whose the body of a request is. A stranger may send a small one: the
// answer to it tells him what is missing.
func (r *incoming) bill(b []byte, h *head) *gateway.Error {
	if r.limits.Bodies == nil {
		return nil
	}
	who := r.holder
	if r.limits.trusts(r.address) {
		who = shares.Client(clientIn(b, r.address, r.limits.Trusts))
	}
	if r.limits.Caller != nil {
		var known bool
		if who, known = r.limits.Caller(h.authorization, who); !known {
			r.most = min(r.most, largeBody)
			if h.length > r.most {
				return errStranger
			}
		}
	}
	r.account.open(who)
	return nil
}

// clientIn is Client for a head that was passed.
func clientIn(head []byte, peer netip.Addr, trusts func(netip.Addr) bool) netip.Addr {
	var said sayings
	_, fields, _ := wire.CutLine(bytes.TrimPrefix(head, crlf))
	for f := wire.EachField(fields); f.Next(); {
		said.hear(f.Name, f.Value)
	}
	client, _ := said.client(peer, trusts)
	return client
}

// expect takes the memory that a body of so many bytes, as far as is known, needs
// where fasthttp reads it whole.
func (r *incoming) expect(length int64) *gateway.Error {
	if r.limits.Streams {
		return nil
	}
	need := copies * allocated(length)
	if need <= r.spoken {
		return nil
	}
	if fault := r.account.take(need - r.spoken); fault != nil {
		return fault
	}
	r.spoken = need
	return nil
}

// foresee refuses a large body of known length for which there is no memory now,
// before any more of it comes. It takes none: what was announced costs a sender nothing.
func (r *incoming) foresee(length int64) *gateway.Error {
	if length <= largeBody {
		return nil
	}
	if fault := r.account.take(copies * length); fault != nil {
		return fault
	}
	r.account.give(copies * length)
	return nil
}

// makeRoom doubles the memory of the body where it is full, with what came and not with
// what was announced, up to what that was. Until it is copied both the old and the new
// count.
func (r *incoming) makeRoom(announced int, limit int64) *gateway.Error {
	have, most := 0, int(limit)+1 // of one byte too much the rest is not read
	if r.body != nil {
		if have = cap(r.body.b); len(r.body.b) < have {
			return nil
		}
	}
	if announced > 0 {
		most = announced
	}
	room := bodyRoom(max(2*have, min(announced, largeBody)), most)
	if fault := r.account.take(copies * int64(room)); fault != nil {
		return fault
	}
	next := newBody(room)
	if r.body != nil {
		next.b = append(next.b, r.body.b...)
		release(&r.body)
		r.account.give(copies * int64(have))
	}
	r.body = next
	return nil
}
