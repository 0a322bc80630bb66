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
		for _, l := range libraries {
			if strings.HasPrefix(imported, l.path) && !slices.Contains(l.in, folder) && folder != "cmd/deps" {
				return l.reason
			}
		}
		return ""
	}
	if reason := rule.never[own]; reason != "" {
		return reason
	}
	if !slices.Contains(rule.may, own) {
		return "its row in imports_table_test.go does not list that"
	}
	return ""
}

// TestImportTableHasNoContradiction: a reason for what is allowed would be a lie.
func TestImportTableHasNoContradiction(t *testing.T) {
	for folder, rule := range rows {
		for imported := range rule.never {
			if slices.Contains(rule.may, imported) {
				t.Errorf("%s may import %s, and never", folder, imported)
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
