package pebblestore

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

// Most of what is published is sent at once. So what was just made stays in memory until it
// is settled, some megabytes of it at most: who sends it need not ask the store what it
// carries, nor who settles it where it lies. What is at hand is durable, and lies in the
// queue as it was put there: whatever moves it from there takes it from here, too, before.

const (
	handyMost = 8 << 20 // bytes of all
	handyLane = handyMost / 4
	handyOne  = 16 << 10 // of one
	// handyStuck is after how long the room of what nobody has sent is given to others.
	handyStuck = 5 * time.Second
	// handyUnused is how many of a lane may be there since one was sent: of a lane that
	// sends nothing, a paused one say, every so many are kept to see whether it does again.
	handyUnused = 32
)

// atHand is one delivery with its event.
type atHand struct {
	d      gateway.Delivery
	events [1]gateway.Event
	ids    [1]string
	relay  gateway.Relayed
	u      ulid.ULID
	size   int
	firm   atomic.Bool // it is durable

	older, newer *atHand
}

// handy is what is at hand.
type handy struct {
	mu    sync.Mutex
	of    map[ulid.ULID]*atHand
	lanes map[gateway.LaneKey]*handyUse
	size  int
	ends  atHand // of the list, the oldest is its newer
}

// handyUse is how a lane uses what is at hand of it.
type handyUse struct {
	size   int // bytes
	unused int // that came since one was given out
}

func newHandy() *handy {
	h := &handy{of: map[ulid.ULID]*atHand{}, lanes: map[gateway.LaneKey]*handyUse{}}
	h.ends.older, h.ends.newer = &h.ends, &h.ends
	return h
}

// keep takes in what a publication makes, as far as there is room. It is given out when it
// is firm.
func (h *handy) keep(b *batch, p *gateway.Publication) {
	of := leaders{events: p.Events}
	for i := range p.Deliveries {
		d := &p.Deliveries[i]
		v := of.alone(d)
		if v == nil {
			continue
		}
		size := handySize(d, v)
		if size > handyOne || !h.room(d, size) {
			continue
		}
		u, ok := parseID(gateway.PrefixDelivery, d.ID)
		if !ok {
			continue
		}
		one := newAtHand(d, v)
		one.u, one.size = u, size
		h.add(one)
		b.made = append(b.made, one)
	}
}

// alone gives the event that a new delivery carries, if it is one of them.
func (l *leaders) alone(d *gateway.Delivery) *gateway.Event {
	for range l.events {
		if v := &l.events[l.at]; len(d.EventIDs) == 1 && v.ID == d.EventIDs[0] && v.Tenant == d.Tenant {
			return v
		}
		l.at = (l.at + 1) % len(l.events)
	}
	return nil
}

// handySize is about what one takes.
func handySize(d *gateway.Delivery, v *gateway.Event) int {
	size := int(unsafe.Sizeof(atHand{})) + textSize(d, v) + len(v.Body)
	if r := v.Relay; r != nil {
		size += len(r.Sealed)
	}
	return size
}

// textSize is how long the texts are that may be parts of what its maker uses again.
func textSize(d *gateway.Delivery, v *gateway.Event) int {
	size := len(v.Type) + len(v.Kind) + len(v.ConversationKey) + len(d.EventType) + len(d.ConversationKey)
	if r := v.Relay; r != nil {
		size += len(r.Route) + len(r.Method) + len(r.Path)
	}
	return size
}

// room says whether there is some for a lane, and makes it of what is stuck.
func (h *handy) room(d *gateway.Delivery, size int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if use := h.lanes[laneOf(d)]; use != nil {
		if use.unused++; use.size+size > handyLane || use.unused > handyUnused && use.unused%handyUnused != 0 {
			return false
		}
	}
	for h.size+size > handyMost {
		if d.CreatedAt.Sub(h.ends.newer.d.CreatedAt) < handyStuck {
			return false
		}
		h.remove(h.ends.newer)
	}
	return true
}

func newAtHand(d *gateway.Delivery, v *gateway.Event) *atHand {
	one := &atHand{d: *d, events: [1]gateway.Event{*v}, ids: [1]string{v.ID}}
	size := textSize(d, v) + len(v.Body)
	if v.Relay != nil {
		size += len(v.Relay.Sealed)
	}
	texts := texts(make([]byte, 0, size))
	one.d.EventIDs = one.ids[:]
	one.d.EventType, one.d.ConversationKey = texts.own(d.EventType), texts.own(d.ConversationKey)
	e := &one.events[0]
	e.Type, e.Kind, e.ConversationKey = texts.own(v.Type), texts.own(v.Kind), texts.own(v.ConversationKey)
	e.Body = nil
	if len(v.Body) > 0 {
		e.Body = texts.take(v.Body)
	}
	if v.Relay != nil {
		r := &one.relay
		*r = *v.Relay
		r.Route, r.Method, r.Path = texts.own(r.Route), texts.own(r.Method), texts.own(r.Path)
		if r.Sealed = nil; len(v.Relay.Sealed) > 0 {
			r.Sealed = texts.take(v.Relay.Sealed)
		}
		e.Relay = r
	}
	return one
}

// texts is memory that several texts share.
type texts []byte

func (t *texts) take(b []byte) []byte {
	from := len(*t)
	*t = append(*t, b...)
	return (*t)[from:len(*t):len(*t)]
}

func (t *texts) own(s string) string {
	from := len(*t)
	*t = append(*t, s...)
	return unsafe.String(unsafe.SliceData((*t)[from:]), len(s))
}

func (h *handy) add(one *atHand) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of[one.u] != nil {
		return // no delivery is made twice
	}
	h.of[one.u] = one
	use := h.lanes[laneOf(&one.d)]
	if use == nil {
		use = &handyUse{}
		h.lanes[laneOf(&one.d)] = use
	}
	use.size += one.size
	h.size += one.size
	one.older, one.newer = h.ends.older, &h.ends
	one.older.newer, one.newer.older = one, one
}

func (h *handy) remove(one *atHand) {
	delete(h.of, one.u)
	lane := laneOf(&one.d)
	if use := h.lanes[lane]; use.size > one.size {
		use.size -= one.size
	} else {
		delete(h.lanes, lane)
	}
	h.size -= one.size
	one.older.newer, one.newer.older = one.newer, one.older
}

// find gives what is at hand of a delivery, or nil.
func (h *handy) find(tenant, id string) *atHand {
	u, _ := parseID(gateway.PrefixDelivery, id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if one := h.of[u]; one != nil && one.d.Tenant == tenant && one.firm.Load() {
		h.lanes[laneOf(&one.d)].unused = 0
		return one
	}
	return nil
}

// moves takes a delivery that is moved from what is at hand.
func (b *batch) moves(d *gateway.Delivery) {
	u, _ := parseID(gateway.PrefixDelivery, d.ID)
	b.handy.drop(u)
}

// drop is called before a delivery is moved, or is no more.
func (h *handy) drop(u ulid.ULID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one := h.of[u]; one != nil {
		h.remove(one)
	}
}

// forget drops all that a tenant has.
func (h *handy) forget(tenant string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range h.of {
		if one.d.Tenant == tenant {
			h.remove(one)
		}
	}
}

// said says what became of what a batch makes: it is durable, or nobody knows.
func (b *batch) said(durable bool) {
	for _, one := range b.made {
		if durable {
			one.firm.Store(true)
		} else {
			b.handy.drop(one.u)
		}
	}
}
