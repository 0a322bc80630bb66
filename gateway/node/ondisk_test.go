package node

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
	"hookgate/gateway/storage"
)

// fullDisk has so many bytes of everybody.
type fullDisk int64

func (d fullDisk) Extent(string) (int64, error) { return int64(d), nil }
func (fullDisk) Unflushed() int64               { return 0 }
func (fullDisk) Room() (int64, bool)            { return 1 << 40, true }

// settled notes which attempts are written.
type settled struct {
	outbound.Backlog
	attempts []gateway.Attempt
}

func (s *settled) Settle(_ *gateway.Delivery, a *gateway.Attempt) error {
	if a != nil {
		s.attempts = append(s.attempts, *a)
	}
	return nil
}

// Whoever has used limits.storage up and is tried for ever writes next to nothing more: each
// of a million attempts was kept, though without what was said in it.
func TestRetriesOfAFullTenant(t *testing.T) {
	for has, want := range map[fullDisk]int{2 << 20: 10 + 10 + 1, 0: 10_001} { // to the tenth, then 16 to 8192, and the last
		disk := storage.New(storage.Options{
			Disk: has, Promises: &promised{}, Used: func() int64 { return int64(has) }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Tenants: func(tell func(string, []string, int64)) bool { tell("acme", nil, 1<<20); return true },
		})
		disk.Written("acme", 1)
		disk.Look()
		disk.Look()
		kept := &settled{}
		s := sparing{kept, disk}
		d := gateway.Delivery{Tenant: "acme", State: gateway.DeliveryRetrying}
		for n := 1; n <= 10_001; n++ {
			if n == 10_001 {
				d.State = gateway.DeliveryDead
			}
			if err := s.Settle(&d, &gateway.Attempt{Number: n, ResponseBody: []byte("no")}); err != nil {
				t.Fatal(err)
			}
		}
		if len(kept.attempts) != want || kept.attempts[len(kept.attempts)-1].Number != 10_001 {
			t.Errorf("with %d bytes %d attempts are kept, want %d", has, len(kept.attempts), want)
		}
		if said := slices.ContainsFunc(kept.attempts, func(a gateway.Attempt) bool { return len(a.ResponseBody) > 0 }); said != (has == 0) {
			t.Errorf("with %d bytes it is kept what was said: %t", has, said)
		}
	}
}
