package publishing_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/publishing"
	"hookgate/gateway/store"
)

// Nothing is stored for a tenant that has been deleted since the request began.
func TestNothingForATenantThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := relays(open(t))
		d := directory.New()
		d.Swap(r.snapshot)
		acme, other := d.Current().Tenant("acme"), d.Current().Tenant("other")
		acme.Life.End()
		gone := func(what string, err error) {
			t.Helper()
			if known := (*gateway.Error)(nil); !errors.As(err, &known) || known.Code != gateway.CodeNotFound {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := r.publisher.Relay(r.request("late"))
		gone("a relay", err)
		_, err = r.publisher.RelayAll([]publishing.RelayRequest{r.request("late"), r.request("too")})
		gone("several", err)
		_, err = r.publisher.Publish(publishing.Request{
			Snapshot: d.Current(), Tenant: acme, Body: []byte(`{"events":[{"event":{"type":"note"}}]}`),
		})
		gone("a publish", err)
		if _, err = r.publisher.Publish(publishing.Request{
			Snapshot: d.Current(), Tenant: other, Body: []byte(`{"events":[{"event":{"type":"note"}}]}`),
		}); err != nil {
			t.Errorf("another tenant's: %v", err)
		}
		stored := 0
		if _, err := r.store.Events(store.Query{Tenant: "acme"}, func(*gateway.Event) bool { stored++; return true }); err != nil || stored > 0 {
			t.Errorf("%d events are stored, %v", stored, err)
		}
	})
}
