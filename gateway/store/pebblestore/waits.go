package pebblestore

import (
	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

func (s *Store) putWait(b *batch, w *gateway.Wait) {
	if w.State == gateway.StateWaiting {
		s.keepOpen(b, w.Tenant, w.ID)
	} else {
		putEnded(b, w)
	}
	b.begin(kindWait, w.Tenant)
	b.id(kindWait, gateway.PrefixWait, w.ID)
	b.enc.Wait(w)
	b.put()
}

func putEnded(b *batch, w *gateway.Wait) {
	if !keyable(w.Source, w.ConversationKey) {
		b.fail(kindEnded)
	}
	b.begin(kindEnded, w.Tenant)
	b.key = appendDay(b.key, w.EndedAt)
	b.key = append(append(append(b.key, w.Source...), 0), w.ConversationKey...)
	b.enc.Ended(w)
	b.put()
}

// Wait gives a wait that is open or ended less than gateway.OutcomeKept ago; else
// gateway.ErrNotFound.
func (s *Store) Wait(tenant, id string) (*gateway.Wait, error) {
	if err := s.using.enter(); err != nil {
		return nil, err
	}
	defer s.using.leave()
	u, ok := parseID(gateway.PrefixWait, id)
	if !ok {
		return nil, gateway.ErrNotFound
	}
	var w *gateway.Wait
	found, err := s.get(append(appendPrefix(nil, kindWait, tenant), u[:]...), func(value []byte) (err error) {
		w, err = record.DecodeWait(tenant, u[:], value)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found || s.forgotten(w) {
		return nil, gateway.ErrNotFound
	}
	return w, nil
}

// forgotten says whether a wait ended too long ago to be shown.
func (s *Store) forgotten(w *gateway.Wait) bool {
	return w.State != gateway.StateWaiting && s.opts.Now().Sub(w.EndedAt) >= gateway.OutcomeKept
}

// Waits visits the waits that are asked for, newest first, until visit wants no more, or
// q.Limit were visited. Without q.Bodies those of their callbacks are not read. next,
// where it is not "", is where to go on (q.Before): q.Rows were looked at.
func (s *Store) Waits(q store.Query, visit func(*gateway.Wait) (more bool)) (next string, err error) {
	decode := func(id, value []byte) (*gateway.Wait, error) {
		if q.Bodies {
			return record.DecodeWait(q.Tenant, id, value)
		}
		return record.DecodeWaitWithoutBody(q.Tenant, id, value)
	}
	rows, found := 0, 0
	err = newest(s, kindWait, q.Tenant, gateway.PrefixWait, q.Before, decode, func(w *gateway.Wait) bool {
		if q.Wait(w) && !s.forgotten(w) {
			if found++; !visit(w) || found == q.Limit {
				return false
			}
		}
		if rows++; rows == q.Rows {
			next = w.ID
		}
		return next == ""
	})
	return next, err
}
