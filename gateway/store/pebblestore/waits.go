package pebblestore

import "hookgate/gateway"

func (s *Store) putWait(b *batch, w *gateway.Wait) {
	if w.State == gateway.StateWaiting {
		s.keepOpen(b, w.ID)
	} else {
		putEnded(b, w)
	}
	b.begin(kindWait, w.Tenant)
	b.id(kindWait, gateway.PrefixWait, w.ID)
	b.enc.wait(w)
	b.put()
}

func putEnded(b *batch, w *gateway.Wait) {
	if !keyable(w.Source, w.ConversationKey) {
		b.fail(kindEnded)
	}
	b.begin(kindEnded, w.Tenant)
	b.key = appendDay(b.key, w.EndedAt)
	b.key = append(append(append(b.key, w.Source...), 0), w.ConversationKey...)
	b.enc.ended(w)
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
		w, err = decodeWait(tenant, u[:], value)
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

// Waits visits a tenant's waits, newest first, those with an id below before (""
// for all), until visit wants no more. Without bodies those of their callbacks are
// not read.
func (s *Store) Waits(tenant, before string, bodies bool, visit func(*gateway.Wait) (more bool)) error {
	decode := func(id, value []byte) (*gateway.Wait, error) {
		if bodies {
			return decodeWait(tenant, id, value)
		}
		return decodeWaitWithoutBody(tenant, id, value)
	}
	return newest(s, kindWait, tenant, gateway.PrefixWait, before, decode, func(w *gateway.Wait) bool {
		return s.forgotten(w) || visit(w)
	})
}
