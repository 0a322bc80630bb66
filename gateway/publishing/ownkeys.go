package publishing

import (
	"hash/maphash"
	"sync/atomic"
	"time"

	"hookgate/gateway"
)

// ownKeys knows of which keys it was lately written that an event showed them as its
// own, so that not each event of a conversation writes it again. It forgets where two
// fall on one place: then it is written once more. It takes neither lock nor memory
// of its events.
type ownKeys struct {
	seed   maphash.Seed
	places [ownPlaces]atomic.Uint64
}

// ownPlaces is for as many busy conversations: 512 KiB.
const ownPlaces = 1 << 16

// ownFresh is how often a key is written again while its conversation goes on: often
// enough against gateway.AliasKept.
const ownFresh = 24 * time.Hour

// digest is of a key on a day: on the next it is another.
func (o *ownKeys) digest(e *gateway.Event) uint64 {
	day := uint64(e.AcceptedAt.Unix() / int64(ownFresh/time.Second))
	const odd = 0x9e3779b97f4a7c15
	sum := (maphash.String(o.seed, e.Tenant)*odd+maphash.String(o.seed, e.ConversationKey))*odd + day
	return sum | 1 // never that of an empty place
}

func (o *ownKeys) at(digest uint64) *atomic.Uint64 { return &o.places[digest>>1%ownPlaces] }

// note adds the keys of a draft's events that are to be written with them.
func (o *ownKeys) note(d *draft) {
	p := &d.publication
	last := "" // events of one conversation often come together
	for i := range p.Events {
		e := &p.Events[i]
		if e.ConversationKey == "" || e.ConversationKey == last && e.Tenant == p.Events[i-1].Tenant {
			continue
		}
		last = e.ConversationKey
		if digest := o.digest(e); o.at(digest).Load() != digest {
			p.Own = append(p.Own, gateway.OwnKey{Tenant: e.Tenant, Key: e.ConversationKey})
			d.owned = append(d.owned, digest)
		}
	}
}

// written is told that what note added is durable.
func (o *ownKeys) written(d *draft) {
	for _, digest := range d.owned {
		o.at(digest).Store(digest)
	}
}

// clear forgets everything: what was written of one tenant is gone from the store.
func (o *ownKeys) clear() {
	for i := range o.places {
		o.places[i].Store(0)
	}
}
