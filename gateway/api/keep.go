package api

import (
	"net/http"
	"time"

	"hookgate/gateway/edge"
	"hookgate/gateway/keeping"
)

// Backups takes backups.
type Backups interface {
	Take(withKey bool) (*keeping.Backup, error)
}

// keep is what keeps the data of the gateway: only who runs it may.
type keep struct {
	backups Backups
	release func() (was bool, err error) // Options.Resume
}

// takeTime is how long a client may take for a piece of a backup.
const takeTime = 30 * time.Second

// backup sends an archive of all that was acknowledged before. It is written as it is
// read, and by this handler: it may take hours, and is never in memory.
func (h *keep) backup(c *call) (answer, error) {
	withKey, err := flag(c, "with_key")
	if err != nil {
		return answer{}, err
	}
	conn := edge.ConnOf(c.ctx)
	b, err := h.backups.Take(withKey)
	if err != nil {
		return answer{}, err
	}
	defer func() {
		if err := b.Close(); err != nil {
			c.log.Warn("removing what a backup held; the next one tries again", "request_id", string(edge.RequestID(c.ctx)), "error", err)
		}
	}()
	c.audit("a backup is taken", "with_key", withKey, "body_bytes", b.Size)
	c.ctx.Response.Header.SetContentType("application/x-tar")
	c.ctx.Response.Header.SetContentLength(int(b.Size))
	if conn.Closes() {
		c.ctx.SetConnectionClose()
	}
	conn.TakeAnswer()
	to := sendWriter{conn}
	if _, err = to.Write(c.ctx.Response.Header.Header()); err == nil {
		err = b.Send(to)
	}
	if err != nil {
		c.log.Warn("a backup was cut off: what was sent of it is no backup", "request_id", string(edge.RequestID(c.ctx)), "error", err)
		c.ctx.SetConnectionClose()
		conn.Reset()
	}
	return answer{later: true}, nil
}

// sendWriter writes to a client.
type sendWriter struct{ conn *edge.Conn }

// Write gives the client its time for each piece.
func (w sendWriter) Write(p []byte) (int, error) {
	if err := w.conn.Send(p, takeTime); err != nil {
		return 0, err
	}
	return len(p), nil
}

// resume lets a restored gateway send what it held.
func (h *keep) resume(c *call) (answer, error) {
	was, err := h.release()
	if err != nil {
		return answer{}, err
	}
	if was {
		c.audit("the restored gateway was resumed")
	}
	return show(http.StatusOK, struct {
		Result string `json:"result"`
		Held   bool   `json:"was_held"`
	}{"ok", was})
}

// flag reads a parameter that is true or false; it is false where there is none.
func flag(c *call, name string) (bool, error) {
	q := c.query()
	switch value := string(q.args.Peek(name)); value {
	case "true":
		return true, nil
	case "false", "":
	default:
		q.fault(name, "must be true or false")
	}
	return false, q.err()
}
