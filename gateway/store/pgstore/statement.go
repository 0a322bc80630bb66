package pgstore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway/store/record"
)

// mostBeaten is how often a group is sent again after it was undone for another. Each time takes
// as long as the database waits before it looks for deadlocks, a second by default.
const mostBeaten = 2

// group is what one statement makes durable: the ops of some promises, by what they do. Where
// several blind ops meet one row the last of them counts.
type group struct {
	promises []*promise
	durable  bool
	again    bool // it was refused once, for what has passed: see wasParted
	looks    bool // what it puts is looked for first: see verb.fresh
	beaten   int  // how often it was undone for another: see wasBeaten
	rows     int
	size     int
	met      map[string]place // by key of a row: the op that meets it
	verbs    []*list
	of       map[*verb]*list
}

// place is where an op is in a group.
type place struct {
	list *list
	at   int
}

// list is the ops of one verb.
type list struct {
	verb *verb
	ops  []*op // nil: another one folded it
}

func newGroup() *group { return &group{met: map[string]place{}, of: map[*verb]*list{}} }

// mostRows and mostBytes bound a group of several promises, so that none waits for long.
const (
	mostRows  = 4096
	mostBytes = 4 << 20
)

// takes tells whether a promise may come into the group.
func (g *group) takes(p *promise) bool {
	if len(g.promises) == 0 {
		return true
	}
	if p.alone || g.promises[0].alone {
		return false
	}
	if g.rows+len(p.ops) > mostRows || g.size+p.size > mostBytes {
		return false
	}
	for i := range p.ops {
		if met, is := g.met[p.ops[i].key()]; is && !(met.list.verb.blind && p.ops[i].verb.blind) {
			return false
		}
	}
	return true
}

// add adds a promise that it takes.
func (g *group) add(p *promise) {
	g.promises = append(g.promises, p)
	g.durable, g.looks = g.durable || p.durable, g.looks || p.looks
	g.rows, g.size = g.rows+len(p.ops), g.size+p.size
	for i := range p.ops {
		o := &p.ops[i]
		key := o.key()
		if met, is := g.met[key]; is {
			if !met.list.verb.blind || !o.verb.blind {
				p.fail(o.verb.table, "it is met twice by one promise")
				continue
			}
			met.list.ops[met.at] = nil
		}
		l := g.of[o.verb]
		if l == nil {
			l = &list{verb: o.verb}
			g.of[o.verb], g.verbs = l, append(g.verbs, l)
		}
		g.met[key] = place{l, len(l.ops)}
		l.ops = append(l.ops, o)
	}
}

// sorted are the ops that are left, in the order of their keys: two statements that met the
// same rows in other orders would wait for each other.
func (l *list) sorted() []*op {
	l.ops = slices.DeleteFunc(l.ops, func(o *op) bool { return o == nil })
	slices.SortFunc(l.ops, func(a, b *op) int {
		for i := range l.verb.keys {
			if c := cmp.Or(bytes.Compare(a.cells[i].b, b.cells[i].b), cmp.Compare(a.cells[i].n, b.cells[i].n)); c != 0 {
				return c
			}
		}
		return 0
	})
	return l.ops
}

// fence is by what a writer is known to write: see fence.go.
type fence struct {
	node  int64
	n     int
	epoch int64
	of    string // the system in which that epoch was given
}

// statement writes down a group as one statement. What every part of it waits for is the
// fence: the row of its writer with its epoch, locked for share until the commit, in the
// system that the writer knows. answers are the lists that answer, in their order.
func (e *engine) statement(g *group, f fence) (sql string, p *params, answers []*list) {
	p = &params{}
	commit := "off"
	if g.durable {
		commit = "on"
	}
	fenced := fmt.Sprintf("{s}fence_2(%s, %s, %s, %s, %s)", p.long(f.node), p.short(f.n), p.long(f.epoch), p.word(f.of), p.word(commit))
	slices.SortStableFunc(g.verbs, func(a, b *list) int { return strings.Compare(a.verb.name, b.verb.name) }) // few texts
	var with, told strings.Builder
	for _, l := range g.verbs {
		ops := l.sorted()
		switch {
		case len(ops) == 0:
			continue
		case l.verb.function != nil:
			fmt.Fprintf(&told, ", CASE WHEN f.held THEN {s}%s(%s) END", l.does(g).function(), strings.Join(l.arrays(p, ops), ", "))
			answers = append(answers, l)
			continue
		}
		name := "v" + strconv.Itoa(len(p.values))
		fmt.Fprintf(&with, ", %s AS (%s)", name, strings.ReplaceAll(l.verb.sql, "{in}", l.verb.listed(l.arrays(p, ops), " WHERE EXISTS (SELECT FROM f WHERE held)")))
		places := []string{"{this}", name}
		for i, then := range l.verb.then {
			places = append(places, "{"+strconv.Itoa(i)+"}", name+"_"+strconv.Itoa(i))
			fmt.Fprintf(&with, ", %s_%d AS (%s)", name, i, strings.NewReplacer(places...).Replace(then))
		}
		if l.verb.answers {
			fmt.Fprintf(&told, ", "+l.answer(), name, len(ops))
			answers = append(answers, l)
		}
	}
	sql = "SELECT f.held::int::int8, f.is_of, f.is_epoch" + told.String() + " FROM "
	if with.Len() == 0 {
		return e.in(sql + fenced + " AS f"), p, answers // the shorter it is the less there is to read and to plan
	}
	return e.in("WITH f AS MATERIALIZED (SELECT * FROM " + fenced + ")" + with.String() + " " + sql + "f"), p, answers
}

// does is what a list of a group does: its verb, or that which does not look first.
func (l *list) does(g *group) *verb {
	if l.verb.fresh != nil && !g.looks {
		return l.verb.fresh
	}
	return l.verb
}

// answer is what a list of ops gives back. One that must meet something makes the statement fail
// where it does not, as the division by zero that it is (notMet).
func (l *list) answer() string {
	if !l.verb.must {
		return "ARRAY(SELECT o FROM %[1]s)::int8[]"
	}
	return "CASE WHEN (SELECT count(*) FROM %[1]s) = %[2]d OR NOT f.held THEN ARRAY(SELECT o FROM %[1]s)::int8[] ELSE ARRAY[1 / (SELECT 0 * count(*) FROM %[1]s)] END"
}

// arrays adds a list of each column to the parameters, and gives their places.
func (l *list) arrays(p *params, ops []*op) (places []string) {
	for i := range l.verb.in {
		places = append(places, p.many(l.verb.in[i].sort, len(ops), func(n int) cell { return ops[n].cells[i] }))
	}
	return places
}

// listed writes lists down as a table of the statement. The planner takes a limit that it
// cannot know for a tenth of the rows: so it looks each of them up by an index, also in a
// table of which it has no statistics yet, and does not read all of that.
func (v *verb) listed(arrays []string, where string) string {
	as, ordinal := names(v.in, "*"), ""
	if v.answers {
		as, ordinal = as+", o", " WITH ORDINALITY"
	}
	return fmt.Sprintf("(SELECT * FROM unnest(%s)%s AS u(%s)%s LIMIT (SELECT 1 << 30)) AS i", strings.Join(arrays, ", "), ordinal, as, where)
}

// in puts the schema into a statement.
func (e *engine) in(sql string) string { return e.places.Replace(sql) }

// answer is what the database said of a statement of promises.
type answer struct {
	held   bool   // the fence did
	system string // as it is now
	epoch  int64  // of the writer, as it is now; -1: there is no such writer
}

// send sends a group, and reads what it met.
func (e *engine) send(ctx context.Context, c *pgconn.PgConn, g *group, f fence) (a answer, err error) {
	sql, p, answers := e.statement(g, f)
	one := row
	if !strings.HasPrefix(sql, "WITH ") { // of pinned verbs alone; others are planned for what they are given
		one = rowPrepared
	}
	values, err := one(ctx, c, sql, p)
	if err != nil {
		return a, err
	}
	if len(values) != 3+len(answers) {
		return a, record.Corrupt("answer of a statement")
	}
	a = answer{held: longAt(values[0]) == 1, system: string(values[1]), epoch: longAt(values[2])}
	for i, l := range answers {
		hits, err := longsIn(values[3+i])
		if err != nil {
			return a, err
		}
		for _, n := range hits {
			if o := l.ops[n-1]; o.hit != nil {
				*o.hit = true
			}
		}
	}
	return a, nil
}
