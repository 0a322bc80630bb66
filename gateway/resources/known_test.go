package resources_test

import (
	"fmt"
	"testing"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/resources"
)

// A mark is durable, ends by itself, is bounded, and goes with its tenant.
func TestKnownFailures(t *testing.T) {
	k := newKit(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now()
	k.now = func() time.Time { return at }
	again := func() {
		t.Helper()
		k.stop()
		k.start(resources.File{})
	}
	again()
	k.tenant("acme", `{}`)
	by := auth.Principal{Scope: auth.Tenant, Tenant: "acme", TokenID: "tok_1", Name: "engineer"}
	mark := func(endpoint string, life time.Duration) error {
		_, err := k.Knowns.Mark(by, "acme", gateway.Known{Endpoint: endpoint, Error: "5xx", Status: 503, Note: "ticket", Until: gateway.At(at.Add(life))})
		return err
	}
	must(mark("crm", time.Hour))
	must(mark("log", time.Minute))
	must(mark("crm", 2*time.Hour)) // again
	again()
	if got := k.Knowns.Of("acme"); len(got) != 2 || got[0].By != "engineer" && got[1].By != "engineer" {
		t.Fatalf("after a start %+v are known", got)
	}
	at = at.Add(90 * time.Minute)
	if got := k.Knowns.Of("acme"); len(got) != 1 || got[0].Endpoint != "crm" {
		t.Errorf("%+v are known still", got)
	}
	records := func() (n int) {
		must(k.store.Resources(func(rec gateway.Record) error {
			if rec.Kind == gateway.KindKnown {
				n++
			}
			return nil
		}))
		return n
	}
	for i := range 99 {
		must(mark(fmt.Sprint("e", i), time.Hour))
	}
	if err := mark("one-more", time.Hour); err == nil {
		t.Error("more than 100 are known")
	}
	if n := records(); n != 100 {
		t.Errorf("the store has %d marks: the one that is over stays", n)
	}
	if err := k.Knowns.Unmark(by, "acme", "known_none"); err == nil {
		t.Error("what is not there was taken away")
	}
	must(k.Tenants.Delete(auth.Principal{Scope: auth.Admin}, "acme"))
	if n := records(); n != 0 || len(k.Knowns.Of("acme")) != 0 {
		t.Errorf("without its tenant the store has %d marks", n)
	}
}
