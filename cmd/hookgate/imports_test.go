package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "hookgate/"

// TestImports holds the tree to the table. Tests may import what they like: they
// are at the end of every arrow.
func TestImports(t *testing.T) {
	found := importsOf(t, "../..")
	if len(found) < 10 {
		t.Fatalf("looked at %d folders only: %v", len(found), found)
	}
	for folder, imports := range found {
		rule, known := rows[folder]
		if !known {
			t.Errorf("%s has no row in imports_table_test.go: say there what it may import", folder)
			continue
		}
		for _, imported := range imports {
			if reason := refusal(rule, folder, imported); reason != "" {
				t.Errorf("%s imports %s: %s", folder, imported, reason)
			}
		}
	}
}

// refusal gives the reason why a folder may not import a package, "" if it may.
func refusal(rule row, folder, imported string) string {
	own, ours := strings.CutPrefix(imported, module)
	if !ours {
		return libraryRefusal(folder, imported)
	}
	if reason := rule.never[own]; reason != "" {
		return reason
	}
	if !slices.Contains(rule.may, own) {
		return "its row in imports_table_test.go does not list that"
	}
	return ""
}

// libraryRefusal is refusal of what is not ours; all of the standard library may be
// imported.
func libraryRefusal(folder, imported string) string {
	if host, _, _ := strings.Cut(imported, "/"); !strings.Contains(host, ".") {
		return ""
	}
	for _, l := range libraries {
		if !l.has(imported) {
			continue
		}
		if !slices.Contains(l.in, folder) {
			return l.reason
		}
		return ""
	}
	return "imports_table_test.go does not list that library"
}

// has says whether a package is of the library.
func (l library) has(imported string) bool {
	return imported == l.path || strings.HasPrefix(imported, l.path+"/")
}

// TestImportTableHasNothingUnused: what may be imported is, and what never may is there.
func TestImportTableHasNothingUnused(t *testing.T) {
	found := importsOf(t, "../..")
	for folder, rule := range rows {
		if _, there := found[folder]; !there {
			t.Errorf("there is no package %s, but a row", folder)
			continue
		}
		for _, own := range rule.may {
			if !slices.Contains(found[folder], module+own) {
				t.Errorf("%s may import %s, and does not", folder, own)
			}
		}
		for own := range rule.never {
			if _, there := found[own]; !there {
				t.Errorf("%s never imports %s, which is not there", folder, own)
			}
		}
	}
	for _, l := range libraries {
		for _, folder := range l.in {
			if !slices.ContainsFunc(found[folder], l.has) {
				t.Errorf("%s may import %s, and does not", folder, l.path)
			}
		}
	}
}

// TestImportTableHasNoContradiction: a reason for what is allowed would be a lie, and
// what is listed twice is one too many.
func TestImportTableHasNoContradiction(t *testing.T) {
	for folder, rule := range rows {
		for n, imported := range rule.may {
			if rule.never[imported] != "" {
				t.Errorf("%s may import %s, and never", folder, imported)
			}
			if slices.Contains(rule.may[:n], imported) {
				t.Errorf("%s may import %s twice", folder, imported)
			}
		}
	}
}

func TestRefusalNamesItsReason(t *testing.T) {
	for imported, want := range map[string]string{
		"hookgate/gateway":                   "",
		"hookgate/gateway/outbound":          noWay,
		"hookgate/gateway/store/pebblestore": noStore,
		"hookgate/configs":                   "its row in imports_table_test.go does not list that",
		"github.com/cockroachdb/pebble/v2":   "no Pebble type leaves its package: a cluster will keep things elsewhere",
		"net/http":                           "",
		"github.com/tidwall/gjson":           "",
		"github.com/tidwall/gjsonish":        "imports_table_test.go does not list that library",
		"github.com/nobody/knows":            "imports_table_test.go does not list that library",
	} {
		if got := refusal(rows["gateway/waiting"], "gateway/waiting", imported); got != want {
			t.Errorf("gateway/waiting imports %s: %q, want %q", imported, got, want)
		}
	}
}

// importsOf gives what the files of each folder import, tests and their data
// left out.
func importsOf(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != root) {
			return filepath.SkipDir
		}
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		folder = filepath.ToSlash(folder)
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[folder] = append(found[folder], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder := range found {
		slices.Sort(found[folder])
		found[folder] = slices.Compact(found[folder])
	}
	return found
}
