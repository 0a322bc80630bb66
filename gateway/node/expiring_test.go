package node

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/outbound"
)

// TestExpiring deletes the endpoints that nobody pulls from for as long as they say, and no
// others; a pull and a PUT begin their time anew.
func TestExpiring(t *testing.T) {
	k := newKit(t, io.Discard)
	x := k.Node.expiring
	now := time.Now()
	x.now = func() time.Time { return now }
	put := k.endpoints(t)
	after := func(d time.Duration, want ...string) {
		t.Helper()
		now = now.Add(d)
		x.look()
		var got []string
		for _, e := range k.Node.directory.Current().Tenant("acme").Endpoints() {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("there are %v, want %v", got, want)
		}
	}
	// A PUT tells of itself by its millisecond, and here no minutes pass between two.
	later := func(id string) {
		was := k.Node.directory.Current().Tenant("acme").Endpoint(id).Meta.UpdatedAt
		for gateway.At(time.Now()) == was {
			runtime.Gosched()
		}
	}
	put("stays", `{"mode": "pull"}`)
	put("laptop", `{"mode": "pull", "expire_after": "10m"}`)
	put("other", `{"mode": "pull", "expire_after": "10m"}`)
	after(0, "laptop", "other", "stays")
	after(9*time.Minute, "laptop", "other", "stays")
	if _, err := x.Pull(gateway.LaneKey{Tenant: "acme", Endpoint: "laptop"}, 1, time.Second, func(*outbound.Given) bool { return true }); err != nil {
		t.Fatal(err)
	}
	after(2*time.Minute, "laptop", "stays")
	now = now.Add(7 * time.Minute)
	later("laptop")
	put("laptop", `{"mode": "pull", "expire_after": "10m", "event_types": ["note"]}`)
	after(0, "laptop", "stays")
	after(9*time.Minute, "laptop", "stays")
	after(time.Minute, "stays")
	after(0, "stays")
	if len(x.pulled) != 0 {
		t.Errorf("it still knows %v", x.pulled)
	}
	none := gateway.LaneKey{Tenant: "none", Endpoint: "x"}
	if leases, err := x.Pull(none, 1, time.Second, func(*outbound.Given) bool { return true }); len(leases) > 0 || err != nil {
		t.Errorf("a pull of a tenant that is not there: %v, %v", leases, err)
	}
}

// endpoints makes a tenant acme, and gives what puts an endpoint there.
func (k *kit) endpoints(t *testing.T) (put func(id, text string)) {
	t.Helper()
	admin := auth.Principal{Scope: auth.Admin}
	read := func(text string) any {
		t.Helper()
		tree, err := fields.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	if _, _, err := k.resources.Tenants.Put(admin, "acme", read(`{}`)); err != nil {
		t.Fatal(err)
	}
	return func(id, text string) {
		t.Helper()
		if _, _, _, err := k.resources.Endpoints.Put(admin, "acme", id, read(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// desk is lanes that have nothing due.
type desk struct {
	owned
	slots gateway.SlotSet
}

func (d desk) Owned() gateway.SlotSet { return d.slots }
func (d desk) Pull(gateway.LaneKey, int, time.Duration, func(*outbound.Given) bool) ([]string, error) {
	return nil, nil
}

// TestExpiresOfItself has a node look by itself: what hookgate listen made stays as long as that
// pulls, holds of half a minute one after the other, and where it is killed goes ten minutes
// after its last pull (SPEC-operations O10), by one look at most later. A failure is tried again.
func TestExpiresOfItself(t *testing.T) {
	k := newKit(t, io.Discard)
	k.endpoints(t)("laptop", `{"mode": "pull", "expire_after": "10m"}`)
	laptop := gateway.LaneKey{Tenant: "acme", Endpoint: "laptop"}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var asked, failed []time.Duration // since began
		x := &expiring{
			owned: desk{slots: gateway.AllSlots()}, directory: k.Node.directory, now: time.Now, pulled: map[gateway.LaneKey]seen{},
			expire: func(tenant, endpoint string) error {
				if tenant != "acme" || endpoint != "laptop" {
					t.Errorf("%s of %s is deleted", endpoint, tenant)
				}
				asked = append(asked, time.Since(began))
				return errors.New("the disk is full")
			},
			failed: func(gateway.LaneKey, error) { failed = append(failed, time.Since(began)) },
		}
		ctx, stop := context.WithCancel(t.Context())
		go x.run(ctx)
		const pulls, hold = 120, 30 * time.Second
		for range pulls {
			if _, err := x.Pull(laptop, 1, time.Minute, func(*outbound.Given) bool { return true }); err != nil {
				t.Error(err)
			}
			time.Sleep(hold)
		}
		last := time.Since(began) - hold // and then kill -9
		time.Sleep(10*time.Minute + 2*expiryEvery)
		stop()
		synctest.Wait()
		if len(asked) < 2 || len(failed) != len(asked) {
			t.Fatalf("it is deleted after %v, which fails after %v: it is tried again at each look", asked, failed)
		}
		if after := asked[0] - last; after < 10*time.Minute || after > 10*time.Minute+expiryEvery {
			t.Errorf("it is deleted %s after its last pull", after)
		}
		// A gateway that began anew knows of no pull: it counts from its first look.
		began, asked = time.Now(), nil
		x.pulled = map[gateway.LaneKey]seen{}
		ctx, stop = context.WithCancel(t.Context())
		defer stop()
		go x.run(ctx)
		time.Sleep(10*time.Minute + 2*expiryEvery)
		stop()
		synctest.Wait()
		if len(asked) == 0 || asked[0] < 10*time.Minute || asked[0] > 10*time.Minute+expiryEvery {
			t.Errorf("after a restart it is deleted after %v", asked)
		}
	})
}
