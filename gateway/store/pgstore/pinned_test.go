package pgstore

import (
	"flag"
	"io/fs"
	"os"
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
			text, err := fs.ReadFile(migrations, name)
			must(t, err)
			if sql = string(text); name != newest {
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
		return
	}
	all := ""
	for _, name := range namesOf(migrations) {
		sql, err := fs.ReadFile(migrations, name)
		must(t, err)
		all += string(sql)
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
