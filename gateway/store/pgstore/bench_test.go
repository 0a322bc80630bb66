package pgstore

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/store/storetest"
)

// benchTenants share the work, as both writers do.
const benchTenants = 16

// aPublication is what a publish of an event of about 1 KB makes durable, with one delivery.
func aPublication(tenant string, at time.Time) *gateway.Publication {
	v := gateway.Event{
		ID: gateway.NewEventID(at), Lined: true, Tenant: tenant, Type: "message", Kind: "text",
		ConversationKey: "42bb83c1-6d3e-4d0e-9d1e-1f1f6f6f6f6f", AcceptedAt: at,
		Body: gateway.Raw(`{"event":{"type":"message"},"data":"` + strings.Repeat("x", 960) + `"}`),
	}
	return &gateway.Publication{Events: []gateway.Event{v}, Deliveries: []gateway.Delivery{{
		ID: gateway.DeliveryBeside(v.ID, 1), Tenant: tenant, Endpoint: "crm", EventIDs: []string{v.ID}, EventType: v.Type,
		ConversationKey: v.ConversationKey, State: gateway.DeliveryPending, NextAttemptAt: at, CreatedAt: at,
	}}}
}

func accepted(s storetest.Store, tenant string) error {
	return s.Accept(aPublication(tenant, time.Now()))
}

// delivered publishes an event, and does what its lane asks of the store until it has arrived.
func delivered(s storetest.Store, tenant string) error {
	at := time.Now()
	p := aPublication(tenant, at)
	if err := s.Accept(p); err != nil {
		return err
	}
	was, _, err := s.Load(tenant, p.Deliveries[0].ID)
	if err != nil {
		return err
	}
	d := *was
	d.State, d.Attempts, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, 1, time.Time{}, at
	return s.Settle(&d, &gateway.Attempt{Number: 1, At: at, Duration: time.Millisecond, Status: 200, ResponseBody: []byte("ok")})
}

// claimed opens a wait, and does what the callback that resumes it asks of the store.
func claimed(s storetest.Store, tenant string) error {
	at := time.Now()
	w := aWait(tenant, "payments")
	w.ID, w.CreatedAt, w.ExpiresAt = gateway.NewID(gateway.PrefixWait, at), at, at.Add(time.Hour)
	w.ConversationKey = w.ID
	if err := s.Commit(&gateway.Change{Wait: w}); err != nil {
		return err
	}
	c := gateway.Callback{ID: gateway.NewID(gateway.PrefixCallback, at), Tenant: tenant, Source: "payments", ConversationKey: w.ConversationKey, ReceivedAt: at, Outcome: gateway.OutcomeResumed, WaitID: w.ID}
	key := gateway.NewMarkKey(gateway.MarkDelivery, []byte(c.ID))
	if _, found, err := s.Mark(tenant, key, gateway.OutcomeKept); err != nil || found {
		return fmt.Errorf("a mark that nobody made: %v, %w", found, err)
	}
	w.State, w.Branch, w.Match, w.EndedAt = gateway.StateResumed, gateway.Success, "paid", at
	w.Callback = &gateway.TakenCallback{ID: c.ID, ReceivedAt: at, ContentType: "application/json", Body: gateway.Raw(`{"data":"` + strings.Repeat("x", 700) + `"}`)}
	return s.Commit(&gateway.Change{
		Wait: w, Callbacks: []gateway.Callback{c},
		Marks: []gateway.Mark{{Tenant: tenant, Key: key, CallbackID: c.ID, WaitID: w.ID, Expires: at.Add(24 * time.Hour)}},
	})
}

// BenchmarkBeside does the same on Pebble and on PostgreSQL, both on a real disk: cpu-us/op is
// that of all processes, own-us/op that of this one.
func BenchmarkBeside(b *testing.B) {
	for _, what := range []struct {
		name string
		do   func(storetest.Store, string) error
	}{{"accepted", accepted}, {"delivered", delivered}, {"claimed", claimed}} {
		for _, callers := range []int{64, 256} {
			name := fmt.Sprintf("%s/callers=%d", what.name, callers)
			b.Run(name+"/pebble", func(b *testing.B) {
				s, err := pebblestore.Open(pebblestore.Options{Dir: b.TempDir()})
				must(b, err)
				defer func() { must(b, s.Close()) }()
				callAll(b, s, callers, what.do, nil)
			})
			b.Run(name+"/postgres", func(b *testing.B) {
				server := postgres.Start(b, "fsync = on", "shared_buffers = 256MB", "max_wal_size = 2GB")
				o := options(server)
				o.noParts = false
				var commits atomic.Int64
				o.OnCommit = func(time.Duration) { commits.Add(1) }
				s, err := Open(o)
				must(b, err)
				defer func() { must(b, s.Close()) }()
				waitForParts(b, newSession(b, server), o)
				callAll(b, s, callers, what.do, server)
				b.ReportMetric(float64(commits.Load())/float64(b.N), "commits/op")
			})
		}
	}
}

// waitForParts waits until there are those of all days, which the janitor makes at its start.
func waitForParts(b *testing.B, by *session, o Options) {
	by.until(fmt.Sprintf("SELECT count(*) >= %d FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE c.relkind = 'r' AND c.relname ~ '_[0-9]+$' AND c.relnamespace = '%s'::regnamespace", len(partedTables)*partsAhead, o.Schema), "t")
}

// callAll lets so many do something again and again, and reports what it cost.
func callAll(b *testing.B, s storetest.Store, callers int, do func(storetest.Store, string) error, server *postgres.Server) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var done sync.WaitGroup
	before, own := spent(b, server)
	b.ResetTimer()
	for i := range callers {
		tenant := fmt.Sprint("t", i%benchTenants)
		done.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(s, tenant); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
	b.StopTimer()
	all, mine := spent(b, server)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "/s")
	b.ReportMetric(float64((all-before).Microseconds())/float64(b.N), "cpu-us/op")
	b.ReportMetric(float64((mine-own).Microseconds())/float64(b.N), "own-us/op")
}

// spent is the CPU time of this process and of the database's, and of this one alone. That of
// processes of the database which have ended is its postmaster's.
func spent(b *testing.B, server *postgres.Server) (all, own time.Duration) {
	b.Helper()
	own = cpuOf(b, "self", 11, 12)
	if all = own; server == nil {
		return all, own
	}
	all += cpuOf(b, strconv.Itoa(server.Pid()), 11, 12, 13, 14)
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the form is right
	for _, name := range stats {
		if pid := filepath.Base(filepath.Dir(name)); parentOf(pid) == server.Pid() {
			all += cpuOf(b, pid, 11, 12)
		}
	}
	return all, own
}

// statOf gives what /proc says of a process from its state on; nil: it is gone.
func statOf(pid string) []string {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

func parentOf(pid string) int {
	fields := statOf(pid)
	if len(fields) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(fields[1])
	return n
}

// cpuOf adds up some of the fields of a process, in ticks of 10 ms.
func cpuOf(b *testing.B, pid string, at ...int) (sum time.Duration) {
	b.Helper()
	fields := statOf(pid)
	if fields == nil {
		if pid == "self" {
			b.Skip("there is no /proc")
		}
		return 0
	}
	for _, i := range at {
		n, err := strconv.Atoi(fields[i])
		must(b, err)
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum
}
