//go:build unix

package postgres

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestServer starts one, kills it, and starts it again: what it had is there.
func TestServer(t *testing.T) {
	s := Start(t)
	ask := func(sql string) string {
		t.Helper()
		out, err := exec.Command(filepath.Join(s.bin, "psql"), "-XAtq", s.URL(), "-c", sql).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", sql, err, out)
		}
		return strings.TrimSpace(string(out))
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
