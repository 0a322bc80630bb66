package requests

import (
	"bytes"
	"net/netip"
	"time"

	"hookgate/gateway"
)

// Parts of what is kept as bytes.
const (
	partPath = iota
	partHead
	partBody
	partKey
	partCallback
	partWait
	partText
	partUpstream
	partRequestID
	partMasks
	partBatch
	parts
)

// entry is one request that is kept. Its bytes lie in one piece of memory, part behind
// part, which a later request uses again.
type entry struct {
	slot uint32 // where it stands in Keeper.slots, for good
	id   rank
	ring *ring // nil: it is free
	kind int   // accepted, refused
	of   [2]link

	at                time.Time
	took              time.Duration
	client, peer      netip.Addr
	method            string
	outcome           gateway.Outcome
	status            int
	cause             Cause // its Text is among the parts
	secure            bool
	cutHead, cutBatch bool
	bodyBytes         int64
	batch             int
	upstreamStatus    int
	phases            [phases]time.Duration

	ends [parts]uint32
	buf  []byte
}

// link is one entry's place in one list.
type link struct{ before, after *entry }

func (e *entry) part(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = e.ends[i-1]
	}
	return e.buf[from:e.ends[i]]
}

// fill copies a request. The memory has room for it: see sizeOf.
func (e *entry) fill(r *Record) {
	e.at, e.took, e.client, e.peer, e.secure = r.At, r.Took, r.Client, r.Peer, r.Secure
	e.method, e.outcome, e.status, e.cause, e.bodyBytes = r.Method, r.Outcome, r.Status, r.Cause, r.BodyBytes
	e.upstreamStatus, e.phases, e.batch = r.UpstreamStatus, r.Phases, r.Batch
	e.cause.Text = ""
	before, b := len(e.buf), e.buf[:0]
	end := func(part int) { e.ends[part] = uint32(len(b)) }
	b = append(b, r.Path[:min(len(r.Path), mostPath)]...)
	end(partPath)
	head := headOf(r.Head)
	e.cutHead = len(head) < len(r.Head) || len(r.Path) > mostPath
	b = append(b, head...)
	end(partHead)
	b = append(b, r.Body[:min(len(r.Body), MostBody)]...)
	end(partBody)
	for i, text := range [...]string{r.Key, r.CallbackID, r.WaitID, r.Cause.Text, r.Upstream} {
		b = append(b, text[:min(len(text), mostText)]...)
		end(partKey + i)
	}
	b = append(b, r.RequestID[:min(len(r.RequestID), mostText)]...)
	end(partRequestID)
	for _, name := range r.Masks.Headers {
		b = append(append(b, name[:min(len(name), mostText)]...), 0)
	}
	for _, name := range r.Masks.Queries {
		b = append(append(b, name[:min(len(name), mostText)]...), 0)
	}
	end(partMasks)
	b, e.cutBatch = appendBatch(b, r)
	end(partBatch)
	clear(b[len(b):max(before, len(b))]) // what was longer may have been a credential
	e.buf = b
}

// unlink takes an entry from its lists.
func (e *entry) unlink() {
	e.ring.lists[e.kind].remove(e, inRing)
	e.ring.holder.lists[e.kind].remove(e, inHolder)
}

// headOf gives as many whole lines as are kept.
func headOf(head []byte) []byte {
	if len(head) <= mostHead {
		return head
	}
	return head[:bytes.LastIndexByte(head[:mostHead], '\n')+1]
}

// appendBatch appends the callbacks of a batch, as many as there is room for.
func appendBatch(b []byte, r *Record) (out []byte, cut bool) {
	start := len(b)
	for i := range r.Batch {
		one := r.One(i)
		size := len(one.Outcome) + len(one.CallbackID) + len(one.Key) + len(one.WaitID) + 4
		if len(b)-start+size > mostBatch {
			return b, true
		}
		for _, text := range [...]string{string(one.Outcome), one.CallbackID, one.Key, one.WaitID} {
			b = append(append(b, text...), '\n')
		}
	}
	return b, false
}

// sizeOf is how many bytes a request takes at most.
func sizeOf(r *Record) int {
	n := min(len(r.Path), mostPath) + min(len(r.Head), mostHead) + min(len(r.Body), MostBody) +
		min(len(r.Key), mostText) + len(r.CallbackID) + len(r.WaitID) + min(len(r.Cause.Text), mostText) + min(len(r.Upstream), mostText) + min(len(r.RequestID), mostText)
	for _, name := range r.Masks.Headers {
		n += min(len(name), mostText) + 1
	}
	for _, name := range r.Masks.Queries {
		n += min(len(name), mostText) + 1
	}
	if r.Batch > 0 {
		n += mostBatch
	}
	return n
}
