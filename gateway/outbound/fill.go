package outbound

import (
	"errors"

	"hookgate/gateway"
	"hookgate/gateway/background"
)

// count learns how much a former process left; see lane.unfinished.
func (l *Lanes) count(keys []gateway.LaneKey) {
	const page = 4096
	for _, key := range keys {
		var after gateway.Due
		for l.ctx.Err() == nil {
			due, err := l.queue.Window(key, after, page)
			if err != nil {
				l.log.Warn("unfinished deliveries cannot be counted", "tenant", key.Tenant, "endpoint", key.Endpoint, "error", err)
				return
			}
			l.mu.Lock()
			n := l.lanes[key]
			if n != nil {
				n.depth += len(due)
			}
			stopped := l.stopped
			l.mu.Unlock()
			if stopped || n == nil || len(due) < page {
				break
			}
			after = due[len(due)-1]
		}
	}
}

// mostReaders bounds how many lanes are read from the store at once.
const mostReaders = 4

// fill has read what a lane needs of the store: first how its endpoint stands,
// then its window.
func (l *Lanes) fill(n *lane) {
	if n.asked {
		return
	}
	n.asked = true
	l.read = append(l.read, n)
	if l.readers < mostReaders {
		l.readers++
		l.running.Go(l.reader)
	}
}

func (l *Lanes) reader() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.stopped && len(l.read) > 0 {
		n := l.read[0]
		l.read[0] = nil
		l.read = l.read[1:]
		work := l.fillWindow
		if !n.primed {
			work = l.prime
		}
		if err := work(n); err != nil {
			l.mu.Unlock()
			l.log.Error("unfinished deliveries cannot be read", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
			background.Sleep(l.ctx, storeRest)
			l.mu.Lock()
			l.read = append(l.read, n)
			continue
		}
		n.asked = false
		l.place(n, l.now())
		l.hire()
	}
	l.readers--
}

// fillWindow is called with the lock, which it lets go while the store is read.
func (l *Lanes) fillWindow(n *lane) error {
	if !n.window.more {
		return nil // an API call has primed the lane since it was asked for
	}
	n.window.regrant()
	n.window.reading = true // what arrives from now on may not be in what is read
	after, most := n.window.cursor, n.window.most
	l.mu.Unlock()
	batch, err := l.queue.Window(n.key, after, most)
	l.mu.Lock()
	if err != nil {
		return err
	}
	n.window.read(batch, len(batch) < most)
	return nil
}

// prime is called like fillWindow. A reader and API calls do it one after the other:
// it removes holds that have run out, which must be over before a delivery goes that
// may write a new one of its conversation.
func (l *Lanes) prime(n *lane) error {
	for n.priming {
		l.ended.Wait()
	}
	if n.primed {
		return nil
	}
	n.priming = true
	known := n.known
	l.mu.Unlock()
	status, err := l.queue.Status(n.key)
	var holds []gateway.Hold
	if err == nil && known { // else nothing was unfinished when this process began
		holds, err = l.holds(n.key)
	}
	l.mu.Lock()
	n.priming = false
	l.ended.Broadcast()
	if err != nil {
		return err
	}
	n.status, n.held, n.primed = status, holds, true
	return nil
}

// holds reads those that are still in force. The delivery of one may have ended
// just before a crash kept it from being removed.
func (l *Lanes) holds(key gateway.LaneKey) (inForce []gateway.Hold, err error) {
	all, err := l.queue.Holds(key)
	if err != nil {
		return nil, err
	}
	now := l.now()
	for _, h := range all {
		if h.Until.After(now) {
			_, _, err := l.queue.Load(key.Tenant, h.Delivery)
			if err == nil {
				inForce = append(inForce, h)
				continue
			}
			if !errors.Is(err, gateway.ErrNotFound) {
				return nil, err
			}
		}
		if err := l.queue.ClearHold(key, h.Conversation); err != nil {
			return nil, err
		}
	}
	return inForce, nil
}
