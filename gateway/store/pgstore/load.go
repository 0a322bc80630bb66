package pgstore

import (
	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// A lane that is behind loads one delivery after the other, as fast as it sends, and each would
// be two statements. Those that are loaded while a statement is under way go into the next one
// together (ask.go): of most deliveries, which carry one event of a common size. Others are read
// by themselves, so that what is read at once has a bound.
var loadQuestion = &question{
	in: columns("tenant bytea, id bytea, low int8, high int8"), choice: true,
	sql: `SELECT i.o, u.value, u.events || e.value FROM {in},
		LATERAL (SELECT t.tenant, t.events, t.value FROM {s}unfinished AS t WHERE t.tenant = i.tenant AND t.id = i.id AND length(t.events) = 16 AND length(t.value) <= 65536 OFFSET 0) AS u,
		LATERAL ((SELECT t.value FROM {s}events AS t WHERE t.tenant = u.tenant AND t.id = u.events AND t.day = {s}day_of(u.events) AND length(t.value) <= 65536)
			UNION ALL (SELECT t.value FROM {s}kept_events AS t WHERE t.tenant = u.tenant AND t.id = u.events AND length(t.value) <= 65536) LIMIT 1) AS e`,
}

// loadWithOthers gives an unfinished delivery with its event; nil where that is not to be read
// so, or is not there.
func (s *queue) loadWithOthers(tenant, id string) (*gateway.Delivery, []gateway.Event, error) {
	u, is := gateway.ParseID(gateway.PrefixDelivery, id)
	if !is || !keyable(tenant) {
		return nil, nil, nil
	}
	rows, err := s.loads.ask(loadQuestion, text(tenant), raw(u[:]), number(0), number(0))
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	value, event := rows[0][0], rows[0][1]
	d, _, err := record.DecodeDelivery(tenant, u[:], value)
	if err != nil {
		return nil, nil, err
	}
	v, err := record.DecodeEvent(tenant, event[:16], event[16:])
	return d, []gateway.Event{v}, err
}
