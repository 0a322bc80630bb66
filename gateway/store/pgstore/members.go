package pgstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// members are the nodes of one schema, and which of them owns each slot. Who decides that is
// no matter of the store's: it sees to it that what is decided holds.
type members struct{ *writers }

// Beat raises the counter of this node, and says something of it. store.ErrDeclaredDead: it
// was declared dead. A beat that comes late is as good as none, so it has little time.
func (s *members) Beat(told []byte) error {
	return s.alone(beatPatience, func(ctx context.Context, c *pgconn.PgConn) error {
		p := &params{}
		is, err := row(ctx, c, s.in("UPDATE {s}nodes SET beat = beat + 1, told = "+p.bytes(told)+" WHERE node = "+p.long(s.Node())+" AND gone = 0 RETURNING beat"), p)
		if err == nil && is == nil {
			err = store.ErrDeclaredDead
		}
		return err
	})
}

// beatPatience is how long a beat may take, and a look at the members.
const beatPatience = 2 * time.Second

// alone uses the connection that is for fences, beats and owners alone.
func (s *members) alone(most time.Duration, use func(context.Context, *pgconn.PgConn) error) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	return s.fences.on(context.Background(), most, use)
}

// Members gives all nodes, those that are gone too, and the owners, as they are at one
// moment. They come over the connection of the beats: what others read keeps nobody from it.
func (s *members) Members() (nodes []store.Member, owners store.Owners, err error) {
	err = s.alone(beatPatience, func(ctx context.Context, c *pgconn.PgConn) error {
		r := ask(ctx, c, s.in("SELECT 0::int2, node, beat, gone, told FROM {s}nodes UNION ALL SELECT 1::int2, slot, owner, 0, int8send(epoch) FROM {s}slots ORDER BY 1, 2"), nil)
		for r.NextRow() {
			row := r.Values()
			first, second := longAt(row[1]), longAt(row[2])
			if shortAt(row[0]) == 1 {
				owners[first%gateway.Slots] = store.SlotOwner{Node: second, Epoch: longAt(row[4])}
			} else {
				nodes = append(nodes, store.Member{Node: first, Beat: second, Gone: row[3][len(row[3])-1] != 0, Told: append([]byte(nil), row[4]...)})
			}
		}
		_, err := r.Close()
		return err
	})
	return nodes, owners, err
}

// Assign gives slots to a node, and tells which it gave: those whose owner and epoch are still
// as they are known to be; each has the next epoch then. The owner that is known is 0, or this
// node, which has released them: it waits until it is known what it wrote. After an error
// nobody knows which were given, until this node has assigned them once more, to whomever:
// that has its turn behind the first, and gives a slot another epoch, or none.
func (s *members) Assign(slots gateway.SlotSet, known *store.Owners, to int64) (given gateway.SlotSet, err error) {
	if err := s.firm(gateway.SlotSet{}, gateway.SlotSet{}); err != nil {
		return given, err
	}
	list := slices.Collect(slots.All())
	err = s.alone(s.opts.Patience+2*raiseAfter, func(ctx context.Context, c *pgconn.PgConn) error {
		p := &params{}
		owners := p.many(longOf, len(list), func(i int) cell { return number(known[list[i]].Node) })
		epochs := p.many(longOf, len(list), func(i int) cell { return number(known[list[i]].Epoch) })
		sql := fmt.Sprintf("UPDATE {s}slots AS t SET owner = %s, epoch = t.epoch + 1 FROM unnest(%s, %s, %s) AS i(slot, owner, epoch) WHERE t.slot = i.slot AND t.owner = i.owner AND t.epoch = i.epoch AND EXISTS (SELECT FROM {s}nodes WHERE node = %s AND gone = 0 FOR SHARE) RETURNING t.slot",
			p.long(to), p.slots(slots), owners, epochs, p.long(s.Node()))
		r := ask(ctx, c, s.in("WITH g AS ("+sql+") SELECT slot, set_config('synchronous_commit', 'on', true) FROM g"), p)
		for r.NextRow() {
			given.Add(gateway.Slot(shortAt(r.Values()[0])))
		}
		_, err := r.Close()
		return err
	})
	return given, err
}

// Bury forgets a node that is gone.
func (s *members) Bury(node int64) error {
	return s.alone(s.opts.Patience, func(ctx context.Context, c *pgconn.PgConn) error {
		p := &params{}
		n := p.long(node)
		return tell(ctx, c, s.in(fmt.Sprintf("WITH gone AS (DELETE FROM {s}nodes WHERE node = %s AND gone = 1 RETURNING node) DELETE FROM {s}writers WHERE node IN (SELECT node FROM gone)", n)), p)
	})
}

// TakeOver declares a node dead, and gives its slots to others: to[slot].Node is the new owner,
// 0 none. When it returns, that node writes nothing any more: its statement under way is over,
// or was ended. Of two nodes that declare each other dead one does. It is no error that the
// node has left by itself. store.ErrBeats: its counter is not what was seen, and nothing is
// changed; so who was told that a beat succeeded may count on it, however late that was sent.
func (s *members) TakeOver(dead, seen int64, to *store.Owners) error {
	return s.alone(s.opts.Patience+2*raiseAfter, func(ctx context.Context, c *pgconn.PgConn) error {
		if err := tell(ctx, c, "BEGIN", nil); err != nil {
			return err
		}
		p := &params{}
		lock := p.long(s.lockKey("members"))
		pid, err := row(ctx, c, "SELECT pg_backend_pid()::int8, pg_advisory_xact_lock("+lock+"), set_config('synchronous_commit', 'on', true)", p)
		if err == nil {
			err = s.takeOver(ctx, c, longAt(pid[0]), dead, seen, to)
		}
		return err
	})
}

// takeOver does it, in a transaction that has the lock.
func (s *members) takeOver(ctx context.Context, c *pgconn.PgConn, pid, dead, seen int64, to *store.Owners) error {
	p := &params{}
	alive, err := row(ctx, c, s.in("SELECT count(*) FROM {s}nodes WHERE gone = 0 AND node = "+p.long(s.Node())), p)
	if err != nil {
		return err
	}
	if longAt(alive[0]) == 0 {
		return store.ErrDeclaredDead
	}
	stop := s.fences.endBlockers(ctx, pid)
	defer stop()
	p = &params{}
	// The row stays locked: no beat succeeds from here on.
	beats, err := row(ctx, c, s.in("SELECT gone = 0 AND beat <> "+p.long(seen)+" FROM {s}nodes WHERE node = "+p.long(dead)+" FOR UPDATE"), p)
	switch {
	case err != nil:
		return err
	case beats != nil && beats[0][0] != 0:
		return store.ErrBeats
	}
	p = &params{}
	err = tell(ctx, c, s.in(fmt.Sprintf("UPDATE {s}writers SET epoch = greatest(%s, epoch + 1) WHERE node = %s", epochSQL, p.long(dead))), p)
	if err != nil {
		return err
	}
	p = &params{}
	if err := tell(ctx, c, s.in("UPDATE {s}nodes SET gone = 1 WHERE node = "+p.long(dead)), p); err != nil {
		return err
	}
	p = &params{}
	owners := p.many(longOf, len(to), func(i int) cell { return number(to[i].Node) })
	sql := fmt.Sprintf("UPDATE {s}slots AS t SET owner = i.owner, epoch = t.epoch + 1 FROM unnest(%s) WITH ORDINALITY AS i(owner, o) WHERE t.slot = i.o - 1 AND t.owner = %s", owners, p.long(dead))
	if err := tell(ctx, c, s.in(sql), p); err != nil {
		return err
	}
	return tell(ctx, c, "COMMIT", nil)
}
