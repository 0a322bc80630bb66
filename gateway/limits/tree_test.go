package limits_test

import (
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/limits"
)

// limited is a tenant with a limit of events; 0 is none.
func limited(id string, perSecond float64, burst int) *directory.Tenant {
	t := &directory.Tenant{ID: id}
	if perSecond > 0 {
		t.Spec.Limits.EventsPerSecond = &gateway.Rate{PerSecond: perSecond, Burst: burst}
	}
	return t
}

// A limit holds for the whole tree below a tenant, and what is refused above uses
// up nothing below.
func TestTakeTree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table limits.Table
		root, mid := limited("root", 10, 10), limited("mid", 0, 0)
		one, other := limited("one", 100, 100), limited("other", 2, 2)
		above := []*directory.Tenant{mid, root}
		take := func(of *directory.Tenant, n int) time.Duration {
			return table.TakeTree(of, above, limits.Events, n, time.Now())
		}
		passed := func(of *directory.Tenant) (n int) {
			for take(of, 1) == 0 {
				n++
			}
			return n
		}
		if n := passed(one); n != 10 {
			t.Errorf("one alone: %d pass, want the root's 10", n)
		}
		if n := passed(other); n != 0 {
			t.Errorf("the other then: %d pass, want 0", n)
		}
		time.Sleep(time.Second)
		if n := passed(other); n != 2 {
			t.Errorf("the other, a second later: %d pass, want its own 2: refused above, they were not counted", n)
		}
		if n := passed(one); n != 8 {
			t.Errorf("one then: %d pass, want the root's last 8: what the other's own limit refused is not counted above", n)
		}
		time.Sleep(time.Second)
		if n := table.TakeTree(root, nil, limits.Events, 4, time.Now()); n != 0 {
			t.Errorf("the root itself is told to come back in %s", n)
		}
		if n := passed(one); n != 6 {
			t.Errorf("one then: %d pass, want what the root has left: 6", n)
		}
		time.Sleep(time.Second)
		if take(one, 50) != 0 || take(one, 1) == 0 {
			t.Error("more at once than the root's burst must pass when all of it is free, and use it up")
		}
		if again := take(one, 50); again != time.Second {
			t.Errorf("refused for %s, want the second in which the root's burst is free again", again)
		}
	})
}

// What was refused is given back although others were counted later meanwhile, as where many
// come at once.
func TestTakeAllGivesBack(t *testing.T) {
	var table limits.Table
	now, none := time.Now(), &gateway.Rate{PerSecond: 0.001, Burst: 1}
	ask := func(part string, limit *gateway.Rate, at time.Time) time.Duration {
		return table.Take(limits.Key{Tenant: "t", Part: part}, limit, 1, at)
	}
	if ask("none", none, now) != 0 {
		t.Fatal("the first is refused")
	}
	two := &gateway.Rate{PerSecond: 0.001, Burst: 2}
	if ask("two", two, now.Add(time.Second)) != 0 { // a later time is seen
		t.Fatal("the first of two is refused")
	}
	all := []limits.Demand{{Key: limits.Key{Tenant: "t", Part: "two"}, Limit: two, N: 1}, {Key: limits.Key{Tenant: "t", Part: "none"}, Limit: none, N: 1}}
	for range 10 {
		if refusing, again := table.TakeAll(all, now); refusing != 1 || again == 0 {
			t.Fatalf("%d refuses, for %s", refusing, again)
		}
	}
	if ask("two", two, now) != 0 || ask("two", two, now) == 0 {
		t.Error("of two, one was not left")
	}
}
