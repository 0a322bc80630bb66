package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is wrong with a file is told in the form of a program: each with its place.
func TestCheckFormat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a,b.yaml")
	if err := os.WriteFile(file, []byte("log:\n  level: loud\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOOKGATE_DATA_DIR=" + filepath.Join(dir, "data")}
	out, log, code := runs(t, env, "check", "--format", "json", file)
	var all []told
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != 1 || len(all) != 1 {
		t.Fatalf("exit code %d, %v, %s%s", code, err, out, log)
	}
	if got := all[0]; got.File != file || got.Line != 2 || got.Column != 10 || got.Severity != "error" || !strings.Contains(got.Message, "log.level") {
		t.Errorf("%+v", got)
	}
	out, _, code = runs(t, env, "check", "--format", "github", file)
	if want := "::error file=" + strings.ReplaceAll(file, ",", "%2C") + ",line=2,col=10::log.level"; code != 1 || !strings.HasPrefix(out, want) || strings.Count(out, "\n") != 1 {
		t.Errorf("exit code %d, %s, want %s", code, out, want)
	}
	if err := os.WriteFile(file, []byte("log: { level: warn }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, log, code := runs(t, env, "check", "--format", "json", file); code != 0 || out != "[]\n" {
		t.Errorf("of a good one: exit code %d, %s%s", code, out, log)
	}
	if _, log, code := runs(t, env, "check", "--format", "xml", file); code != 1 || !strings.Contains(log, "text, json or github") {
		t.Errorf("of another form: exit code %d, %s", code, log)
	}
}
