package storetest

import (
	"fmt"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// audited makes a line that some tenants are shown.
func (k *kit) audited(text string, tenants ...string) gateway.AuditLine {
	return gateway.AuditLine{ID: gateway.NewID(gateway.PrefixAudit, k.now), Tenants: tenants, Value: []byte(text)}
}

// auditTexts gives the texts of the lines that are asked for, as many at once as q.Rows.
func (k *kit) auditTexts(q store.Query) (texts []string) {
	k.Helper()
	for {
		next, err := k.AuditLines(q, func(l gateway.AuditLine) bool {
			texts = append(texts, string(l.Value))
			return true
		})
		k.must(err)
		if next == "" {
			return texts
		}
		q.Before = next
	}
}

// changeTexts gives the texts of what changed by itself.
func changeTexts(k *kit, q store.Query) (texts []string) {
	k.Helper()
	for {
		next, err := k.Store.Changes(q, func(l gateway.AuditLine) bool {
			texts = append(texts, string(l.Value))
			return true
		})
		k.must(err)
		if next == "" {
			return texts
		}
		q.Before = next
	}
}

// changesAreKept keeps lines of what changed by itself, apart from those of the audit.
func changesAreKept(k *kit) {
	line := func(text string, tenants ...string) gateway.AuditLine {
		return gateway.AuditLine{ID: gateway.NewID(gateway.PrefixChange, k.now), Tenants: tenants, Value: []byte(text)}
	}
	k.must(k.PutChanges([]gateway.AuditLine{line("one", acme), line("two")}))
	k.must(k.PutAudited([]gateway.AuditLine{k.audited("another", acme)}))
	strange := line("strange")
	strange.ID = gateway.NewID(gateway.PrefixAudit, k.now)
	if err := k.PutChanges([]gateway.AuditLine{line("with it"), strange}); err == nil {
		k.Fatal("a line without an id of its own was taken")
	}
	k.set(k.now.Add(time.Hour))
	k.must(k.PutChanges([]gateway.AuditLine{line("three", acmeB, acme)}))
	k.twice(func() {
		k.same("all", changeTexts(k, store.Query{Rows: 1}), []string{"three", "two", "one"})
		k.same("acme's", changeTexts(k, store.Query{Tenant: acme}), []string{"three", "one"})
		k.same("since", changeTexts(k, store.Query{Since: k.now.Add(-time.Minute)}), []string{"three"})
		k.same("the audit", k.auditTexts(store.Query{}), []string{"another"})
	})
	k.must(k.DeleteTenant(acmeB))
	k.pass(29 * aDay)
	k.same("acme-b's, which is deleted", changeTexts(k, store.Query{Tenant: acmeB}), []string{"three"})
	k.pass(2 * aDay)
	k.same("after 31 days", len(changeTexts(k, store.Query{}))+len(changeTexts(k, store.Query{Tenant: acme})), 0)
}

func auditComesWithItsChange(k *kit) {
	source := gateway.Record{Kind: gateway.KindSource, Tenant: acme, ID: "s", Value: []byte("1")}
	k.must(k.PutAudited([]gateway.AuditLine{k.audited("made", acme)}, source))
	bad := source
	bad.ID = "a\x00b"
	if err := k.PutAudited([]gateway.AuditLine{k.audited("refused", acme)}, bad); err == nil {
		k.Fatal("an id with a zero byte was taken")
	}
	strange := k.audited("strange", acme)
	strange.ID = "tok_x"
	other := source
	other.ID = "other"
	if err := k.PutAudited([]gateway.AuditLine{strange}, other); err == nil {
		k.Fatal("a line without an id of its own was taken")
	}
	k.twice(func() {
		k.same("lines", k.auditTexts(store.Query{}), []string{"made"})
		k.same("resources", len(allResources(k)), 1)
	})
	k.must(k.DeleteResource(gateway.KindSource, acme, "s", k.audited("deleted", acme)))
	k.must(k.PutAudited([]gateway.AuditLine{k.audited("alone")}))
	k.twice(func() {
		k.same("lines", k.auditTexts(store.Query{}), []string{"alone", "deleted", "made"})
		k.same("acme's", k.auditTexts(store.Query{Tenant: acme}), []string{"deleted", "made"})
		k.same("resources", len(allResources(k)), 0)
	})
}

// auditComesWithDeeds does by hand all that can be done so: what is refused has no line.
func auditComesWithDeeds(k *kit) {
	told := func(text string) gateway.AuditLine {
		k.set(k.now.Add(time.Second)) // lines are in the order of their ids
		return k.audited(text, acme)
	}
	k.must(k.PutStatus(lane("crm"), gateway.EndpointStatus{Paused: true}, true, told("pause")))
	w := k.openWait(acme, "1")
	k.commit(&gateway.Change{Wait: w, Told: []gateway.AuditLine{told("extend")}})
	_, d := k.acceptOne("42", "crm")
	cancelled := *d
	cancelled.State, cancelled.NextAttemptAt, cancelled.EndedAt = gateway.DeliveryCancelled, time.Time{}, k.now
	k.must(k.Cancel(&cancelled, told("cancel")))
	k.gone("a second cancel", k.Cancel(&cancelled, told("refused")))
	k.must(k.Requeue([]gateway.AuditLine{told("retry")}, k.again(&cancelled)))
	k.must(k.Requeue([]gateway.AuditLine{told("nothing to retry")}))
	never := *k.again(&cancelled)
	never.ID = gateway.NewID(gateway.PrefixDelivery, k.now)
	if err := k.Requeue([]gateway.AuditLine{told("refused")}, &never); err == nil {
		k.Fatal("a delivery that never was is requeued")
	}
	j := &gateway.Job{ID: gateway.NewID(gateway.PrefixJob, k.now), Tenant: acme, Endpoint: "crm", State: gateway.JobRunning, Rate: 1, Total: 1, CreatedAt: k.now}
	k.must(k.MakeJob(j, []string{d.ID}, told("replay")))
	j.State, j.EndedAt = gateway.JobCancelled, k.now
	k.must(k.PutJob(j, true, told("cancel the job")))
	k.twice(func() {
		want := []string{"cancel the job", "replay", "nothing to retry", "retry", "cancel", "extend", "pause"}
		k.same("acme's lines", k.auditTexts(store.Query{Tenant: acme}), want)
		k.same("the window", len(k.window(lane("crm"))), 1)
	})
}

func auditIsShownTo(k *kit) {
	var all, ofB []string
	first := k.now
	for i := range 10 {
		text := fmt.Sprint(i)
		to := []string{acme}
		if i%3 == 0 {
			to = append(to, acmeB)
			ofB = append([]string{text}, ofB...)
		}
		k.must(k.PutAudited([]gateway.AuditLine{k.audited(text, to...)}))
		all = append([]string{text}, all...)
		k.set(k.now.Add(time.Second))
	}
	k.twice(func() {
		for _, rows := range []int{0, 1, 3, 10, 100} {
			k.same("all", k.auditTexts(store.Query{Rows: rows}), all)
			k.same("acme's", k.auditTexts(store.Query{Tenant: acme, Rows: rows}), all)
			k.same("acme-b's", k.auditTexts(store.Query{Tenant: acmeB, Rows: rows}), ofB)
		}
		for _, tenant := range []string{"acm", "acme\x00", "nobody"} {
			k.same(tenant, len(k.auditTexts(store.Query{Tenant: tenant})), 0)
		}
		at := func(i int) time.Time { return gateway.At(first.Add(time.Duration(i) * time.Second)).Time }
		k.same("since", k.auditTexts(store.Query{Since: at(8)}), []string{"9", "8"})
		k.same("since a bit later", k.auditTexts(store.Query{Since: at(8).Add(1)}), []string{"9"})
		k.same("until", k.auditTexts(store.Query{Until: at(2)}), []string{"1", "0"})
		k.same("until a bit later", k.auditTexts(store.Query{Until: at(2).Add(1)}), []string{"2", "1", "0"})
		k.same("between", k.auditTexts(store.Query{Tenant: acmeB, Since: at(1), Until: at(7)}), []string{"6", "3"})
		k.same("none", len(k.auditTexts(store.Query{Since: at(7), Until: at(3)})), 0)
		k.same("a strange place", len(k.auditTexts(store.Query{Before: "evt_x"})), 0)
		k.same("far years", k.auditTexts(store.Query{Since: time.Unix(-1, 0), Until: time.Unix(1<<40, 0)}), all)
	})
}

func auditOutlivesTenants(k *kit) {
	k.must(k.PutAudited([]gateway.AuditLine{k.audited("made", acme)}, gateway.Record{Kind: gateway.KindTenant, Tenant: acme, Value: []byte("t")}))
	k.must(k.DeleteTenant(acme, k.audited("deleted", acme)))
	k.twice(func() {
		k.same("lines", k.auditTexts(store.Query{}), []string{"deleted", "made"})
		k.same("acme's", k.auditTexts(store.Query{Tenant: acme}), []string{"deleted", "made"})
	})
	k.pass(60 * 24 * time.Hour)
	k.must(k.PutAudited([]gateway.AuditLine{k.audited("later", acmeB)}))
	k.same("after 60 days", k.auditTexts(store.Query{}), []string{"later", "deleted", "made"})
	k.pass(31 * 24 * time.Hour)
	k.twice(func() {
		k.same("after 91 days", k.auditTexts(store.Query{}), []string{"later"})
		k.same("acme's", len(k.auditTexts(store.Query{Tenant: acme})), 0)
		k.same("acme-b's", k.auditTexts(store.Query{Tenant: acmeB}), []string{"later"})
	})
}
