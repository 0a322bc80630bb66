package pebblestore

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// What format 2 left has no postings, has all unfinished deliveries in one place, and all
// waits in one. arrange puts it where this version looks, before anybody can ask. It goes
// through each place once, a megabyte a commit: what it writes of a thing is in one
// commit with its leaving the old place, and is the same however often it is written. So
// a kill in the middle costs the time that it took, and the next start does it anew.
//
// The format is raised before: a half-arranged folder must not be opened by a version
// that would not find what was moved. That it was arranged whole is written last.

const (
	metaLayout = "layout"
	layout     = 3 // that of format 3: a place for each state, postings
)

// arrangeBatch is how many bytes go in one commit. Tests make it small.
var arrangeBatch = 1 << 20

// arrange does so, unless it was done.
func (s *folder) arrange() error {
	key := append([]byte{kindMeta}, metaLayout...)
	was := uint64(0)
	_, err := s.get(key, func(value []byte) error {
		d := record.NewDecoder(value)
		was = d.Number()
		return d.Done(kindWords[kindMeta])
	})
	if err != nil || was >= layout {
		return err
	}
	a := &arranging{s: s.engine, b: s.newBatch(arrangeBatch)}
	defer func() { a.b.free() }()
	if err := a.all(); err != nil {
		return err
	}
	a.b.key = append(a.b.key[:0], key...)
	a.b.enc.B = a.b.enc.B[:0]
	a.b.enc.Version()
	a.b.enc.Number(layout)
	a.b.put()
	for _, of := range s.later.all() { // with all that was there is no need to look again
		putFloor(a.b, of.block, floorULID(s.opts.Now()))
	}
	return s.commit(a.b, true)
}

// arranging is one arrangement.
type arranging struct {
	s      *engine
	b      *batch
	things int
}

func (a *arranging) all() error {
	began := time.Now()
	for _, step := range []struct {
		kind byte
		put  func(tenant string, rest, value []byte) error
	}{
		{kindUnfinished, a.delivery}, {kindDelivery, a.delivery}, {kindDead, a.deadLetter}, {kindEvent, a.event}, {kindWait, a.wait},
	} {
		if err := a.each(step.kind, step.put); err != nil {
			return err
		}
	}
	if a.things > 0 {
		a.s.opts.Logger.Info("the data folder was arranged anew for this version", "records", a.things, "duration_ms", time.Since(began).Milliseconds())
	}
	return nil
}

// each goes through the records of a kind.
func (a *arranging) each(kind byte, put func(tenant string, rest, value []byte) error) error {
	return a.s.eachTenant(kind, func(t *tenantScan) error {
		for more := true; more && t.inside(); more = t.it.Next() {
			rest := t.it.Key()[len(t.prefix):]
			if len(rest) < ulidAt {
				return corrupt(kind)
			}
			if err := put(t.tenant, rest, t.it.Value()); err != nil {
				return err
			}
			a.things++
			if err := a.flush(); err != nil {
				return err
			}
		}
		return nil
	})
}

// flush commits what is large enough, as fast as Pebble takes it.
func (a *arranging) flush() error {
	if a.b.Len() < arrangeBatch {
		return nil
	}
	for a.s.backlog.admit() != nil {
		if err := a.s.refuse(); err != nil {
			return err
		}
	}
	if err := a.s.admitSettle(); err != nil {
		return err
	}
	if err := a.s.commit(a.b, false); err != nil {
		return err
	}
	a.b.free()
	a.b = a.s.newBatch(arrangeBatch)
	return nil
}

// move takes a record to another place as it is.
func (a *arranging) move(from, to byte, tenant string, rest, value []byte) {
	a.b.begin(from, tenant)
	a.b.key = append(a.b.key, rest...)
	a.b.remove()
	a.b.begin(to, tenant)
	a.b.key = append(a.b.key, rest...)
	a.b.enc.B = append(a.b.enc.B, value...)
	a.b.put()
}

func (a *arranging) delivery(tenant string, rest, value []byte) error {
	d, _, err := record.DecodeDelivery(tenant, rest, value)
	if err != nil {
		return err
	}
	from := byte(kindUnfinished)
	if d.State.Ended() {
		from = kindDelivery
	}
	if place := deliveryPlace(d.State); place != from {
		a.move(from, place, tenant, rest, value)
	}
	postDelivery(a.b, kindByDelivery, d)
	return nil
}

func (a *arranging) deadLetter(tenant string, rest, value []byte) error {
	d, _, err := record.DecodeDelivery(tenant, tailULID(rest), value)
	if err == nil {
		postGrave(a.b, d, false)
	}
	return err
}

func (a *arranging) event(tenant string, rest, value []byte) error {
	v, err := record.DecodeEvent(tenant, rest, value)
	if err == nil {
		a.b.later = a.b.later[:0]
		a.b.noteEvent(&v)
		a.b.postNoted(kindByEvent)
	}
	return err
}

func (a *arranging) wait(tenant string, rest, value []byte) error {
	w, err := record.DecodeWaitWithoutBody(tenant, rest, value)
	if err != nil {
		return err
	}
	if w.State != gateway.StateWaiting {
		a.move(kindWait, waitPlace(w.State), tenant, rest, value)
	}
	a.b.later = a.b.later[:0]
	a.b.noteWait(w)
	a.b.postNoted(kindByWait)
	return nil
}
