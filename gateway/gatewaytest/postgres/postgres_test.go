package postgres

import "testing"

// TestServer starts one, kills it, and starts it again: what it had is there.
func TestServer(t *testing.T) {
	s := Start(t)
	ask := func(sql string) string {
		t.Helper()
		out, err := s.Ask(sql)
		must(t, err)
		return out
	}
	ask("CREATE TABLE a (n int); INSERT INTO a VALUES (7)")
	s.Kill()
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	if got := ask("SELECT n FROM a"); got != "7" {
		t.Errorf("after a crash: %q", got)
	}
	s.Stop()
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	if got := ask("SELECT n FROM a"); got != "7" {
		t.Errorf("after a stop: %q", got)
	}
}
