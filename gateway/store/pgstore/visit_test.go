package pgstore

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// What an owner made, a role without any other right can work on, on parts of later days too;
// and it makes nothing itself.
func TestMigrateForARoleWithoutRights(t *testing.T) {
	db := server(t)
	by := newSession(t, db)
	by.ask("CREATE ROLE plain LOGIN")
	t.Cleanup(func() { by.ask("DROP OWNED BY plain; DROP ROLE plain") })
	o := options(db)
	o.noParts = false
	owner, err := Visit(o)
	must(t, err)
	t.Cleanup(owner.Close)
	if was, err := owner.Schema(); was != 0 || err != nil {
		t.Fatalf("an empty database has version %d, %v", was, err)
	}
	if _, err := owner.Survey(); err != nil {
		t.Errorf("surveyed without a schema: %v", err)
	}
	was, err := owner.Migrate()
	if must(t, err); was != 0 {
		t.Errorf("it was at %d", was)
	}
	plain := o
	plain.URL = func() (string, error) { return strings.Replace(db.URL(), "hookgate@", "plain@", 1), nil }
	if s, err := Open(plain); err == nil {
		t.Error("a role without rights opens it")
		must(t, s.Close())
	}
	must(t, owner.Grant("plain"))
	if was, err := owner.Migrate(); was != Version() || err != nil {
		t.Errorf("again: it was at %d, %v", was, err)
	}
	s := mustOpen(t, plain)
	must(t, s.PutResources(gateway.Record{Kind: "tenant", Tenant: "acme", ID: "acme", Value: []byte("{}")}))
	must(t, s.Expire(time.Now().AddDate(0, 0, 20))) // makes the parts of that day
	if _, err := s.Claimed("nothing"); !errors.Is(err, gateway.ErrNotFound) {
		t.Error(err)
	}
	if role, err := RoleOf("postgres://plain:canary@h/db"); role != "plain" || err != nil {
		t.Errorf("%q, %v", role, err)
	}
}
