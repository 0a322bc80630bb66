package transport

import (
	"crypto/tls"
	"sync"
	"time"

	"hookgate/gateway/shares"
)

// Bounds of the sessions of TLS that are kept.
const (
	// maxTicket is of one, in bytes: its length is the peer's to choose.
	maxTicket = 16 << 10
	// ticketWeight is what one takes beside the bytes of its ticket and certificates, and
	// those are there parsed as well (BenchmarkIdleMemory).
	ticketWeight = 2 << 10
	// maxTrust is how long sessions are resumed after the certificate was verified: each
	// resumed one gives a new ticket, without end.
	maxTrust = 12 * time.Hour
)

// tickets has the last session of TLS of one target for one tenant under one set of
// settings: crypto/tls knows them by the server's name alone, whatever port, tenant and
// authorities it came by.
type tickets struct {
	budget *shares.Budget // nil: no bound
	holder shares.Holder
	now    func() time.Time

	mu       sync.Mutex
	session  *tls.ClientSessionState // nil: none
	way      *way                    // under which it was made: whom it trusted
	verified time.Time
	chain    int64 // bytes of the certificates that were verified then
	weight   int64 // what is taken of the budget
	closed   bool
}

// under gives them as crypto/tls wants them, for connections made one way.
func (t *tickets) under(w *way) tls.ClientSessionCache { return ticketsOf{t, w} }

type ticketsOf struct {
	*tickets
	way *way
}

// Get gives the session, unless it was made under another way.
func (t ticketsOf) Get(string) (*tls.ClientSessionState, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.session == nil || t.tickets.way != t.way || t.now().Sub(t.verified) >= maxTrust {
		return nil, false
	}
	return t.session, true
}

// Put keeps a session in place of the one before; nil: none.
func (t ticketsOf) Put(_ string, session *tls.ClientSessionState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop()
	t.keep(session, t.way)
}

// keep takes a session, if there is room for it.
func (t *tickets) keep(session *tls.ClientSessionState, way *way) {
	size := ticketSize(session)
	if size == 0 || size > maxTicket || t.chain > maxChain || t.closed {
		return
	}
	if weight := ticketWeight + size + 2*t.chain; t.budget.Take(t.holder, weight) {
		t.session, t.way, t.weight = session, way, weight
	}
}

// ticketSize is how many bytes a session's ticket has; 0 for none.
func ticketSize(session *tls.ClientSessionState) int64 {
	ticket, _, _ := session.ResumptionState() // it never fails
	return int64(len(ticket))
}

// trusted says that certificates of so many bytes were verified just now. By TLS 1.2 the
// session is here already.
func (t *tickets) trusted(chain int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	session, way := t.session, t.way
	t.drop()
	t.verified, t.chain = t.now(), chain
	t.keep(session, way)
}

func (t *tickets) drop() {
	t.budget.Give(t.holder, t.weight)
	t.session, t.way, t.weight = nil, nil, 0
}

// close drops the session for good: what a connection brings later is not kept.
func (t *tickets) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop()
	t.closed = true
}
