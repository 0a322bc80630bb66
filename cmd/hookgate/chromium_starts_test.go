//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// standIn is a program that runs a script in place of a browser. NTH is the how manieth start
// this is.
func standIn(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "browser")
	text := fmt.Sprintf("#!/bin/sh\necho >> %[1]s.starts\nNTH=$(wc -l < %[1]s.starts)\n%[2]s\n", path, script)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// A browser that ends before it takes a word is started again.
func TestChromiumStartsAgain(t *testing.T) {
	t.Parallel()
	path := standIn(t, `[ "$NTH" -lt 3 ] && exit 1; exec `+chromiumPath(t)+` "$@"`)
	browser, stop, err := startChromium(path, time.Minute, t.TempDir)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if got, err := chromedp.Run(browser, chromedp.Evaluate[int](`6 * 7`)); got != 42 || err != nil {
		t.Errorf("it says %d, %v", got, err)
	}
	_ = chromedp.Cancel(browser) // or it is ended by stop
}

// Of one that never comes up it is said why: what it said itself, or that it said nothing.
func TestChromiumNeverStarts(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`echo "start $NTH: no room" >&2; exit 1`: "start 3: no room",
		`exec sleep 60`:                          "does not come up within 200ms",
	} {
		patience := time.Minute
		if strings.Contains(script, "sleep") {
			patience = 200 * time.Millisecond
		}
		_, _, err := startChromium(standIn(t, script), patience, t.TempDir)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "does not come up") != chromiumStarts {
			t.Errorf("%s: %v, want %q in it", script, err, want)
		}
	}
}
