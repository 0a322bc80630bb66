package edge

import "time"

// How long, and for how many bytes, a refused client is listened to. Without that
// the kernel answers what it sends with a reset, which takes the refusal away
// before the client has read it (RFC 9112 9.6). Many clients (Python's http.client)
// send all of a body before they look for an answer.
const (
	lingerIdle  = time.Second      // without a byte, and in all where they drip in
	lingerTime  = 10 * time.Second // in all, of a body that comes at the pace of any other
	lingerBytes = 64 << 20         // four times the most that any source or the API takes
	// A flood is refused to save memory, and must not be paid with reading it: of such a
	// body little is read, and then the rest of the time its sender stands still.
	lingerFlood = 64 << 10
)

// patience is how many bytes of a refused client are read.
func (c *Conn) patience() int {
	if c.fault == ErrNoMemory || c.fault == errStranger {
		return lingerFlood
	}
	return lingerBytes
}

// Close closes the connection; any goroutine may call it, any number of times.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.tell()
	c.request.account.close()
	if c.dirty.Load() {
		c.linger()
	}
	c.listener.forget(c) // not before: one that lingers counts against the bounds
	return c.Conn.Close()
}

func (c *Conn) linger() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	scratch := newBuffer()
	scratch.grow(32 << 10)
	defer release(&scratch)
	began := time.Now()
	for total := 0; total < c.patience(); {
		if c.Conn.SetReadDeadline(c.listensUntil(began, total)) != nil {
			return
		}
		n, err := c.Conn.Read(scratch.b[:cap(scratch.b)])
		if err != nil {
			return
		}
		total += n
	}
	time.Sleep(time.Until(began.Add(lingerIdle))) // what else it has sent lies with the kernel
}

// listensUntil is when the next byte of a refused client must have come, who has sent
// so many since then.
func (c *Conn) listensUntil(began time.Time, sent int) time.Time {
	last := began.Add(lingerIdle)
	if c.listener.closing() || c.limits.Rate <= 0 {
		return last
	}
	last = last.Add(min(lingerTime-lingerIdle, time.Duration(float64(sent)/float64(c.limits.Rate)*float64(time.Second))))
	if next := time.Now().Add(lingerIdle); next.Before(last) {
		return next
	}
	return last
}
