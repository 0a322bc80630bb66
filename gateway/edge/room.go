package edge

import (
	"net/netip"
	"sync/atomic"
	"time"

	"hookgate/gateway/shares"
)

// Who connects costs nothing to those who ask: where all connections of a listener are
// taken, some of those on which nothing is asked are closed for the next one (RFC 9112 9.5
// lets a server close them at any time, and clients are ready for it). A connection asks
// nothing from its beginning, or from its last answer, until a head has come as a whole. Where
// bodies are no streams it also gives way while it sends a body or reads an answer, however
// slowly it likes, if all else is of no use: a body that is not whole has begun nothing yet. Of
// streams that is so until their handler begins, and where it reads all before it decides
// (ReadBody): then those of the block give way that has the most, for one of a block that has far
// fewer.

// idling tells since when nothing has been asked on a connection.
type idling struct {
	began  time.Time    // of the connection
	since  atomic.Int64 // in nanoseconds after that; else asks, or gaveWay
	midway atomic.Bool  // it sends a body, or reads an answer
	body   atomic.Int64 // since when the rest of a body is awaited, that is a stream; else none, or gaveWay
}

const (
	asks    = 0  // a request is under way
	none    = 0  // nobody waits for a body
	gaveWay = -1 // it is being closed for another connection
)

func (i *idling) now() int64 { return int64(time.Since(i.began)) + 1 }

// begin counts from now on, unless it has begun: the next byte is of another request.
func (i *idling) begin() { i.since.CompareAndSwap(asks, i.now()) }

// ask ends that; false says that the connection has given way, and asks in vain.
func (i *idling) ask() bool {
	i.midway.Store(false)
	since := i.since.Load()
	return since == asks || since != gaveWay && i.since.CompareAndSwap(since, asks)
}

// send is ask for a head that has come, and whose body has not yet.
func (i *idling) send() bool {
	since := i.since.Load()
	if i.midway.Swap(true) {
		return since != gaveWay
	}
	return since != gaveWay && i.since.CompareAndSwap(since, i.now())
}

// awaits counts how long the rest of a body is awaited, until came.
func (i *idling) awaits() { i.body.CompareAndSwap(none, i.now()) }

// came ends that; false says that the connection has given way, and what came is for nothing.
func (i *idling) came() bool { return i.body.Swap(none) != gaveWay }

// read counts how long a client takes to read: ask ends that.
func (i *idling) read() {
	i.midway.Store(true)
	i.begin()
}

// give closes it to requests, if it rests.
func (i *idling) give() bool {
	since := i.since.Load()
	if since == asks {
		body := i.body.Load()
		return body > none && i.body.CompareAndSwap(body, gaveWay)
	}
	return since > asks && i.since.CompareAndSwap(since, gaveWay)
}

// gone says that it was given.
func (i *idling) gone() bool { return i.since.Load() == gaveWay || i.body.Load() == gaveWay }

const (
	// yields is which part of all connections gives way at once: who looks for one looks
	// at all of them.
	yields = 32
	// looksAgain is how long after a look that found none the next one is.
	looksAgain = 50 * time.Millisecond
	// bodyTime is how long the rest of a body has at least.
	bodyTime = time.Second
)

// makeRoom closes connections on which nothing is asked, for another one; false says that
// there are none, or that it was not for want of room that it was not taken. First those go
// that have rested for GiveWay.
func (l *Listener) makeRoom(newcomer *Conn) bool {
	now := time.Now()
	if l.limits.GiveWay <= 0 || now.Before(l.looked.Add(looksAgain)) {
		return false
	}
	chosen := l.giveWay(now, newcomer)
	if len(chosen) == 0 {
		l.looked = now
		return false
	}
	go func() {
		for _, c := range chosen {
			_ = c.Close()
		}
	}()
	return true
}

// giveWay chooses those that are closed, which count no more from now on.
func (l *Listener) giveWay(now time.Time, newcomer *Conn) (chosen []*Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.full() || l.hasQuota(newcomer) {
		return nil
	}
	most := max(1, l.limits.Conns/yields)
	for _, some := range l.atRest(now, shares.Block(newcomer.address)) {
		for _, c := range some {
			if len(chosen) < most && c.idling.give() {
				delete(l.conns, c) // there is room at once, however long closing takes
				chosen = append(chosen, c)
			}
		}
	}
	return chosen
}

// atRest gives the connections that may give way to one of a block, in this order: those
// that have sent nothing, those of blocks that have more than a quarter, the others; only
// where there are none of these, what another block has beyond its quarter, and then those
// that are midway, and of the block that has the most those whose bodies are awaited. l.mu is held.
func (l *Listener) atRest(now time.Time, newcomer netip.Prefix) (all [6][]*Conn) {
	const silent, crowded, others, beyond, midway, awaited = 0, 1, 2, 3, 4, 5
	young, rested, late := map[netip.Prefix][]*Conn{}, map[netip.Prefix][]*Conn{}, []*Conn(nil)
	for c := range l.conns {
		since, slow := c.idling.since.Load(), c.idling.midway.Load()
		block := shares.Block(c.address)
		switch fresh := now.Sub(c.idling.began)-time.Duration(since) < l.limits.GiveWay; {
		case since <= asks || fresh && slow:
		case fresh:
			young[block] = append(young[block], c)
		case slow:
			late = append(late, c)
		case c.heard.Load():
			rested[block] = append(rested[block], c)
		default:
			all[silent] = append(all[silent], c)
		}
	}
	quarter := l.limits.Conns / 4
	for block, some := range rested {
		which := others
		if len(some)+len(young[block]) > quarter {
			which = crowded
		}
		all[which] = append(all[which], some...)
	}
	if len(all[silent])+len(rested) > 0 {
		return all
	}
	for block, some := range young {
		if n := len(some) - quarter; n > 0 && block.IsValid() && block != newcomer {
			all[beyond] = append(all[beyond], some[:n]...)
		}
	}
	if len(all[beyond]) == 0 {
		all[midway], all[awaited] = late, l.awaited(now, newcomer)
	}
	return all
}

// awaited gives those connections of the block that has the most on which the rest of a body has
// been awaited for a while; none where it has not far more than the block of the newcomer.
func (l *Listener) awaited(now time.Time, newcomer netip.Prefix) (some []*Conn) {
	var fullest netip.Prefix
	for block, n := range l.blocks {
		if n > l.blocks[fullest] {
			fullest = block
		}
	}
	if !fullest.IsValid() || l.blocks[fullest] < 2*(l.blocks[newcomer]+1) {
		return nil
	}
	for c := range l.conns {
		if body := c.idling.body.Load(); body > none && c.block == fullest && now.Sub(c.idling.began)-time.Duration(body) >= bodyTime {
			some = append(some, c)
		}
	}
	return some
}
