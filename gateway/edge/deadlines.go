package edge

import (
	"os"
	"time"
)

// deadlines are those of a connection's socket. fasthttp sets three for each request,
// and a timer of the runtime is moved for each: most requests are over before the first
// of them could matter.
//
// So one of reading waits until a read goes to the network. And both are set a little
// later than was asked, so that they do for the requests that follow soon: nobody is cut
// off early, nor later than by limits.slack.
type deadlines struct {
	read  time.Time // what was asked for; it is set before the next read
	reads time.Time // what the socket has; zero: nobody knows
	write time.Time // what the socket has
}

// mostSlack bounds how much later a deadline may be than was asked.
const mostSlack = 500 * time.Millisecond

// slackOf gives how much that is of a server with these times; 0: it has no such time.
func slackOf(times ...time.Duration) time.Duration {
	slack := mostSlack
	for _, t := range times {
		if t > 0 {
			slack = min(slack, t/8)
		}
	}
	return slack
}

// serves says whether a deadline that is set does for one that is asked for.
func serves(set, asked time.Time, slack time.Duration) bool {
	return !set.IsZero() && !set.Before(asked) && set.Sub(asked) <= slack
}

// SetReadDeadline is fasthttp's: see deadlines.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.deadlines.read = t
	if t.IsZero() {
		c.deadlines.reads = t
		return c.Conn.SetReadDeadline(t)
	}
	return nil
}

// arm sets the deadline of the next read: the one that was asked for, or within a body
// that which moves on with the bytes that came.
func (c *Conn) arm() error {
	var err error
	switch r := &c.request; {
	case !r.inBody && r.interrupted.Load(): // that has set another one
		c.deadlines.reads = time.Time{}
		return c.armRead()
	case r.inBody && c.limits.Rate > 0:
		err = c.readUntil(r.pace.until(c.limits.Grace, c.limits.Rate))
	default:
		err = c.armRead()
	}
	if err == nil && c.request.inBody && c.request.interrupted.Load() {
		return os.ErrDeadlineExceeded // set over the deadline of Interrupt, maybe
	}
	return err
}

// armRead sets the deadline that was asked for, where the socket has no other that does.
func (c *Conn) armRead() error {
	d := &c.deadlines
	if d.read.IsZero() || serves(d.reads, d.read, c.limits.slack) {
		return nil
	}
	d.reads = d.read.Add(c.limits.slack)
	return c.Conn.SetReadDeadline(d.reads)
}

// readUntil sets a deadline of our own, at once and to the moment.
func (c *Conn) readUntil(t time.Time) error {
	c.deadlines.read, c.deadlines.reads = time.Time{}, time.Time{}
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline is fasthttp's too: before an answer that is dropped it needs none.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	d := &c.deadlines
	switch {
	case c.taken:
		return nil
	case serves(d.write, t, c.limits.slack):
		c.unbound = false
		return nil
	case !t.IsZero():
		t = t.Add(c.limits.slack)
	}
	d.write, c.unbound = t, false
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is fasthttp's, before it lets go of a connection.
func (c *Conn) SetDeadline(t time.Time) error {
	c.deadlines = deadlines{write: t}
	c.unbound = false
	return c.Conn.SetDeadline(t)
}
