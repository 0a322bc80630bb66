package pgstore

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// A migration that needs more than to add is refused while a node may work, by the command and
// by a start; the wait for quiet begins anew with each beat, and ends when none comes.
func TestMigrateWaits(t *testing.T) {
	s := server(t)
	o := options(s)
	node := mustOpen(t, o)
	next := o
	all := fstest.MapFS{}
	for _, name := range namesOf(migrations) {
		sql, err := fs.ReadFile(migrations, name)
		must(t, err)
		all[name] = &fstest.MapFile{Data: sql}
	}
	all["schema/900_later"+whenQuiet] = &fstest.MapFile{Data: []byte("CREATE TABLE {s}later (n int8)")}
	next.migrations = all
	v, err := Visit(next)
	must(t, err)
	defer v.Close()
	refused := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "migrate --wait") {
			t.Errorf("%s: %v, want to be told of migrate --wait", what, err)
		}
	}
	_, err = v.Migrate()
	refused("migrate", err)
	refused("a start", mustOpenOnce(next))

	beaten, told := 0, 0
	const quiet = 1500 * time.Millisecond // and yet longer than a beat takes on a busy machine
	began := time.Now()
	must(t, v.awaitQuiet(t.Context(), quiet, func(int) { told++ }))
	alone := time.Since(began)
	must(t, node.Beat(nil))
	_, err = v.Migrate()
	refused("after a beat", err)

	began = time.Now()
	stop := time.After(quiet + quiet/2)
	done := make(chan error, 1)
	go func() { done <- v.awaitQuiet(t.Context(), quiet, func(int) { told++ }) }()
	for waiting := true; waiting; {
		select {
		case <-stop:
			waiting = false
		case err := <-done:
			t.Fatalf("quiet after %d beats: %v", beaten, err)
		case <-time.After(quiet / 30):
			must(t, node.Beat(nil))
			beaten++
		}
	}
	must(t, <-done)
	if took := time.Since(began); told == 0 || took < quiet+quiet/2 || alone < quiet {
		t.Errorf("waited %s without a beat, %s with %d, and was told of %d", alone, took, beaten, told)
	}
	was, err := v.Migrate()
	must(t, err)
	is, err := v.Schema()
	must(t, err)
	if was != Version() || is != Version()+1 {
		t.Errorf("brought from %d to %d", was, is)
	}
	must(t, node.Beat(nil)) // one version newer is no more than it knows to work on
}
