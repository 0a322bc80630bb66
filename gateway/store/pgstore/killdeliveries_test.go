package pgstore

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
)

// deliverers publish and end deliveries, one after the other, and remember what they were told.
type deliverers struct {
	s    *Store
	stop chan struct{}
	wg   sync.WaitGroup

	mu   sync.Mutex
	told map[gateway.LaneKey]map[string]gateway.DeliveryState // by lane and id: the last that was told as written
	n    int
}

func (c *deliverers) run(n int) {
	c.stop, c.told = make(chan struct{}), map[gateway.LaneKey]map[string]gateway.DeliveryState{}
	for i := range n {
		c.wg.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-c.stop:
					return
				default:
					c.one(i, round)
				}
			}
		})
	}
}

// note remembers what came of a promise; an outcome that nobody knows makes who is asked read
// anew, as who owns slots does.
func (c *deliverers) note(d *gateway.Delivery, err error) (is bool) {
	if isUnknown(err) {
		_ = c.s.Recover(gateway.AllSlots(), func(*gateway.Wait) error { return nil }, func(*gateway.Parked) error { return nil })
		_, _ = c.s.Lanes(gateway.AllSlots())
	}
	if err != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if c.told[d.Lane()] == nil {
		c.told[d.Lane()] = map[string]gateway.DeliveryState{}
	}
	c.told[d.Lane()][d.ID] = d.State
	return true
}

func (c *deliverers) one(i, round int) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	v := gateway.Event{ID: gateway.NewEventID(now), Tenant: tenantOf(i % writing), Type: "message", AcceptedAt: now, Body: gateway.Raw(`{}`)}
	d := &gateway.Delivery{
		ID: gateway.DeliveryBeside(v.ID, 1), Tenant: v.Tenant, Endpoint: fmt.Sprint("e", i%5), EventIDs: []string{v.ID}, EventType: v.Type,
		State: gateway.DeliveryPending, NextAttemptAt: now, CreatedAt: now,
	}
	if !c.note(d, c.s.Accept(&gateway.Publication{Events: []gateway.Event{v}, Deliveries: []gateway.Delivery{*d}})) {
		return
	}
	for _, state := range [][]gateway.DeliveryState{
		{}, {gateway.DeliveryRetrying}, {gateway.DeliverySucceeded}, {gateway.DeliveryRetrying, gateway.DeliveryDead}, {gateway.DeliveryCancelled},
	}[round%5] {
		next := *d
		next.State, next.NextAttemptAt = state, now.Add(time.Minute)
		if state.Ended() {
			next.NextAttemptAt, next.EndedAt = time.Time{}, now
		}
		var err error
		if state == gateway.DeliveryCancelled {
			err = c.s.Cancel(&next)
		} else {
			next.Attempts++
			err = c.s.Settle(&next, &gateway.Attempt{Number: next.Attempts, At: now, Status: 500})
		}
		if !c.note(&next, err) {
			return
		}
		d = &next
	}
}

// TestKilledAmongDeliveries cuts off answers and kills the database while deliveries are made
// and end. What was told as accepted, dead or cancelled is so; what succeeded or failed has done
// so or waits to be tried again; and each is in one place, with its events, and has a place in
// the window where it is unfinished.
func TestKilledAmongDeliveries(t *testing.T) {
	own := postgres.Start(t)
	s, way := openByWay(t, own)
	c := &deliverers{s: s}
	c.run(24)
	for round := range 8 {
		c.mu.Lock()
		before := c.n
		c.mu.Unlock()
		for n, deadline := before, time.Now().Add(time.Minute); n < before+200; time.Sleep(time.Millisecond) { // it goes on
			if time.Now().After(deadline) {
				t.Fatal("it does not go on")
			}
			c.mu.Lock()
			n = c.n
			c.mu.Unlock()
		}
		if round%3 == 2 {
			own.Kill()
			must(t, own.Run())
		} else {
			way.Answers.Add(3)
		}
	}
	close(c.stop)
	c.wg.Wait()
	for deadline := time.Now().Add(time.Minute); ; {
		_, err := s.Lanes(gateway.AllSlots())
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	c.check(t)
	by := newSession(t, own)
	for what, sql := range map[string]string{
		"in two places":               "SELECT count(*) FROM (SELECT id FROM (SELECT id FROM {s}unfinished UNION ALL SELECT id FROM {s}ended UNION ALL SELECT id FROM {s}dead) AS x GROUP BY id HAVING count(*) > 1) AS y",
		"without a place in a window": "SELECT count(*) FROM {s}unfinished AS u WHERE NOT EXISTS (SELECT FROM {s}due AS d WHERE d.id = u.id AND d.at = u.due AND d.slot = u.slot)",
		"a place of nothing":          "SELECT count(*) FROM {s}due AS d WHERE NOT EXISTS (SELECT FROM {s}unfinished AS u WHERE d.id = u.id AND d.at = u.due)",
		"dead without an event":       "SELECT count(*) FROM {s}dead AS d WHERE NOT EXISTS (SELECT FROM {s}dead_events AS e WHERE e.tenant = d.tenant AND e.day = d.day)",
		"dead without an attempt":     "SELECT count(*) FROM {s}dead AS d WHERE NOT EXISTS (SELECT FROM {s}dead_attempts AS a WHERE a.id = d.id AND a.day = d.day)",
		"unfinished without an event": "SELECT count(*) FROM {s}unfinished AS u WHERE slot >= 0 AND NOT EXISTS (SELECT FROM {s}events AS e WHERE e.id = u.events)",
	} {
		if n := by.ask(s.in(sql)); n != "0" {
			t.Errorf("%s: %s", what, n)
		}
	}
}

// check looks each of them up.
func (c *deliverers) check(t *testing.T) {
	t.Helper()
	kept := map[gateway.DeliveryState]int{}
	for lane, told := range c.told {
		for id, state := range told {
			d, _, err := c.s.Delivery(lane.Tenant, id)
			if err != nil {
				t.Errorf("%s, told as %s: %v", id, state, err)
				continue
			}
			if promised := state == gateway.DeliveryDead || state == gateway.DeliveryCancelled; promised && d.State != state {
				t.Errorf("%s was told as %s, and is %s", id, state, d.State)
			}
			kept[d.State]++
		}
	}
	t.Log(kept)
	for _, state := range deliveryStates {
		if kept[state] == 0 {
			t.Errorf("none is %s: that was not tried", state)
		}
	}
}
