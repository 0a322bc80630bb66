package pgstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// TestPartsByDay lets a month go by, beside a reader that looks at everything and does not
// end: parts are made ahead with what the default part had, and go as a whole when that reader
// lets them. What is unfinished or dead outlives them. All of it as a role that may not make
// or drop anything.
func TestPartsByDay(t *testing.T) {
	server := server(t)
	by := newSession(t, server)
	o := options(server)
	o.ExpireEvery = 24 * time.Hour
	now := time.Date(2026, time.March, 14, 15, 9, 26, 0, time.UTC)
	o.Now = func() time.Time { return now }
	mustOpen(t, o) // makes the schema
	by.ask("CREATE ROLE " + o.Schema + "_serves LOGIN")
	by.ask("GRANT USAGE ON SCHEMA " + o.Schema + " TO " + o.Schema + "_serves")
	by.ask("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + o.Schema + " TO " + o.Schema + "_serves")
	by.ask("GRANT USAGE ON ALL SEQUENCES IN SCHEMA " + o.Schema + " TO " + o.Schema + "_serves")
	owner := o.URL
	o.URL = func() (string, error) {
		url, err := owner()
		return strings.Replace(url, "//hookgate@", "//"+o.Schema+"_serves@", 1), err
	}
	s := mustOpen(t, o)
	s.opts.noParts = false

	publish := func(endpoint string) *gateway.Delivery {
		v := gateway.Event{ID: gateway.NewEventID(now), Tenant: "acme", Type: "message", ConversationKey: endpoint, AcceptedAt: now, Body: gateway.Raw(`{}`)}
		d := gateway.Delivery{
			ID: gateway.NewID(gateway.PrefixDelivery, now), Tenant: "acme", Endpoint: endpoint, EventIDs: []string{v.ID}, EventType: v.Type,
			ConversationKey: endpoint, State: gateway.DeliveryPending, NextAttemptAt: now, CreatedAt: now,
		}
		must(t, s.Accept(&gateway.Publication{Events: []gateway.Event{v}, Deliveries: []gateway.Delivery{d}}))
		return &d
	}
	settle := func(d *gateway.Delivery, state gateway.DeliveryState) {
		d.Attempts++
		d.State, d.NextAttemptAt = state, now.Add(time.Hour)
		if state.Ended() {
			d.NextAttemptAt, d.EndedAt = time.Time{}, now
		}
		must(t, s.Settle(d, &gateway.Attempt{Number: d.Attempts, At: now, Status: 500}))
	}
	parts := func(table string) int64 {
		n := int64(0)
		_, err := s.one("SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_class AS p ON p.oid = i.inhparent WHERE p.relname = '"+table+"' AND c.relname ~ '_[0-9]+$' AND p.relnamespace = '"+o.Schema+"'::regnamespace", nil,
			func(row [][]byte) error { n = longAt(row[0]); return nil })
		must(t, err)
		return n
	}
	inDefault := func(table string) string {
		return by.ask("SELECT count(*) FROM " + o.Schema + "." + table + "_default")
	}

	held, done, died := publish("held"), publish("done"), publish("died")
	settle(held, gateway.DeliveryRetrying)
	settle(done, gateway.DeliverySucceeded)
	settle(died, gateway.DeliveryDead)
	if inDefault("events") != "3" {
		t.Fatal("they are elsewhere")
	}
	must(t, s.Expire(now))
	if got := inDefault("events"); got != "0" || parts("events") != 1+partsAhead || inDefault("dead") != "0" {
		t.Fatalf("%s events are in the default part, and there are %d others", got, parts("events"))
	}
	for _, d := range []*gateway.Delivery{held, done, died} {
		if got, _, err := s.Delivery("acme", d.ID); err != nil || got.State != d.State {
			t.Fatalf("%s after its part was made: %+v, %v", d.Endpoint, got, err)
		}
	}

	reader := newSession(t, server)
	reader.ask("BEGIN ISOLATION LEVEL REPEATABLE READ")
	for _, table := range partedTables {
		reader.ask("SELECT count(*) FROM " + o.Schema + "." + table.table)
	}
	now = now.Add(9 * 24 * time.Hour)
	must(t, s.Expire(now)) // waits for nobody for long
	if parts("events") == 0 || s.swept == dayOf(now) {
		t.Fatal("a part was dropped before the eyes of a reader")
	}
	if user := by.ask("SELECT count(*) FROM pg_stat_activity WHERE usename = '" + o.Schema + "_serves'"); user == "0" {
		t.Error("the store works as somebody else")
	}
	reader.ask("COMMIT")
	must(t, s.Expire(now))
	there := func(what string, id string, want bool) {
		t.Helper()
		_, err := s.EventAlone("acme", id)
		if (err == nil) != want {
			t.Errorf("%s: %v", what, err)
		}
	}
	there("the event of what is unfinished", held.EventIDs[0], true)
	there("the event of what ended", done.EventIDs[0], false)
	if _, events, err := s.Load("acme", held.ID); err != nil || len(events) != 1 {
		t.Errorf("what is unfinished: %d events, %v", len(events), err)
	}
	if _, attempts, err := s.Delivery("acme", held.ID); err != nil || len(attempts) != 1 {
		t.Errorf("what is unfinished: %d attempts, %v", len(attempts), err)
	}
	if _, attempts, err := s.Delivery("acme", died.ID); err != nil || len(attempts) != 1 {
		t.Errorf("the dead letter: %d attempts, %v", len(attempts), err)
	}
	if oldest := by.ask("SELECT min(substr(c.relname, 8)::int8) FROM pg_class AS c WHERE c.relname ~ '^events_[0-9]+$' AND c.relkind = 'r' AND c.relnamespace = '" + o.Schema + "'::regnamespace"); oldest < fmt.Sprint(dayOf(now.Add(-keepEvents))) {
		t.Errorf("parts from day %s on are there", oldest)
	}
	settle(held, gateway.DeliverySucceeded)
	for range 2 {
		now = now.Add(20 * 24 * time.Hour)
		s.opts.noParts = true // no more of them
		must(t, s.Expire(now))
	}
	var left []string
	_, err := s.Deliveries(store.Query{Tenant: "acme"}, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool {
		left = append(left, d.Endpoint)
		return true
	})
	if must(t, err); len(left) > 0 {
		t.Errorf("after a month there is %s", strings.Join(left, " "))
	}
	for _, table := range []string{"events", "kept_events", "kept_carried", "kept_attempts", "carried", "attempts", "ended", "dead", "dead_events", "dead_attempts", "due", "unfinished"} {
		if n := by.ask("SELECT count(*) FROM " + o.Schema + "." + table + " WHERE tenant = 'acme'"); n != "0" {
			t.Errorf("%s has %s rows after a month", table, n)
		}
	}
}
