package publishing_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/publishing"
)

var three = map[string]gateway.Endpoint{
	"a": {URL: "https://a.example.com/"}, "b": {URL: "https://b.example.com/"}, "c": {URL: "https://c.example.com/"},
}

// talk makes events number from to below of five conversations in turns.
func talk(from, below int) []byte {
	var list []string
	for n := from; n < below; n++ {
		list = append(list, fmt.Sprintf(`{"n":%d,"event":{"type":"message"},"conversation":{"key":"c%d"}}`, n, n%5))
	}
	return []byte(`{"events":[` + strings.Join(list, ",") + `]}`)
}

// watchedStore tells of each part of a fan-out.
type watchedStore struct {
	publishing.Store
	begun func(tenant string)
	made  func([]gateway.Delivery)
}

func (q *watchedStore) FanOut(p *gateway.Publication, of []gateway.Fanout, promised func(), made func([]gateway.Delivery) bool) error {
	if q.begun != nil {
		q.begun(p.Events[0].Tenant)
	}
	return q.Store.FanOut(p, of, promised, func(some []gateway.Delivery) bool {
		if q.made != nil {
			q.made(some)
		}
		return made(some)
	})
}

// Who publishes many has the next of his wait, and nobody else's.
func TestManyTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		_, other := w.publisher(three)
		let := make(chan struct{})
		var mu sync.Mutex
		var begun []string
		p, snapshot := w.publisher(three, func(o *publishing.Options) {
			o.Store = &watchedStore{Store: w.store, begun: func(tenant string) {
				mu.Lock()
				begun = append(begun, tenant)
				mu.Unlock()
				<-let
			}}
		})
		var all sync.WaitGroup
		publish := func(of *directory.Snapshot, tenant *directory.Tenant) {
			all.Go(func() {
				if _, err := p.Publish(publishing.Request{Snapshot: of, Tenant: tenant, Body: talk(0, 600)}); err != nil {
					t.Error(err)
				}
			})
		}
		acme := snapshot.Tenant("acme")
		for range 3 {
			publish(snapshot, acme)
		}
		rival := *other.Tenant("acme")
		rival.ID = "rival"
		publish(other, &rival)
		synctest.Wait()
		slices.Sort(begun)
		if !slices.Equal(begun, []string{"acme", "rival"}) {
			t.Errorf("%v are under way", begun)
		}
		close(let)
		all.Wait()
		if len(begun) != 4 {
			t.Errorf("%v were made", begun)
		}
	})
}

// restless is a store that has something to make still of what it has promised.
type restless struct {
	publishing.Store
	finished []string
	err      error
}

func (s *restless) Finish(tenant string, events []string, _ func([]gateway.Delivery) bool) error {
	s.finished = append(s.finished, fmt.Sprint(tenant, " ", len(events)))
	return s.err
}

// A repeat is not answered as its first time before all of that is made: what its publisher sends
// next would come before the rest of it.
func TestRepeatWaitsForTheRest(t *testing.T) {
	byID := []byte(`{"dedupe":{"event_id":"n"},` + string(talk(0, 600)[1:]))
	for name, q := range map[string]publishing.Request{"by its key": {Body: talk(0, 600), IdempotencyKey: "once"}, "by its events": {Body: byID}} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			s := &restless{Store: w.store}
			p, snapshot := w.publisher(three, func(o *publishing.Options) { o.Store = s })
			q.Snapshot, q.Tenant = snapshot, snapshot.Tenant("acme")
			if _, err := p.Publish(q); err != nil || len(s.finished) > 0 {
				t.Fatalf("the first: %v; it asked for what %v have to make", err, s.finished)
			}
			s.err = gateway.Unavailable("it is being made", time.Second)
			if _, err := p.Publish(q); !isCode(err, gateway.CodeUnavailable) {
				t.Errorf("while the rest is made: %v", err)
			}
			s.err = nil
			if _, err := p.Publish(q); err != nil || !slices.Equal(s.finished, []string{"acme 600", "acme 600"}) {
				t.Errorf("when all is made: %v; it asked for what %v have to make", err, s.finished)
			}
		})
	}
}

func isCode(err error, code gateway.Code) bool {
	known := (*gateway.Error)(nil)
	return errors.As(err, &known) && known.Code == code
}

// Who deletes a tenant does not wait for all that its publishes are about to make.
func TestManyEndWithTheirTenant(t *testing.T) {
	w := open(t)
	d := directory.New()
	var acme *directory.Tenant
	steps := 0
	ended := make(chan struct{})
	store := &watchedStore{Store: w.store, made: func([]gateway.Delivery) {
		if steps++; steps == 2 {
			go func() { acme.Life.End(); close(ended) }()
			for !acme.Life.Over() {
				time.Sleep(time.Millisecond)
			}
		}
	}}
	p, snapshot := w.publisher(three, func(o *publishing.Options) { o.Store = store })
	d.Swap(snapshot)
	acme = d.Current().Tenant("acme")
	if _, err := p.Publish(publishing.Request{Snapshot: d.Current(), Tenant: acme, Body: talk(0, 600)}); err != nil {
		if known := (*gateway.Error)(nil); !errors.As(err, &known) || known.Code != gateway.CodeNotFound {
			t.Error(err)
		}
	}
	if <-ended; steps != 2 {
		t.Errorf("%d steps were made", steps)
	}
}
