package configs

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// hidden is a value in the file that no report may show, from its start up to
// but not including its end.
type hidden struct {
	start, end position
	exact      bool // start and end are where the source has them
	value      string
}

// hide notes a value that its source line must not show: a secret, or what
// stands under no known key, for that may be a secret whose key is misspelled. User
// and query of a URL may be credentials.
func (r *reader) hide(path string, node ast.Node, last *token.Token, value string) {
	if r.quiet || r.veiled[last] {
		return
	}
	if mayBeSecret(fields.TypeAt(reflect.TypeFor[Config](), path)) || strings.Contains(value, "://") && strings.ContainsAny(value, "@?") {
		if r.veiled == nil {
			r.veiled = map[*token.Token]bool{}
		}
		r.veiled[last] = true
		first := node.GetToken()
		r.hidden = append(r.hidden, hidden{tokenStart(first), tokenEnd(last), r.stands(first) && (last.Next == nil || r.stands(last.Next)), value})
	}
}

// mayBeSecret says of the type at a scalar's place whether the scalar may be a
// secret; nil is a place that is not known.
func mayBeSecret(t reflect.Type) bool {
	if t == nil {
		return true
	}
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if alone := fields.Alone(t); alone != nil {
		t = alone
	}
	return t == reflect.TypeFor[gateway.Secret]() || fields.Names(t) != nil
}

// stands says whether a token is where it says it is: after a tag, the parser's
// columns are too small.
func (r *reader) stands(t *token.Token) bool {
	at, text := tokenStart(t), strings.TrimSpace(t.Origin)
	if at.line > len(r.lines) || text == "" {
		return false
	}
	if r.line.number != at.line { // each token of a long line asks
		r.line.number, r.line.text = at.line, []rune(r.lines[at.line-1])
	}
	line := r.line.text
	return at.column <= len(line) && strings.HasPrefix(text, string(line[at.column-1]))
}

// secrets are the hidden values that reach into one line.
type secrets []hidden

func (d *document) hiddenIn(line int) (found secrets) {
	if len(d.ends) != len(d.hidden) {
		d.sortHidden()
	}
	// Those that begin behind the line are left out, and those before all that reach it.
	n, _ := slices.BinarySearchFunc(d.hidden, line+1, func(h hidden, line int) int { return cmp.Compare(h.start.line, line) })
	for n--; n >= 0 && d.ends[n] >= line; n-- {
		if d.hidden[n].end.line >= line {
			found = append(found, d.hidden[n])
		}
	}
	return found
}

// sortHidden has what is hidden found by its line: each of a hundred thousand mistakes asks.
func (d *document) sortHidden() {
	gateway.SortStable(d.hidden, func(a, b hidden) int { return cmp.Compare(a.start.line, b.start.line) })
	d.ends = d.ends[:0]
	furthest := 0
	for _, h := range d.hidden {
		furthest = max(furthest, h.end.line)
		d.ends = append(d.ends, furthest)
	}
}

// have says whether a position is within something hidden.
func (s secrets) have(p position) bool {
	return slices.ContainsFunc(s, func(h hidden) bool { return !before(p, h.start) && before(p, h.end) })
}

// leak says whether a line shows a hidden value after all: the columns come from
// a parser that may be wrong about them.
func (s secrets) leak(line string) bool {
	for _, h := range s {
		for part := range strings.Lines(h.value) {
			if part = strings.TrimSpace(part); len(part) >= 4 && strings.Contains(line, part) {
				return true
			}
		}
	}
	return false
}
