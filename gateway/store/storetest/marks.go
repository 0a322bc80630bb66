package storetest

import (
	"time"

	"hookgate/gateway"
)

func markOfEveryWindow(k *kit) {
	for _, lives := range []time.Duration{time.Second, time.Minute, time.Hour, 23 * time.Hour, 24 * time.Hour, 25 * time.Hour, 3 * 24 * time.Hour, gateway.MaxMarkAge} {
		m := k.mark(acme, lives.String(), lives)
		k.commit(&gateway.Change{Marks: []gateway.Mark{m}})
		for _, age := range []time.Duration{0, lives / 3, lives / 2, lives - time.Nanosecond} {
			k.set(m.Expires.Add(age - lives))
			k.must(k.Expire(k.now))
			got, found, err := k.Mark(acme, m.Key, lives)
			if err != nil || !found {
				k.Fatalf("a mark for %s, %s old: %v, %v", lives, age, found, err)
			}
			k.same("mark", got, m)
		}
		if _, found, err := k.Mark(acmeB, m.Key, lives); err != nil || found {
			k.Fatalf("another tenant's mark: %v, %v", found, err)
		}
		k.pass(time.Nanosecond)
		k.twice(func() {
			if _, found, err := k.Mark(acme, m.Key, lives); err != nil || found {
				k.Fatalf("a mark for %s that expired: %v, %v", lives, found, err)
			}
		})
	}
}

// markReplaced puts marks with one key, each living longer or shorter than the one
// before: the last counts.
func markReplaced(k *kit) {
	for _, lives := range []time.Duration{time.Minute, 24 * time.Hour, 48 * time.Hour, time.Hour, 72 * time.Hour, 20 * time.Hour} {
		m := k.mark(acme, "one", lives)
		k.commit(&gateway.Change{Marks: []gateway.Mark{m}})
		k.twice(func() {
			got, found, err := k.Mark(acme, m.Key, gateway.MaxMarkAge)
			if err != nil || !found {
				k.Fatalf("a mark for %s: %v, %v", lives, found, err)
			}
			k.same("mark", got, m)
		})
	}
}

func namesUnderEach(k *kit) {
	n := gateway.Names{Tenant: acme, All: []string{"42bb", "pi_1", "über"}, Used: k.now}
	k.commit(&gateway.Change{Names: &n})
	k.twice(func() {
		for _, name := range n.All {
			got, found, err := k.Names(acme, name)
			if err != nil || !found {
				k.Fatalf("%s: %v, %v", name, found, err)
			}
			k.same("names", got, n)
		}
	})
	for tenant, name := range map[string]string{acmeB: "42bb", acme: "42b"} {
		if _, found, err := k.Names(tenant, name); err != nil || found {
			k.Fatalf("%s of %s: %v, %v", name, tenant, found, err)
		}
	}
	k.set(k.now.Add(12 * 24 * time.Hour))
	more := gateway.Names{Tenant: acme, All: append(n.All[:3:3], "wa_9"), Used: k.now}
	k.commit(&gateway.Change{Names: &more})
	k.twice(func() {
		for _, name := range more.All {
			got, _, err := k.Names(acme, name)
			k.must(err)
			k.same("names with one more", got, more)
		}
	})
}

func namesForgotten(k *kit) {
	n := gateway.Names{Tenant: acme, All: []string{"a", "b"}, Used: k.now}
	k.commit(&gateway.Change{Names: &n})
	for range 29 {
		k.pass(24 * time.Hour)
		if _, found, err := k.Names(acme, "b"); err != nil || !found {
			k.Fatalf("%s after their last use: %v, %v", k.now.Sub(n.Used), found, err)
		}
	}
	k.set(n.Used.Add(gateway.AliasKept - time.Nanosecond))
	if _, found, err := k.Names(acme, "b"); err != nil || !found {
		k.Fatalf("just short of 30 days: %v, %v", found, err)
	}
	k.pass(time.Nanosecond)
	if _, found, err := k.Names(acme, "b"); err != nil || found {
		k.Fatalf("30 days after: %v, %v", found, err)
	}
}

// ownKeysRemembered: an own key is known for as long as a name is, and forgotten some
// time after. Each event of its conversation keeps it.
func ownKeysRemembered(k *kit) {
	show := func() {
		k.must(k.Accept(&gateway.Publication{Events: []gateway.Event{k.event(acme, "42")}, Own: []gateway.OwnKey{{Tenant: acme, Key: "42"}}}))
	}
	known := func(tenant string, want bool) {
		k.Helper()
		own, err := k.Own(tenant, []string{"4", "42", "421"})
		k.must(err)
		k.same("own keys of "+tenant, own, []bool{false, want, false})
	}
	known(acme, false)
	show()
	for range 4 {
		k.twice(func() { known(acme, true); known(acmeB, false) })
		k.pass(gateway.AliasKept - time.Nanosecond)
		known(acme, true)
		show()
	}
	k.set(k.now.Add(-30 * time.Hour)) // the clock was set back
	known(acme, true)
	k.pass(2 * gateway.AliasKept)
	known(acme, false)
}

func parkedRoundTrip(k *kit) {
	p := k.parked(acme, "1", time.Minute)
	k.commit(&gateway.Change{Park: p})
	k.twice(func() {
		got, err := k.Parked(acme, p.Callback.ID)
		k.must(err)
		k.same("parked", got, p)
	})
	_, err := k.Parked(acmeB, p.Callback.ID)
	k.gone("another tenant's", err)
	k.commit(&gateway.Change{Unpark: p})
	k.twice(func() {
		_, err := k.Parked(acme, p.Callback.ID)
		k.gone("taken", err)
	})
}

func parkedExpires(k *kit) {
	p := k.parked(acme, "1", 5*time.Minute)
	k.commit(&gateway.Change{Park: p})
	k.pass(5*time.Minute - time.Nanosecond)
	if got := recovered(k).parked; len(got) != 1 {
		k.Fatalf("parked just before its time is over: %d, want 1", len(got))
	}
	k.pass(time.Nanosecond)
	if got := recovered(k).parked; len(got) != 0 {
		k.Fatalf("parked when its time is over: %d, want none", len(got))
	}
	k.pass(time.Hour)
	_, err := k.Parked(acme, p.Callback.ID)
	k.gone("long after", err)
}
