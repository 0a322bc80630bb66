package pgstore

import (
	"errors"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
)

// What was settled is not firm by what is committed after the database died: who was told so
// would hold for done what the database has lost.
func TestFirmKnowsWhatTheDatabaseLost(t *testing.T) {
	own := postgres.Start(t)
	must(t, own.Set("wal_writer_delay = 10s")) // so it is lost
	own.Stop()
	must(t, own.Run())
	o := options(own)
	o.Patience = 20 * time.Second
	s := mustOpen(t, o)
	now := time.Now()
	d := deliverable(t, s, now)
	d.State, d.Attempts, d.EndedAt = gateway.DeliverySucceeded, 1, now
	must(t, s.Settle(d, &gateway.Attempt{Number: 1, At: now}))
	own.Kill()
	must(t, own.Run())
	told := func(since time.Time, want string, is func(error) bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; {
			if err := s.Firm(since); !isUnavailable(err) && is(err) {
				return
			} else if err == nil || time.Now().After(end) {
				t.Fatalf("%v, want %s", err, want)
			}
		}
	}
	told(now, "that nobody knows", isUnknown)
	told(time.Now(), "that it is", func(err error) bool { return err == nil })
	told(now, "that nobody knows, by who has come back", isUnknown)
	if _, err := s.Unfinished("acme", d.ID); err != nil {
		t.Errorf("nothing was lost: %v", err)
	}
}

// A writer whose database lives on while all others have gone over to the one that was promoted
// says of nothing that it is written.
func TestLeftBehind(t *testing.T) {
	s := mustOpen(t, options(server(t)))
	now := time.Now()
	d := deliverable(t, s, now)
	s.know("another") // by the first that has gone over
	if _, err := s.Lanes(gateway.AllSlots()); err != nil {
		t.Fatal(err)
	}
	d.State, d.Attempts, d.EndedAt = gateway.DeliverySucceeded, 1, now
	if err := s.Settle(d, nil); !errors.Is(err, errLeftBehind) {
		t.Errorf("it is written: %v", err)
	}
	if _, err := s.Lanes(gateway.AllSlots()); err != nil { // when it has gone over, too
		t.Fatal(err)
	}
	must(t, s.Settle(d, nil))
}

func deliverable(t *testing.T, s *Store, now time.Time) *gateway.Delivery {
	t.Helper()
	e := gateway.Event{ID: gateway.NewID(gateway.PrefixEvent, now), Tenant: "acme", Type: "t", AcceptedAt: now, Body: []byte("{}")}
	d := gateway.Delivery{
		ID: gateway.NewID(gateway.PrefixDelivery, now), Tenant: "acme", Endpoint: "desk", EventIDs: []string{e.ID}, EventType: "t",
		State: gateway.DeliveryPending, CreatedAt: now, NextAttemptAt: now,
	}
	must(t, s.Accept(&gateway.Publication{Events: []gateway.Event{e}, Deliveries: []gateway.Delivery{d}}))
	return &d
}
