package shares

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// fill takes one by one until it is refused.
func fill(b *Budget, h Holder) (n int) {
	for b.Take(h, 1) {
		n++
	}
	return n
}

func TestAlone(t *testing.T) {
	b := New(1000)
	if n := fill(b, Tenant("acme")); n != 750 {
		t.Errorf("one who is alone gets %d of 1000", n)
	}
}

func TestWhileOthersWant(t *testing.T) {
	b := New(1000)
	now := time.Now()
	b.now = func() time.Time { return now }
	if !b.Take(Tenant("other"), 1) {
		t.Fatal("the first is refused")
	}
	if n := fill(b, Tenant("acme")); n != 250 {
		t.Errorf("beside another it gets %d of 1000", n)
	}
	b.Give(Tenant("other"), 1)
	if !b.Take(Tenant("acme"), 1) {
		t.Error("alone again, it gets no more")
	}
	// Who was refused wants some, also when it holds none.
	if b.Take(Tenant("large"), 900) {
		t.Fatal("more is given than there is")
	}
	if b.Take(Tenant("acme"), 1) {
		t.Error("it gets more although another was just refused")
	}
	now = now.Add(wanted)
	if !b.Take(Tenant("acme"), 1) {
		t.Error("a refusal counts for ever")
	}
}

func TestNewcomersFindSomething(t *testing.T) {
	b := New(1 << 20)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		if n := fill(b, Tenant(name)); n == 0 {
			t.Errorf("%s gets nothing after those before it: %+v", name, b.Stat())
		}
	}
}

// Who makes tenants below its own has no more for that.
func TestTree(t *testing.T) {
	b := New(1000)
	b.Take(Tenant("bystander"), 1)
	n := 0
	for _, child := range []string{"one", "two", "three", "four", "five"} {
		n += fill(b, Tenant(child, "agency"))
	}
	if n > 250 {
		t.Errorf("the tenants below one get %d of 1000", n)
	}
	if n := fill(b, Tenant("bystander")); n < 100 {
		t.Errorf("the bystander gets %d", n)
	}
}

func TestTreeIsNotItsOwnNeighbour(t *testing.T) {
	b := New(1000)
	if n := fill(b, Tenant("child", "agency")); n != 750 {
		t.Errorf("the only child of the only tenant gets %d of 1000", n)
	}
}

func TestClientBlocks(t *testing.T) {
	of := func(s string) Holder { return Client(netip.MustParseAddr(s)) }
	for _, same := range [][2]string{
		{"203.0.113.1", "203.0.113.254"}, {"203.0.113.1", "::ffff:203.0.113.7"}, {"2001:db8:1::1", "2001:db8:1:ffff::2"},
	} {
		if of(same[0]).own != of(same[1]).own {
			t.Errorf("%s and %s have a share each", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{"203.0.113.1", "203.0.114.1"}, {"2001:db8:1::1", "2001:db8:2::1"}} {
		if of(other[0]).own == of(other[1]).own {
			t.Errorf("%s and %s share one", other[0], other[1])
		}
	}
	if Client(netip.Addr{}).own != (Holder{}).own {
		t.Error("a client without an address is somebody")
	}
}

func TestOneLargeThing(t *testing.T) {
	b := New(1000)
	b.Take(Tenant("other"), 1)
	if !b.Take(Tenant("acme"), 600) {
		t.Error("what is larger than a quarter could never be had")
	}
	if b.Take(Tenant("acme"), 1) {
		t.Error("and then more of it")
	}
}

// Whatever is taken and given: never more than there is, and at the end nothing.
func TestBooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := New(rapid.Int64Range(1, 1000).Draw(t, "most"))
		type held struct {
			h Holder
			n int64
		}
		var all []held
		used := int64(0)
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			if len(all) > 0 && rapid.Bool().Draw(t, "give") {
				i := rapid.IntRange(0, len(all)-1).Draw(t, "which")
				b.Give(all[i].h, all[i].n)
				used -= all[i].n
				all = append(all[:i], all[i+1:]...)
				continue
			}
			h := Tenant(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "who"))
			if rapid.Bool().Draw(t, "child") {
				h = Tenant("child of "+h.Outermost(), h.Outermost())
			}
			n := rapid.Int64Range(1, 400).Draw(t, "n")
			if b.Take(h, n) {
				all, used = append(all, held{h, n}), used+n
			}
		}
		if s := b.Stat(); s.Used != used || used > s.Most || s.Largest > s.Used {
			t.Fatalf("%+v, taken %d", s, used)
		}
		for _, one := range all {
			b.Give(one.h, one.n)
		}
		if b.used != 0 || len(b.of) != 0 {
			t.Fatalf("all was given back: used %d by %d", b.used, len(b.of))
		}
	})
}

func TestForce(t *testing.T) {
	b := New(10)
	b.Force(Tenant("acme"), 100)
	if b.Take(Tenant("acme"), 1) || b.Take(Tenant("other"), 1) {
		t.Error("more is given than there is")
	}
	b.Give(Tenant("acme"), 100)
	if !b.Take(Tenant("other"), 1) {
		t.Error("nothing came back")
	}
}

func TestNil(t *testing.T) {
	var b *Budget
	if !b.Take(Tenant("acme"), 1<<40) || b.Stat() != (Stat{}) {
		t.Error("a nil budget has a bound")
	}
	b.Give(Tenant("acme"), 1<<40)
}

func BenchmarkTake(b *testing.B) {
	budget := New(1 << 30)
	h := Client(netip.MustParseAddr("203.0.113.1"))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if budget.Take(h, 512) {
				budget.Give(h, 512)
			}
		}
	})
}

func TestOutermost(t *testing.T) {
	for want, h := range map[string]Holder{"acme": Tenant("acme"), "root": Tenant("acme", "agency", "root"), "": Client(netip.MustParseAddr("203.0.113.1"))} {
		if got := h.Outermost(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
