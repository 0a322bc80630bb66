package requests

import (
	"bytes"
	"net/netip"
	"strings"
	"time"

	"hookgate/gateway"
)

// Prefix is of the ids of requests.
const Prefix = "req_"

// Kept is a copy of one request that is kept. Its header fields and path are as they
// came: Header and Target give them masked.
type Kept struct {
	ID             string
	Of             Of
	Tenant, Place  string
	At             time.Time
	Took           time.Duration
	Client, Peer   netip.Addr
	Secure         bool
	Method, Path   string
	RequestID      string // "": there was none
	Head, Body     []byte
	BodyBytes      int64
	CutHead        bool // not all of the head is kept
	Outcome        gateway.Outcome
	Status         int
	Cause          Cause
	Key            string
	CallbackID     string
	WaitID         string
	Batch          []Became // what became of each callback, where there are several
	CutBatch       bool     // there are more
	Upstream       string
	UpstreamStatus int
	Phases         [phases]time.Duration
	masks          Masks
	guesses        bool // nobody knows what in it is a credential
}

// Cut says whether some of the request is not kept.
func (k *Kept) Cut() bool { return k.CutHead || k.CutBody() }

// CutBody says whether some of its body is not kept.
func (k *Kept) CutBody() bool { return k.BodyBytes < 0 || int64(len(k.Body)) < k.BodyBytes }

// Query is what of a place's requests is asked for.
type Query struct {
	Of            Of
	Tenant, Place string
	Outcome       gateway.Outcome // "": all
	Refused       bool            // those alone that came to nothing
	Before        string          // an id; "": from the newest on
	Most          int
	Body          int // bytes of each body
}

// List gives requests of a place, the newest first.
func (k *Keeper) List(q Query) (all []Kept) {
	for _, id := range k.ids(&q) {
		if one, found := k.get(id, q.Tenant, q.Of, q.Place, q.Body); found {
			all = append(all, one)
		}
	}
	return all
}

// ids gives those of the requests that are asked for, merged from both kinds.
func (k *Keeper) ids(q *Query) (ids []rank) {
	before, bounded := parse(q.Before)
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.holders[q.Tenant]
	if h == nil || h.rings[q.Of][q.Place] == nil {
		return nil
	}
	r := h.rings[q.Of][q.Place]
	a, b := r.lists[refused].newest, r.lists[accepted].newest
	for (a != nil || b != nil) && len(ids) < q.Most {
		e := a
		if a == nil || b != nil && b.id.compare(a.id) > 0 {
			e, b = b, b.of[inRing].before
		} else {
			a = a.of[inRing].before
		}
		if (!bounded || e.id.compare(before) < 0) && (q.Outcome == "" || e.outcome == q.Outcome) && (!q.Refused || Refused(e.outcome)) {
			ids = append(ids, e.id)
		}
	}
	return ids
}

// Get gives one request to a source, or a route, of a tenant, whole.
func (k *Keeper) Get(of Of, tenant, id string) (Kept, bool) {
	parsed, is := parse(id)
	if !is {
		return Kept{}, false
	}
	return k.get(parsed, tenant, of, "", MostBody)
}

func (k *Keeper) get(id rank, tenant string, of Of, place string, body int) (Kept, bool) {
	slot := int(id[12])<<24 | int(id[13])<<16 | int(id[14])<<8 | int(id[15])
	k.mu.Lock()
	defer k.mu.Unlock()
	if slot >= len(k.memory.slots) {
		return Kept{}, false
	}
	e := k.memory.slots[slot]
	if e.ring == nil || e.id != id || e.ring.holder.tenant != tenant || e.ring.of != of || place != "" && e.ring.place != place {
		return Kept{}, false
	}
	one := e.copy(of, body)
	one.Tenant, one.Place = tenant, e.ring.place
	return one, true
}

func parse(id string) (rank, bool) {
	return gateway.ParseID(Prefix, id)
}

// copy copies an entry, and so many bytes of its body.
func (e *entry) copy(of Of, body int) Kept {
	one := Kept{
		ID: gateway.FormatID(Prefix, e.id), Of: of, At: e.at, Took: e.took, Client: e.client, Peer: e.peer, Secure: e.secure, Method: e.method,
		Path: string(e.part(partPath)), Head: bytes.Clone(e.part(partHead)), BodyBytes: e.bodyBytes, CutHead: e.cutHead,
		Outcome: e.outcome, Status: e.status, Cause: e.cause, Key: string(e.part(partKey)), CallbackID: string(e.part(partCallback)),
		WaitID: string(e.part(partWait)), Upstream: string(e.part(partUpstream)), RequestID: string(e.part(partRequestID)), UpstreamStatus: e.upstreamStatus, Phases: e.phases, CutBatch: e.cutBatch,
	}
	kept := e.part(partBody)
	one.Body = bytes.Clone(kept[:min(len(kept), body)])
	one.Cause.Text = string(e.part(partText))
	masks := strings.Split(string(e.part(partMasks)), "\x00")
	copy(one.masks.Headers[:], masks)
	copy(one.masks.Queries[:], masks[len(one.masks.Headers):])
	if texts := strings.Split(string(e.part(partBatch)), "\n"); len(texts) > 1 {
		for i := 0; i+4 <= len(texts)-1; i += 4 {
			one.Batch = append(one.Batch, Became{Outcome: gateway.Outcome(texts[i]), CallbackID: texts[i+1], Key: texts[i+2], WaitID: texts[i+3]})
		}
	}
	return one
}
