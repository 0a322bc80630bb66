package storetest

import (
	"errors"
	"time"

	"hookgate/gateway"
)

func allResources(k *kit) (list []gateway.Record) {
	k.Helper()
	k.must(k.Resources(func(r gateway.Record) error {
		list = append(list, r)
		return nil
	}))
	return list
}

func resourcesInOrder(k *kit) {
	want := []gateway.Record{
		{Kind: gateway.KindSource, Tenant: acme, ID: "cal", Value: []byte("1\x00")},
		{Kind: gateway.KindSource, Tenant: acme, ID: "cal-2", Value: []byte("2")},
		{Kind: gateway.KindSource, Tenant: acmeB, ID: "cal", Value: []byte("3")},
		{Kind: gateway.KindTenant, Tenant: acme, Value: []byte("4")},
		{Kind: gateway.KindTenant, Tenant: acmeB, Value: []byte("5")},
		{Kind: gateway.KindToken, ID: "tok_1", Value: []byte("6")},
	}
	for _, i := range []int{3, 0, 5, 1, 4, 2} {
		k.must(k.PutResources(want[i]))
	}
	k.twice(func() { k.same("resources", allResources(k), want) })
	want[1].Value = []byte("new")
	k.must(k.PutResources(want[1]))
	k.must(k.DeleteResource(gateway.KindSource, acme, "cal"))
	k.must(k.DeleteResource(gateway.KindSource, acme, "cal"))
	k.must(k.DeleteResource(gateway.KindToken, "", "never"))
	k.twice(func() { k.same("resources", allResources(k), want[1:]) })
	stop := errors.New("enough")
	if err := k.Resources(func(gateway.Record) error { return stop }); err != stop {
		k.Fatalf("an error of the caller: %v, want it back", err)
	}
}

func resourcesWhole(k *kit) {
	good := gateway.Record{Kind: gateway.KindSource, Tenant: acme, ID: "a", Value: []byte("1")}
	bad := gateway.Record{Kind: gateway.KindSource, Tenant: acme, ID: "a\x00b", Value: []byte("2")}
	if err := k.PutResources(good, bad); err == nil {
		k.Fatal("an id with a zero byte was taken")
	}
	if got := allResources(k); len(got) != 0 {
		k.Fatalf("a part of what was refused is there: %+v", got)
	}
}

func deleteTenantLeavesNothing(k *kit) {
	changes := map[string]*gateway.Change{}
	dead := map[string]*gateway.Delivery{}
	for _, tenant := range []string{acme, acmeB, "acm", "acmf"} {
		changes[tenant] = everything(k, tenant)
		k.commit(changes[tenant])
		dead[tenant] = k.publish(tenant)
		k.settle(dead[tenant], gateway.DeliveryDead, time.Time{})
		k.settle(k.publish(tenant), gateway.DeliverySucceeded, time.Time{})
		k.must(k.PutResources(gateway.Record{Kind: gateway.KindTenant, Tenant: tenant, Value: []byte("t")},
			gateway.Record{Kind: gateway.KindSource, Tenant: tenant, ID: "s", Value: []byte("s")}))
	}
	k.must(k.DeleteTenant(acme))
	k.must(k.DeleteTenant("never"))
	k.twice(func() {
		for tenant, c := range changes {
			all, none := has(k, tenant, c)
			if tenant == acme && !none {
				k.Fatalf("something of %s is left", tenant)
			}
			if tenant != acme && !all {
				k.Fatalf("something of %s went with %s", tenant, acme)
			}
			list, err := k.Deliveries(tenant, "", 10, allDeliveries)
			k.must(err)
			_, attempts, err := k.Delivery(tenant, dead[tenant].ID)
			if tenant == acme {
				k.same("deliveries left", len(list), 0)
				k.gone("its dead letter", err)
				continue
			}
			k.must(err)
			k.same("deliveries of another", len(list), 3)
			k.same("attempts of another's dead letter", len(attempts), 1)
		}
		k.same("resources left", len(allResources(k)), 6)
	})
	if err := k.DeleteTenant(""); err == nil {
		k.Fatal("a tenant without an id was deleted")
	}
}

// strangeIDs looks things up by what no id can be: nothing is found, and nothing
// of another's.
func strangeIDs(k *kit) {
	c := everything(k, acme)
	k.commit(c)
	for _, id := range []string{"", "x", "wait_", c.Wait.ID + "0", "wait_" + string(make([]byte, 26)), "wait_ZZZZZZZZZZZZZZZZZZZZZZZZZZ", toLower(c.Wait.ID), c.Park.Callback.ID} {
		_, err := k.Wait(acme, id)
		k.gone(id, err)
		_, err = k.Parked(acme, "cb_"+id)
		k.gone(id, err)
		_, _, err = k.Load(acme, id)
		k.gone(id, err)
		_, _, err = k.Delivery(acme, id)
		k.gone(id, err)
	}
	for _, tenant := range []string{"", "acm", "acme\x00", "\x00", "acme\x00b"} {
		_, err := k.Wait(tenant, c.Wait.ID)
		k.gone(tenant, err)
		waits, err := k.Waits(tenant, "", 10, allWaits)
		k.must(err)
		deliveries, err := k.Deliveries(tenant, "", 10, allDeliveries)
		k.must(err)
		traces, err := k.Traces(tenant, []string{"all"}, time.Time{}, 10)
		k.must(err)
		if len(waits)+len(deliveries)+len(traces) != 0 {
			k.Fatalf("tenant %q has something", tenant)
		}
	}
	for _, w := range []*gateway.Wait{{}, {ID: "wait_1", Tenant: acme}, {ID: c.Wait.ID}, {ID: c.Wait.ID, Tenant: "a\x00b"}} {
		if err := k.Commit(&gateway.Change{Wait: w}); err == nil {
			k.Fatalf("a wait with id %q and tenant %q was taken", w.ID, w.Tenant)
		}
	}
}

func toLower(id string) string {
	b := []byte(id)
	for i := len("wait_"); i < len(b); i++ {
		if 'A' <= b[i] && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}
