package proxy

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/wire"
)

// upload sends a body on while it arrives (nil: there is none to send), beside the reading of the answer: an
// upstream may answer before it has read all, or as it reads.
type upload struct {
	stream  edge.Stream
	conn    *conn
	chunked bool
	left    int64         // of a body that is not chunked
	within  time.Duration // for the upstream to take a part

	whole  atomic.Bool // the client has sent all, whether or not the upstream has it yet
	over   atomic.Bool
	ended  chan struct{}
	at     time.Time      // when it ended
	err    error          // why not all was sent
	client *gateway.Error // where the client is the reason
}

var uploadBuffers = sync.Pool{New: func() any {
	b := make([]byte, before+32<<10+behind)
	return &b
}}

// uploadMemory is what an upload takes, in bytes: its buffer, and that of the client's
// connection.
const uploadMemory = 64 << 10

// openUpload takes the memory for an upload, if there is one, before an upstream hears
// of it.
func (q *outgoing) openUpload() (err error) {
	if q.uploads() {
		q.stream, err = edge.OpenStream(q.ctx, uploadMemory)
	}
	return err
}

func (q *outgoing) startUpload(c *conn) *upload {
	length := int64(q.ctx.Request.Header.ContentLength())
	u := &upload{
		stream: q.stream, conn: c, within: q.route.IdleTimeout,
		chunked: length < 0, left: length, ended: make(chan struct{}),
	}
	go u.run()
	return u
}

func (u *upload) run() {
	defer func() {
		if recover() != nil {
			u.err = errBroken
		}
		u.at = time.Now()
		u.over.Store(true)
		close(u.ended)
	}()
	u.err = u.copy()
	if u.client != nil {
		_ = u.conn.SetReadDeadline(time.Unix(1, 0)) // who waits for the answer need not
	}
}

func (u *upload) copy() error {
	scratch := uploadBuffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer uploadBuffers.Put(scratch)
	b := buffer{b: *scratch}
	for {
		b.rewind()
		n, err := u.stream.Read(b.b[b.r : len(b.b)-behind])
		b.w += n
		u.left -= int64(n)
		if err == io.EOF || u.left == 0 && !u.chunked { //nolint:errorlint // bare, as Stream.Read says
			u.whole.Store(true) // before the upstream can know, and answer
		}
		part := b.pending()
		if u.chunked && n > 0 {
			part = b.frame(n)
		}
		if err == io.EOF && u.chunked { //nolint:errorlint // bare, as Stream.Read says
			part = append(part, wire.LastChunk...)
		}
		if len(part) > 0 {
			if err := u.conn.write(part, u.within); err != nil {
				return err
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			u.client, _ = err.(*gateway.Error) //nolint:errorlint // as Stream.Read says
			return err
		}
	}
}

// sent says whether it is still under way, and else when it ended; of none it is
// neither.
func (u *upload) sent() (at time.Time, uploading bool) {
	if u == nil {
		return time.Time{}, false
	}
	if !u.over.Load() {
		return time.Time{}, true
	}
	return u.at, false
}

// fault gives why the client did not send all of its body; nil where it did.
func (u *upload) fault() error {
	if u == nil || !u.over.Load() || u.client == nil {
		return nil
	}
	return u.client
}

// stop ends the upload, and says whether the client has sent all of its body, and
// whether the upstream has it.
func (u *upload) stop() (whole, sent bool) {
	if u == nil {
		return true, true
	}
	if !u.over.Load() {
		u.stream.Interrupt()
		_ = u.conn.SetWriteDeadline(time.Unix(1, 0)) // of a connection that is closed else
		<-u.ended
		u.conn.writes = time.Time{}
	}
	return u.whole.Load(), u.err == nil
}
