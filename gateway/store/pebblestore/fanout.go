package pebblestore

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// A publish of a few kilobytes may make a hundred thousand deliveries, and in one
// commit all others would wait for it. So the promise is one small commit: the events,
// and who is to get which of them (gateway.Fanout). What it decided is written after,
// a few deliveries at a time, with pauses in between; each step also writes down how
// far it came. Nothing of that is synced: what a crash takes back is made again by the
// next start, the same, for the log loses its end alone, and whatever became of a
// delivery stands in it after the step that made it.

const (
	fanoutStep = 64 // deliveries that are made in one commit
	// fanoutPart is how much of the store's time fan-outs take at most: a rest of so
	// many times what a step took follows each.
	fanoutPart = 1
	fanoutMore = 100 * time.Millisecond // before a disk that is full is tried again
)

// fanouts are those that this process has under way.
type fanouts struct {
	turn  sync.Mutex // a step, and the rest that follows it
	mu    sync.Mutex
	under map[*gateway.Fanout]chan struct{} // closed at its end
}

// FanOut is Accept of a publication whose deliveries are very many: all of it or
// nothing, in one synced commit, after which promised is called. Then it makes the
// deliveries, and calls made with each step, which is valid until that returns; false:
// the rest of that fan-out is not needed, for its tenant is being deleted. An error
// after promised says that this process cannot go on: the next one will.
func (s *publications) FanOut(p *gateway.Publication, many []gateway.Fanout, promised func(), made func([]gateway.Delivery) (more bool)) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admit(); err != nil {
		return err
	}
	size := 0
	for i := range many {
		size += newDelivery * many[i].Len()
	}
	if err := s.space.admitMany(uint64(size)); err != nil {
		return err
	}
	defer s.fanouts.begin(many)() // before it is looked whose lanes were dropped
	if err := s.promise(p, many); err != nil {
		return err
	}
	promised()
	for i := range many {
		if err := s.makeAll(&many[i], made); err != nil {
			return err
		}
	}
	return nil
}

// Finish has nothing to do: what was promised before this process began is made, and after an error
// of FanOut nothing is written any more.
func (s *publications) Finish(string, []string, func([]gateway.Delivery) (more bool)) error {
	return nil
}

func (s *publications) promise(p *gateway.Publication, many []gateway.Fanout) error {
	b := s.newBatch(sizeOfPublication(p))
	defer b.free()
	s.putPublication(b, p)
	for i := range many {
		if !storable(&many[i]) {
			b.fail(kindFanout)
			break
		}
		b.fanout(&many[i])
		b.enc.Fanout(&many[i])
		b.put()
		s.dropAgain(b, &many[i])
	}
	return s.commit(b, true)
}

// storable says whether all that a fan-out promises can be made.
func storable(f *gateway.Fanout) bool {
	first, ok := gateway.ParseID(gateway.PrefixDelivery, f.First)
	low := binary.BigEndian.Uint64(first[8:])
	ok = ok && low+uint64(f.Len()) >= low
	for i := range f.Events {
		_, is := gateway.ParseID(gateway.PrefixEvent, f.Events[i].ID)
		ok = ok && is
	}
	for i := range f.Listeners {
		events := f.Listeners[i].Events
		ok = ok && keyable(f.Listeners[i].Endpoint) && (len(events) == 0 || int(slices.Max(events)) < len(f.Events))
	}
	return ok
}

// fanout starts the key of a fan-out.
func (b *batch) fanout(f *gateway.Fanout) {
	b.begin(kindFanout, f.Tenant)
	b.id(kindFanout, gateway.PrefixDelivery, f.First)
}

// dropAgain keeps what is known of lanes that were dropped since the fan-out was
// decided until its deliveries have been made, and swept, too.
func (s *publications) dropAgain(b *batch, f *gateway.Fanout) {
	if !s.drops.any.Load() {
		return
	}
	first, _ := gateway.ParseID(gateway.PrefixDelivery, f.First)
	for i := range f.Listeners {
		lane := gateway.LaneKey{Tenant: f.Tenant, Endpoint: f.Listeners[i].Endpoint}
		one, exempt, found := s.drops.again(lane, first)
		if !found {
			continue
		}
		b.drop(lane)
		b.putDrop(one)
		for _, u := range exempt {
			b.putExempt(lane, u)
		}
		s.sweeper.poke()
	}
}

// makeAll makes the deliveries of one, and lets others go between.
func (s *publications) makeAll(f *gateway.Fanout, made func([]gateway.Delivery) (more bool)) error {
	reader := f.Read(0)
	step := make([]gateway.Delivery, 0, fanoutStep)
	for more := true; more; {
		if step = reader.Next(step[:0], fanoutStep); len(step) == 0 {
			return nil
		}
		if err := s.makeInTurn(f, reader.Made(), step); err != nil {
			return err
		}
		step = slices.DeleteFunc(step, func(d gateway.Delivery) bool { return s.isDropped(&d) })
		more = len(step) == 0 || made(step)
	}
	return nil
}

// makeInTurn makes a step. Of all fan-outs one has the turn, so that many of them
// take no more of the store than one.
func (s *publications) makeInTurn(f *gateway.Fanout, upTo int, step []gateway.Delivery) error {
	s.fanouts.turn.Lock()
	defer s.fanouts.turn.Unlock()
	if err := s.awaitSpace(); err != nil {
		return err
	}
	began := time.Now()
	if err := s.makeStep(f, upTo, step); err != nil {
		return err
	}
	time.Sleep(fanoutPart * time.Since(began))
	return nil
}

// awaitSpace waits until there is room for a step. What was promised is not refused.
func (s *publications) awaitSpace() error {
	for !s.using.Ended() {
		if err := s.refuse(); err != nil {
			return err
		}
		if s.backlog.admit() == nil && s.space.admitSettle() == nil {
			return nil
		}
		time.Sleep(fanoutMore)
	}
	return errClosed
}

// makeStep makes some deliveries of a fan-out, which then has come as far as upTo.
func (s *publications) makeStep(f *gateway.Fanout, upTo int, step []gateway.Delivery) error {
	b := s.newBatch(newDelivery * len(step))
	defer b.free()
	for i := range step {
		putNew(b, &step[i])
	}
	s.later.postDeliveries(b, step, nil) // an event with very many would have to be read whole for each
	b.fanout(f)
	if upTo == f.Len() {
		b.remove()
		b.key = append(b.key, 1)
		b.remove()
	} else {
		b.key = append(b.key, 1)
		b.enc.Version()
		b.enc.Number(uint64(upTo))
		b.put()
	}
	if err := s.commit(b, false); err != nil {
		return err
	}
	return s.dropLate(step)
}

// finishFanouts makes what former processes promised and did not make. It is called
// before anybody can look.
func (s *publications) finishFanouts() error {
	return s.eachTenant(kindFanout, func(t *tenantScan) error {
		for more := true; more && t.inside(); more = t.it.Next() {
			key := bytes.Clone(t.it.Key())
			if len(key) != len(t.prefix)+ulidAt {
				continue // how far one came
			}
			f, err := record.DecodeFanout(t.tenant, key[len(t.prefix):], t.it.Value())
			if err != nil {
				return err
			}
			if err := s.finishFanout(&f, append(key, 1)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *publications) finishFanout(f *gateway.Fanout, key []byte) error {
	after := 0
	_, err := s.get(key, func(value []byte) error {
		d := record.NewDecoder(value)
		after = int(min(d.Number(), uint64(f.Len())))
		return d.Done(kindWords[kindFanout])
	})
	if err != nil {
		return err
	}
	s.opts.Logger.Info("deliveries of a publish that was interrupted are made", "tenant", f.Tenant, "made_before", after, "deliveries", f.Len())
	reader := f.Read(after)
	for step := reader.Next(nil, fanoutStep); len(step) > 0; step = reader.Next(step[:0], fanoutStep) {
		if err := s.makeStep(f, reader.Made(), step); err != nil {
			return err
		}
	}
	return nil
}

func (f *fanouts) begin(many []gateway.Fanout) (end func()) {
	over := make(chan struct{})
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.under == nil {
		f.under = map[*gateway.Fanout]chan struct{}{}
	}
	for i := range many {
		f.under[&many[i]] = over
	}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for i := range many {
			delete(f.under, &many[i])
		}
		close(over)
	}
}

// await waits for those of a tenant that may still make deliveries with ids up
// to last; false when the store is being closed.
func (f *fanouts) await(tenant string, last ulid.ULID, closing <-chan struct{}) bool {
	f.mu.Lock()
	var waits []chan struct{}
	for one, over := range f.under {
		if first, _ := gateway.ParseID(gateway.PrefixDelivery, one.First); one.Tenant == tenant && ulid.ULID(first).Compare(last) <= 0 && !slices.Contains(waits, over) {
			waits = append(waits, over)
		}
	}
	f.mu.Unlock()
	for _, over := range waits {
		select {
		case <-over:
		case <-closing:
			return false
		}
	}
	return true
}
