package transport

import (
	"net"
	"time"
)

// sending is a request on its way out. A large one is sent beside the wait for its
// answer: a peer that has seen enough answers, and may read no further.
type sending struct {
	err    error
	beside *beside // nil: err is known
}

// beside is what is sent by somebody else; err is known when done is closed.
type beside struct {
	conn net.Conn
	err  error
	done chan struct{}
}

// smallBody is what is sent before anybody looks for the answer, in bytes: the system
// takes as much without the peer.
const smallBody = 64 << 10

func (t *trip) send(conn net.Conn) sending {
	if len(t.request.Body) <= smallBody {
		return sending{err: t.write(conn)}
	}
	b := &beside{conn: conn, done: make(chan struct{})}
	go func() {
		defer close(b.done)
		b.err = t.write(conn)
	}()
	return sending{beside: b}
}

func (t *trip) write(conn net.Conn) error {
	writer := writerOf(conn)
	defer freeWriter(writer)
	if _, err := writer.Write(t.head); err != nil {
		return err
	}
	if _, err := writer.Write(t.request.Body); err != nil {
		return err
	}
	return writer.Flush()
}

// stop ends what is still being sent; an error says that not all of it was.
func (s sending) stop() error {
	b := s.beside
	if b == nil {
		return s.err
	}
	select {
	case <-b.done:
	default:
		_ = b.conn.SetWriteDeadline(time.Unix(1, 0))
		<-b.done
	}
	return b.err
}
