package pgstore

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the functions of pinned verbs that no older file has into the newest file of schema/")

// TestPinnedVerbsAreInTheSchema: each has its function, with the text that this version has.
// Where one is changed after a release its new function goes into a new file.
func TestPinnedVerbsAreInTheSchema(t *testing.T) {
	const newest = "schema/007_fresh.sql"
	if *update {
		rest, sql := "", ""
		for _, name := range namesOf(migrations) {
			text, err := scriptOf(migrations, name)
			must(t, err)
			if sql = text; name != newest+packed {
				rest += sql
			}
		}
		const from = "-- What pinned verbs do.\n"
		head, _, _ := strings.Cut(sql, from)
		var b strings.Builder
		b.WriteString(head + from)
		add := func(function string) {
			if !strings.Contains(rest, function) {
				b.WriteString("\n" + function)
			}
		}
		for _, v := range pinned {
			add(v.pinnedFunction())
		}
		for _, q := range questions {
			add(q.pinnedFunction())
		}
		must(t, os.WriteFile(newest, []byte(b.String()), 0o644))
		t.Log("now: go generate ./gateway/store/pgstore")
		return
	}
	all := ""
	if files, err := filepath.Glob("schema/*.sql"); err != nil || len(files) != Version() {
		t.Errorf("%d files of the schema, of which %d are packed: go generate ./gateway/store/pgstore (%v)", len(files), Version(), err)
	}
	for _, name := range namesOf(migrations) {
		sql, err := scriptOf(migrations, name)
		must(t, err)
		if text, err := os.ReadFile(strings.TrimSuffix(name, packed)); err != nil || string(text) != sql {
			t.Errorf("%s is not its file as it stands: go generate ./gateway/store/pgstore (%v)", name, err)
		}
		all += sql
	}
	for _, v := range pinned {
		if !strings.Contains(all, v.pinnedFunction()) {
			t.Errorf("%s: no file of the schema makes its function: go test ./gateway/store/pgstore -run TestPinned -update", v.name)
		}
	}
	for _, q := range questions {
		if !strings.Contains(all, q.pinnedFunction()) {
			t.Errorf("no file of the schema makes the function of %s", q.sql)
		}
	}
	if !strings.Contains(all, fenceSQL) {
		t.Error("no file of the schema makes the function of the fence as fence.go knows the system")
	}
}
