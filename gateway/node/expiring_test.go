package node

import (
	"io"
	"runtime"
	"slices"
	"testing"
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
	admin := auth.Principal{Scope: auth.Admin}
	nothing, err := fields.Parse([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.resources.Tenants.Put(admin, "acme", nothing); err != nil {
		t.Fatal(err)
	}
	put := func(id, text string) {
		t.Helper()
		tree, err := fields.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := k.resources.Endpoints.Put(admin, "acme", id, tree); err != nil {
			t.Fatal(err)
		}
	}
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
