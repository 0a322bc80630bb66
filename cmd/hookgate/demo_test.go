package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestDemo runs the demo for real: each story checks its own outcomes, and all of
// them have to be seen.
func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out, stderr bytes.Buffer
	cmd := newDemoCommand()
	cmd.SetArgs([]string{"--for", "3s"})
	cmd.SetOut(&out)
	cmd.SetErr(&stderr)
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stderr.String(), out.String())
	}
	for _, o := range demoOutcomes {
		if !strings.Contains(out.String(), "  "+o.name+" ") {
			t.Errorf("no line is about %q", o.name)
		}
	}
	if stderr.Len() > 0 {
		t.Errorf("something was logged:\n%s", stderr.String())
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestDemoRefuses(t *testing.T) {
	for _, args := range [][]string{{"--rate", "0"}, {"--rate", "101"}, {"--for", "-1s"}, {"extra"}} {
		cmd := newDemoCommand()
		cmd.SetArgs(args)
		cmd.SetOut(&bytes.Buffer{})
		cmd.SetErr(&bytes.Buffer{})
		if err := cmd.ExecuteContext(t.Context()); err == nil {
			t.Errorf("demo %s is taken", strings.Join(args, " "))
		}
	}
}
