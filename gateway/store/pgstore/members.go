package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway"
)

// members are the nodes of one schema, and which of them owns each slot. Who decides that is
// no matter of the store's: it sees to it that what is decided holds.
type members struct{ *writers }

// Member is a node as its row says.
type Member struct {
	Node int64
	Beat int64  // a counter, which rises while it lives
	Gone bool   // it was declared dead, and writes nothing
	Told []byte // what it says of itself
}

// Owners gives the owner of each slot; 0: it has none.
type Owners [gateway.Slots]int64

// Beat raises the counter of this node, and says something of it. IsDead tells
// its error where the node was declared dead.
func (s *members) Beat(told []byte) error {
	return s.alone(func(ctx context.Context, c *pgconn.PgConn) error {
		p := &params{}
		is, err := row(ctx, c, s.in("UPDATE {s}nodes SET beat = beat + 1, told = "+p.bytes(told)+" WHERE node = "+p.long(s.Node())+" AND gone = 0 RETURNING beat"), p)
		if err == nil && is == nil {
			err = errDead
		}
		return err
	})
}

// alone uses the connection that is for fences, beats and owners alone.
func (s *members) alone(use func(context.Context, *pgconn.PgConn) error) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	return s.fences.on(context.Background(), s.opts.Patience+2*raiseAfter, use)
}

// Members gives all nodes, those that are gone too, and the owners, as they are at one
// moment.
func (s *members) Members() (nodes []Member, owners Owners, err error) {
	err = s.read("SELECT 0::int2, node, beat, gone, told FROM {s}nodes UNION ALL SELECT 1::int2, slot, owner, 0, '' FROM {s}slots ORDER BY 1, 2", nil, func(row [][]byte) (bool, error) {
		first, second := longAt(row[1]), longAt(row[2])
		if shortAt(row[0]) == 1 {
			owners[first%gateway.Slots] = second
		} else {
			nodes = append(nodes, Member{Node: first, Beat: second, Gone: row[3][len(row[3])-1] != 0, Told: append([]byte(nil), row[4]...)})
		}
		return true, nil
	})
	return nodes, owners, err
}

// Assign gives slots from one node to another, and tells which it gave: those that had that
// owner still. from is 0 for slots that have none, or this node, which has released them:
// it waits until it is known what it wrote.
func (s *members) Assign(slots gateway.SlotSet, from, to int64) (given gateway.SlotSet, err error) {
	if err := s.firm(gateway.SlotSet{}, gateway.SlotSet{}); err != nil {
		return given, err
	}
	err = s.alone(func(ctx context.Context, c *pgconn.PgConn) error {
		p := &params{}
		sql := fmt.Sprintf("UPDATE {s}slots SET owner = %s, epoch = epoch + 1 WHERE slot = ANY (%s) AND owner = %s AND EXISTS (SELECT FROM {s}nodes WHERE node = %s AND gone = 0 FOR SHARE) RETURNING slot",
			p.long(to), p.slots(slots), p.long(from), p.long(s.Node()))
		r := ask(ctx, c, s.in("WITH g AS ("+sql+") SELECT slot, set_config('synchronous_commit', 'on', true) FROM g"), p)
		for r.NextRow() {
			given.Add(gateway.Slot(shortAt(r.Values()[0])))
		}
		_, err := r.Close()
		return err
	})
	return given, err
}

// TakeOver declares a node dead, and gives its slots to others: to[slot] is the new owner, 0
// none. When it returns, that node writes nothing any more: its statement under way is over,
// or was ended. Of two nodes that declare each other dead one does.
func (s *members) TakeOver(dead int64, to Owners) error {
	return s.alone(func(ctx context.Context, c *pgconn.PgConn) error {
		if err := tell(ctx, c, "BEGIN", nil); err != nil {
			return err
		}
		p := &params{}
		lock := p.long(s.lockKey("members"))
		pid, err := row(ctx, c, "SELECT pg_backend_pid()::int8, pg_advisory_xact_lock("+lock+"), set_config('synchronous_commit', 'on', true)", p)
		if err == nil {
			err = s.takeOver(ctx, c, longAt(pid[0]), dead, to)
		}
		return err
	})
}

// takeOver does it, in a transaction that has the lock.
func (s *members) takeOver(ctx context.Context, c *pgconn.PgConn, pid, dead int64, to Owners) error {
	p := &params{}
	alive, err := row(ctx, c, s.in("SELECT count(*) FROM {s}nodes WHERE gone = 0 AND node = "+p.long(s.Node())), p)
	if err != nil {
		return err
	}
	if longAt(alive[0]) == 0 {
		return errDead
	}
	stop := s.fences.endBlockers(ctx, pid)
	p = &params{}
	err = tell(ctx, c, s.in(fmt.Sprintf("UPDATE {s}writers SET epoch = greatest(%s, epoch + 1) WHERE node = %s", epochSQL, p.long(dead))), p)
	if stop(); err != nil {
		return err
	}
	p = &params{}
	if err := tell(ctx, c, s.in("UPDATE {s}nodes SET gone = 1 WHERE node = "+p.long(dead)), p); err != nil {
		return err
	}
	p = &params{}
	owners := p.many(longOf, len(to), func(i int) cell { return number(to[i]) })
	sql := fmt.Sprintf("UPDATE {s}slots AS t SET owner = i.owner, epoch = t.epoch + 1 FROM unnest(%s) WITH ORDINALITY AS i(owner, o) WHERE t.slot = i.o - 1 AND t.owner = %s", owners, p.long(dead))
	if err := tell(ctx, c, s.in(sql), p); err != nil {
		return err
	}
	return tell(ctx, c, "COMMIT", nil)
}

// IsDead says whether an error tells that this node was declared dead.
func IsDead(err error) bool { return errors.Is(err, errDead) }
