package pgstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/postgres"
)

// shared is the PostgreSQL of all tests that do nothing to it but use it; each test has a
// schema of its own there.
var shared struct {
	once    sync.Once
	server  *postgres.Server
	err     error
	schemas atomic.Int64
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		shared.server.Remove()
	}
	os.Exit(code)
}

// server gives the shared PostgreSQL.
func server(t testing.TB) *postgres.Server {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = postgres.Make() })
	if errors.Is(shared.err, postgres.ErrMissing) {
		t.Skip(postgres.HowTo)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// options are those of a store with a schema of its own. Tests run on busy machines: they
// are patient.
func options(s *postgres.Server) Options {
	return Options{
		URL:    func() (string, error) { return s.URL(), nil },
		Schema: fmt.Sprintf("t%d", shared.schemas.Add(1)), Patience: time.Minute,
		noParts: true, // they are many to make
		Logger:  slog.New(slog.DiscardHandler),
	}
}

// mustOpen opens a store that is closed at the end of the test.
func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// openByWay opens a store that comes to a database of its own by a way that can be cut, and is
// not patient for long.
func openByWay(t testing.TB, own *postgres.Server) (*Store, *gatewaytest.Way) {
	t.Helper()
	way := gatewaytest.NewWay(t, own.Socket)
	o := options(own)
	url := postgres.URLBy(way.Addr) // which Listen writes again
	o.URL = func() (string, error) { return url, nil }
	o.Patience = 2 * time.Second
	return mustOpen(t, o), way
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// session is a connection of a test's own.
type session struct {
	t testing.TB
	c *pgconn.PgConn
}

func newSession(t testing.TB, s *postgres.Server) *session {
	t.Helper()
	c, err := pgconn.Connect(context.Background(), s.URL())
	must(t, err)
	t.Cleanup(func() { closeNow(c) })
	return &session{t, c}
}

// ask runs a script and gives the first value of its last statement.
func (s *session) ask(sql string) (first string) {
	s.t.Helper()
	results, err := s.c.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	for _, r := range results {
		first = ""
		if len(r.Rows) > 0 {
			first = string(r.Rows[0][0])
		}
	}
	return first
}

// until asks until the answer is what is wanted.
func (s *session) until(sql, want string) {
	s.t.Helper()
	got := ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if got = s.ask(sql); got == want {
			return
		}
	}
	s.t.Fatalf("%s: %q, want %q", sql, got, want)
}

var at = time.Date(2026, time.March, 14, 15, 9, 26, 0, time.UTC)

func aWait(tenant, source string) *gateway.Wait {
	return &gateway.Wait{
		ID: gateway.NewID(gateway.PrefixWait, at), Tenant: tenant, Source: source, ConversationKey: "42",
		State: gateway.StateWaiting, Mode: gateway.ModePoll, CreatedAt: at, ExpiresAt: at.Add(time.Minute),
	}
}

// isUnavailable: nothing was written.
func isUnavailable(err error) bool {
	var e *gateway.Error
	return errors.As(err, &e) && e.Code == gateway.CodeUnavailable
}

func isUnknown(err error) bool { return err != nil && !isUnavailable(err) }

// open gives the ids of the open waits of all slots, after what Recover waits for.
func openWaits(t testing.TB, s *Store) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	must(t, s.Recover(gateway.AllSlots(), func(w *gateway.Wait) error { ids[w.ID] = true; return nil }, func(*gateway.Parked) error { return nil }))
	return ids
}

// blocked holds the writers of a store at a table, until free is called.
func blocked(s *session, o Options) (free func()) {
	s.ask("BEGIN; LOCK TABLE " + o.Schema + ".waits IN SHARE MODE")
	return func() { s.ask("COMMIT") }
}

// met holds the writers of a store at a wait's row, behind their fence, until free is called.
func met(s *session, o Options, w *gateway.Wait) (free func()) {
	id, _ := gateway.ParseID(gateway.PrefixWait, w.ID)
	s.ask(fmt.Sprintf(`BEGIN; INSERT INTO %s.waits (tenant, id, slot, source, conversation, value) VALUES ('%s', '\x%x', 0, '', 0, '')`, o.Schema, w.Tenant, id))
	return func() { s.ask("ROLLBACK") }
}

// waiting is how many statements of stores wait for a lock.
const waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hookgate write' AND wait_event_type = 'Lock'"

// commits commits waits, each at the same time as the others, and gives what came of each.
func commits(s *Store, waits ...*gateway.Wait) (wait func() []error) {
	errs := make([]error, len(waits))
	var done sync.WaitGroup
	for i, w := range waits {
		done.Go(func() { errs[i] = s.Commit(&gateway.Change{Wait: w}) })
	}
	return func() []error { done.Wait(); return errs }
}

// tenantOf gives a tenant of the n-th writer.
func tenantOf(n int) string {
	for i := 0; ; i++ {
		if tenant := fmt.Sprint("t", i); int(gateway.SlotOf(tenant))%writing == n {
			return tenant
		}
	}
}
