package pgstore

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
)

// since gives what changed after a revision, as texts, and the last revision.
func since(t *testing.T, s *Store, revision int64) (text string, last int64) {
	t.Helper()
	var all []string
	last = revision
	must(t, s.ResourcesSince(revision, func(r Revised) error {
		if r.Revision <= last {
			t.Errorf("revision %d after %d", r.Revision, last)
		}
		last = r.Revision
		what := string(r.Value)
		if r.Deleted {
			what = "deleted"
		}
		all = append(all, r.Tenant+"/"+r.ID+"="+what)
		return nil
	}))
	return strings.Join(all, " "), last
}

func TestResourcesSince(t *testing.T) {
	o := options(server(t))
	o.Now = func() time.Time { return at }
	s := mustOpen(t, o)
	put := func(tenant, id, value string) {
		t.Helper()
		must(t, s.PutResources(gateway.Record{Kind: gateway.KindSource, Tenant: tenant, ID: id, Value: []byte(value)}))
	}
	put("a", "1", "x")
	put("a", "2", "x")
	put("b", "1", "x")
	text, last := since(t, s, 0)
	if text != "a/1=x a/2=x b/1=x" {
		t.Errorf("at first: %s", text)
	}
	put("a", "1", "y")
	must(t, s.DeleteResource(gateway.KindSource, "a", "2"))
	must(t, s.DeleteResource(gateway.KindSource, "a", "2"))
	must(t, s.DeleteTenant("b"))
	if text, last = since(t, s, last); text != "a/1=y a/2=deleted b/1=deleted" {
		t.Errorf("then: %s", text)
	}
	put("a", "2", "again")
	must(t, s.Expire(at.Add(5*day)))
	if text, last = since(t, s, last); text != "a/2=again" {
		t.Errorf("and then: %s", text)
	}
	if text, _ = since(t, s, last); text != "" {
		t.Errorf("at last: %s", text)
	}
	if text, _ = since(t, s, 0); text != "a/1=y a/2=again" {
		t.Errorf("what was deleted long ago: %s", text)
	}
}

// TestResourcesSinceAtOnce puts resources at once by several nodes, and reads beside it: none
// comes with a revision below one that was seen.
func TestResourcesSinceAtOnce(t *testing.T) {
	o := options(server(t))
	a, b := mustOpen(t, o), mustOpen(t, o)
	const each = 25
	var putting sync.WaitGroup
	for n, s := range []*Store{a, b, a, b} {
		putting.Go(func() {
			for i := range each {
				if err := s.PutResources(gateway.Record{Kind: gateway.KindSource, Tenant: tenantOf(n / 2), ID: fmt.Sprintf("%d-%d", n, i), Value: []byte("x")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[string]bool{}
	last := int64(0)
	read := func() {
		text, to := since(t, a, last)
		for one := range strings.FieldsSeq(text) {
			seen[one] = true
		}
		last = to
	}
	done := make(chan struct{})
	go func() { putting.Wait(); close(done) }()
	for over := false; !over; read() {
		select {
		case <-done:
			over = true
		default:
		}
	}
	count := 0
	missed := 0
	must(t, a.Resources(func(r gateway.Record) error {
		if count++; !seen[r.Tenant+"/"+r.ID+"=x"] {
			missed++
		}
		return nil
	}))
	if count != 4*each || missed > 0 {
		t.Errorf("%d resources, %d of them were never seen", count, missed)
	}
}
