package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What doctor says fits a screen: a line is as full as it may be, no word is lost or torn, and one
// that is longer than a line stands on one of its own.
func TestDoctorFitsAScreen(t *testing.T) {
	long := "https://" + strings.Repeat("a", 2*lineWidth) + ".example"
	const prefix, indent = "warning  ", "           "
	for _, text := range []string{
		"", "ok", strings.Repeat("word ", 18) + "x", strings.Repeat("word ", 18) + "xy", strings.Repeat("wörter ", 60) + "end", long, "before " + long + " and after",
	} {
		got := onScreen(prefix, indent, text)
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		if a, b := strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(prefix+text), " "); a != b {
			t.Errorf("%q became %q", b, a)
		}
		for i, line := range lines {
			if n := utf8.RuneCountInString(line); n > lineWidth && !strings.HasSuffix(line, long) {
				t.Errorf("a line has %d columns: %q", n, line)
			}
			if i > 0 && !strings.HasPrefix(line, indent) {
				t.Errorf("line %d is %q", i, line)
			}
			if next := strings.Fields(strings.Join(lines[i+1:], " ")); len(next) > 0 && utf8.RuneCountInString(line+" "+next[0]) <= lineWidth {
				t.Errorf("there is room for %q behind %q", next[0], line)
			}
		}
	}
}
