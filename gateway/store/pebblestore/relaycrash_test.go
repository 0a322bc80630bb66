package pebblestore

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// relayed is what one relay makes durable, under two ids of its own.
func relayed(at time.Time, n int) *gateway.Publication {
	p := published(at, 1)
	v, d := &p.Events[0], &p.Deliveries[0]
	v.Type, v.Kind, v.Body = gateway.EventRelay, "", gateway.Raw("\x00\xff")
	v.Relay = &gateway.Relayed{Route: "wa", Method: "POST", Path: "/wa", Sealed: []byte("sealed")}
	d.Endpoint, d.EventType = gateway.RouteLane("wa"), gateway.EventRelay
	for i := range 2 {
		p.Marks = append(p.Marks, gateway.Mark{
			Tenant: "acme", Key: gateway.NewMarkKey(gateway.MarkRelay, fmt.Append(nil, n, i)), CallbackID: v.ID, Expires: at.Add(time.Hour),
		})
	}
	return p
}

// TestCrashOfRelays takes copies of the disk, as a loss of power would leave it,
// while relays come in. What was acknowledged is there whole; of what was not, all
// is there or nothing: a mark alone would let the provider's repeat be dropped.
func TestCrashOfRelays(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, Options{Dir: "data", FS: mem})
	var mu sync.Mutex
	var begun, acknowledged []*gateway.Publication
	tickets := make(chan int)
	var working sync.WaitGroup
	for range 8 {
		working.Go(func() {
			for n := range tickets {
				p := relayed(time.Now(), n)
				mu.Lock()
				begun = append(begun, p)
				mu.Unlock()
				if err := s.Accept(p); err != nil {
					t.Error(err)
				}
				mu.Lock()
				acknowledged = append(acknowledged, p)
				mu.Unlock()
			}
		})
	}
	random := rand.New(rand.NewPCG(5, 6))
	for n := range 20 {
		for i := range random.IntN(60) {
			tickets <- 100*n + i
		}
		mu.Lock()
		all, sure := append([]*gateway.Publication(nil), begun...), append([]*gateway.Publication(nil), acknowledged...)
		mu.Unlock()
		left := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
		if err := lostRelays(t, left, all, sure); err != nil {
			t.Fatalf("with %d acknowledged: %v", len(sure), err)
		}
	}
	close(tickets)
	working.Wait()
}

func lostRelays(t *testing.T, fs vfs.FS, begun, acknowledged []*gateway.Publication) error {
	t.Helper()
	s, err := Open(Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("opening after the crash: %w", err)
	}
	defer mustClose(t, s)
	there := map[*gateway.Publication]bool{}
	for _, p := range begun {
		if there[p], err = wholeOrNothing(s, p); err != nil {
			return err
		}
	}
	for _, p := range acknowledged {
		if !there[p] {
			return fmt.Errorf("acknowledged %s is not there", p.Events[0].ID)
		}
	}
	return nil
}

// wholeOrNothing says whether a relay is there; an error that only parts of it are.
func wholeOrNothing(s *Store, p *gateway.Publication) (there bool, err error) {
	found := 0
	for i := range p.Marks {
		_, is, err := s.Mark("acme", p.Marks[i].Key, time.Hour)
		if err != nil {
			return false, err
		}
		if is {
			found++
		}
	}
	d, events, err := s.Load("acme", p.Deliveries[0].ID)
	switch {
	case errors.Is(err, gateway.ErrNotFound) && found == 0:
		return false, nil
	case err != nil || found != len(p.Marks) || events[0].Relay == nil || string(events[0].Body) != string(p.Events[0].Body):
		return false, fmt.Errorf("%d marks, delivery %+v with %+v, %w", found, d, events, err)
	}
	return true, nil
}
