package transport

import "time"

// How long a connection may rest before it is closed (rest). A host that says nothing
// begins with FirstIdle: a peer that closes sooner is seen to (look), so that a longer
// rest costs no delivery.
const (
	FirstIdle = 20 * time.Second
	leastIdle = time.Second
	// MostIdle bounds every rest: load balancers that forget connections in silence do so
	// after minutes.
	MostIdle = 90 * time.Second
)

// rest is what was learned about how long a host keeps a connection that is not used.
type rest struct {
	most   time.Duration // a connection is closed when it has rested so long
	said   time.Duration // what the host says of it, less a margin; 0: nothing
	open   time.Duration // it was found to have closed sooner than most, after so long; 0: it was not
	closed uint8         // how often
	held   uint16        // how often it has kept one for most since
}

// mostDoubt bounds how much evidence it takes to try again a rest that was too long
// before: two to its power.
const mostDoubt = 7

// heard takes a Keep-Alive: timeout=n (RFC 2068 19.7.1.1). The margin is for a request
// that is on its way when the time is over.
func (r *rest) heard(says time.Duration) {
	said := min(max(says-max(time.Second, says/5), says/2), MostIdle)
	if said == r.said {
		return
	}
	r.said = said
	if r.open == 0 || said < r.most {
		r.most = said
	}
}

// worked says that a connection was good for a request after so long a rest, or was
// still open then. Half of what is allowed proves that the rest may be longer.
func (r *rest) worked(rested time.Duration) {
	if rested < r.most/2 {
		return
	}
	if r.open > 0 && rested > r.open { // the host has changed its mind
		r.open = 0
		r.closed = max(r.closed, 1) - 1
	}
	bound := time.Duration(MostIdle)
	if r.said > 0 {
		bound = r.said
	}
	if r.open > 0 {
		if r.held++; r.held < 1<<r.closed {
			return
		}
		r.held = 0
	}
	r.most = max(r.most, min(r.most+r.most/2, bound))
}

// ended says that the host has closed a connection that rested, and how long that had
// rested when it was last seen open. A margin stays below.
func (r *rest) ended(open time.Duration) {
	r.held, r.open = 0, max(open, 1)
	r.closed = min(r.closed+1, mostDoubt)
	r.most = max(min(r.most, open-open/8), leastIdle)
}
