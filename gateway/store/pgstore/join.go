package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// mayWrite refuses a promise that was decided by who knows something else than the database.
func (w *writers) mayWrite(p *promise) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.dead:
		return errGap()
	case meet(p.slots, w.stale), meet(p.lanes, w.staleLanes), !p.begun.IsZero() && p.begun.Before(w.changed):
		return errUnknown(errStale)
	}
	return nil
}

// meet tells whether two sets have a slot in common.
func meet(a, b gateway.SlotSet) bool {
	for i := range a {
		if a[i]&b[i] != 0 {
			return true
		}
	}
	return false
}

// errStale: what was decided was decided by what may be lost.
var errStale = errors.New("the database was started anew or promoted: nothing is written for a slot until it was read anew")

// errLeftBehind: a database that lives on beside the one that was promoted takes what waits for no
// standby, and that is lost with it.
var errLeftBehind = errors.New("others write to another database by now")

// stillThere says whether the writer writes to the database that is known to be the one.
func (w *writer) stillThere() bool {
	w.writers.mu.Lock()
	defer w.writers.mu.Unlock()
	return w.fence.of == w.system
}

// outOf tells a group that the fence did not hold: nothing of it was written.
func (w *writer) outOf(g *group, a answer) {
	if a.system == w.fence.of && (a.epoch > w.fence.epoch || a.epoch < 0) {
		w.die(w.fence.node)
		g.tell(errGap())
		return
	}
	w.lose(fmt.Errorf("the database is another: it was %q, and is %q", w.fence.of, a.system))
	g.tell(errUnknown(errStale))
}

// die takes note that a node was declared dead. It may be one that this was before, of which
// a writer hears late.
func (w *writers) die(node int64) {
	w.mu.Lock()
	was := w.dead || node != w.node
	w.dead = w.dead || node == w.node
	w.mu.Unlock()
	if !was {
		w.opts.Logger.Error("nothing is written any more", "error", store.ErrDeclaredDead)
		if w.opts.OnFenced != nil {
			w.opts.OnFenced()
		}
	}
}

// lose gives the connection up: what it sent last may come yet.
func (w *writer) lose(err error) {
	w.mu.Lock()
	w.doubt()
	w.mu.Unlock()
	w.part(err)
}

// part gives the connection up, for another host may take writes by now. It has nothing under
// way: what was written is as well known as before, and reads go on.
func (w *writer) part(err error) {
	w.opts.Logger.Warn("a connection that writes is given up", "error", err)
	w.mu.Lock()
	w.joined = false
	w.mu.Unlock()
	if w.conn != nil {
		closeNow(w.conn)
		w.conn = nil
	}
}

// doubt: until it has joined again it is not known what was written. w.mu is held.
func (w *writer) doubt() {
	w.joined = false
	if isClosed(w.steady) {
		w.steady = make(chan struct{})
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (w *writer) isJoined() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.joined
}

// outdate has nothing written that was decided by what is known now. w.mu is held.
func (w *writers) outdate() {
	w.stale, w.staleLanes, w.changed = w.known, w.known, time.Now()
}

// LetGo is told of slots that were given up: nobody here knows anything of them. What is
// written for their tenants from now on others have decided, by what they read: the owner of
// another tenant, or of a lane. So it is never stale, or it would be for as long as this
// process does not own the slot.
func (w *writers) LetGo(slots gateway.SlotSet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known, w.stale, w.staleLanes = w.known.Without(slots), w.stale.Without(slots), w.staleLanes.Without(slots)
}

// Rejoin joins as a node of its own again, for one that was declared dead. Every slot that was
// not let go is stale until somebody reads it anew.
func (w *writers) Rejoin() error {
	node, err := w.fences.newNode(context.Background())
	if err != nil {
		return fmt.Errorf("joining the database: %w", err)
	}
	w.mu.Lock()
	w.node, w.dead = node, false
	w.outdate()
	w.mu.Unlock()
	for _, one := range w.all {
		one.mu.Lock()
		one.renewed = node
		one.doubt()
		one.mu.Unlock()
		one.poke()
	}
	return nil
}

// Node is the number of this node.
func (w *writers) Node() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.node
}

// renew lets the writer write for another node, if it is to.
func (w *writer) renew() {
	w.mu.Lock()
	node := w.renewed
	w.renewed = 0
	w.mu.Unlock()
	if node != 0 {
		w.fence, w.tried = fence{node: node, n: w.n}, nil
		if w.conn != nil {
			closeNow(w.conn)
			w.conn = nil
		}
	}
}

// again is the pause before the database is asked again that could not be.
const again = 250 * time.Millisecond

// rejoin joins until it is done; what waits meanwhile waits for as long as it has patience.
// It is false when the writer is to end.
func (w *writer) rejoin() bool {
	for {
		err := w.join(context.Background())
		if err == nil {
			return true
		}
		var woken <-chan struct{}
		var pause <-chan time.Time
		if errors.Is(err, store.ErrDeclaredDead) { // the dead wait until they are to live again
			w.die(w.fence.node)
			woken = w.wake
		} else {
			w.opts.Logger.Debug("the database cannot be joined", "error", err)
			pause = time.After(again)
		}
		select {
		case <-w.stop:
			return false
		case <-woken:
		case <-pause:
		}
		w.renew()
	}
}

// join connects and is given an epoch. Where the system is another than before, all that is
// known is stale.
func (w *writer) join(ctx context.Context) error {
	conn, err := w.connect(ctx, "write", w.warns.note)
	if err != nil {
		return err
	}
	f, err := w.fences.raise(ctx, w.fence, &w.tried)
	if err != nil {
		closeNow(conn)
		return err
	}
	w.conn, w.fence, w.tried = conn, f, nil
	w.know(f.of)
	w.mu.Lock()
	w.joined = true
	if !isClosed(w.steady) {
		close(w.steady)
	}
	w.mu.Unlock()
	return nil
}

// know takes note of the system as it is.
func (w *writers) know(system string) {
	w.mu.Lock()
	changed := w.system != "" && w.system != system
	w.system = system
	if changed {
		w.outdate()
	}
	w.mu.Unlock()
	if changed {
		w.hand.ForgetLanes(gateway.AllSlots())
		w.pool.drop()
		w.opts.Logger.Warn("the database was started anew or promoted: everything is read anew")
		if w.opts.OnDoubt != nil {
			w.opts.OnDoubt(gateway.AllSlots())
		}
	}
}

// firm waits until it is known what was written. What is read then of slots, of their tenants
// or of their lanes, is what anybody may go on with: so they are stale no more.
func (w *writers) firm(slots, lanes gateway.SlotSet) error {
	w.mu.Lock()
	dead := w.dead
	w.mu.Unlock()
	if dead {
		return errGap()
	}
	timer := time.NewTimer(w.opts.Patience)
	defer timer.Stop()
	for _, one := range w.all {
		steady := one.hurry()
		select {
		case <-steady:
		case <-timer.C:
			return unavailable(errNotKnown)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range slots {
		w.known[i] |= slots[i] | lanes[i]
		w.stale[i] &^= slots[i]
		w.staleLanes[i] &^= lanes[i]
	}
	return nil
}

// steadyFor waits until it is known what was written of a tenant. What an unknown outcome left
// behind can be seen before it is on the standby, too: who told its sender that it was there
// already would have promised what a failover may lose. Once a higher epoch is, so is all
// before it.
func (w *writers) steadyFor(tenant string) error {
	one := w.all[int(gateway.SlotOf(tenant))%writing]
	one.mu.Lock()
	steady := one.steady
	one.mu.Unlock()
	if isClosed(steady) {
		return nil
	}
	w.mu.Lock()
	dead := w.dead
	w.mu.Unlock()
	if dead {
		return errGap()
	}
	timer := time.NewTimer(w.opts.Patience)
	defer timer.Stop()
	select {
	case <-steady:
		return nil
	case <-timer.C:
		return unavailable(errNotKnown)
	}
}

// errNotKnown: an outcome is unknown still.
var errNotKnown = errors.New("it is not known yet what was written")

// deleteNode forgets a node that ends by itself.
func (w *writers) deleteNode() {
	ctx, cancel := context.WithTimeout(context.Background(), w.opts.Patience)
	defer cancel()
	err := w.pool.with(ctx, func(c *pgconn.PgConn) error {
		p := &params{}
		node := p.long(w.Node())
		return tell(ctx, c, w.in(fmt.Sprintf("WITH gone AS (DELETE FROM {s}writers WHERE node = %s) DELETE FROM {s}nodes WHERE node = %s", node, node)), p)
	})
	if err != nil {
		w.opts.Logger.Debug("the rows of this node are left behind", "error", err)
	}
}
