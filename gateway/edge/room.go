package edge

import (
	"net"
	"net/netip"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// Who connects costs nothing to those who ask: where all connections of a listener are
// taken, some of those on which nothing is asked are closed for the next one (RFC 9112 9.5
// lets a server close them at any time, and clients are ready for it). A connection asks
// nothing from its beginning, or from its last answer, until a head has come as a whole. Where
// bodies are no streams it also gives way while it sends a body or reads an answer, however
// slowly it likes, if all else is of no use: a body that is not whole has begun nothing yet.

// What Conn.rests says beside since when it does, in nanoseconds after Conn.began.
const (
	asks    = 0  // a request is under way
	gaveWay = -1 // it is being closed for another connection
)

// rest begins to count, unless it has begun: the next byte is of another request.
func (c *Conn) rest() { c.rests.CompareAndSwap(asks, int64(time.Since(c.began))+1) }

// ask ends that; false says that the connection has given way, and asks in vain.
func (c *Conn) ask() bool {
	since := c.rests.Load()
	return since == asks || since != gaveWay && c.rests.CompareAndSwap(since, asks)
}

// comes tells that a head, and some of its body perhaps, has come, or what is no request;
// false is ask's.
func (c *Conn) comes(fault *gateway.Error) bool {
	switch sends := fault == nil && c.request.inBody && !c.limits.Streams; {
	case !sends:
		c.midway.Store(false)
		return c.ask()
	case c.midway.Swap(true):
		return c.rests.Load() != gaveWay
	}
	since := c.rests.Load()
	return since != gaveWay && c.rests.CompareAndSwap(since, int64(time.Since(c.began))+1)
}

// reads writes to the client, who may take its time.
func (c *Conn) reads(p []byte) (int, error) {
	c.midway.Store(true)
	c.rest()
	n, err := c.Conn.Write(p)
	c.midway.Store(false)
	if !c.ask() {
		return n, net.ErrClosed
	}
	return n, err
}

const (
	// yields is which part of all connections gives way at once: who looks for one looks
	// at all of them.
	yields = 32
	// looksAgain is how long after a look that found none the next one is.
	looksAgain = 50 * time.Millisecond
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
			since := c.rests.Load()
			if len(chosen) < most && since > asks && c.rests.CompareAndSwap(since, gaveWay) {
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
// that are midway. l.mu is held.
func (l *Listener) atRest(now time.Time, newcomer netip.Prefix) (all [5][]*Conn) {
	const silent, crowded, others, beyond, midway = 0, 1, 2, 3, 4
	young, rested, slow := map[netip.Prefix][]*Conn{}, map[netip.Prefix][]*Conn{}, []*Conn(nil)
	for c := range l.conns {
		since := c.rests.Load()
		block := shares.Block(c.address)
		switch fresh := now.Sub(c.began)-time.Duration(since) < l.limits.GiveWay; {
		case since <= asks || fresh && c.midway.Load():
		case fresh:
			young[block] = append(young[block], c)
		case c.midway.Load():
			slow = append(slow, c)
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
		all[midway] = slow
	}
	return all
}
