package edge

import "time"

// How long, and for how many bytes, a refused client is listened to. Without that
// the kernel answers what it sends with a reset, which takes the refusal away
// before the client has read it (RFC 9112 9.6).
const (
	lingerTime  = time.Second
	lingerBytes = 8 << 20
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
	until := time.Now().Add(lingerTime)
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.Conn.SetReadDeadline(until) != nil {
		return
	}
	scratch := newBuffer()
	scratch.grow(4 << 10)
	defer release(&scratch)
	for total := 0; total < c.patience(); {
		n, err := c.Conn.Read(scratch.b[:cap(scratch.b)])
		if err != nil {
			return
		}
		total += n
	}
	time.Sleep(time.Until(until)) // what else it has sent lies with the kernel
}
