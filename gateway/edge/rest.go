package edge

import "net"

// noSocket is the descriptor of a Held whose connection does not rest.
const noSocket = -1

// rest lets go of the connection of a request that may be held for minutes: its socket
// is all that is kept. Where that cannot be done, or something of the connection is still
// to be used, it stays. h.mu is held.
func (h *Held) rest() {
	c := h.conn
	if c.ahead.buffer != nil || c.answered.Load() != nil || c.block.IsValid() || !h.listener.lay(c, h) {
		return
	}
	if fd, ok := leaveTo(c.Conn); ok {
		h.conn, h.socket = nil, fd
		return
	}
	h.listener.raise(h, c)
}

// wake makes the connection anew of one that rests. nil: there is none, for the system
// has nothing for it; then the answer was sent, as far as the client took it.
func (h *Held) wake(answer *heldAnswer) *Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil || h.socket == noSocket {
		return h.conn
	}
	raw, err := takeBack(h.socket)
	if err != nil {
		sendTo(h.socket, answer.head, answer.body)
		return nil
	}
	if tcp, is := raw.(*net.TCPConn); is && h.listener.keepAlive.Enable {
		_ = tcp.SetKeepAliveConfig(h.listener.keepAlive) // else its own stays, which is no fault
	}
	h.socket = noSocket
	h.conn = h.listener.connOf(raw)
	h.conn.heard.Store(true)
	h.conn.idling.ask() // its request is answered yet
	h.listener.raise(h, h.conn)
	return h.conn
}

// drop closes the socket of one that rests. h.mu is held.
func (h *Held) drop() {
	if h.socket != noSocket {
		closeSocket(h.socket)
		h.socket = noSocket
		h.listener.raise(h, nil)
	}
}

// Gone asks now whether the client has left, of which it is told only some seconds later.
func (h *Held) Gone() bool { return h.clientGone() }

// clientGone says whether the client has left.
func (h *Held) clientGone() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.over:
		return false
	case h.conn == nil:
		return socketGone(h.socket)
	}
	raw := Socket(h.conn)
	return raw != nil && peerGone(raw)
}

// lay counts a connection that rests as what holds it; false says that it was closed.
func (l *Listener) lay(c *Conn, h *Held) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, open := l.conns[c]; !open {
		return false
	}
	delete(l.conns, c)
	l.resting[h] = struct{}{}
	return true
}

// raise counts it as the connection c again; nil: it is closed.
func (l *Listener) raise(h *Held, c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.resting, h)
	if c != nil && !c.closed.Load() {
		l.conns[c] = struct{}{}
	}
}

// cutHeld ends what rests, as if the clients had left.
func (l *Listener) cutHeld() {
	l.mu.Lock()
	all := make([]*Held, 0, len(l.resting))
	for h := range l.resting {
		all = append(all, h)
	}
	l.mu.Unlock()
	for _, h := range all {
		h.leave()
	}
}
