package waiting

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
)

// A tenant is forgotten when those at work for it are done, and nobody starts anew.
func TestForgetWaitsForTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		defer s.Close()
		s.rooms.serve(gateway.AllSlots(), nil)
		r, err := s.rooms.get("acme")
		if err != nil {
			t.Fatal(err)
		}
		mark := gateway.NewMarkKey(gateway.MarkOpen, []byte("k"))
		var named, marked turn
		if r.acquire(background, &named, []name{{"payments", "1"}}, nil) != nil || r.acquire(background, &marked, nil, &mark) != nil {
			t.Fatal("no turn is to be had")
		}
		forgotten := make(chan struct{})
		go func() {
			s.Forget("acme")
			close(forgotten)
		}()
		for _, work := range []*turn{&named, &marked} {
			synctest.Wait()
			select {
			case <-forgotten:
				t.Fatal("it is forgotten while somebody is at work for it")
			default:
			}
			if err := r.acquire(background, &turn{}, []name{{"payments", "2"}}, nil); !errors.Is(err, errGone) {
				t.Errorf("one starts anew: %v", err)
			}
			r.release(work)
		}
		<-forgotten
	})
}

// What is forgotten with its slot has no timer, no place and no count any more.
func TestEmptyRoomKeepsNothing(t *testing.T) {
	open, early := 0, 0
	s := New(Options{Observer: Observer{
		Open: func(_ string, delta int) { open += delta }, Parked: func(_ string, delta int) { early += delta },
	}})
	defer s.Close()
	r := newRoom("acme", s.rooms.house)
	for _, key := range []string{"1", "2", "3"} {
		w := &gateway.Wait{ID: "wait_" + key, Tenant: "acme", Source: "payments", ConversationKey: key, Aliases: []string{"x" + key}}
		e := newSession(r, w, time.Now().Add(time.Minute))
		e.place = s.budget.force(r, 10)
		r.enter(e)
		r.parking.restore(newParked(r, &gateway.Parked{Source: "payments", Key: key, Callback: gateway.TakenCallback{ID: "cb_" + key}}, time.Now().Add(time.Minute)))
	}
	r.arm()
	if open != 3 || early != 3 || len(s.expirer.items) != 6 || s.options.Places.Stat().Used != 3 {
		t.Fatalf("%d open, %d parked, %d timers, %d places", open, early, len(s.expirer.items), s.options.Places.Stat().Used)
	}
	r.close(errMoved)
	r.empty()
	if open != 0 || early != 0 || len(s.expirer.items) != 0 || s.options.Places.Stat().Used != 0 || len(r.sessions.open) != 0 {
		t.Errorf("%d open, %d parked, %d timers, %d places, %d names", open, early, len(s.expirer.items), s.options.Places.Stat().Used, len(r.sessions.open))
	}
}
