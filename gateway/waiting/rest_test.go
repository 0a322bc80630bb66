package waiting

import (
	"errors"
	"testing"
	"testing/synctest"

	"hookgate/gateway"
)

// A tenant is forgotten when those at work for it are done, and nobody starts anew.
func TestForgetWaitsForTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
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
