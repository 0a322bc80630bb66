package pebblestore

import (
	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// waits are waiting sessions and their release.
type waits struct {
	*engine
	released released
}

func (s *waits) putWait(b *batch, w *gateway.Wait) {
	if w.State == gateway.StateWaiting {
		s.keepOpen(b, w.Tenant, w.ID)
	} else {
		putEnded(b, w)
		removeOpen(b, w)
	}
	place := waitPlace(w.State)
	b.begin(place, w.Tenant)
	b.id(place, gateway.PrefixWait, w.ID)
	b.enc.Wait(w)
	if b.put(); place == kindWait {
		b.placed.put(place, record.AsULID(tailULID(b.key)))
	}
	s.later.postWait(b, w)
}

// A wait lies in the place of its state.
var waitPlaces = [...]byte{kindWait, kindResumed, kindTimedOut, kindGivenUp}

func waitPlace(state gateway.WaitState) byte {
	switch state {
	case gateway.StateResumed:
		return kindResumed
	case gateway.StateTimedOut:
		return kindTimedOut
	case gateway.StateCancelled:
		return kindGivenUp
	}
	return kindWait
}

func removeOpen(b *batch, w *gateway.Wait) {
	b.begin(kindWait, w.Tenant)
	b.id(kindWait, gateway.PrefixWait, w.ID)
	b.remove()
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
func (s *waits) Wait(tenant, id string) (w *gateway.Wait, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	u, ok := gateway.ParseID(gateway.PrefixWait, id)
	if !ok {
		return nil, gateway.ErrNotFound
	}
	r := s.snapshot()
	defer closeSnapshot(r, &err)
	for _, place := range waitPlaces {
		found, err := getFrom(r, append(appendPrefix(nil, place, tenant), u[:]...), func(value []byte) (err error) {
			w, err = record.DecodeWait(tenant, u[:], value)
			return err
		})
		if err != nil {
			return nil, err
		}
		if found && !s.forgotten(w) {
			return w, nil
		}
	}
	return nil, gateway.ErrNotFound
}

// forgotten says whether a wait ended too long ago to be shown.
func (s *waits) forgotten(w *gateway.Wait) bool {
	return w.State != gateway.StateWaiting && s.opts.Now().Sub(w.EndedAt) >= gateway.OutcomeKept
}

// Waits visits the waits that are asked for, newest first, until visit wants no more, or
// q.Limit were visited. Without q.Bodies those of their callbacks are not read. next,
// where it is not "", is where to go on (q.Before): q.Rows were looked at.
func (s *waits) Waits(q store.Query, visit func(*gateway.Wait) (more bool)) (next string, err error) {
	q.Endpoint, q.Type, q.Kind, q.Outcome, q.Webhook, q.Reason = "", "", "", "", "", ""
	wanted, decode := counted(q.Limit, visit), record.DecodeWaitWithoutBody
	if q.Bodies {
		decode = record.DecodeWait
	}
	kinds := waitPlaces[:]
	if q.State != "" {
		kinds = []byte{waitPlace(gateway.WaitState(q.State))}
	}
	return s.show(q, gateway.PrefixWait, func(l *list) (string, error) {
		place, err := l.places(kinds...)
		if err != nil {
			return "", err
		}
		return l.run(l.within(l.facets(&s.later.waits), place), func(_ byte, u ulid.ULID, value []byte) (bool, error) {
			w, err := decode(q.Tenant, u[:], value)
			return err == nil && (!q.Wait(w) || s.forgotten(w) || wanted(w)), err
		})
	})
}
