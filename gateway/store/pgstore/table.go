package pgstore

import (
	"fmt"
	"strings"
)

// column is one column of what a verb is given.
type column struct {
	name string
	sort sort
}

// verb is one thing that a statement does to a table, with a list of rows that it is given.
// Those of all promises in a group come as one list, sorted by their keys.
type verb struct {
	name string // of what it does, for errors: "put a wait"
	// table is where its rows are. Two verbs with one table and key meet the same row.
	table string
	in    []column
	keys  int // how many of the columns, from the first, are the key
	// sql is one data-modifying statement. {s} stands for the schema with its dot, {in} for
	// the list: what follows FROM, of the alias i. Where the fence did not hold it is empty.
	sql string
	// blind verbs leave a row as they say, whatever there was: of two on one row the later
	// counts, and they fold. Those that look first are never in one statement with another
	// on the same row: a statement sees nothing of what it does.
	blind bool
	// answers verbs give back the column o of {in}, the place of a row in the list, where it
	// met something: RETURNING i.o, or SELECT o. What each op met stands in op.hit.
	answers bool
	// then are further statements that go on from what sql returned: {this} stands for that,
	// {0}, {1} … for what the first, second … of them returned. They change what it named only.
	then []string
	// must verbs answer, and refuse their promise, all of it, where they meet nothing (notMet).
	must bool
	// takes verbs may move an unfinished delivery, the key.
	takes bool
	// function is that of the schema which does it; nil where it is no pinned one.
	function func() string
	// fresh does it to rows that are not there, as nearly none is: it does not look for them
	// first, which is a sixth of what it costs to put one. A row that is there refuses the
	// statement (wasThere), which is sent again with the verb itself. nil: it always looks.
	fresh *verb
}

// table is a table of rows that are put and removed whole.
type table struct {
	name        string
	key, rest   []column
	put, remove *verb
	insert      string // what put does where there is no such row
	word        string // for errors: "wait"
}

// columns reads "name type, name type".
func columns(text string) (list []column) {
	for one := range strings.SplitSeq(text, ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(one), " ")
		for _, s := range []sort{bytesOf, longOf, shortOf} {
			if s.name == kind {
				list = append(list, column{name, s})
			}
		}
	}
	return list
}

// names lists columns by their names.
func names(list []column, form string) string {
	var all []string
	for _, c := range list {
		all = append(all, strings.ReplaceAll(form, "*", c.name))
	}
	return strings.Join(all, ", ")
}

// newTable makes the verbs of a table whose key is that of its primary key. Of a table that
// is parted no row is removed by itself.
func newTable(word, name, key, rest string) *table {
	t := &table{word: word, name: name, key: columns(key)}
	if rest != "" {
		t.rest = columns(rest)
	}
	all := append(t.key[:len(t.key):len(t.key)], t.rest...)
	conflict := "NOTHING"
	if len(t.rest) > 0 {
		conflict = "UPDATE SET " + names(t.rest, "* = excluded.*")
	}
	t.insert = fmt.Sprintf("INSERT INTO {s}%s (%s) SELECT %s FROM {in}", name, names(all, "*"), names(all, "i.*"))
	t.put = &verb{
		name: "put a " + word, table: name, in: all, keys: len(t.key), blind: true,
		sql: t.insert + fmt.Sprintf(" ON CONFLICT (%s) DO %s", names(t.key, "*"), conflict),
	}
	t.remove = &verb{
		name: "remove a " + word, table: name, in: t.key, keys: len(t.key), blind: true,
		// Each row is looked up by itself, whatever the planner knows of the table: OFFSET 0
		// keeps it from joining both lists as a whole.
		sql: fmt.Sprintf("DELETE FROM {s}%[1]s WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM {in}, LATERAL (SELECT t.ctid FROM {s}%[1]s AS t WHERE %s OFFSET 0) AS k))",
			name, strings.ReplaceAll(names(t.key, "t.* = i.*"), ", ", " AND ")),
	}
	return t
}

// freshly lets a verb put rows by sql, first, which does not look for them; and by then, where
// it is that which does.
func (v *verb) freshly(sql string, then ...string) *verb {
	fresh := *v
	fresh.name += " that is not there"
	if fresh.sql = sql; len(then) > 0 {
		fresh.then = then
	}
	v.fresh = &fresh
	return v.fresh
}

// putsFreshly is freshly for the rows of a table.
func (t *table) putsFreshly() *verb { return t.put.freshly(t.insert) }
