package pgstore

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

func TestSurvey(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by := mustOpen(t, o), newSession(t, server)
	by.ask("BEGIN; SELECT 1")
	v, err := s.Survey()
	must(t, err)
	if v.SynchronousCommit != "on" || v.Fsync || !v.FullPageWrites || v.MaxConnections != 200 || v.Bytes < 64<<10 || v.OldestTransaction <= 0 || len(v.Unseen) > 0 || v.Version == "" {
		t.Errorf("%+v", v)
	}
	by.ask("ROLLBACK; CREATE ROLE plain_" + o.Schema + " LOGIN; GRANT USAGE ON SCHEMA " + o.Schema + " TO plain_" + o.Schema + "; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + o.Schema + " TO plain_" + o.Schema + "; GRANT USAGE ON ALL SEQUENCES IN SCHEMA " + o.Schema + " TO plain_" + o.Schema)
	plain := o
	plain.URL = func() (string, error) {
		return strings.Replace(server.URL(), "hookgate@", "plain_"+o.Schema+"@", 1), nil
	}
	other := mustOpen(t, plain)
	if v, err = other.Survey(); err != nil || len(v.Unseen) != 1 {
		t.Errorf("by a plain role: %+v, %v", v, err)
	}
	must(t, other.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "plain")}))
	must(t, other.Firm(time.Now()))
	plain.Schema = "t_new"
	if _, err := Open(plain); err == nil || !strings.Contains(err.Error(), "run hookgate migrate with store.migrate_url") {
		t.Errorf("a schema that is to be made by a plain role: %v", err)
	}
}

func TestClaim(t *testing.T) {
	o := options(server(t))
	a, b := mustOpen(t, o), mustOpen(t, o)
	if _, err := a.Claimed("key"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("before: %v", err)
	}
	for s, value := range map[*Store]string{a: "a", b: "b"} {
		first, err := a.Claimed("key")
		is, err2 := s.Claim("key", []byte(value))
		must(t, err2)
		if want := string(first); err == nil && string(is) != want || err != nil && string(is) != value {
			t.Errorf("%s claims: %q", value, is)
		}
	}
	must(t, b.Reclaim("key", []byte("new")))
	if is, err := a.Claim("key", []byte("old")); err != nil || string(is) != "new" {
		t.Errorf("after: %q, %v", is, err)
	}
}
