package spec_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hookgate/gateway/spec"
)

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(spec.Pages, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// reference is SPEC or DESIGN, with the sections that follow it: SPEC 5, 14 and 17;
// SPEC O3. A title in quotes may follow the last.
var (
	reference = regexp.MustCompile(`\b(SPEC|DESIGN)((?:(?:,| and)? (?:SPEC )?[OCK]?\d+\b)*)(?: \(?"([^"]+)")?`)
	section   = regexp.MustCompile(`[OCK]?\d+`)
)

// Every "SPEC n" in the tree leads to a section, and every title to one that is there.
func TestReferences(t *testing.T) {
	pages := map[string]string{"": page(t, "spec.md"), "O": page(t, "operations.md"), "C": page(t, "console.md"), "K": page(t, "cluster.md")}
	design := page(t, "design.md")
	found := 0
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == ".git" || path == filepath.Join(root, "gateway", "spec")) {
			if d != nil && d.IsDir() && err == nil {
				return filepath.SkipDir
			}
			return err
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, ".md") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		flat := regexp.MustCompile(`\s*\n\s*(?://|#)? ?`).ReplaceAllString(string(text), " ")
		for _, m := range reference.FindAllStringSubmatch(flat, -1) {
			found++
			if m[1] == "DESIGN" {
				if m[3] != "" && !strings.Contains(design, m[3]) {
					t.Errorf("%s: %s: design.md has no such title", path, m[0])
				}
				continue
			}
			last := ""
			for _, s := range section.FindAllString(m[2], -1) {
				last = s
				letter := strings.TrimRight(s, "0123456789")
				if !strings.Contains(pages[letter], "\n## "+s+". ") {
					t.Errorf("%s: %s: there is no section %s", path, m[0], s)
				}
			}
			if m[3] != "" && last != "" && !strings.Contains(pages[strings.TrimRight(last, "0123456789")], m[3]) {
				t.Errorf("%s: %s: there is no such title", path, m[0])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 100 {
		t.Errorf("only %d references were found: does the test still look at the tree?", found)
	}
}
