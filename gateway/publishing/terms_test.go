package publishing_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/publishing"
)

// slow is a store that lets nobody look up a mark, or store a publish, before it may.
type slow struct {
	publishing.Store
	look, accept chan struct{} // nil: at once
	accepted     int
}

func (s *slow) Mark(tenant string, key gateway.MarkKey, window time.Duration) (gateway.Mark, bool, error) {
	if s.look != nil {
		<-s.look
	}
	return s.Store.Mark(tenant, key, window)
}

func (s *slow) Accept(p *gateway.Publication) error {
	if s.accept != nil {
		<-s.accept
	}
	s.accepted++
	return s.Store.Accept(p)
}

func (s *slow) FanOut(p *gateway.Publication, many []gateway.Fanout, promised func(), made func([]gateway.Delivery) bool) error {
	if s.accept != nil {
		<-s.accept
	}
	s.accepted++
	return s.Store.FanOut(p, many, promised, func(step []gateway.Delivery) bool {
		if s.look != nil {
			<-s.look
		}
		return made(step)
	})
}

// publishes publishes with a key, beside the test.
func publishes(p *publishing.Publisher, q publishing.Request) <-chan error {
	became := make(chan error, 1)
	go func() {
		_, err := p.Publish(q)
		became <- err
	}()
	return became
}

// What was looked up by its key while a tenant was this process's, and could not be stored in
// that time, is not stored later, even if the tenant has come back: others may have taken it.
func TestWhatWasLookedUpMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		s := &slow{Store: w.store, look: make(chan struct{})}
		p, snapshot := w.publisher(nil, func(o *publishing.Options) { o.Store = s })
		slots := gateway.SlotsOf(gateway.SlotOf("acme"))
		q := publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), IdempotencyKey: "once", Body: []byte(`{"events":[{"event":{"type":"note"}}]}`)}
		became := publishes(p, q)
		synctest.Wait()
		p.Release(slots) // nothing is being stored: it waits for nobody
		other := q
		other.IdempotencyKey = "another"
		if _, err := p.Publish(other); !errors.Is(err, gateway.ErrMoved) {
			t.Errorf("what is another's is answered with %v", err)
		}
		if err := p.Acquire(slots); err != nil {
			t.Fatal(err)
		}
		close(s.look)
		if err := <-became; !errors.Is(err, gateway.ErrMoved) || s.accepted != 0 {
			t.Errorf("it is answered with %v, and %d were stored", err, s.accepted)
		}
		if _, err := p.Publish(q); err != nil || s.accepted != 1 {
			t.Errorf("when the tenant is back it is answered with %v, and %d were stored", err, s.accepted)
		}
	})
}

// Who gives a tenant up waits for what is being stored with a key, and no longer: not for the
// deliveries of a large publish that are made by and by.
func TestReleaseWaitsForWhatIsStored(t *testing.T) {
	for name, events := range map[string]int{"few deliveries": 1, "many": 100} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t)
				s := &slow{Store: w.store, accept: make(chan struct{}), look: make(chan struct{})}
				p, snapshot := w.publisher(three, func(o *publishing.Options) { o.Store = s })
				slots := gateway.SlotsOf(gateway.SlotOf("acme"))
				became := publishes(p, publishing.Request{
					Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), IdempotencyKey: "once", Body: talk(0, events),
				})
				s.look <- struct{}{}
				synctest.Wait()
				released := make(chan struct{})
				go func() { p.Release(slots); close(released) }()
				synctest.Wait()
				select {
				case <-released:
					t.Error("the tenant is given up while it is being stored")
				default:
				}
				close(s.accept)
				<-released
				close(s.look)
				if err := <-became; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
