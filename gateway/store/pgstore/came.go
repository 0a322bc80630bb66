package pgstore

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// Who owns a lane may never be told of what another node has put there. So he can ask what came
// since a moment, by whomever: the moment is a snapshot of PostgreSQL, which says which
// transactions are in it, and each place in a window has the number of the one that put it there.
// Those that were under way at that moment, and those that began later, are what came since, once
// they are done: each is told once, whatever order they are done in, however long one took, and
// whatever any clock says. A number of a sequence would not do: it is drawn before the commit, and
// who has seen a higher one would never look for it.
//
// What has been removed since is looked at once, and not at each look (the index begins where the
// snapshot ends): so it may be old rows without end that somebody's long transaction keeps.
// Restored rows have numbers of another system, which may be higher than any: so those above the
// snapshot are left out.

// moment is a snapshot in a system.
type moment struct {
	system string
	next   int64   // the first transaction that had not begun
	open   []int64 // those that were under way
}

// String is how others keep it.
func (m *moment) String() string {
	var b strings.Builder
	b.WriteString(m.system + "|" + strconv.FormatInt(m.next, 10))
	for _, n := range m.open {
		b.WriteString(":" + strconv.FormatInt(n, 10))
	}
	return b.String()
}

// asMoment reads what String gives; is is false for anything else.
func asMoment(text string) (m moment, is bool) {
	system, numbers, is := strings.Cut(text, "|")
	m.system = system
	for i, word := range strings.Split(numbers, ":") {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return m, false
		}
		if i == 0 {
			m.next = n
		} else {
			m.open = append(m.open, n)
		}
	}
	return m, is
}

// momentOf reads a snapshot as PostgreSQL writes it: the first that is under way, the first
// that has not begun, and those under way between.
func momentOf(system, snapshot string) (m moment, err error) {
	words := strings.SplitN(snapshot, ":", 3)
	if len(words) != 3 {
		return m, record.Corrupt("snapshot")
	}
	m.system = system
	if m.next, err = strconv.ParseInt(words[1], 10, 64); err != nil {
		return m, record.Corrupt("snapshot")
	}
	for _, word := range strings.FieldsFunc(words[2], func(r rune) bool { return r == ',' }) {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return m, record.Corrupt("snapshot")
		}
		m.open = append(m.open, n)
	}
	return m, nil
}

// Came gives what came into the windows of lanes of the slots since a moment, in no order, if it
// is of a conversation, and the moment up to which that is all of it. all is false where that
// cannot be told, for it is no moment of this system, or more than so many came: then each lane is
// given that has anything, without a delivery.
func (s *queue) Came(slots gateway.SlotSet, since string, most int) (came []gateway.Came, upTo string, all bool, err error) {
	from, is := asMoment(since)
	p := &params{}
	sql := "SELECT pg_current_snapshot()::text AS snapshot, " + systemSQL + " AS system"
	if is {
		sql = s.cameSQL(p, slots, &from, most)
	}
	var m moment
	err = s.read(sql, p, func(row [][]byte) (bool, error) {
		if upTo == "" {
			if m, err = momentOf(string(row[1]), string(row[0])); err != nil {
				return false, err
			}
			upTo = m.String()
		}
		if !is || row[2] == nil {
			return true, nil
		}
		one, err := asCame(row[2:])
		came = append(came, one)
		return true, err
	})
	if err != nil {
		return nil, "", false, err
	}
	if is && m.system == from.system && len(came) <= most {
		return came, upTo, true, nil
	}
	lanes, err := s.lanesIn(slots)
	came = nil
	for _, lane := range lanes {
		came = append(came, gateway.Came{Lane: lane})
	}
	return came, upTo, false, err
}

// cameSQL asks what came since a moment.
func (s *queue) cameSQL(p *params, slots gateway.SlotSet, from *moment, most int) string {
	// By the slot it is not to be found: that would be all that waits there.
	part := "SELECT d.tenant, d.endpoint, d.at, d.id, d.conversation, d.also, d.lent FROM {s}due AS d WHERE d.conversation <> 0 AND %s AND d.slot + 0::int2 = ANY(" + p.slots(slots) + fmt.Sprintf(") ORDER BY d.came LIMIT %d", most+1)
	parts := "(" + fmt.Sprintf(part, "d.came >= "+p.long(from.next)+" AND d.came < pg_snapshot_xmax(pg_current_snapshot())::text::int8") + ")"
	if len(from.open) > 0 {
		parts += " UNION ALL (SELECT x.* FROM unnest(" + p.longs(from.open) + ") AS o(came), LATERAL (" + fmt.Sprintf(part, "d.came = o.came") + ") AS x)"
	}
	return "SELECT o.*, c.* FROM (SELECT pg_current_snapshot()::text AS snapshot, " + systemSQL + " AS system) AS o LEFT JOIN (" + parts + ") AS c ON true"
}

func asCame(row [][]byte) (c gateway.Came, err error) {
	also, ok := record.DecodeAlso(string(row[5]))
	if !ok {
		return c, record.Corrupt("place in a window")
	}
	return gateway.Came{
		Lane: gateway.LaneKey{Tenant: string(row[0]), Endpoint: string(row[1])},
		Due: gateway.Due{
			ID: record.FormatID(gateway.PrefixDelivery, row[3]), At: record.FromNanos(longAt(row[2])),
			Conversation: binary.BigEndian.Uint64(row[4]), Also: also, Lent: shortAt(row[6]) != 0,
		},
	}, nil
}
