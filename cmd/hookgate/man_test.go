package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The pages in configs/man are what go generate makes of the commands; each command has
// its own, and man, where there is one, finds no fault with them.
func TestManPages(t *testing.T) {
	const dir = "../../configs/man"
	root := newRootCommand()
	pages := manPages(root)
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s is not as the commands are: go generate ./cmd/hookgate (%v)", name, err)
		}
		for _, section := range []string{".TH ", ".SH NAME", ".SH SYNOPSIS", ".nf\n  "} {
			if !strings.Contains(want, section) {
				t.Errorf("%s has no %q", name, section)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(pages) {
		t.Errorf("%d files for %d pages: one is of a command that is gone", len(files), len(pages))
	}
	for _, cmd := range root.Commands() {
		if _, has := pages["hookgate-"+cmd.Name()+".1"]; !has && !cmd.Hidden {
			t.Errorf("%s has no page", cmd.Name())
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	for name := range pages {
		if out, err := exec.Command(groff, "-man", "-ww", "-z", "-K", "utf8", filepath.Join(dir, name)).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
